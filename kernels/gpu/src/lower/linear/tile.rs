//! Which frame a linear operator gets: the one of a file, or a larger tile whose operands are uniform buffers, in as many
//! dispatches as it takes for them to fit.

use aivm_shaders::kernels::{self, Frame, UNIFORM_BYTES};
use aivm_shaders::tile::part;
use aivm_tosa::TensorId;

use crate::layout::{self, word_bytes};
use crate::lower::element_wise::Linear;
use crate::lower::{Lowering, Work};
use crate::operands::Operands;
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
        let tiled = || self.tiled_form(linear, operands, output);
        uniform.then(tiled).flatten().unwrap_or(Form {
            frame: linear.frame,
            work: linear.work,
            cut: Cut::WHOLE,
            part_words: None,
        })
    }

    fn tiled_form(&self, linear: &Linear, operands: &[Operand], output: TensorId) -> Option<Form> {
        let tiled = linear.tiled;
        let own = linear.inputs.len() + linear.constants.len();
        let groups = linear.output_channels.div_ceil(4);
        let weight = match &linear.second {
            Some(second) => {
                let constant = matches!(operands[0], Operand::Constant(_));
                if constant && second.matrices > 1 {
                    return None; // it is not cut into matrices
                }
                second.packed_bytes(groups)?
            }
            None => self.constant_len(operands[1]),
        };
        let mut others = operands.iter().enumerate().filter(|&(index, _)| index != 1);
        if !others.all(|(_, &operand)| self.constant_len(operand) <= UNIFORM_BYTES) {
            return None;
        }
        let part_groups = part_groups(weight, groups, tiled.tile.groups)?;
        let parts = groups.div_ceil(part_groups);
        // What the epilogue reads of other tensors is not cut.
        let reads_values = operands[own..]
            .iter()
            .any(|operand| matches!(operand, Operand::Value(_)));
        let input_words = self.case_words(operands[0]);
        let (pieces, sharing) = pieces(linear, input_words, reads_values)?;
        // The second input of MATMUL is bound as packed: one block alone, or the blocks of several matrices.
        let most = match &linear.second {
            None => u32::MAX,
            Some(_) if sharing > 1 || parts > 1 => 1,
            Some(_) => UNIFORM_BYTES / block_bytes(weight),
        };
        let storage = operands[own..]
            .iter()
            .map(|&operand| self.case_words(operand));
        let words = storage.chain([input_words, layout::words(self.tensor(output))]);
        let together = together(input_words, words, pieces, most)?;
        if pieces.div_ceil(together) * parts > DISPATCHES_MAX {
            return None;
        }
        let tile = tiled.tile;
        let columns = part_groups.div_ceil(tile.groups);
        let cut = Cut {
            pieces,
            together,
            sharing,
            parts,
            part_bytes: weight / groups * part_groups,
            own: Some(own),
        };
        Some(Form {
            frame: &tiled.frame,
            work: Work {
                invocations: (linear.positions / pieces).div_ceil(tile.positions) * columns,
                rounds: linear.work.rounds
                    * u64::from(tile.positions.div_ceil(4) * tile.groups)
                    * u64::from(pieces * parts),
            },
            cut,
            part_words: Some(part_words(parts, groups, part_groups)),
        })
    }

    /// The second input of MATMUL, which lies in `operand` with its rows padded to words, by packed columns: each matrix
    /// a block of [`block_bytes`].
    pub(in crate::lower) fn packed_columns(
        &mut self,
        second: &Second,
        operand: Operand,
        output_channels: u32,
    ) -> Result<Operand, String> {
        let groups = output_channels.div_ceil(4);
        let bytes = second.packed_bytes(groups).map(block_bytes);
        let output_words = bytes.and_then(|bytes| (bytes / 4).checked_mul(second.matrices));
        let output_words = output_words.ok_or("a packed matrix is too large")?;
        let summed_words = second.summed.div_ceil(4);
        let tiles = second.matrices * groups * summed_words;
        let input_words = self.case_words(operand);
        let packed = self.new_words(output_words);
        let work = Work {
            invocations: tiles,
            rounds: 4,
        };
        self.step_into(&kernels::PACK_COLUMNS, vec![operand], packed, work, |row| {
            let matrix_vectors = output_words / second.matrices / 4;
            let mut words = vec![second.summed, summed_words, groups, tiles];
            words.extend([matrix_vectors, output_words / 4, input_words, row]);
            words
        })?;
        Ok(Operand::Value(packed))
    }

    /// Bytes of an operand if it is a constant, else 0.
    fn constant_len(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Constant(constant) => self.program.constants[constant].len() as u32,
            Operand::Value(_) => 0,
        }
    }
}

