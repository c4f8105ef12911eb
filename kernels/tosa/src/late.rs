//! EXT-DYNAMIC: operators whose zero points, shifts, multipliers or table are computed when the graph runs.

use std::borrow::Cow;
use std::sync::Arc;

use crate::operator::{RescaleFactor, TableContent};
use crate::{DataType, LateOperand, Node, Operator, Slot, TensorId};

impl Node {
    /// The operator with its late values in place. `read` gives the elements of a tensor.
    ///
    /// A value outside the range that a constant would need is brought into it by the rules of
    /// `docs/semantics.md`, so that every run has one result.
    pub fn settle(&self, read: impl Fn(TensorId) -> Vec<i64>) -> Cow<'_, Operator> {
        if self.late.is_empty() {
            return Cow::Borrowed(&self.operator);
        }
        let mut operator = self.operator.clone();
        for late in &self.late {
            put(&mut operator, late, &read(late.tensor));
        }
        Cow::Owned(operator)
    }
}

/// Puts `values`, the elements of `late`, into `operator`.
fn put(operator: &mut Operator, late: &LateOperand, values: &[i64]) {
    let value = values.first().copied().unwrap_or(0);
    match (late.slot, operator) {
        (
            Slot::InputZp,
            Operator::AvgPool2d { input_zp: zp, .. }
            | Operator::Conv2d { input_zp: zp, .. }
            | Operator::Conv3d { input_zp: zp, .. }
            | Operator::DepthwiseConv2d { input_zp: zp, .. }
            | Operator::TransposeConv2d { input_zp: zp, .. }
            | Operator::MatMul { a_zp: zp, .. }
            | Operator::Negate { input_zp: zp, .. },
        )
        | (
            Slot::WeightZp,
            Operator::Conv2d { weight_zp: zp, .. }
            | Operator::Conv3d { weight_zp: zp, .. }
            | Operator::DepthwiseConv2d { weight_zp: zp, .. }
            | Operator::TransposeConv2d { weight_zp: zp, .. }
            | Operator::MatMul { b_zp: zp, .. },
        )
        | (
            Slot::OutputZp,
            Operator::AvgPool2d { output_zp: zp, .. } | Operator::Negate { output_zp: zp, .. },
        ) => *zp = value as i32,
        (
            Slot::InputZp,
            Operator::Rescale {
                input_zp: zp,
                input_unsigned: unsigned,
                ..
            },
        )
        | (
            Slot::OutputZp,
            Operator::Rescale {
                output_zp: zp,
                output_unsigned: unsigned,
                ..
            },
        ) => *zp = rescale_zero_point(value, late.data_type, *unsigned),
        (Slot::MulShift, Operator::Mul { shift }) => *shift = value.clamp(0, 63) as u8,
        (Slot::Table, Operator::Table(content)) => {
            *content = match content {
                TableContent::I8(_) => {
                    TableContent::I8(values.iter().map(|&value| value as i8).collect())
                }
                TableContent::I16(_) => {
                    TableContent::I16(values.iter().map(|&value| value as i16).collect())
                }
            };
        }
        (Slot::PadConst, Operator::Pad { pad_const, .. }) => *pad_const = value,
        (Slot::Multiplier, Operator::Rescale { factors, .. }) => {
            *factors = settled(factors, values, |factor, value| {
                factor.multiplier = value.max(0) as i32;
            });
        }
        (Slot::RescaleShift, Operator::Rescale { factors, .. }) => {
            *factors = settled(factors, values, |factor, value| {
                factor.shift = value.clamp(2, 62) as u8;
            });
        }
        (slot, operator) => debug_assert!(false, "{} has no {slot:?}", operator.name()),
    }
}

/// A zero point of RESCALE: of unsigned 16 bits 32768 or 0, else the value.
fn rescale_zero_point(value: i64, data_type: DataType, unsigned: bool) -> i32 {
    match (data_type, unsigned) {
        (DataType::I8, true) => (value & 0xff) as i32,
        (DataType::I16, true) if value == i64::from(i16::MIN) => 32_768,
        (DataType::I16, true) => 0,
        _ => value as i32,
    }
}

/// `factors`, or as many new ones as there are `values`, each changed by its value.
fn settled(
    factors: &[RescaleFactor],
    values: &[i64],
    change: impl Fn(&mut RescaleFactor, i64),
) -> Arc<[RescaleFactor]> {
    let new = RescaleFactor {
        multiplier: 0,
        shift: 0,
    };
    let known = factors.iter().copied().chain(std::iter::repeat(new));
    values
        .iter()
        .zip(known)
        .map(|(&value, mut factor)| {
            change(&mut factor, value);
            factor
        })
        .collect()
}
