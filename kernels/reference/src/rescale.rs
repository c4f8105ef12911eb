//! TOSA "RESCALE": `(value − input_zp) · multiplier / 2^shift + output_zp`, rounded and saturated.

use aivm_tosa::operator::RescaleFactor;
use aivm_tosa::{DataType, RescaleRounding};

use crate::scale::apply_scale;
use crate::value::{View, wrap, wrap_i32};

/// How elements of one side are read or written: type, zero point, whether the bits are unsigned.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    pub data_type: DataType,
    pub zero_point: i32,
    pub unsigned: bool,
}

pub(crate) fn rescale(
    input: View<'_>,
    factors: &[RescaleFactor],
    rounding: RescaleRounding,
    from: Side,
    to: Side,
) -> Vec<i64> {
    // All bits of the type: an unsigned value is held as the signed one with the same bits.
    let mask = |side: Side| (1_i64 << (8 * side.data_type.bytes())) - 1;
    let (min, max) = if to.unsigned {
        (0, mask(to))
    } else {
        (to.data_type.min(), to.data_type.max())
    };
    // One factor, or one for each element of the last axis: both repeat over the elements.
    let elements = input.elements.iter().zip(factors.iter().cycle());
    elements
        .map(|(&bits, &factor)| {
            let value = if from.unsigned {
                bits & mask(from)
            } else {
                bits
            };
            let value = value - i64::from(from.zero_point);
            let scaled = apply_scale(value, factor, rounding);
            let moved = wrap_i32(scaled + i64::from(to.zero_point));
            wrap(to.data_type, moved.clamp(min, max))
        })
        .collect()
}
