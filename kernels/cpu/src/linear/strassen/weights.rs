//! Right operands of the seven products, packed for the kernels.

use super::super::aligned::Aligned;
use super::super::kernels::Group;
use super::super::weights::{Runs, offsets, padded_bias};
use super::super::{COLUMNS, ZeroPoints};
use super::{COMBINATIONS, SEVEN, USES};

/// For each two panels of columns, seven panels of half the depth, in the order they are multiplied.
#[derive(Debug)]
pub(super) struct Sevens {
    bytes: Aligned,
    panel_bytes: usize,
    /// What each combination adds to each column, for each two panels.
    starts: Vec<[[i32; COLUMNS]; COMBINATIONS]>,
}

impl Sevens {
    /// Packs `weights` of `[columns, depth]`; `runs` is of half the depth, `bias` has one value for each
    /// column or one.
    pub(super) fn new(
        weights: &[i8],
        [depth, columns]: [usize; 2],
        runs: Runs,
        zero_points: ZeroPoints,
        bias: &[i32],
        group: Group,
    ) -> Self {
        assert_eq!(weights.len(), columns * depth);
        let panel_bytes = runs.padded() * COLUMNS * group.value_bytes();
        let pairs = columns.div_ceil(2 * COLUMNS);
        // Columns and depth that do not exist have weights of zero.
        let weight = |column: usize, place: usize| match place < depth && column < columns {
            true => i16::from(weights[column * depth + place]) - zero_points.weight as i16,
            false => 0,
        };
        let bytes = Aligned::new(pairs * SEVEN * panel_bytes, |bytes| {
            for (pair, bytes) in bytes.chunks_exact_mut(SEVEN * panel_bytes).enumerate() {
                for column in 0..COLUMNS {
                    let left = 2 * pair * COLUMNS + column;
                    for place in 0..runs.length {
                        let at = runs.at(place, column, group);
                        let quarters = [left, left + COLUMNS].map(|column| {
                            [place, place + runs.length].map(|place| weight(column, place))
                        });
                        let panels = bytes.chunks_exact_mut(panel_bytes);
                        for (panel, operand) in panels.zip(operands(quarters)) {
                            panel[at..at + 2].copy_from_slice(&operand.to_ne_bytes());
                        }
                    }
                }
            }
        });
        let mut bias = padded_bias(bias, columns);
        bias.resize(2 * pairs, [0; COLUMNS]);
        let sevens = bytes.chunks_exact(SEVEN * panel_bytes);
        let starts = sevens.zip(bias.as_chunks().0).map(|(panels, bias)| {
            let mut starts = combined(bias);
            for (panel, uses) in panels.chunks_exact(panel_bytes).zip(USES) {
                let offsets = offsets(group, zero_points.input, panel);
                for (start, times) in starts.iter_mut().zip(uses) {
                    for (start, offset) in start.iter_mut().zip(offsets) {
                        *start = start.wrapping_sub(offset.wrapping_mul(times));
                    }
                }
            }
            starts
        });
        let starts = starts.collect();
        Self {
            bytes,
            panel_bytes,
            starts,
        }
    }

    pub(super) fn panel_bytes(&self) -> usize {
        self.panel_bytes
    }

    /// The panels of pair `index` and all behind them.
    pub(super) fn from(&self, index: usize) -> &[u8] {
        &self.bytes[index * SEVEN * self.panel_bytes..]
    }

    /// What each combination adds to the columns of pair `index`.
    pub(super) fn starts(&self, index: usize) -> &[[i32; COLUMNS]; COMBINATIONS] {
        &self.starts[index]
    }
}

/// An element of each right operand, in the order they are multiplied.
fn operands([[b11, b21], [b12, b22]]: [[i16; 2]; 2]) -> [i16; SEVEN] {
    let t1 = b12 - b11;
    let t2 = b22 - t1;
    let t3 = b22 - b12;
    let t4 = b21 - t2;
    [b11, b21, t2, t3, t1, b22, t4]
}

/// What the bias is in each combination, from that of the left and the right columns.
fn combined([left, right]: &[[i32; COLUMNS]; 2]) -> [[i32; COLUMNS]; COMBINATIONS] {
    let step = std::array::from_fn(|column| right[column].wrapping_sub(left[column]));
    [*left, *left, *right, step]
}
