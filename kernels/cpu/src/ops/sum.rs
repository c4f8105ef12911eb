//! Sums of products in native types: i8 into i32, i16 into i48. Wrapping sums are the same in every order.
//!
//! Values and weights stand less their zero points in 16 bits: i8 less a zero point of i8 has 9 bits, and the zero
//! point of an i16 is 0. Products of 16-bit lanes, summed in pairs, are one instruction nearly everywhere.

use bytemuck::Pod;

/// An element of an activation: i8 or i16.
pub(crate) trait Factor: Pod {
    /// The accumulator: i32, or i48 held in 64 bits.
    type Sum: Pod;

    /// The value less its zero point.
    fn less(self, zero_point: i32) -> i16;

    /// `Σ value · weight` for each of some weights that lie one behind the other.
    fn dot<const N: usize>(values: &[i16], weights: [&[i16]; N]) -> [Self::Sum; N];

    /// A product of a value and a weight, or of two values.
    fn product(a: i16, b: i16) -> Self::Sum;

    fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;

    /// The sum as a value of its type.
    fn finish(sum: Self::Sum) -> Self::Sum;
}

/// Products of 16-bit numbers, summed in wrapping 32 bits.
#[inline(always)]
fn dot32<const N: usize>(values: &[i16], weights: [&[i16]; N]) -> [i32; N] {
    let weights = weights.map(|weights| &weights[..values.len()]);
    let mut sums = [0_i32; N];
    for (index, &value) in values.iter().enumerate() {
        for (sum, weights) in sums.iter_mut().zip(&weights) {
            let product = i32::from(value).wrapping_mul(i32::from(weights[index]));
            *sum = sum.wrapping_add(product);
        }
    }
    sums
}

impl Factor for i8 {
    type Sum = i32;

    #[inline(always)]
    fn less(self, zero_point: i32) -> i16 {
        i16::from(self).wrapping_sub(zero_point as i16)
    }

    #[inline(always)]
    fn dot<const N: usize>(values: &[i16], weights: [&[i16]; N]) -> [i32; N] {
        dot32(values, weights)
    }

    #[inline(always)]
    fn product(a: i16, b: i16) -> i32 {
        i32::from(a).wrapping_mul(i32::from(b))
    }

    #[inline(always)]
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn finish(sum: i32) -> i32 {
        sum
    }
}

/// Products of an i16 and a weight of 9 bits, less than 2^24, that an i32 holds the sum of.
const SUMMED_IN_I32: usize = 128;

impl Factor for i16 {
    type Sum = i64;

    #[inline(always)]
    fn less(self, _zero_point: i32) -> i16 {
        self
    }

    #[inline(always)]
    fn dot<const N: usize>(values: &[i16], weights: [&[i16]; N]) -> [i64; N] {
        let mut sums = [0_i64; N];
        for (index, values) in values.chunks(SUMMED_IN_I32).enumerate() {
            let start = index * SUMMED_IN_I32;
            let parts = dot32(values, weights.map(|weights| &weights[start..]));
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = sum.wrapping_add(i64::from(part));
            }
        }
        sums
    }

    #[inline(always)]
    fn product(a: i16, b: i16) -> i64 {
        i64::from(i32::from(a).wrapping_mul(i32::from(b)))
    }

    #[inline(always)]
    fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn finish(sum: i64) -> i64 {
        sum << 16 >> 16
    }
}

/// Widens weights and takes their zero point off.
#[inline(always)]
pub(crate) fn widen(to: &mut [i16], weights: &[i8], zero_point: i32) {
    for (to, &weight) in to.iter_mut().zip(weights) {
        *to = weight.less(zero_point);
    }
}
