//! What CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL and TRANSPOSE_CONV2D share: sums of products, and bias.
//!
//! The specification computes in the accumulator's type. Here sums are held in 64 bits, which cannot overflow (at
//! most 2^31 products of at most 2^30), and the low bits are taken once: wrapping sums are the same in any order.

use aivm_tosa::DataType;

use crate::value::wrap;

/// `Σ (value − input_zp) · (weight − weight_zp)`. "wrapping" spares the overflow checks of the innermost loop: nothing
/// can wrap.
pub(crate) fn dot(values: &[i64], weights: &[i64], (input_zp, weight_zp): (i64, i64)) -> i64 {
    let products = values.iter().zip(weights);
    products.fold(0_i64, |sum, (&value, &weight)| {
        let product = value
            .wrapping_sub(input_zp)
            .wrapping_mul(weight.wrapping_sub(weight_zp));
        sum.wrapping_add(product)
    })
}

/// The accumulator with the bias of its channel (one for each, or one for all), as the output's type.
pub(crate) fn biased(output_type: DataType, acc: i64, bias: &[i64], channel: usize) -> i64 {
    let bias = bias[if bias.len() == 1 { 0 } else { channel }];
    wrap(output_type, acc + bias)
}
