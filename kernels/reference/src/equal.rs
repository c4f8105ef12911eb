//! TOSA "EQUAL": element-wise, whether both values are equal, with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn equal(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| i64::from(a == b))
}
