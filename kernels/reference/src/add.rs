//! TOSA "ADD": element-wise sum with broadcasting; the low 32 bits are kept.

use crate::broadcast::broadcast;
use crate::value::{View, wrap_i32};

pub(crate) fn add(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| wrap_i32(a + b))
}
