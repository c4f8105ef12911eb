//! Sums of products, as i32: their scales, and that they stay inside 32 bits.

use super::weight::Weight;
use super::{Lowered, unsupported};
use crate::scale;
use crate::value::Scale;

/// A largest sum, if no sum leaves 32 bits.
pub(super) fn in_32_bits(largest: i64) -> Lowered<i64> {
    if largest <= i64::from(i32::MAX) {
        return Ok(largest);
    }
    Err(unsupported(
        format!("sums up to {largest}, which leave 32 bits"),
        "split the sum into parts that are quantised, or calibrate scales of weight and bias again",
    ))
}

/// The scale of products.
pub(super) fn products(input: f64, weights: &[f64]) -> Scale {
    match weights {
        &[weight] => Scale::Tensor(scale::product(input, weight)),
        weights => Scale::Channel(
            weights
                .iter()
                .map(|&weight| scale::product(input, weight))
                .collect(),
        ),
    }
}

/// The largest magnitude that a sum can have, if no operand is further from its zero point than `bound`.
///
/// # Errors
/// It could leave 32 bits.
pub(super) fn largest_sum(weight: &Weight, bias: &[i32], bound: i64) -> Lowered<i64> {
    let channels = bias.len().max(1);
    let per_channel = (weight.values.len() / channels).max(1);
    let magnitude = |value: &i8| (i64::from(*value) - i64::from(weight.zero_point)).abs();
    let largest = weight
        .values
        .chunks(per_channel)
        .zip(bias)
        .map(|(own, &bias)| own.iter().map(magnitude).sum::<i64>() * bound + i64::from(bias).abs())
        .max()
        .unwrap_or(0);
    in_32_bits(largest)
}
