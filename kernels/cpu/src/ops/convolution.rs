//! CONV2D, CONV3D and DEPTHWISE_CONV2D in plain loops: for i16 inputs, weights that are computed, late zero points, and
//! three dimensions. What has a kernel of its own is in `linear`.

use std::ops::Range;

use super::sum::{Factor, widen};
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
        let last = start + (self.kernel[axis] - 1) * dilation;
        if start >= pad && last < self.from[axis] + pad {
            return 0..self.kernel[axis]; // spares the divisions
        }
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

impl Convolution {
    fn kernel_elements(&self) -> usize {
        self.geometry.kernel.iter().product::<usize>() * self.geometry.in_channels
    }

    /// Numbers of scratch memory: the weights and one patch, 16 bits an element.
    pub(crate) fn scratch_numbers(&self) -> usize {
        (self.kernel_elements() * (self.geometry.out_channels + 1)).div_ceil(2)
    }
}

/// One run of a [`Convolution`].
pub(crate) struct ConvolutionRun<'a> {
    pub convolution: &'a Convolution,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
    /// [`Convolution::scratch_numbers`].
    pub scratch: &'a mut [i32],
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
    /// Gathers the elements under each window, and multiplies them with every kernel.
    #[inline(always)]
    fn slide<X: Factor>(self) {
        let convolution = self.convolution;
        let geometry = &convolution.geometry;
        let images = self.reader.read::<X>(convolution.input);
        let images = images.chunks_exact(geometry.input_elements());
        let bias = self.reader.read::<X::Sum>(convolution.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(geometry.output_elements());
        let taps = convolution.kernel_elements();
        let scratch: &mut [i16] = bytemuck::cast_slice_mut(self.scratch);
        let (kernels, scratch) = scratch.split_at_mut(taps * geometry.out_channels);
        let patch = &mut scratch[..taps];
        let weights = self.reader.read::<i8>(convolution.weight);
        widen(kernels, weights, convolution.weight_zp);
        for (image, output) in images.zip(outputs) {
            let mut outputs = output.chunks_exact_mut(geometry.out_channels);
            geometry.for_each_place(|out| {
                let Some(to) = outputs.next() else { return };
                convolution.gather(image, out, patch);
                match bias {
                    &[bias] => to.fill(bias),
                    bias => to.copy_from_slice(bias),
                }
                let (fours, rest) = to.as_chunks_mut::<4>();
                let done = fours.len() * 4;
                let four_kernels = kernels.chunks_exact(4 * taps);
                for (to, kernels) in fours.iter_mut().zip(four_kernels) {
                    let (a, b) = kernels.split_at(2 * taps);
                    let ((a, b), (c, d)) = (a.split_at(taps), b.split_at(taps));
                    let sums = X::dot(patch, [a, b, c, d]);
                    for (to, sum) in to.iter_mut().zip(sums) {
                        *to = X::finish(X::add(*to, sum));
                    }
                }
                let kernels = kernels[done * taps..].chunks_exact(taps);
                for (to, kernel) in rest.iter_mut().zip(kernels) {
                    let [sum] = X::dot(patch, [kernel]);
                    *to = X::finish(X::add(*to, sum));
                }
            });
        }
    }
}

impl Convolution {
    /// The elements under the window of `out` less the zero point, in the order of a kernel; 0 in the padding.
    #[inline(always)]
    fn gather<X: Factor>(&self, image: &[X], out: [usize; 3], patch: &mut [i16]) {
        let geometry = &self.geometry;
        let channels = geometry.in_channels;
        let inside: [Range<usize>; 3] = std::array::from_fn(|axis| geometry.taps(axis, out[axis]));
        if (0..3).any(|axis| inside[axis].len() < geometry.kernel[axis]) {
            patch.fill(0);
        }
        for kz in inside[0].clone() {
            let z = geometry.index(0, out[0], kz);
            for ky in inside[1].clone() {
                let y = geometry.index(1, out[1], ky);
                for kx in inside[2].clone() {
                    let x = geometry.index(2, out[2], kx);
                    let at = (z * geometry.from[1] + y) * geometry.from[2] + x;
                    let tap = (kz * geometry.kernel[1] + ky) * geometry.kernel[2] + kx;
                    let values = &image[at * channels..(at + 1) * channels];
                    let to = &mut patch[tap * channels..(tap + 1) * channels];
                    for (to, &value) in to.iter_mut().zip(values) {
                        *to = value.less(self.input_zp);
                    }
                }
            }
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

impl Depthwise {
    /// Numbers of scratch memory: the weights, and one value for each output channel, 16 bits an element.
    pub(crate) fn scratch_numbers(&self) -> usize {
        let taps: usize = self.geometry.kernel.iter().product();
        ((taps + 1) * self.geometry.out_channels).div_ceil(2)
    }
}

/// One run of a [`Depthwise`].
pub(crate) struct DepthwiseRun<'a> {
    pub depthwise: &'a Depthwise,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
    /// [`Depthwise::scratch_numbers`].
    pub scratch: &'a mut [i32],
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
        let images = self.reader.read::<X>(depthwise.input);
        let images = images.chunks_exact(geometry.input_elements());
        let bias = self.reader.read::<X::Sum>(depthwise.bias);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(geometry.output_elements());
        let (channels, out_channels) = (geometry.in_channels, geometry.out_channels);
        let multiplier = out_channels / channels;
        let weights = self.reader.read::<i8>(depthwise.weight);
        let scratch: &mut [i16] = bytemuck::cast_slice_mut(self.scratch);
        let (wide, scratch) = scratch.split_at_mut(weights.len());
        let repeated = &mut scratch[..out_channels];
        widen(wide, weights, depthwise.weight_zp);
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
                        depthwise.repeat(repeated, values, multiplier);
                        let weights = &wide[tap * out_channels..(tap + 1) * out_channels];
                        let products = repeated.iter().zip(weights);
                        for (sum, (&value, &weight)) in to.iter_mut().zip(products) {
                            *sum = X::add(*sum, X::product(value, weight));
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

impl Depthwise {
    /// Each value less the zero point, once for each of its output channels.
    #[inline(always)]
    fn repeat<X: Factor>(&self, to: &mut [i16], values: &[X], multiplier: usize) {
        if multiplier == 1 {
            for (to, &value) in to.iter_mut().zip(values) {
                *to = value.less(self.input_zp);
            }
            return;
        }
        for (to, &value) in to.chunks_exact_mut(multiplier).zip(values) {
            to.fill(value.less(self.input_zp));
        }
    }
}
