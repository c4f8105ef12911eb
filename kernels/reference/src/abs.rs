//! TOSA "ABS": absolute value of an i32; that of −2^31 wraps to −2^31.

use crate::value::{View, wrap_i32};

pub(crate) fn abs(input: View<'_>) -> Vec<i64> {
    input
        .elements
        .iter()
        .map(|&value| wrap_i32(value.abs()))
        .collect()
}
