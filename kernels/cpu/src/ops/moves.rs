//! Elements moved without being looked at: CONCAT, PAD, REVERSE, SLICE, TILE, TRANSPOSE.
//!
//! Each is copies of boxes: nested loops with one step in the source and one in the target for each axis.

use bytemuck::Pod;

use crate::memory::{self, Place, Reader};

/// One loop of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loop {
    side: usize,
    from_step: isize,
    to_step: isize,
}

/// Copies a box: places are in elements.
#[derive(Clone, Debug)]
pub(crate) struct BoxCopy {
    from_start: isize,
    to_start: isize,
    /// Outermost first; at least one.
    loops: Vec<Loop>,
}

/// Steps from one element to the next along each axis of a row-major tensor.
pub(crate) fn steps(shape: &[u32]) -> Vec<isize> {
    let mut steps = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        steps[axis - 1] = steps[axis] * shape[axis] as isize;
    }
    steps
}

impl BoxCopy {
    /// A copy whose loops are `(side, step in the source, step in the target)`, outermost first.
    fn new(
        from_start: isize,
        to_start: isize,
        sides: impl IntoIterator<Item = (usize, isize, isize)>,
    ) -> BoxCopy {
        let mut loops: Vec<Loop> = Vec::new();
        for (side, from_step, to_step) in sides {
            if side == 1 {
                continue;
            }
            // Two loops that go through like one are one.
            if let Some(outer) = loops.last_mut()
                && outer.from_step == from_step * side as isize
                && outer.to_step == to_step * side as isize
            {
                *outer = Loop {
                    side: outer.side * side,
                    from_step,
                    to_step,
                };
                continue;
            }
            loops.push(Loop {
                side,
                from_step,
                to_step,
            });
        }
        if loops.is_empty() {
            loops.push(Loop {
                side: 1,
                from_step: 1,
                to_step: 1,
            });
        }
        BoxCopy {
            from_start,
            to_start,
            loops,
        }
    }

    /// The whole of `part` to index `start` of a tensor of shape `whole`: CONCAT and PAD.
    pub(crate) fn into(part: &[u32], whole: &[u32], start: &[u32]) -> BoxCopy {
        let (from, to) = (steps(part), steps(whole));
        let first = to.iter().zip(start).map(|(&s, &at)| s * at as isize).sum();
        BoxCopy::new(0, first, axes(part, &from, &to))
    }

    /// A box as large as `part` from index `start` of a tensor of shape `whole`: SLICE.
    pub(crate) fn out_of(whole: &[u32], part: &[u32], start: &[u32]) -> BoxCopy {
        let (from, to) = (steps(whole), steps(part));
        let first = from.iter().zip(start).map(|(&s, &at)| s * at as isize);
        BoxCopy::new(first.sum(), 0, axes(part, &from, &to))
    }

    /// The order along `axis` turned.
    pub(crate) fn reverse(shape: &[u32], axis: usize) -> BoxCopy {
        let to = steps(shape);
        let mut from = to.clone();
        from[axis] = -to[axis];
        let last = to[axis] * (shape[axis] as isize - 1);
        BoxCopy::new(last, 0, axes(shape, &from, &to))
    }

    /// Axis `i` of the target is axis `perms[i]` of the source.
    pub(crate) fn transpose(from_shape: &[u32], shape: &[u32], perms: &[u32]) -> BoxCopy {
        let from_steps = steps(from_shape);
        let from: Vec<_> = perms.iter().map(|&p| from_steps[p as usize]).collect();
        BoxCopy::new(0, 0, axes(shape, &from, &steps(shape)))
    }

    /// The source repeated along each axis until the target is full.
    pub(crate) fn tile(from_shape: &[u32], shape: &[u32]) -> BoxCopy {
        let (from, to) = (steps(from_shape), steps(shape));
        let pairs = (0..shape.len()).flat_map(|axis| {
            let side = from_shape[axis] as usize;
            let times = shape[axis] as usize / side;
            [
                (times, 0, to[axis] * side as isize),
                (side, from[axis], to[axis]),
            ]
        });
        BoxCopy::new(0, 0, pairs)
    }

