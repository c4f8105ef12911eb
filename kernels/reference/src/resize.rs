//! TOSA "RESIZE": another height and width, by the nearest element or by weights along both axes.

use aivm_tosa::operator::{ResizeAxis, ResizeMode};

use crate::value::{View, count};

pub(crate) fn resize(
    shape: &[u32],
    input: View<'_>,
    mode: ResizeMode,
    (along_y, along_x): (ResizeAxis, ResizeAxis),
) -> Vec<i64> {
    let [_, height, width, channels] = input.sides();
    let mut output = Vec::with_capacity(count(shape));
    for n in 0..shape[0] as usize {
        for oy in 0..shape[1] {
            let y = Between::new(along_y, oy, height);
            for ox in 0..shape[2] {
                let x = Between::new(along_x, ox, width);
                match mode {
                    ResizeMode::Nearest => {
                        output.extend_from_slice(input.row([n, y.nearest(), x.nearest()]));
                    }
                    ResizeMode::Bilinear => {
                        let row = |y, x| input.row([n, y, x]);
                        let (v00, v01) = (row(y.low, x.low), row(y.low, x.high));
                        let (v10, v11) = (row(y.high, x.low), row(y.high, x.high));
                        // At most 2^15 · 2^11 · 2^11 in sum: an i8 stays within i32, an i16 within i48.
                        output.extend((0..channels).map(|c| {
                            v00[c] * (y.unit - y.rest) * (x.unit - x.rest)
                                + v01[c] * (y.unit - y.rest) * x.rest
                                + v10[c] * y.rest * (x.unit - x.rest)
                                + v11[c] * y.rest * x.rest
                        }));
                    }
                }
            }
        }
    }
    output
}

/// A position between two elements of one axis: `rest / unit` of the way from `low` to `high`.
struct Between {
    low: usize,
    high: usize,
    rest: i64,
    unit: i64,
}

impl Between {
    /// Where index `out` of the output looks in a side of `side` elements. Both neighbours are brought inside.
    fn new(axis: ResizeAxis, out: u32, side: usize) -> Between {
        let unit = i64::from(axis.scale_n);
        let position = i64::from(out) * i64::from(axis.scale_d) + i64::from(axis.offset);
        let index = position.div_euclid(unit);
        let inside = |index: i64| index.clamp(0, side as i64 - 1) as usize;
        Between {
            low: inside(index),
            high: inside(index + 1),
            rest: position.rem_euclid(unit),
            unit,
        }
    }

    /// The nearer neighbour; the higher one in the middle.
    fn nearest(&self) -> usize {
        if 2 * self.rest >= self.unit {
            self.high
        } else {
            self.low
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_not_divided_out_and_the_edge_repeats() {
        let twice = ResizeAxis {
            scale_n: 4,
            scale_d: 2,
            offset: -1,
            border: 1,
        };
        let once = ResizeAxis {
            scale_n: 1,
            scale_d: 1,
            offset: 0,
            border: 0,
        };
        let input = View {
            shape: &[1, 1, 2, 1],
            elements: &[10, -6],
        };
        let run = |mode| resize(&[1, 1, 4, 1], input, mode, (once, twice));
        assert_eq!(run(ResizeMode::Bilinear), [40, 24, -8, -24]);
        assert_eq!(run(ResizeMode::Nearest), [10, 10, -6, -6]);
    }
}
