//! TRANSPOSE_CONV2D: each input element adds its multiples of the kernel to the output, `stride` apart.

use std::ops::Range;

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

impl TransposeConvolution {
    /// Numbers of scratch memory: the weights, 16 bits an element.
    pub(crate) fn scratch_numbers(&self) -> usize {
        let spread = self.kernel[0] * self.kernel[1] * self.to[2];
        (spread * self.from[2]).div_ceil(2)
    }
}

/// One run of a [`TransposeConvolution`].
pub(crate) struct TransposeConvolutionRun<'a> {
    pub convolution: &'a TransposeConvolution,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
    /// [`TransposeConvolution::scratch_numbers`].
    pub scratch: &'a mut [i32],
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

/// The kernel indices whose output index is inside `side`, and the output index of the first of them; the output
/// index of kernel index 0 is `first`.
#[inline(always)]
fn inside(first: i64, kernel: usize, side: usize) -> (Range<usize>, usize) {
    let start = (-first).clamp(0, kernel as i64) as usize;
    let end = (side as i64 - first).clamp(start as i64, kernel as i64) as usize;
    (start..end, (first + start as i64).max(0) as usize)
}

impl TransposeConvolutionRun<'_> {
    #[inline(always)]
    fn spread<X: Factor>(self) {
        let c = self.convolution;
        let [height, width, channels] = c.from;
        let [out_height, out_width, out_channels] = c.to;
        let images = self.reader.read::<X>(c.input);
        let images = images.chunks_exact(height * width * channels);
        let bias = self.reader.read::<X::Sum>(c.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let weights: &mut [i16] = bytemuck::cast_slice_mut(self.scratch);
        c.arrange(weights, self.reader.read(c.weight));
        let row_weights = c.kernel[1] * out_channels;
        for to in output.chunks_exact_mut(out_channels) {
            match bias {
                &[bias] => to.fill(bias),
                bias => to.copy_from_slice(bias),
            }
        }
        let outputs = output.chunks_exact_mut(out_height * out_width * out_channels);
        for (image, output) in images.zip(outputs) {
            for (at, values) in image.chunks_exact(channels).enumerate() {
                let first = |index: usize, stride: usize, pad: i32| {
                    (index * stride) as i64 + i64::from(pad)
                };
                let first_y = first(at / width, c.stride[0], c.out_pad.top);
                let first_x = first(at % width, c.stride[1], c.out_pad.left);
                let (rows, y) = inside(first_y, c.kernel[0], out_height);
                let (columns, x) = inside(first_x, c.kernel[1], out_width);
                if columns.is_empty() {
                    continue;
                }
                for (ky, y) in rows.zip(y..) {
                    // Neighbours in the kernel's row are neighbours in the output.
                    let start = (y * out_width + x) * out_channels;
                    let sums = &mut output[start..start + columns.len() * out_channels];
                    for (ic, &value) in values.iter().enumerate() {
                        let value = value.less(c.input_zp);
                        let row = (ic * c.kernel[0] + ky) * row_weights;
                        let weights = &weights[row + columns.start * out_channels..];
                        for (sum, &weight) in sums.iter_mut().zip(weights) {
                            *sum = X::add(*sum, X::product(value, weight));
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

impl TransposeConvolution {
    /// Brings weights less their zero point into the order `[IC, KH, KW, OC]`.
    #[inline(always)]
    fn arrange(&self, to: &mut [i16], weights: &[i8]) {
        let (taps, channels) = (self.kernel[0] * self.kernel[1], self.from[2]);
        let out_channels = self.to[2];
        for (oc, kernel) in weights.chunks_exact(taps * channels).enumerate() {
            for (tap, values) in kernel.chunks_exact(channels).enumerate() {
                for (ic, &weight) in values.iter().enumerate() {
                    to[(ic * taps + tap) * out_channels + oc] = weight.less(self.weight_zp);
                }
            }
        }
    }
}
