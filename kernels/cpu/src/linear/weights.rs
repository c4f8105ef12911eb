//! Weights in panels of [`COLUMNS`] output channels, in the order the kernels read them.

use super::COLUMNS;
use super::kernels::Group;

/// Packed weights and what the accumulators start from.
#[derive(Debug)]
pub(crate) struct Panels {
    bytes: Vec<u8>,
    start: Vec<i32>,
    panel_bytes: usize,
}

/// The rows of a product: `segments` runs of `length` values each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runs {
    pub segments: usize,
    pub length: usize,
}

impl Runs {
    /// Groups of four bytes in a segment.
    pub(crate) fn groups(self, group: Group) -> usize {
        self.length.div_ceil(group.values())
    }
}

impl Panels {
    /// Packs `weights` of `[columns, segments · length]`.
    pub(crate) fn new(
        weights: &[i8],
        columns: usize,
        runs: Runs,
        zero_point: i32,
        start: Vec<i32>,
        group: Group,
    ) -> Self {
        let depth = runs.segments * runs.length;
        assert_eq!(weights.len(), columns * depth);
        let groups = runs.groups(group);
        let panel_bytes = runs.segments * groups * COLUMNS * 4;
        let mut bytes = vec![0; columns.div_ceil(COLUMNS) * panel_bytes];
        for (column, weights) in weights.chunks_exact(depth).enumerate() {
            let panel = column / COLUMNS * panel_bytes + column % COLUMNS * 4;
            for (place, &weight) in weights.iter().enumerate() {
                let (segment, value) = (place / runs.length, place % runs.length);
                let at = segment * groups + value / group.values();
                let at = panel + at * COLUMNS * 4 + value % group.values() * group.value_bytes();
                match group {
                    Group::Pairs => {
                        let weight = i16::from(weight) - zero_point as i16;
                        bytes[at..at + 2].copy_from_slice(&weight.to_ne_bytes());
                    }
                    Group::QuadsUnsigned | Group::QuadsSigned => bytes[at] = weight as u8,
                }
            }
        }
        Self {
            bytes,
            start,
            panel_bytes,
        }
    }

    pub(crate) fn panel(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.panel_bytes..][..self.panel_bytes]
    }

    pub(crate) fn start(&self, index: usize) -> &[i32] {
        &self.start[index * COLUMNS..][..COLUMNS]
    }
}

/// The bias of each column, padded to whole panels.
pub(crate) fn padded_bias(bias: &[i32], columns: usize) -> Vec<i32> {
    assert!(bias.len() == columns || bias.len() == 1);
    let mut padded = match bias {
        [one] => vec![*one; columns],
        each => each.to_vec(),
    };
    padded.resize(columns.next_multiple_of(COLUMNS), 0);
    padded
}

/// What a group's form adds to each product's sum for a column whose weights add up to `sum`; the
/// accumulators start lower by it.
pub(crate) fn offset(group: Group, input_zp: i32, sum: i32) -> i32 {
    match group {
        Group::Pairs => 0,
        Group::QuadsUnsigned => (128 + input_zp).wrapping_mul(sum),
        Group::QuadsSigned => input_zp.wrapping_mul(sum),
    }
}
