//! Which frame a linear operator gets: the one of a file, or a larger tile whose operands are uniform buffers, in as many
//! dispatches as it takes for them to fit.

use aivm_shaders::kernels::{Frame, UNIFORM_BYTES};
use aivm_shaders::tile::{Tiled, part};
use aivm_tosa::TensorId;

use crate::layout::{self, word_bytes};
use crate::lower::element_wise::Linear;
use crate::lower::{Lowering, Work};
use crate::plan::Operands;
use crate::program::{BINDING_ALIGNMENT_MAX, Cut, Operand};

/// Uniform buffers hold at least this many cases, or all of them are in one.
const CASES_MAX: u32 = 64;

/// Most dispatches of one case.
const DISPATCHES_MAX: u32 = 1024;

/// How a linear operator is dispatched.
pub(in crate::lower) struct Form {
    pub(in crate::lower) frame: &'static Frame,
    /// What the sums of a case alone cost: the invocations of one dispatch for one piece, and the rounds of all.
    pub(in crate::lower) work: Work,
    pub(in crate::lower) cut: Cut,
    /// The bytes of the operand that says which part of the output channels a dispatch makes, if the frame reads it.
    pub(in crate::lower) part_words: Option<Vec<u8>>,
}

impl Lowering<'_> {
    /// The form of `linear`, whose kernel reads `operands`, the frame's first and the epilogue's tables last, and writes
    /// the tensor `output`.
    pub(in crate::lower) fn form(
        &self,
        linear: &Linear,
        operands: &[Operand],
        output: TensorId,
    ) -> Form {
        if let Some(form) = self.block_form(linear) {
            return form;
        }
        let uniform = self.options.operands == Operands::Uniform;
        let tiled = linear.tiled.filter(|_| uniform);
        let form = tiled.and_then(|tiled| self.tiled_form(linear, tiled, operands, output));
        form.unwrap_or(Form {
            frame: linear.frame,
            work: linear.work,
            cut: Cut::WHOLE,
            part_words: None,
        })
    }

    fn tiled_form(
        &self,
        linear: &Linear,
        tiled: &'static Tiled,
        operands: &[Operand],
        output: TensorId,
    ) -> Option<Form> {
        let own = linear.inputs.len() + linear.constants.len();
        let weight = self.constant_len(operands[1]);
        let others = operands.iter().enumerate().filter(|&(index, _)| index != 1);
        let fits = |&operand: &Operand| self.constant_len(operand) <= UNIFORM_BYTES;
        if !others.map(|(_, operand)| operand).all(fits) {
            return None;
        }
        let groups = linear.output_channels.div_ceil(4);
        let part_groups = part_groups(weight, groups, tiled.tile.groups)?;
        let parts = groups.div_ceil(part_groups);
        // What the epilogue reads of other tensors is not cut.
        let reads_values = operands[own..]
            .iter()
            .any(|operand| matches!(operand, Operand::Value(_)));
        let pieces = self.pieces(linear, operands[0], reads_values)?;
        let words = operands
            .iter()
            .map(|&operand| self.case_words(operand))
            .chain([layout::words(self.tensor(output))]);
        let together = together(self.case_words(operands[0]), words, pieces)?;
        if pieces * parts > DISPATCHES_MAX {
            return None;
        }
        let stride = BINDING_ALIGNMENT_MAX as usize;
        let part_words = (0..parts).flat_map(|index| {
            let first = index * part_groups;
            let mut words = word_bytes(part(first, part_groups.min(groups - first)));
            words.resize(stride, 0);
            words
        });
        let tile = tiled.tile;
        let columns = part_groups.div_ceil(tiled.tile.groups);
        Some(Form {
            frame: &tiled.frame,
            work: Work {
                invocations: (linear.positions / pieces).div_ceil(tile.positions) * columns,
                rounds: linear.work.rounds
                    * u64::from(tile.positions.div_ceil(4) * tile.groups)
                    * u64::from(pieces * parts),
            },
            cut: Cut {
                pieces,
                together,
                parts,
                part_bytes: weight / groups * part_groups,
            },
            part_words: Some(part_words.collect()),
        })
    }

    /// Bytes of an operand if it is a constant, else 0.
    fn constant_len(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Constant(constant) => self.program.constants[constant].len() as u32,
            Operand::Value(_) => 0,
        }
    }

    /// Pieces of a case that fit a uniform buffer: 1 if the case does.
    fn pieces(&self, linear: &Linear, input: Operand, reads_values: bool) -> Option<u32> {
        let case_bytes = u64::from(self.case_words(input)) * 4;
        if case_bytes <= u64::from(UNIFORM_BYTES) {
            return Some(1);
        }
        let row_bytes = linear.row_bytes.filter(|_| !reads_values)?;
        let most = UNIFORM_BYTES / row_bytes;
        let rows = (1..=most)
            .rev()
            .find(|&rows| linear.positions.is_multiple_of(rows))?;
        Some(linear.positions / rows)
    }
}

