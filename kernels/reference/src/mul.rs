//! TOSA "MUL": element-wise product with broadcasting, into i32.
//!
//! i32 operands with a shift: the 64-bit product is rounded half up and shifted; the rounding sum wraps
//! at 64 bits, the result at 32.

use crate::broadcast::broadcast;
use crate::value::{View, wrap_i32};

pub(crate) fn mul(shape: &[u32], a: View<'_>, b: View<'_>, shift: u8) -> Vec<i64> {
    broadcast(shape, [a, b], |[a, b]| {
        let product = a * b; // of two i32: at most 2^62
        if shift == 0 {
            return wrap_i32(product);
        }
        let round = 1_i64 << (shift - 1);
        wrap_i32(product.wrapping_add(round) >> shift)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(a: i32, b: i32, shift: u8) -> i64 {
        let (a, b) = ([i64::from(a)], [i64::from(b)]);
        let view = |elements| View {
            shape: &[1],
            elements,
        };
        mul(&[1], view(&a), view(&b), shift)[0]
    }

    #[test]
    fn the_product_wraps_and_the_shift_rounds_half_up() {
        assert_eq!(product(i32::MAX, 2, 0), -2);
        assert_eq!(product(3, 1, 1), 2);
        assert_eq!(product(-3, 1, 1), -1);
        assert_eq!(
            product(i32::MAX, i32::MAX, 1),
            i64::from((((1_i64 << 62) - (1 << 32) + 2) >> 1) as i32)
        );
        // The largest product and the largest rounding term make 2^63, which wraps.
        assert_eq!(product(i32::MIN, i32::MIN, 63), -1);
    }
}
