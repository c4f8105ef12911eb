//! TRANSPOSE_CONV2D: each input element adds its multiples of the kernel to the output, `stride` apart.

use aivm_tosa::operator::OutPadding;

use super::sum::Factor;
use crate::chain::Width;
use crate::dispatch::Kernel;
use crate::memory::{Place, Reader};

/// TRANSPOSE_CONV2D, weight `[OC, KH, KW, IC]`.
#[derive(Clone, Debug)]
pub(crate) struct TransposeConvolution {
    /// Height, width and channels of the input.
    pub from: [usize; 3],
    /// Height, width and channels of the output.
    pub to: [usize; 3],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub out_pad: OutPadding,
    pub width: Width,
    pub input_zp: i32,
    pub weight_zp: i32,
    pub input: Place,
    pub weight: Place,
    pub bias: Place,
}

/// One run of a [`TransposeConvolution`].
pub(crate) struct TransposeConvolutionRun<'a> {
    pub convolution: &'a TransposeConvolution,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for TransposeConvolutionRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.convolution.width {
            Width::I8 => self.spread::<i8>(),
            _ => self.spread::<i16>(),
        }
    }
}

/// The output index of an input index and a kernel index, if it is inside `side`.
#[inline(always)]
fn target(input: usize, stride: usize, kernel: usize, pad: i32, side: usize) -> Option<usize> {
    let index = (input * stride + kernel) as i64 + i64::from(pad);
    usize::try_from(index).ok().filter(|&index| index < side)
}

impl TransposeConvolutionRun<'_> {
    #[inline(always)]
    fn spread<X: Factor>(self) {
        let c = self.convolution;
        let zero_points = (c.input_zp, c.weight_zp);
        let [height, width, channels] = c.from;
        let [out_height, out_width, out_channels] = c.to;
        let images = self.reader.read::<X>(c.input);
        let images = images.chunks_exact(height * width * channels);
        let weights = self.reader.read::<i8>(c.weight);
        let bias = self.reader.read::<X::Sum>(c.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let kernel_elements = c.kernel[0] * c.kernel[1] * channels;
        for to in output.chunks_exact_mut(out_channels) {
            match bias {
                &[bias] => to.fill(bias),
                bias => to.copy_from_slice(bias),
            }
        }
        let outputs = output.chunks_exact_mut(out_height * out_width * out_channels);
        for (image, output) in images.zip(outputs) {
            for (at, values) in image.chunks_exact(channels).enumerate() {
                let (iy, ix) = (at / width, at % width);
                for ky in 0..c.kernel[0] {
                    let Some(y) = target(iy, c.stride[0], ky, c.out_pad.top, out_height) else {
                        continue;
                    };
                    for kx in 0..c.kernel[1] {
                        let Some(x) = target(ix, c.stride[1], kx, c.out_pad.left, out_width) else {
                            continue;
                        };
                        let start = (y * out_width + x) * out_channels;
                        let tap = (ky * c.kernel[1] + kx) * channels;
                        let kernels = weights.chunks_exact(kernel_elements);
                        let sums = output[start..start + out_channels].iter_mut().zip(kernels);
                        for (sum, kernel) in sums {
                            let weights = &kernel[tap..tap + channels];
                            *sum = X::add(*sum, X::dot(values, weights, zero_points));
                        }
                    }
                }
            }
        }
        for sum in output {
            *sum = X::finish(*sum);
        }
    }
}
