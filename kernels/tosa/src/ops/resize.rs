//! Rules of RESIZE, chapter "Image Operators".

use super::operation::{expect_rank, expect_shape, expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::operator::{ResizeAxis, ResizeMode};
use crate::{DataType, Operator, Refusal, RefusalCode};

/// Sides of images stay below this.
const SIDE_END: u32 = 16_384;
/// Largest numerator of a scale.
const NUMERATOR_MAX: i64 = 1 << 11;
/// Largest scale (level 8K, MAX_SCALE).
const SCALE_MAX: i64 = 256;

/// RESIZE.
pub(super) fn resize(operation: &Operation<'_>, mode: u32) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", &[DataType::I8, DataType::I16])?;
    let (mode, data_type) = match (mode, input.data_type) {
        (1, data_type) => (ResizeMode::Nearest, data_type),
        (2, DataType::I8) => (ResizeMode::Bilinear, DataType::I32),
        (2, _) => (ResizeMode::Bilinear, DataType::I48),
        _ => {
            return Err(Refusal::new(
                RefusalCode::ResizeMode,
                format!("mode number {mode}"),
            ));
        }
    };
    expect_type(output, "output", data_type)?;
    let &[n, ih, iw, c] = expect_rank(input, "input")?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, c])?;
    if [ih, iw, oh, ow].into_iter().any(|side| side >= SIDE_END) {
        return Err(Refusal::new(
            RefusalCode::ResizeSide,
            format!("{} to {}", input.shape, output.shape),
        ));
    }
    let scale: [i64; 4] = operation.numbers(1, "scale")?;
    let offset: [i64; 2] = operation.numbers(2, "offset")?;
    let border: [i64; 2] = operation.numbers(3, "border")?;
    let axes = [
        Axis::new([scale[0], scale[1], offset[0], border[0]], [ih, oh]),
        Axis::new([scale[2], scale[3], offset[1], border[1]], [iw, ow]),
    ];
    // Rule by rule along both axes, so that the refusal does not depend on which axis comes first.
    for rule in [Axis::expect_scale, Axis::expect_place, Axis::expect_output] {
        axes.iter().try_for_each(rule)?;
    }
    let [y, x] = axes.map(|axis| axis.checked());
    let operator = Operator::Resize { mode, y, x };
    Ok((operator, operation.input_ids(1)?))
}

/// One axis: numbers as the file gives them, and the sides of input and output.
struct Axis {
    scale_n: i64,
    scale_d: i64,
    offset: i64,
    border: i64,
    sides: [i64; 2],
}

impl Axis {
    fn new([scale_n, scale_d, offset, border]: [i64; 4], sides: [u32; 2]) -> Axis {
        Axis {
            scale_n,
            scale_d,
            offset,
            border,
            sides: sides.map(i64::from),
        }
    }

    fn refuse(&self, code: RefusalCode) -> Result<(), Refusal> {
        Err(Refusal::new(
            code,
            format!(
                "{} to {}, scale {}/{}, offset {}, border {}",
                self.sides[0], self.sides[1], self.scale_n, self.scale_d, self.offset, self.border
            ),
        ))
    }

    fn expect_scale(&self) -> Result<(), Refusal> {
        if self.scale_n < 1 || self.scale_d < 1 {
            return self.refuse(RefusalCode::ResizeScale);
        }
        if self.scale_n > NUMERATOR_MAX {
            return self.refuse(RefusalCode::ResizeNumerator);
        }
        if self.scale_d >= 16 * self.scale_n {
            return self.refuse(RefusalCode::ResizeDenominator);
        }
        if self.scale_n > SCALE_MAX * self.scale_d {
            return self.refuse(RefusalCode::ResizeLevel);
        }
        Ok(())
    }

    /// After the scale is known to be small.
    fn expect_place(&self) -> Result<(), Refusal> {
        let n = self.scale_n;
        if !(-n..16 * n).contains(&self.offset) {
            return self.refuse(RefusalCode::ResizeOffset);
        }
        if !(-16 * n..n).contains(&self.border) {
            return self.refuse(RefusalCode::ResizeBorder);
        }
        Ok(())
    }

    /// After all numbers are known to be small.
    fn expect_output(&self) -> Result<(), Refusal> {
        let room = (self.sides[0] - 1) * self.scale_n - self.offset + self.border;
        if room % self.scale_d != 0 {
            return self.refuse(RefusalCode::OutputRemainder);
        }
        if room / self.scale_d + 1 != self.sides[1] {
            return self.refuse(RefusalCode::OutputSize);
        }
        Ok(())
    }

    /// The numbers as the operator holds them, all small.
    fn checked(&self) -> ResizeAxis {
        ResizeAxis {
            scale_n: self.scale_n as i32,
            scale_d: self.scale_d as i32,
            offset: self.offset as i32,
            border: self.border as i32,
        }
    }
}