/// Groups of output channels in a part, whose weight fits a uniform buffer and ends where the next may begin.
fn part_groups(weight_bytes: u32, groups: u32, tile_groups: u32) -> Option<u32> {
    if weight_bytes <= UNIFORM_BYTES {
        return Some(groups);
    }
    let group_bytes = weight_bytes / groups;
    let most = UNIFORM_BYTES / group_bytes;
    let fits = |&count: &u32| {
        count.is_multiple_of(tile_groups)
            && (count * group_bytes).is_multiple_of(BINDING_ALIGNMENT_MAX)
    };
    (1..=most).rev().find(fits)
}

/// How many pieces one dispatch takes, if the input has `input_words` words in a case, and all values have `words`, which
/// are the same for each piece; none if they do not begin where they can be bound.
fn together(input_words: u32, words: impl Iterator<Item = u32>, pieces: u32) -> Option<u32> {
    let words: Vec<u32> = words.collect();
    if !words.iter().all(|words| words.is_multiple_of(pieces)) {
        return None;
    }
    let piece_bytes = (input_words / pieces * 4).max(1);
    let fit = UNIFORM_BYTES / piece_bytes;
    if fit == 0 || pieces == 1 && fit >= CASES_MAX {
        return (fit > 0).then_some(u32::MAX);
    }
    // A power of two, so that what the pieces of a dispatch read and write begins at as round a number as can be.
    let together = 1 << fit.ilog2();
    let alignment = u64::from(BINDING_ALIGNMENT_MAX / 4);
    let aligned =
        |&words: &u32| (u64::from(words / pieces) * u64::from(together)).is_multiple_of(alignment);
    words.iter().all(aligned).then_some(together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_cut_where_they_can_be_bound() {
        assert_eq!(part_groups(1 << 16, 16, 2), Some(16));
        assert_eq!(part_groups(1 << 20, 256, 2), Some(16));
        // 2,560 bytes a group.
        assert_eq!(part_groups(2560 * 32, 32, 4), Some(24));
        // A group alone is too large.
        assert_eq!(part_groups(1 << 18, 2, 2), None);
        // 48 bytes a group: 16 of them are a multiple of 256 bytes.
        assert_eq!(part_groups(48 * 4096, 4096, 2), Some(1360));
    }

    #[test]
    fn pieces_begin_where_they_can_be_bound() {
        let of =
            |input: u32, output: u32, pieces| together(input, [input, output].into_iter(), pieces);
        assert_eq!(of(256, 64, 1), Some(u32::MAX));
        assert_eq!(of(4096, 1024, 1), Some(4));
        assert_eq!(of(2000, 2000, 1), Some(8));
        // 15,376 bytes a case: four of them are no multiple of 256.
        assert_eq!(of(3844, 2048, 1), None);
        assert_eq!(of((1 << 14) + 1, 64, 1), None);
        assert_eq!(of(1 << 18, 1 << 20, 16), Some(1));
    }
}
