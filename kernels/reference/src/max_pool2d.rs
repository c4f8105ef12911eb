//! TOSA "MAX_POOL2D": the largest element under a sliding window; padding is not looked at.

use aivm_tosa::DataType;
use aivm_tosa::operator::{Extent, Padding};

use crate::value::{View, count, inside};

pub(crate) fn max_pool2d(
    data_type: DataType,
    shape: &[u32],
    input: View<'_>,
    kernel: Extent,
    stride: Extent,
    pad: Padding,
) -> Vec<i64> {
    let [_, height, width, channels] = input.sides();
    let mut output = Vec::with_capacity(count(shape));
    for n in 0..shape[0] as usize {
        for oy in 0..shape[1] as usize {
            for ox in 0..shape[2] as usize {
                let mut largest = vec![data_type.min(); channels];
                for ky in 0..kernel.y as usize {
                    let Some(y) = inside(oy, stride.y, ky, pad.top, height) else {
                        continue;
                    };
                    for kx in 0..kernel.x as usize {
                        let Some(x) = inside(ox, stride.x, kx, pad.left, width) else {
                            continue;
                        };
                        for (largest, &value) in largest.iter_mut().zip(input.row([n, y, x])) {
                            *largest = value.max(*largest);
                        }
                    }
                }
                output.append(&mut largest);
            }
        }
    }
    output
}
