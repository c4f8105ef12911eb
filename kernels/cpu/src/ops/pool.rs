//! AVG_POOL2D and MAX_POOL2D: a window that slides over rows of channels; padding is not looked at.

use std::ops::Range;

use aivm_tosa::operator::{Extent, Padding};
use bytemuck::Pod;

use crate::chain::Width;
use crate::dispatch::Kernel;
use crate::memory::{Place, Reader};
use crate::scale::{Scale, reciprocal};

/// The geometry of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub kernel: Extent,
    pub stride: Extent,
    pub pad: Padding,
    /// Height and width of the input.
    pub from: [usize; 2],
    /// Height and width of the output.
    pub to: [usize; 2],
    pub channels: usize,
}

impl Window {
    /// The rows and columns of the input under the window of each output place, in row-major order.
    fn places(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let window = *self;
        (0..window.to[0]).flat_map(move |oy| {
            let (kernel, stride) = (window.kernel.y, window.stride.y);
            let rows = covered(oy, stride, window.pad.top, kernel, window.from[0]);
            (0..window.to[1]).map(move |ox| {
                let (kernel, stride) = (window.kernel.x, window.stride.x);
                let columns = covered(ox, stride, window.pad.left, kernel, window.from[1]);
                (rows.clone(), columns)
            })
        })
    }
}

/// The part of one side that the window of output index `out` covers.
fn covered(out: usize, stride: u32, pad: u32, kernel: u32, side: usize) -> Range<usize> {
    let start = out * stride as usize;
    let end = (start + kernel as usize).saturating_sub(pad as usize);
    start.saturating_sub(pad as usize).min(side)..end.min(side)
}

/// MAX_POOL2D.
#[derive(Clone, Debug)]
pub(crate) struct MaxPool {
    pub window: Window,
    /// i8 or i16.
    pub width: Width,
    pub input: Place,
}

/// One run of a [`MaxPool`].
pub(crate) struct MaxPoolRun<'a> {
    pub pool: &'a MaxPool,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for MaxPoolRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.pool.width {
            Width::I8 => self.slide(i8::MIN),
            _ => self.slide(i16::MIN),
        }
    }
}

impl MaxPoolRun<'_> {
    #[inline(always)]
    fn slide<T: Pod + Ord>(self, least: T) {
        let window = &self.pool.window;
        let channels = window.channels;
        let images = self.reader.read::<T>(self.pool.input);
        let images = images.chunks_exact(window.from[0] * window.from[1] * channels);
        let output: &mut [T] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(window.to[0] * window.to[1] * channels);
        for (image, output) in images.zip(outputs) {
            for (to, (rows, columns)) in output.chunks_exact_mut(channels).zip(window.places()) {
                to.fill(least);
                for y in rows {
                    let start = y * window.from[1];
                    let row = (start + columns.start) * channels..(start + columns.end) * channels;
                    for values in image[row].chunks_exact(channels) {
                        for (to, &value) in to.iter_mut().zip(values) {
                            *to = value.max(*to);
                        }
                    }
                }
            }
        }
    }
}

/// AVG_POOL2D.
#[derive(Clone, Debug)]
pub(crate) struct AvgPool {
    pub window: Window,
    /// i8 or i16.
    pub width: Width,
    pub input_zp: i32,
    pub output_zp: i32,
    pub input: Place,
}

/// One run of an [`AvgPool`].
pub(crate) struct AvgPoolRun<'a> {
    pub pool: &'a AvgPool,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
    /// As many numbers as there are channels.
    pub sums: &'a mut [i32],
}

impl Kernel for AvgPoolRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.pool.width {
            Width::I8 => {
                let range = (i32::from(i8::MIN), i32::from(i8::MAX));
                self.slide::<i8>(range, |value| value as i8);
            }
            _ => {
                let range = (i32::from(i16::MIN), i32::from(i16::MAX));
                self.slide::<i16>(range, |value| value as i16);
            }
        }
    }
}

impl AvgPoolRun<'_> {
    #[inline(always)]
    fn slide<T: Pod + Into<i32>>(self, (min, max): (i32, i32), narrow: impl Fn(i32) -> T) {
        let AvgPool {
            window,
            input_zp,
            output_zp,
            ..
        } = self.pool;
        let channels = window.channels;
        let images = self.reader.read::<T>(self.pool.input);
        let images = images.chunks_exact(window.from[0] * window.from[1] * channels);
        let output: &mut [T] = bytemuck::cast_slice_mut(self.output);
        let outputs = output.chunks_exact_mut(window.to[0] * window.to[1] * channels);
        let sums = &mut self.sums[..channels];
        for (image, output) in images.zip(outputs) {
            for (to, (rows, columns)) in output.chunks_exact_mut(channels).zip(window.places()) {
                // Padding is smaller than the kernel, so every window has an element; sides are below 2^14.
                let count = (rows.len() * columns.len()).max(1) as u32;
                let scale = Scale::new(reciprocal(count), aivm_tosa::RescaleRounding::Single);
                sums.fill(input_zp.wrapping_neg().wrapping_mul(count as i32));
                for y in rows {
                    let start = y * window.from[1];
                    let row = (start + columns.start) * channels..(start + columns.end) * channels;
                    for values in image[row].chunks_exact(channels) {
                        for (sum, &value) in sums.iter_mut().zip(values) {
                            *sum = sum.wrapping_add(value.into());
                        }
                    }
                }
                for (to, &sum) in to.iter_mut().zip(&*sums) {
                    let average = scale.apply(i64::from(sum));
                    *to = narrow(average.wrapping_add(*output_zp).clamp(min, max));
                }
            }
        }
    }
}
