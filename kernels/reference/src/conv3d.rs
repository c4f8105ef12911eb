//! TOSA "CONV3D": convolution over depth, height and width with zero points, bias added to the accumulator.

use aivm_tosa::DataType;
use aivm_tosa::operator::{Extent3, Padding3};

use crate::products::{biased, dot};
use crate::value::{View, count, inside};

/// Everything but the tensors.
pub(crate) struct Parameters {
    pub pad: Padding3,
    pub stride: Extent3,
    pub dilation: Extent3,
    pub input_zp: i32,
    pub weight_zp: i32,
}

pub(crate) fn conv3d(
    output_type: DataType,
    shape: &[u32],
    input: View<'_>,
    weight: View<'_>,
    bias: &[i64],
    p: &Parameters,
) -> Vec<i64> {
    let out_channels = weight.sides::<5>()[0];
    let mut output = Vec::with_capacity(count(shape));
    for n in 0..shape[0] as usize {
        for od in 0..shape[1] as usize {
            for oy in 0..shape[2] as usize {
                for ox in 0..shape[3] as usize {
                    for oc in 0..out_channels {
                        let acc = window(input, weight, p, n, [od, oy, ox], oc);
                        output.push(biased(output_type, acc, bias, oc));
                    }
                }
            }
        }
    }
    output
}

/// The sum of one window, for one output channel.
fn window(
    input: View<'_>,
    weight: View<'_>,
    p: &Parameters,
    n: usize,
    [od, oy, ox]: [usize; 3],
    oc: usize,
) -> i64 {
    let zero_points = (i64::from(p.input_zp), i64::from(p.weight_zp));
    let [_, depth, height, width, _] = input.sides();
    let [_, kernel_depth, kernel_height, kernel_width, _] = weight.sides();
    let mut acc = 0;
    for kd in 0..kernel_depth {
        let dd = kd * p.dilation.z as usize;
        let Some(d) = inside(od, p.stride.z, dd, p.pad.front, depth) else {
            continue; // padding is the input's zero point, which adds nothing
        };
        for ky in 0..kernel_height {
            let dy = ky * p.dilation.y as usize;
            let Some(y) = inside(oy, p.stride.y, dy, p.pad.plane.top, height) else {
                continue;
            };
            for kx in 0..kernel_width {
                let dx = kx * p.dilation.x as usize;
                let Some(x) = inside(ox, p.stride.x, dx, p.pad.plane.left, width) else {
                    continue;
                };
                let (values, weights) = (input.row([n, d, y, x]), weight.row([oc, kd, ky, kx]));
                acc += dot(values, weights, zero_points);
            }
        }
    }
    acc
}
