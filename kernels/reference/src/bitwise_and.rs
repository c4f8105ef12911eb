//! TOSA "BITWISE_AND": element-wise AND of bits with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn bitwise_and(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| a & b)
}
