//! TOSA "MAXIMUM": element-wise larger value with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn maximum(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| a.max(b))
}
