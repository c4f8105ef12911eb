//! TOSA "MINIMUM": element-wise smaller value with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn minimum(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| a.min(b))
}
