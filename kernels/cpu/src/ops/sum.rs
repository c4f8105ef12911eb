//! Sums of products in native types: i8 into i32, i16 into i48. Wrapping sums are the same in every order.

use bytemuck::Pod;

/// An element of an activation: i8 or i16.
pub(crate) trait Factor: Pod {
    /// The accumulator: i32, or i48 held in 64 bits.
    type Sum: Pod;

    /// `Σ (value − input_zp) · (weight − weight_zp)`. Zero points are values of i8, and 0 for an i16.
    fn dot(values: &[Self], weights: &[i8], zero_points: (i32, i32)) -> Self::Sum;

    /// One such product.
    fn product(value: Self, weight: i8, zero_points: (i32, i32)) -> Self::Sum;

    fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;

    /// The sum as a value of its type.
    fn finish(sum: Self::Sum) -> Self::Sum;

    /// `sums += (a − a_zp) · (b − b_zp)` for each `b`.
    fn add_products(sums: &mut [Self::Sum], a: Self, b: &[Self], zero_points: (i32, i32));
}

impl Factor for i8 {
    type Sum = i32;

    #[inline(always)]
    fn dot(values: &[i8], weights: &[i8], (input_zp, weight_zp): (i32, i32)) -> i32 {
        let products = values.iter().zip(weights);
        products.fold(0_i32, |sum, (&value, &weight)| {
            let value = i32::from(value).wrapping_sub(input_zp);
            let weight = i32::from(weight).wrapping_sub(weight_zp);
            sum.wrapping_add(value.wrapping_mul(weight))
        })
    }

    #[inline(always)]
    fn product(value: i8, weight: i8, (input_zp, weight_zp): (i32, i32)) -> i32 {
        let value = i32::from(value).wrapping_sub(input_zp);
        value.wrapping_mul(i32::from(weight).wrapping_sub(weight_zp))
    }

    #[inline(always)]
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn finish(sum: i32) -> i32 {
        sum
    }

    #[inline(always)]
    fn add_products(sums: &mut [i32], a: i8, b: &[i8], (a_zp, b_zp): (i32, i32)) {
        let a = i32::from(a).wrapping_sub(a_zp);
        for (sum, &b) in sums.iter_mut().zip(b) {
            let product = a.wrapping_mul(i32::from(b).wrapping_sub(b_zp));
            *sum = sum.wrapping_add(product);
        }
    }
}

/// Products of at most 2^24 that an i32 holds the sum of.
const SUMMED_IN_I32: usize = 64;

impl Factor for i16 {
    type Sum = i64;

    #[inline(always)]
    fn dot(values: &[i16], weights: &[i8], (input_zp, weight_zp): (i32, i32)) -> i64 {
        let chunks = values
            .chunks(SUMMED_IN_I32)
            .zip(weights.chunks(SUMMED_IN_I32));
        chunks.fold(0_i64, |sum, (values, weights)| {
            let products = values.iter().zip(weights);
            let part = products.fold(0_i32, |sum, (&value, &weight)| {
                let value = i32::from(value).wrapping_sub(input_zp);
                let weight = i32::from(weight).wrapping_sub(weight_zp);
                sum.wrapping_add(value.wrapping_mul(weight))
            });
            sum.wrapping_add(i64::from(part))
        })
    }

    #[inline(always)]
    fn product(value: i16, weight: i8, (input_zp, weight_zp): (i32, i32)) -> i64 {
        let value = i32::from(value).wrapping_sub(input_zp);
        i64::from(value.wrapping_mul(i32::from(weight).wrapping_sub(weight_zp)))
    }

    #[inline(always)]
    fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn finish(sum: i64) -> i64 {
        sum << 16 >> 16
    }

    #[inline(always)]
    fn add_products(sums: &mut [i64], a: i16, b: &[i16], (a_zp, b_zp): (i32, i32)) {
        let a = i32::from(a).wrapping_sub(a_zp);
        for (sum, &b) in sums.iter_mut().zip(b) {
            let b = i32::from(b).wrapping_sub(b_zp);
            *sum = sum.wrapping_add(i64::from(a).wrapping_mul(i64::from(b)));
        }
    }
}
