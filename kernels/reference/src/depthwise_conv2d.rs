//! TOSA "DEPTHWISE_CONV2D": convolution of each channel alone, `M` outputs for each, with zero points and bias.

use aivm_tosa::DataType;

use crate::conv2d::Parameters;
use crate::products::biased;
use crate::value::{View, count, inside};

pub(crate) fn depthwise_conv2d(
    output_type: DataType,
    shape: &[u32],
    input: View<'_>,
    weight: View<'_>,
    bias: &[i64],
    p: &Parameters,
) -> Vec<i64> {
    let (input_zp, weight_zp) = (i64::from(p.input_zp), i64::from(p.weight_zp));
    let [_, height, width, channels] = input.sides();
    let [kernel_height, kernel_width, _, multiples] = weight.sides();
    let mut output = Vec::with_capacity(count(shape));
    for n in 0..shape[0] as usize {
        for oy in 0..shape[1] as usize {
            for ox in 0..shape[2] as usize {
                let mut sums = vec![0; channels * multiples];
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
                        // "wrapping" spares the overflow checks, as in `products::dot`.
                        let values = input.row([n, y, x]).iter();
                        let values = values.map(|&value| value.wrapping_sub(input_zp));
                        let outputs = weight.rows([ky, kx]).chunks_exact(multiples);
                        let outputs = outputs.zip(sums.chunks_exact_mut(multiples));
                        for (value, (weights, sums)) in values.zip(outputs) {
                            for (sum, &weight) in sums.iter_mut().zip(weights) {
                                let product = value.wrapping_mul(weight.wrapping_sub(weight_zp));
                                *sum = product.wrapping_add(*sum);
                            }
                        }
                    }
                }
                let sums = sums.into_iter().enumerate();
                output.extend(sums.map(|(channel, acc)| biased(output_type, acc, bias, channel)));
            }
        }
    }
    output
}
