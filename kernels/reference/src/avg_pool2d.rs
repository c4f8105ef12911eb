//! TOSA "AVG_POOL2D": the rounded average under a sliding window; padding is not counted.

use aivm_tosa::operator::{Extent, Padding};
use aivm_tosa::{DataType, RescaleRounding};

use crate::scale::{apply_scale, reciprocal_scale};
use crate::value::{View, count, inside, wrap_i32};

/// Zero points of input and output.
pub(crate) struct ZeroPoints {
    pub input: i32,
    pub output: i32,
}

pub(crate) fn avg_pool2d(
    data_type: DataType,
    shape: &[u32],
    input: View<'_>,
    (kernel, stride, pad): (Extent, Extent, Padding),
    zp: &ZeroPoints,
) -> Vec<i64> {
    let [_, height, width, channels] = input.sides();
    let mut output = Vec::with_capacity(count(shape));
    for n in 0..shape[0] as usize {
        for oy in 0..shape[1] as usize {
            for ox in 0..shape[2] as usize {
                let mut sums = vec![0; channels];
                let mut count = 0;
                for ky in 0..kernel.y as usize {
                    let Some(y) = inside(oy, stride.y, ky, pad.top, height) else {
                        continue;
                    };
                    for kx in 0..kernel.x as usize {
                        let Some(x) = inside(ox, stride.x, kx, pad.left, width) else {
                            continue;
                        };
                        count += 1;
                        for (sum, &value) in sums.iter_mut().zip(input.row([n, y, x])) {
                            *sum = wrap_i32(*sum + value - i64::from(zp.input));
                        }
                    }
                }
                // Padding is smaller than the kernel, so every window has an element.
                let factor = reciprocal_scale(count);
                output.extend(sums.into_iter().map(|sum| {
                    let average = apply_scale(sum, factor, RescaleRounding::Single);
                    let average = wrap_i32(average + i64::from(zp.output));
                    average.clamp(data_type.min(), data_type.max())
                }));
            }
        }
    }
    output
}