/// The second input of MATMUL.
pub(in crate::lower) struct Second {
    pub(in crate::lower) matrices: u32,
    /// Rows of a matrix.
    pub(in crate::lower) summed: u32,
}

impl Second {
    /// Bytes of a packed matrix with so many groups of four columns.
    fn packed_bytes(&self, groups: u32) -> Option<u32> {
        groups.checked_mul(16)?.checked_mul(self.summed.div_ceil(4))
    }
}

/// Bytes from one packed matrix to the next.
fn block_bytes(packed_bytes: u32) -> u32 {
    packed_bytes.next_multiple_of(BINDING_ALIGNMENT_MAX)
}

/// What says of each part which it is, as [`Cut::own`] has it.
fn part_words(parts: u32, groups: u32, part_groups: u32) -> Vec<u8> {
    (0..parts)
        .flat_map(|index| {
            let first = index * part_groups;
            let mut words = word_bytes(part(first, part_groups.min(groups - first)));
            words.resize(BINDING_ALIGNMENT_MAX as usize, 0);
            words
        })
        .collect()
}

/// Pieces of a case of `input_words` words that fit a uniform buffer, and how many of them are of the same matrix: 1 if
/// the case, or a matrix, does.
fn pieces(linear: &Linear, input_words: u32, reads_values: bool) -> Option<(u32, u32)> {
    let matrices = linear.second.as_ref().map_or(1, |second| second.matrices);
    let matrix_words = input_words / matrices;
    let sharing = if matrix_words <= UNIFORM_BYTES / 4 {
        1
    } else {
        let row_bytes = linear.row_bytes?;
        let positions = linear.positions / matrices;
        let most = UNIFORM_BYTES / row_bytes;
        let rows = (1..=most)
            .rev()
            .find(|&rows| positions.is_multiple_of(rows))?;
        positions / rows
    };
    let pieces = matrices * sharing;
    (pieces == 1 || !reads_values).then_some((pieces, sharing))
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

/// How many pieces one dispatch takes, at most `most`, if the input has `input_words` words in a case, and all values have
/// `words`, which are the same for each piece; none if they do not begin where they can be bound.
fn together(
    input_words: u32,
    words: impl Iterator<Item = u32>,
    pieces: u32,
    most: u32,
) -> Option<u32> {
    let words: Vec<u32> = words.collect();
    if !words.iter().all(|words| words.is_multiple_of(pieces)) {
        return None;
    }
    let piece_bytes = (input_words / pieces * 4).max(1);
    let fit = (UNIFORM_BYTES / piece_bytes).min(most);
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
        let of = |input: u32, output: u32, pieces| {
            together(input, [input, output].into_iter(), pieces, u32::MAX)
        };
        assert_eq!(of(256, 64, 1), Some(u32::MAX));
        assert_eq!(of(4096, 1024, 1), Some(4));
        assert_eq!(of(2000, 2000, 1), Some(8));
        // 15,376 bytes a case: four of them are no multiple of 256.
        assert_eq!(of(3844, 2048, 1), None);
        assert_eq!(of((1 << 14) + 1, 64, 1), None);
        assert_eq!(of(1 << 18, 1 << 20, 16), Some(1));
        // The other operand may allow fewer.
        assert_eq!(together(64, [64].into_iter(), 1, 5), Some(4));
        assert_eq!(together(32, [32].into_iter(), 1, 1), None);
    }
}
