//! Linear operators in blocks: a workgroup makes one from operands in its memory (`aivm_shaders::block`).

use aivm_shaders::block;

use super::tile::Form;
use crate::lower::element_wise::Linear;
use crate::lower::{Lowering, ROUNDS_MAX, Work};
use crate::operands::Operands;
use crate::pipelines::WORKGROUP;
use crate::program::Cut;

/// How an operator is cut into blocks.
#[derive(Clone, Copy)]
pub(in crate::lower) struct Blocks {
    pub(super) operator: block::Operator,
    /// Products of matrices, of which each has blocks of its own.
    pub(super) matrices: u32,
    /// Words of a position of the first operand, and positions that are summed.
    pub(super) row_words: u32,
    pub(super) taps: u32,
}

impl Lowering<'_> {
    /// The form of `linear` in blocks, if the options ask for them and it fills enough of one.
    pub(super) fn block_form(&self, linear: &Linear) -> Option<Form> {
        let Operands::Blocks {
            size,
            positions_min,
        } = self.options.operands
        else {
            return None;
        };
        let blocks = linear.blocks?;
        let rows = linear.positions / blocks.matrices;
        let fits = size.invocations() <= self.limits.invocations_max;
        if rows < positions_min || !fits {
            return None;
        }
        let frame = &block::of(blocks.operator, size, blocks.row_words).frame;
        let words = u64::from(blocks.row_words) * u64::from(blocks.taps);
        // Those of an invocation: a loop of two rounds and its end in each step, and its sixteen stores.
        if words.div_ceil(u64::from(block::STEP_WORDS)) * 4 + 20 > ROUNDS_MAX {
            return None;
        }
        let groups = linear.output_channels.div_ceil(4);
        let count =
            blocks.matrices * rows.div_ceil(size.positions()) * groups.div_ceil(size.groups());
        // 64 invocations stand for a workgroup, whatever it has.
        let stores = u64::from(size.positions() * size.groups());
        let rounds = (size.rounds(words) + stores).div_ceil(u64::from(WORKGROUP));
        Some(Form {
            frame,
            work: Work {
                invocations: count.checked_mul(WORKGROUP)?,
                rounds,
            },
            cut: Cut::WHOLE,
            part_words: None,
        })
    }
}
