//! TOSA "REDUCE_SUM": the sum along an axis; the low 32 bits are kept.

use crate::reduce::reduce;
use crate::value::{View, wrap_i32};

pub(crate) fn reduce_sum(input: View<'_>, axis: u32) -> Vec<i64> {
    reduce(input, axis, 0, |sum, value| wrap_i32(sum + value))
}
