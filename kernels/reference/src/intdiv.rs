//! TOSA "INTDIV": element-wise quotient of i32 towards zero, with broadcasting. A quotient by 0 is 0; that of
//! −2^31 by −1 wraps to −2^31.

use crate::broadcast::broadcast;
use crate::value::{View, wrap_i32};

pub(crate) fn intdiv(shape: &[u32], a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| match b {
        0 => 0,
        _ => wrap_i32(a / b),
    })
}
