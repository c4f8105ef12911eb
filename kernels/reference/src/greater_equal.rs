//! TOSA "GREATER_EQUAL": element-wise, whether the first value is not smaller, with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn greater_equal(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| i64::from(a >= b))
}
