//! Weights in panels of [`COLUMNS`] output channels, in the order the kernels read them.

use std::ops::Range;

use super::aligned::Aligned;
use super::kernels::Group;
use super::{COLUMNS, ZeroPoints};

/// Packed weights and what the accumulators start from.
#[derive(Debug)]
pub(crate) struct Panels {
    bytes: Aligned,
    start: Vec<[i32; COLUMNS]>,
    panel_bytes: usize,
}

/// The rows of a product: `segments` runs of `length` values each, and each run in `pieces`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runs {
    pub segments: usize,
    pub length: usize,
    pieces: usize,
    piece: usize,
}

impl Runs {
    /// Runs in pieces of at most `piece_max` values, so that a piece of a panel stays in the nearest
    /// cache while several rows are multiplied by it.
    pub(crate) fn new(segments: usize, length: usize, group: Group, piece_max: usize) -> Self {
        let pieces = length.div_ceil(piece_max);
        let piece = length.div_ceil(pieces).next_multiple_of(group.values());
        Self {
            segments,
            length,
            pieces: length.div_ceil(piece),
            piece,
        }
    }

    /// Groups in a piece.
    pub(crate) fn groups(self, group: Group) -> usize {
        self.piece / group.values()
    }

    /// Values by which the pieces reach beyond a run; their weights are zero.
    pub(crate) fn slack(self) -> usize {
        self.padded() - self.length
    }

    /// Values of a run with those by which the pieces reach beyond it.
    pub(crate) fn padded(self) -> usize {
        self.pieces * self.piece
    }

    /// Where each piece begins, from where each run begins; in bytes.
    pub(crate) fn offsets(self, segments: &[usize], group: Group) -> Vec<usize> {
        let bytes = self.piece * group.value_bytes();
        let pieces = |&segment: &usize| (0..self.pieces).map(move |piece| segment + piece * bytes);
        segments.iter().flat_map(pieces).collect()
    }

    /// Where the weight of value `place` of a row lies in a panel, for column `column` of it; in bytes.
    pub(crate) fn at(self, place: usize, column: usize, group: Group) -> usize {
        let (segment, value) = (place / self.length, place % self.length);
        let piece = segment * self.pieces + value / self.piece;
        let value = value % self.piece;
        let index = piece * self.groups(group) + value / group.values();
        index * COLUMNS * group.bytes() + group.place(column, value % group.values())
    }
}

impl Panels {
    /// Packs `weights` of `[columns, segments · length]`; `bias` has one value for each column or one.
    pub(crate) fn new(
        weights: &[i8],
        columns: usize,
        runs: Runs,
        zero_points: ZeroPoints,
        bias: &[i32],
        group: Group,
    ) -> Self {
        let depth = runs.segments * runs.length;
        assert_eq!(weights.len(), columns * depth);
        let panel_bytes = runs.segments * runs.padded() * COLUMNS * group.value_bytes();
        let bytes = Aligned::new(columns.div_ceil(COLUMNS) * panel_bytes, |bytes| {
            for (column, weights) in weights.chunks_exact(depth).enumerate() {
                let panel = column / COLUMNS * panel_bytes;
                for (place, &weight) in weights.iter().enumerate() {
                    let at = panel + runs.at(place, column % COLUMNS, group);
                    put(group, weight, zero_points.weight, &mut bytes[at..]);
                }
            }
        });
        let mut start = padded_bias(bias, columns);
        for (start, panel) in start.iter_mut().zip(bytes.chunks_exact(panel_bytes)) {
            for (start, offset) in start
                .iter_mut()
                .zip(offsets(group, zero_points.input, panel))
            {
                *start = start.wrapping_sub(offset);
            }
        }
        Self {
            bytes,
            start,
            panel_bytes,
        }
    }

    /// Panel `index` and all behind it.
    pub(crate) fn from(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.panel_bytes..]
    }

    /// Some panels, one after the other.
    pub(crate) fn panels(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range.start * self.panel_bytes..range.end * self.panel_bytes]
    }

    /// What the accumulators of some panels start from.
    pub(crate) fn starts(&self, range: Range<usize>) -> &[[i32; COLUMNS]] {
        &self.start[range]
    }

    pub(crate) fn start(&self, index: usize) -> &[i32; COLUMNS] {
        &self.start[index]
    }
}

/// Writes one weight as its group holds it.
pub(crate) fn put(group: Group, weight: i8, zero_point: i32, to: &mut [u8]) {
    match group {
        Group::Pairs | Group::Crosswise => {
            let weight = i16::from(weight).wrapping_sub(zero_point as i16);
            to[..2].copy_from_slice(&weight.to_ne_bytes());
        }
        Group::QuadsUnsigned | Group::QuadsSigned => to[0] = weight as u8,
    }
}

/// The bias of each column, padded to whole panels.
pub(crate) fn padded_bias(bias: &[i32], columns: usize) -> Vec<[i32; COLUMNS]> {
    assert!(bias.len() == columns || bias.len() == 1);
    let mut padded = vec![[0; COLUMNS]; columns.div_ceil(COLUMNS)];
    for (column, padded) in padded.as_flattened_mut()[..columns].iter_mut().enumerate() {
        *padded = bias[column % bias.len()];
    }
    padded
}

/// What a group's form adds to each column's sum of products; the accumulators start lower by it.
pub(crate) fn offsets(group: Group, input_zp: i32, panel: &[u8]) -> [i32; COLUMNS] {
    let mut sums = [0_i32; COLUMNS];
    match group {
        Group::Pairs => {}
        Group::Crosswise => {
            for group in panel.chunks_exact(COLUMNS * 8) {
                let (first, last) = group.split_at(COLUMNS * 4);
                let lanes = first.as_chunks::<4>().0.iter().zip(last.as_chunks::<4>().0);
                for (sum, (first, last)) in sums.iter_mut().zip(lanes) {
                    let (first, last) = (pair(*first), pair(*last));
                    let products = first[0].wrapping_mul(last[0]);
                    let products = products.wrapping_add(first[1].wrapping_mul(last[1]));
                    *sum = sum.wrapping_add(products);
                }
            }
        }
        Group::QuadsUnsigned | Group::QuadsSigned => {
            for group in panel.as_chunks::<{ COLUMNS * 4 }>().0 {
                for (sum, lane) in sums.iter_mut().zip(group.as_chunks::<4>().0) {
                    let weights = lane.map(|weight| i32::from(weight as i8));
                    let weights = weights.into_iter().fold(0, i32::wrapping_add);
                    *sum = sum.wrapping_add(weights);
                }
            }
            let shift = if group == Group::QuadsUnsigned {
                128
            } else {
                0
            };
            sums = sums.map(|sum| sum.wrapping_mul(input_zp + shift));
        }
    }
    sums
}

fn pair([a, b, c, d]: [u8; 4]) -> [i32; 2] {
    [i16::from_ne_bytes([a, b]), i16::from_ne_bytes([c, d])].map(i32::from)
}
