//! Windows over images: kernels, strides, dilations, padding, their level limits and the output size.

use crate::flatbuffer::Ints;
use crate::operator::{Extent, OutPadding, Padding};
use crate::{Refusal, RefusalCode};

/// The `N` numbers of an attribute list.
fn numbers<const N: usize>(list: Ints<'_>, name: &str) -> Result<[i32; N], Refusal> {
    if list.len() != N {
        return Err(Refusal::new(
            RefusalCode::AttributeLength,
            format!("{name} has {} numbers, not {N}", list.len()),
        ));
    }
    let mut numbers = [0; N];
    for (number, value) in numbers.iter_mut().zip(list.iter()) {
        *number = value;
    }
    Ok(numbers)
}

/// Level 8K: MAX_KERNEL and MAX_STRIDE.
const LEVEL_MAX: u32 = 8192;

/// Checks a kernel side (or a dilated one) or a padding against the level.
pub(super) fn expect_kernel_level(name: &str, size: u64) -> Result<(), Refusal> {
    if size > u64::from(LEVEL_MAX) {
        return Err(Refusal::new(
            RefusalCode::KernelLevel,
            format!("{name} {size}"),
        ));
    }
    Ok(())
}

/// Sizes, all at least 1, else a refusal with `code`.
pub(super) fn sizes<const N: usize>(
    list: Ints<'_>,
    name: &str,
    code: RefusalCode,
) -> Result<[u32; N], Refusal> {
    let numbers = numbers::<N>(list, name)?;
    if numbers.iter().any(|&size| size < 1) {
        return Err(Refusal::new(code, format!("{name} {numbers:?}")));
    }
    Ok(numbers.map(i32::cast_unsigned))
}

/// Strides: at least 1, at most the level's.
pub(super) fn strides<const N: usize>(list: Ints<'_>) -> Result<[u32; N], Refusal> {
    let strides = sizes(list, "stride", RefusalCode::Stride)?;
    if strides.iter().any(|&stride| stride > LEVEL_MAX) {
        return Err(Refusal::new(
            RefusalCode::StrideLevel,
            format!("stride {strides:?}"),
        ));
    }
    Ok(strides)
}

/// Two sizes as height and width.
pub(super) const fn extent([y, x]: [u32; 2]) -> Extent {
    Extent { y, x }
}

/// Padding: not negative, at most the level's.
pub(super) fn paddings<const N: usize>(list: Ints<'_>) -> Result<[u32; N], Refusal> {
    let sides = numbers::<N>(list, "pad")?;
    if sides.iter().any(|&side| side < 0) {
        return Err(Refusal::new(RefusalCode::Padding, format!("pad {sides:?}")));
    }
    let sides = sides.map(i32::cast_unsigned);
    for side in sides {
        expect_kernel_level("pad", u64::from(side))?;
    }
    Ok(sides)
}

/// Padding of a plane.
pub(super) const fn plane([top, bottom, left, right]: [u32; 4]) -> Padding {
    Padding {
        top,
        bottom,
        left,
        right,
    }
}

/// TRANSPOSE_CONV2D's `out_pad`: above minus the kernel's side, at most the level's.
pub(super) fn out_padding(
    list: Ints<'_>,
    (kernel_y, kernel_x): (u32, u32),
) -> Result<OutPadding, Refusal> {
    let sides = numbers::<4>(list, "out_pad")?;
    let kernels = [kernel_y, kernel_y, kernel_x, kernel_x];
    for (side, kernel) in sides.into_iter().zip(kernels) {
        if i64::from(side) <= -i64::from(kernel) {
            return Err(Refusal::new(
                RefusalCode::OutPadding,
                format!("out_pad {sides:?} for a kernel of {kernel_y} by {kernel_x}"),
            ));
        }
        expect_kernel_level("out_pad", u64::from(side.max(0).cast_unsigned()))?;
    }
    let [top, bottom, left, right] = sides;
    Ok(OutPadding {
        top,
        bottom,
        left,
        right,
    })
}

/// Checks one side of a sliding window: `(padded − window) / stride + 1`, without remainder, is `out`.
///
/// `padded` is the input side with its padding, `window` the side of the (dilated) kernel.
pub(super) fn expect_output_side(
    name: &str,
    (padded, window): (u32, u64),
    stride: u32,
    out: u32,
) -> Result<(), Refusal> {
    let (room, stride) = (i64::from(padded) - window as i64, i64::from(stride));
    let code = if room % stride != 0 {
        RefusalCode::OutputRemainder
    } else if room / stride + 1 != i64::from(out) {
        RefusalCode::OutputSize
    } else {
        return Ok(());
    };
    Err(Refusal::new(
        code,
        format!(
            "{name} {out} from a padded input of {padded}, a window of {window} and a stride of {stride}"
        ),
    ))
}
