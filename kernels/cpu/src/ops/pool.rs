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
    /// The part of one side that the window of output index `out` covers: `axis` 0 for rows, 1 for columns.
    #[inline(always)]
    fn covered(&self, axis: usize, out: usize) -> Range<usize> {
        let (kernel, stride, pad) = match axis {
            0 => (self.kernel.y, self.stride.y, self.pad.top),
            _ => (self.kernel.x, self.stride.x, self.pad.left),
        };
        let start = out * stride as usize;
        let end = (start + kernel as usize).saturating_sub(pad as usize);
        let side = self.from[axis];
        start.saturating_sub(pad as usize).min(side)..end.min(side)
    }

    /// Adds what is under the windows of one row of outputs to `sums`, a row of outputs as well; `rows` are the
    /// rows that they cover.
    #[inline(always)]
    fn row<T: Copy, A: Copy>(
        &self,
        image: &[T],
        rows: Range<usize>,
        sums: &mut [A],
        add: impl Fn(A, T) -> A,
    ) {
        let channels = self.channels;
        let fold = |sums: &mut [A], values: &[T]| {
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum = add(*sum, value);
            }
        };
        let image_row = self.from[1] * channels;
        if channels >= WIDE || self.stride.x != 1 {
            for (x, sums) in sums.chunks_exact_mut(channels).enumerate() {
                let columns = self.covered(1, x);
                for y in rows.clone() {
                    let row = &image[y * image_row..(y + 1) * image_row];
                    let covered = &row[columns.start * channels..columns.end * channels];
                    for values in covered.chunks_exact(channels) {
                        fold(sums, values);
                    }
                }
            }
            return;
        }
        // One column of the kernel at a time: neighbours in the output read neighbours in the input.
        let pad = self.pad.left as usize;
        for y in rows {
            let row = &image[y * image_row..(y + 1) * image_row];
            for kx in 0..self.kernel.x as usize {
                let first = pad.saturating_sub(kx).min(self.to[1]);
                let last = (self.from[1] + pad).saturating_sub(kx).min(self.to[1]);
                if first < last {
                    let start = first + kx - pad;
                    let sums = &mut sums[first * channels..last * channels];
                    fold(sums, &row[start * channels..]);
                }
            }
        }
    }
}

/// Channels from which the channels of one place alone are worth a loop.
const WIDE: usize = 16;

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
            let rows = output.chunks_exact_mut(window.to[1] * channels);
            for (y, to) in rows.enumerate() {
                to.fill(least);
                let covered = window.covered(0, y);
                window.row(image, covered, to, |largest: T, value: T| {
                    value.max(largest)
                });
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
    /// As many numbers as a row of outputs has.
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
        let sums = &mut self.sums[..window.to[1] * channels];
        for (image, output) in images.zip(outputs) {
            let rows = output.chunks_exact_mut(window.to[1] * channels);
            for (y, to) in rows.enumerate() {
                let rows = window.covered(0, y);
                sums.fill(0);
                window.row(image, rows.clone(), sums, |sum: i32, value: T| {
                    sum.wrapping_add(value.into())
                });
                let mut divisor = Divisor::new(1);
                let places = to.chunks_exact_mut(channels);
                for (x, (to, sums)) in places.zip(sums.chunks_exact(channels)).enumerate() {
                    // Padding is smaller than the kernel, so every window has an element; sides are below 2^14.
                    let count = (rows.len() * window.covered(1, x).len()).max(1) as u32;
                    if divisor.count != count {
                        divisor = Divisor::new(count);
                    }
                    let zero_points = input_zp.wrapping_mul(count as i32);
                    for (to, &sum) in to.iter_mut().zip(sums) {
                        let sum = sum.wrapping_sub(zero_points);
                        let average = divisor.scale.apply(i64::from(sum));
                        *to = narrow(average.wrapping_add(*output_zp).clamp(min, max));
                    }
                }
            }
        }
    }
}

/// The factor that divides by a number of elements.
struct Divisor {
    count: u32,
    scale: Scale,
}

impl Divisor {
    #[inline(always)]
    fn new(count: u32) -> Divisor {
        let scale = Scale::new(reciprocal(count), aivm_tosa::RescaleRounding::Single);
        Divisor { count, scale }
    }
}
