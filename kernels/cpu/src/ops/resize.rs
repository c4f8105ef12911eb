//! RESIZE: another height and width, by the nearest element or by weights along both axes.

use aivm_tosa::operator::{ResizeAxis, ResizeMode};
use bytemuck::Pod;

use crate::chain::Width;
use crate::memory::{Place, Reader};

/// Where an output index of one axis looks: `rest` of the way from `low` to `high`.
#[derive(Clone, Copy, Debug)]
struct Between {
    low: usize,
    high: usize,
    rest: i32,
}

impl Between {
    fn along(axis: ResizeAxis, side: usize, outputs: usize) -> Vec<Between> {
        let unit = i64::from(axis.scale_n);
        let places = (0..outputs as i64).map(|out| {
            let position = out * i64::from(axis.scale_d) + i64::from(axis.offset);
            let index = position.div_euclid(unit);
            let inside = |index: i64| index.clamp(0, side as i64 - 1) as usize;
            Between {
                low: inside(index),
                high: inside(index + 1),
                rest: position.rem_euclid(unit) as i32,
            }
        });
        places.collect()
    }

    /// The nearer neighbour of two that are `unit` apart; the higher one in the middle.
    fn nearest(self, unit: i32) -> usize {
        if 2 * self.rest >= unit {
            self.high
        } else {
            self.low
        }
    }
}

/// RESIZE with its places worked out.
#[derive(Clone, Debug)]
pub(crate) struct Resize {
    mode: ResizeMode,
    /// i8 or i16.
    width: Width,
    units: [i32; 2],
    rows: Vec<Between>,
    columns: Vec<Between>,
    /// Height, width and channels of the input.
    from: [usize; 3],
    input: Place,
}

impl Resize {
    /// `from`: height, width and channels of the input; `to`: height and width of the output.
    pub(crate) fn new(
        mode: ResizeMode,
        (y, x): (ResizeAxis, ResizeAxis),
        width: Width,
        from: [usize; 3],
        to: [usize; 2],
        input: Place,
    ) -> Resize {
        Resize {
            mode,
            width,
            units: [y.scale_n, x.scale_n],
            rows: Between::along(y, from[0], to[0]),
            columns: Between::along(x, from[1], to[1]),
            from,
            input,
        }
    }

    pub(crate) fn run(&self, reader: Reader<'_>, output: &mut [u8]) {
        match (self.mode, self.width) {
            (ResizeMode::Nearest, Width::I8) => {
                self.nearest::<i8>(reader.read(self.input), bytemuck::cast_slice_mut(output));
            }
            (ResizeMode::Nearest, _) => {
                self.nearest::<i16>(reader.read(self.input), bytemuck::cast_slice_mut(output));
            }
            // Weighted along x, an i8 has at most 2^18 and an i16 2^26; along y the i8 stays below 2^29.
            (ResizeMode::Bilinear, Width::I8) => {
                let output: &mut [i32] = bytemuck::cast_slice_mut(output);
                self.bilinear(reader.read::<i8>(self.input), output, |a, b, weights| {
                    a.wrapping_mul(weights[0])
                        .wrapping_add(b.wrapping_mul(weights[1]))
                });
            }
            (ResizeMode::Bilinear, _) => {
                let output: &mut [i64] = bytemuck::cast_slice_mut(output);
                self.bilinear(reader.read::<i16>(self.input), output, |a, b, weights| {
                    i64::from(a) * i64::from(weights[0]) + i64::from(b) * i64::from(weights[1])
                });
            }
        }
    }

    fn image_elements(&self) -> usize {
        self.from.iter().product()
    }

    /// The channels at one place of an image.
    fn row<'a, T>(&self, image: &'a [T], y: usize, x: usize) -> &'a [T] {
        let start = (y * self.from[1] + x) * self.from[2];
        &image[start..start + self.from[2]]
    }

    fn nearest<T: Pod>(&self, input: &[T], output: &mut [T]) {
        let mut outputs = output.chunks_exact_mut(self.from[2]);
        for image in input.chunks_exact(self.image_elements()) {
            for row in &self.rows {
                for (column, to) in self.columns.iter().zip(&mut outputs) {
                    let (y, x) = (row.nearest(self.units[0]), column.nearest(self.units[1]));
                    to.copy_from_slice(self.row(image, y, x));
                }
            }
        }
    }

    /// `along_y` weighs what is between two rows.
    fn bilinear<T: Pod + Into<i32>, A: Pod>(
        &self,
        input: &[T],
        output: &mut [A],
        along_y: impl Fn(i32, i32, [i32; 2]) -> A,
    ) {
        let mut outputs = output.chunks_exact_mut(self.from[2]);
        for image in input.chunks_exact(self.image_elements()) {
            for y in &self.rows {
                let y_weights = [self.units[0] - y.rest, y.rest];
                for (x, to) in self.columns.iter().zip(&mut outputs) {
                    let (left, right) = (self.units[1] - x.rest, x.rest);
                    let low = self.row(image, y.low, x.low);
                    let low = low.iter().zip(self.row(image, y.low, x.high));
                    let high = self.row(image, y.high, x.low);
                    let high = high.iter().zip(self.row(image, y.high, x.high));
                    let along_x = |a: T, b: T| {
                        let (a, b): (i32, i32) = (a.into(), b.into());
                        a.wrapping_mul(left).wrapping_add(b.wrapping_mul(right))
                    };
                    for (to, ((&a, &b), (&c, &d))) in to.iter_mut().zip(low.zip(high)) {
                        *to = along_y(along_x(a, b), along_x(c, d), y_weights);
                    }
                }
            }
        }
    }
}
