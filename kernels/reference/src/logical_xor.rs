//! TOSA "LOGICAL_XOR": element-wise exclusive OR of booleans with broadcasting.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn logical_xor(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| a ^ b)
}
