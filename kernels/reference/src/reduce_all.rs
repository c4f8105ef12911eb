//! TOSA "REDUCE_ALL": whether all booleans along an axis are true.

use crate::reduce::reduce;
use crate::value::View;

pub(crate) fn reduce_all(input: View<'_>, axis: u32) -> Vec<i64> {
    reduce(input, axis, 1, |all, value| all & value)
}