    fn run<T: Pod>(&self, from: &[T], to: &mut [T]) {
        copy(from, to, self.from_start, self.to_start, &self.loops);
    }
}

/// Sides and steps of each axis.
fn axes<'a>(
    shape: &'a [u32],
    from: &'a [isize],
    to: &'a [isize],
) -> impl Iterator<Item = (usize, isize, isize)> {
    let steps = from.iter().zip(to);
    shape
        .iter()
        .zip(steps)
        .map(|(&side, (&from, &to))| (side as usize, from, to))
}

/// Runs the loops; the depth is at most twice the largest rank.
fn copy<T: Pod>(from: &[T], to: &mut [T], from_at: isize, to_at: isize, loops: &[Loop]) {
    let (first, inner) = (loops[0], &loops[1..]);
    match *inner {
        [] => line(from, to, from_at, to_at, first),
        [second] => {
            // Order is free: the longer loop goes inside where the inner one is short.
            let short = second.side < SHORT && second.side < first.side;
            let (outer, inner) = if short {
                (second, first)
            } else {
                (first, second)
            };
            let (mut from_at, mut to_at) = (from_at, to_at);
            for _ in 0..outer.side {
                line(from, to, from_at, to_at, inner);
                from_at += outer.from_step;
                to_at += outer.to_step;
            }
        }
        _ => {
            let (mut from_at, mut to_at) = (from_at, to_at);
            for _ in 0..first.side {
                copy(from, to, from_at, to_at, inner);
                from_at += first.from_step;
                to_at += first.to_step;
            }
        }
    }
}

/// Elements of a line that are too few for its own cost.
const SHORT: usize = 8;

/// Runs the innermost loop.
fn line<T: Pod>(from: &[T], to: &mut [T], from_at: isize, to_at: isize, line: Loop) {
    let (start, target, side) = (from_at as usize, to_at as usize, line.side);
    match (line.from_step, line.to_step) {
        (1, 1) => memory::copy(&mut to[target..target + side], &from[start..start + side]),
        (0, 1) => to[target..target + side].fill(from[start]),
        (from_step, to_step) if from_step > 0 && to_step > 0 => {
            let from = from[start..].iter().step_by(from_step as usize);
            let to = to[target..].iter_mut().step_by(to_step as usize);
            for (to, &value) in to.zip(from).take(side) {
                *to = value;
            }
        }
        (from_step, to_step) => {
            let (mut from_at, mut to_at) = (from_at, to_at);
            for _ in 0..side {
                to[to_at as usize] = from[from_at as usize];
                from_at += from_step;
                to_at += to_step;
            }
        }
    }
}

/// Fills the target, if need be, and copies boxes into it.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// Bytes of an element.
    pub width: usize,
    /// What the target is filled with first.
    pub fill: Option<i64>,
    pub copies: Vec<(Place, BoxCopy)>,
}

impl Move {
    pub(crate) fn run(&self, reader: Reader<'_>, output: &mut [u8]) {
        match self.width {
            1 => self.run_typed(reader, output, |value| value as i8),
            2 => self.run_typed(reader, output, |value| value as i16),
            4 => self.run_typed(reader, output, |value| value as i32),
            _ => self.run_typed(reader, output, |value| value),
        }
    }

    fn run_typed<T: Pod>(&self, reader: Reader<'_>, output: &mut [u8], narrow: impl Fn(i64) -> T) {
        let output: &mut [T] = bytemuck::cast_slice_mut(output);
        if let Some(value) = self.fill {
            output.fill(narrow(value));
        }
        for (place, copy) in &self.copies {
            copy.run(reader.read(*place), output);
        }
    }
}
