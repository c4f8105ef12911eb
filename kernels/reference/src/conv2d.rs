//! TOSA "CONV2D": convolution with zero points, bias added to the accumulator.

use aivm_tosa::DataType;
use aivm_tosa::operator::{Extent, Padding};

use crate::products::{biased, dot};
use crate::value::{View, count, inside};

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
    let [_, height, width, _] = input.sides();
    let [out_channels, kernel_height, kernel_width, _] = weight.sides();
    let mut output = Vec::with_capacity(count(shape));
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
                            let (values, weights) =
                                (input.row([n, y, x]), weight.row([oc, ky, kx]));
                            acc += dot(values, weights, zero_points);
                        }
                    }
                    output.push(biased(output_type, acc, bias, oc));
                }
            }
        }
    }
    output
}
