//! A band of input rows, converted to what the kernels multiply and padded.
//!
//! Every value is converted once; the rows of the matrix product overlap in the band instead of being
//! copied out of it.

use super::aligned;
use super::geometry::Conv2dGeometry;
use super::kernels::{Group, Kernels, ROWS_MAX};

/// Bytes of a band that stay in a second-level cache beside the weights.
const BYTES_MAX: usize = 192 << 10;

/// Pixels whose windows are remembered.
const PIXELS_MAX: usize = 4096;

/// Bytes of a value that is repeated: only DEPTHWISE_CONV2D repeats values, and its kernels multiply pairs of i16.
const PAIR_BYTES: usize = 2;

/// The layout of a band: rows of `width` pixels of `channels` values.
#[derive(Debug)]
pub(crate) struct Band {
    geometry: Conv2dGeometry,
    /// Values stored for each pixel: each channel `repeat` times, then unused ones.
    channels: usize,
    repeat: usize,
    zero_point: i32,
    value_bytes: usize,
    padding: u8,
    /// Pixels in a row, those of padding included.
    width: usize,
    /// Output rows of a full band.
    output_rows: usize,
    /// Bytes behind the last value that a kernel may read, and multiplies by zero weights.
    slack: usize,
}

impl Band {
    /// Bands for at least `shares` threads. A kernel may read `slack` values behind a window.
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        (channels, repeat): (usize, usize),
        zero_point: i32,
        kernels: &Kernels,
        shares: usize,
        slack: usize,
    ) -> Self {
        let group = kernels.group();
        assert!(repeat == 1 || group.value_bytes() == PAIR_BYTES);
        let g = &geometry;
        let padding = match group {
            Group::Pairs | Group::Crosswise => 0,
            Group::QuadsUnsigned => zero_point as u8 ^ 0x80,
            Group::QuadsSigned => zero_point as u8,
        };
        let reach = (g.kw - 1) * g.dilation.x as usize + 1;
        let mut band = Self {
            geometry,
            channels,
            repeat,
            zero_point,
            value_bytes: group.value_bytes(),
            padding,
            width: (g.ow - 1) * g.stride.x as usize + reach,
            output_rows: 1,
            slack: slack * group.value_bytes(),
        };
        let step = g.stride.y as usize * band.pitch();
        let fitting = BYTES_MAX.saturating_sub(band.input_rows(1) * band.pitch()) / step + 1;
        let fitting = fitting.min(PIXELS_MAX / g.ow);
        let mut rows = fitting.min((g.n * g.oh).div_ceil(shares)).clamp(1, g.oh);
        for whole in [kernels.rows(), ROWS_MAX] {
            if g.ow == 1 && rows > whole && rows < g.oh {
                rows -= rows % whole;
            }
        }
        band.output_rows = rows;
        band
    }

    /// Bytes from a row to the next.
    pub(crate) fn pitch(&self) -> usize {
        self.width * self.pixel_bytes()
    }

    /// Bytes from a pixel to the next.
    pub(crate) fn pixel_bytes(&self) -> usize {
        self.channels * self.value_bytes
    }

    /// Bytes of a full band.
    pub(crate) fn bytes(&self) -> usize {
        aligned::lines(self.input_rows(self.output_rows) * self.pitch() + self.slack)
    }

    /// Number of bands of the whole batch.
    pub(crate) fn count(&self) -> usize {
        self.geometry.n * self.geometry.oh.div_ceil(self.output_rows)
    }

    /// The output rows of band `index`, counted over the whole batch; for `count()`, its end.
    pub(crate) fn first_row(&self, index: usize) -> usize {
        let per_image = self.geometry.oh.div_ceil(self.output_rows);
        let (image, place) = (index / per_image, index % per_image);
        image * self.geometry.oh + place * self.output_rows
    }

    /// Where the windows of a full band's output pixels begin in it.
    pub(crate) fn windows(&self) -> Vec<usize> {
        let pixels = (0..self.output_rows).flat_map(|y| (0..self.geometry.ow).map(move |x| (y, x)));
        pixels.map(|(y, x)| self.window(y, x)).collect()
    }

    /// Where the window of output pixel `(y, x)` of a band begins in it.
    pub(crate) fn window(&self, y: usize, x: usize) -> usize {
        let stride = self.geometry.stride;
        y * stride.y as usize * self.pitch() + x * stride.x as usize * self.pixel_bytes()
    }

    /// Where kernel tap `(ky, kx)` lies from the beginning of a window.
    pub(crate) fn tap(&self, ky: usize, kx: usize) -> usize {
        let dilation = self.geometry.dilation;
        ky * dilation.y as usize * self.pitch() + kx * dilation.x as usize * self.pixel_bytes()
    }

    /// Converts what output rows `first..first + rows` (of one image) read.
    pub(crate) fn fill(
        &self,
        kernels: &Kernels,
        input: &[i8],
        first: usize,
        rows: usize,
        to: &mut [u8],
    ) {
        let g = &self.geometry;
        let (image, first) = (first / g.oh, first % g.oh);
        let input_row = g.iw * g.ic;
        let image = &input[image * g.ih * input_row..][..g.ih * input_row];
        let unpadded = g.pad.top + g.pad.left == 0 && self.width == g.iw && self.channels == g.ic;
        let (begin, lines) = (first * g.stride.y as usize, self.input_rows(rows));
        if unpadded && begin + lines <= g.ih {
            let values = &image[begin * input_row..][..lines * input_row];
            let to = &mut to[..lines * self.pitch()];
            return kernels.convert(values, self.zero_point, to);
        }
        let lines = to.chunks_exact_mut(self.pitch());
        for (line, to) in lines.take(self.input_rows(rows)).enumerate() {
            let y = (first * g.stride.y as usize + line).checked_sub(g.pad.top as usize);
            match y.filter(|&y| y < g.ih) {
                Some(y) => self.fill_line(kernels, &image[y * input_row..][..input_row], to),
                None => to.fill(self.padding),
            }
        }
    }

    fn fill_line(&self, kernels: &Kernels, values: &[i8], to: &mut [u8]) {
        let pixel = self.pixel_bytes();
        let left = (self.geometry.pad.left as usize).min(self.width);
        let inside = self.geometry.iw.min(self.width - left);
        to[..left * pixel].fill(self.padding);
        to[(left + inside) * pixel..].fill(self.padding);
        let to = &mut to[left * pixel..][..inside * pixel];
        let channels = self.geometry.ic;
        if self.channels == channels {
            return kernels.convert(&values[..inside * channels], self.zero_point, to);
        }
        let pixels = values
            .chunks_exact(channels)
            .zip(to.chunks_exact_mut(pixel));
        for (values, to) in pixels {
            if self.repeat == 1 {
                let to = &mut to[..channels * self.value_bytes];
                kernels.convert(values, self.zero_point, to);
                continue;
            }
            for (value, copies) in values
                .iter()
                .zip(to.chunks_exact_mut(self.repeat * PAIR_BYTES))
            {
                let mut converted = [0; PAIR_BYTES];
                kernels.convert(std::slice::from_ref(value), self.zero_point, &mut converted);
                for copy in copies.chunks_exact_mut(PAIR_BYTES) {
                    copy.copy_from_slice(&converted);
                }
            }
        }
    }

    /// Input rows that some output rows read.
    fn input_rows(&self, output_rows: usize) -> usize {
        let g = &self.geometry;
        (output_rows - 1) * g.stride.y as usize + (g.kh - 1) * g.dilation.y as usize + 1
    }
}
