//! TOSA "CONV2D": convolution with zero points, bias added to the accumulator.
//!
//! The specification computes in the accumulator's type. Here sums are held in 64 bits, which cannot
//! overflow (at most 2^31 products of at most 2^18), and the low bits are taken once: wrapping sums are
//! the same in any order.

use aivm_tosa::DataType;
use aivm_tosa::operator::{Extent, Padding};

use crate::value::{View, inside, wrap};

/// Everything but the tensors.
pub(crate) struct Parameters {
    pub pad: Padding,
    pub stride: Extent,
    pub dilation: Extent,
    pub input_zp: i32,
    pub weight_zp: i32,
}

pub(crate) fn conv2d(
    output_type: DataType,
    shape: &[u32],
    input: View<'_>,
    weight: View<'_>,
    bias: &[i64],
    p: &Parameters,
) -> Vec<i64> {
    let zero_points = (i64::from(p.input_zp), i64::from(p.weight_zp));
    let [_, height, width, _] = input.sides4();
    let [out_channels, kernel_height, kernel_width, _] = weight.sides4();
    let mut output = Vec::with_capacity(shape.iter().map(|&side| side as usize).product());
    for n in 0..shape[0] as usize {
        for oy in 0..shape[1] as usize {
            for ox in 0..shape[2] as usize {
                for oc in 0..out_channels {
                    let mut acc = 0;
                    for ky in 0..kernel_height {
                        let dy = ky * p.dilation.y as usize;
                        let Some(y) = inside(oy, p.stride.y, dy, p.pad.top, height) else {
                            continue; // padding is the input's zero point, which adds nothing
                        };
                        for kx in 0..kernel_width {
                            let dx = kx * p.dilation.x as usize;
                            let Some(x) = inside(ox, p.stride.x, dx, p.pad.left, width) else {
                                continue;
                            };
                            let (values, weights) = (input.row(n, y, x), weight.row(oc, ky, kx));
                            acc += dot(values, weights, zero_points);
                        }
                    }
                    let bias = bias[if bias.len() == 1 { 0 } else { oc }];
                    output.push(wrap(output_type, acc + bias));
                }
            }
        }
    }
    output
}

/// `Σ (value − input_zp) · (weight − weight_zp)`. "wrapping" spares the overflow checks of the innermost loop: nothing
/// can wrap.
fn dot(values: &[i64], weights: &[i64], (input_zp, weight_zp): (i64, i64)) -> i64 {
    let products = values.iter().zip(weights);
    products.fold(0_i64, |sum, (&value, &weight)| {
        let product = value
            .wrapping_sub(input_zp)
            .wrapping_mul(weight.wrapping_sub(weight_zp));
        sum.wrapping_add(product)
    })
}
