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
    let (values, weights) = (
        minus(input.elements, p.input_zp),
        minus(weight.elements, p.weight_zp),
    );
    let input = View {
        elements: &values,
        ..input
    };
    let weight = View {
        elements: &weights,
        ..weight
    };
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
                            acc += dot(values, weights);
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

/// Each element without its zero point: a number of at most 17 bits.
fn minus(elements: &[i64], zero_point: i32) -> Vec<i64> {
    let zero_point = i64::from(zero_point);
    elements
        .iter()
        .map(|&element| element - zero_point)
        .collect()
}

/// `Σ value · weight`. "wrapping" spares the overflow checks of the innermost loop: nothing can wrap.
fn dot(values: &[i64], weights: &[i64]) -> i64 {
    let products = values.iter().zip(weights);
    products.fold(0_i64, |sum, (&value, &weight)| {
        sum.wrapping_add(value.wrapping_mul(weight))
    })
}
