//! CONV2D, CONV3D and DEPTHWISE_CONV2D in plain loops: for i16 inputs, weights that are computed, late zero points, and
//! three dimensions. What has a kernel of its own is in `linear`.

use std::ops::Range;

use super::sum::Factor;
use crate::chain::Width;
use crate::dispatch::Kernel;
use crate::memory::{Place, Reader};

/// Windows of three axes: depth, height, width (a depth of 1 for two).
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    /// Sides of the input.
    pub from: [usize; 3],
    /// Sides of the output.
    pub to: [usize; 3],
    pub kernel: [usize; 3],
    pub stride: [usize; 3],
    pub dilation: [usize; 3],
    /// Padding before the first element.
    pub pad: [usize; 3],
    pub in_channels: usize,
    pub out_channels: usize,
}

impl Geometry {
    /// The kernel indices along `axis` that fall inside the input for output index `out`.
    #[inline(always)]
    fn taps(&self, axis: usize, out: usize) -> Range<usize> {
        let (start, pad) = (out * self.stride[axis], self.pad[axis]);
        let dilation = self.dilation[axis];
        let first = pad.saturating_sub(start).div_ceil(dilation);
        let end = (self.from[axis] + pad)
            .saturating_sub(start)
            .div_ceil(dilation);
        let end = end.min(self.kernel[axis]);
        first.min(end)..end
    }

    /// The input index of kernel index `tap`, which is one of [`Geometry::taps`].
    #[inline(always)]
    fn index(&self, axis: usize, out: usize, tap: usize) -> usize {
        out * self.stride[axis] + tap * self.dilation[axis] - self.pad[axis]
    }

    fn output_elements(&self) -> usize {
        self.to.iter().product::<usize>() * self.out_channels
    }

    fn input_elements(&self) -> usize {
        self.from.iter().product::<usize>() * self.in_channels
    }

    /// Calls `place` with each output place of an image, as indices along the three axes.
    #[inline(always)]
    fn for_each_place(&self, mut place: impl FnMut([usize; 3])) {
        for z in 0..self.to[0] {
            for y in 0..self.to[1] {
                for x in 0..self.to[2] {
                    place([z, y, x]);
                }
            }
        }
    }
}

/// CONV2D or CONV3D, weight `[OC, KD, KH, KW, IC]`.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    pub geometry: Geometry,
    pub width: Width,
    pub input_zp: i32,
    pub weight_zp: i32,
    pub input: Place,
    pub weight: Place,
    pub bias: Place,
}

/// One run of a [`Convolution`].
pub(crate) struct ConvolutionRun<'a> {
    pub convolution: &'a Convolution,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for ConvolutionRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.convolution.width {
            Width::I8 => self.slide::<i8>(),
            _ => self.slide::<i16>(),
        }
    }
}

impl ConvolutionRun<'_> {
    #[inline(always)]
    fn slide<X: Factor>(self) {
        let convolution = self.convolution;
        let geometry = &convolution.geometry;
        let zero_points = (convolution.input_zp, convolution.weight_zp);
        let images = self.reader.read::<X>(convolution.input);
        let images = images.chunks_exact(geometry.input_elements());
        let weights = self.reader.read::<i8>(convolution.weight);
        let bias = self.reader.read::<X::Sum>(convolution.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(geometry.output_elements());
        let channels = geometry.in_channels;
        let kernel_elements = geometry.kernel.iter().product::<usize>() * channels;
        for (image, output) in images.zip(outputs) {
            let mut outputs = output.chunks_exact_mut(geometry.out_channels);
            geometry.for_each_place(|out| {
                let Some(to) = outputs.next() else { return };
                for (oc, (to, kernel)) in to
                    .iter_mut()
                    .zip(weights.chunks_exact(kernel_elements))
                    .enumerate()
                {
                    let mut sum = bias[if bias.len() == 1 { 0 } else { oc }];
                    for kz in geometry.taps(0, out[0]) {
                        let z = geometry.index(0, out[0], kz);
                        for ky in geometry.taps(1, out[1]) {
                            let y = geometry.index(1, out[1], ky);
                            for kx in geometry.taps(2, out[2]) {
                                let x = geometry.index(2, out[2], kx);
                                let at = (z * geometry.from[1] + y) * geometry.from[2] + x;
                                let tap = (kz * geometry.kernel[1] + ky) * geometry.kernel[2] + kx;
                                let values = &image[at * channels..(at + 1) * channels];
                                let weights = &kernel[tap * channels..(tap + 1) * channels];
                                sum = X::add(sum, X::dot(values, weights, zero_points));
                            }
                        }
                    }
                    *to = X::finish(sum);
                }
            });
        }
    }
}

/// DEPTHWISE_CONV2D, weight `[KH, KW, C, M]`.
#[derive(Clone, Debug)]
pub(crate) struct Depthwise {
    /// The depth is 1; output channels are C · M.
    pub geometry: Geometry,
    pub width: Width,
    pub input_zp: i32,
    pub weight_zp: i32,
    pub input: Place,
    pub weight: Place,
    pub bias: Place,
}

/// One run of a [`Depthwise`].
pub(crate) struct DepthwiseRun<'a> {
    pub depthwise: &'a Depthwise,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for DepthwiseRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.depthwise.width {
            Width::I8 => self.slide::<i8>(),
            _ => self.slide::<i16>(),
        }
    }
}

impl DepthwiseRun<'_> {
    #[inline(always)]
    fn slide<X: Factor>(self) {
        let depthwise = self.depthwise;
        let geometry = &depthwise.geometry;
        let zero_points = (depthwise.input_zp, depthwise.weight_zp);
        let images = self.reader.read::<X>(depthwise.input);
        let images = images.chunks_exact(geometry.input_elements());
        let weights = self.reader.read::<i8>(depthwise.weight);
        let bias = self.reader.read::<X::Sum>(depthwise.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(geometry.output_elements());
        let (channels, out_channels) = (geometry.in_channels, geometry.out_channels);
        let multiplier = out_channels / channels;
        for (image, output) in images.zip(outputs) {
            let mut outputs = output.chunks_exact_mut(out_channels);
            geometry.for_each_place(|out| {
                let Some(to) = outputs.next() else { return };
                match bias {
                    &[bias] => to.fill(bias),
                    bias => to.copy_from_slice(bias),
                }
                for ky in geometry.taps(1, out[1]) {
                    let y = geometry.index(1, out[1], ky);
                    for kx in geometry.taps(2, out[2]) {
                        let x = geometry.index(2, out[2], kx);
                        let at = y * geometry.from[2] + x;
                        let tap = ky * geometry.kernel[2] + kx;
                        let values = &image[at * channels..(at + 1) * channels];
                        let weights = &weights[tap * out_channels..(tap + 1) * out_channels];
                        let sums = to
                            .chunks_exact_mut(multiplier)
                            .zip(weights.chunks_exact(multiplier));
                        for ((sums, weights), &value) in sums.zip(values) {
                            for (sum, &weight) in sums.iter_mut().zip(weights) {
                                *sum = X::add(*sum, X::product(value, weight, zero_points));
                            }
                        }
                    }
                }
                for sum in to {
                    *sum = X::finish(*sum);
                }
            });
        }
    }
}
