//! TOSA "REDUCE_ANY": whether one of the booleans along an axis is true.

use crate::reduce::reduce;
use crate::value::View;

pub(crate) fn reduce_any(input: View<'_>, axis: u32) -> Vec<i64> {
    reduce(input, axis, 0, |any, value| any | value)
}
