//! TOSA "TRANSPOSE_CONV2D": each input element adds its multiples of the kernel to the output, `stride` apart; said
//! from the output's side, as the specification does.

use aivm_tosa::DataType;
use aivm_tosa::operator::{Extent, OutPadding};

use crate::products::{biased, dot};
use crate::value::{View, count};

/// Everything but the tensors.
pub(crate) struct Parameters {
    pub out_pad: OutPadding,
    pub stride: Extent,
    pub input_zp: i32,
    pub weight_zp: i32,
}

pub(crate) fn transpose_conv2d(
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
                        let Some(y) = source(oy, p.out_pad.top, ky, p.stride.y, height) else {
                            continue;
                        };
                        for kx in 0..kernel_width {
                            let Some(x) = source(ox, p.out_pad.left, kx, p.stride.x, width) else {
                                continue;
                            };
                            let values = input.row([n, y, x]);
                            acc += dot(values, weight.row([oc, ky, kx]), zero_points);
                        }
                    }
                    output.push(biased(output_type, acc, bias, oc));
                }
            }
        }
    }
    output
}

/// The input index whose kernel place `kernel` falls on output index `out`, if there is one.
fn source(out: usize, out_pad: i32, kernel: usize, stride: u32, side: usize) -> Option<usize> {
    let distance = out as i64 - i64::from(out_pad) - kernel as i64;
    if distance < 0 || distance % i64::from(stride) != 0 {
        return None;
    }
    Some((distance / i64::from(stride)) as usize).filter(|&index| index < side)
}
