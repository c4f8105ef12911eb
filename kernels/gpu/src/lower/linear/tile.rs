//! Which frame a linear operator gets: the one of a file, or a larger tile whose operands are uniform buffers.

use aivm_shaders::kernels::{Frame, UNIFORM_BYTES};
use aivm_tosa::TensorId;

use crate::layout;
use crate::lower::element_wise::Linear;
use crate::lower::{Lowering, Work};
use crate::plan::Operands;
use crate::program::{BINDING_ALIGNMENT_MAX, Operand};

/// Uniform buffers hold at least this many cases, or all of them are in one.
const CASES_MAX: u32 = 64;

/// How a linear operator is dispatched.
pub(in crate::lower) struct Form {
    pub(in crate::lower) frame: &'static Frame,
    /// What the sums alone cost.
    pub(in crate::lower) work: Work,
    /// Most cases in a dispatch.
    pub(in crate::lower) cases: u32,
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
        let as_file = Form {
            frame: linear.frame,
            work: linear.work,
            cases: u32::MAX,
        };
        let Some(tiled) = linear
            .tiled
            .filter(|_| self.options.operands == Operands::Uniform)
        else {
            return as_file;
        };
        let Some(cases) = self.uniform_cases(tiled.frame.inputs as usize, operands, output) else {
            return as_file;
        };
        let groups = linear.output_channels.div_ceil(4);
        let tile = tiled.tile;
        Form {
            frame: &tiled.frame,
            work: Work {
                invocations: linear.positions.div_ceil(tile.positions)
                    * groups.div_ceil(tile.groups),
                rounds: linear.work.rounds * u64::from(tile.positions.div_ceil(4) * tile.groups),
            },
            cases,
        }
    }

    /// How many cases one dispatch takes if the first `inputs` of its operands, and its tables, are uniform buffers;
    /// none if they do not fit them.
    fn uniform_cases(&self, inputs: usize, operands: &[Operand], output: TensorId) -> Option<u32> {
        let mut cases = CASES_MAX;
        for &operand in &operands[..inputs] {
            let case_bytes = u64::from(self.case_words(operand)) * 4;
            cases = cases.min(
                u64::from(UNIFORM_BYTES)
                    .checked_div(case_bytes)
                    .map_or(CASES_MAX, |fit| fit.min(u64::from(CASES_MAX)) as u32),
            );
        }
        let constants = operands.iter().filter_map(|operand| match operand {
            Operand::Constant(constant) => Some(self.program.constants[*constant].len()),
            Operand::Value(_) => None,
        });
        if cases == 0 || constants.max() > Some(UNIFORM_BYTES as usize) {
            return None;
        }
        if cases == CASES_MAX {
            return Some(u32::MAX);
        }
        // A power of two, so that what the cases of a dispatch read and write begins at as round a number as can be.
        let cases = 1 << cases.ilog2();
        let read = operands.iter().map(|&operand| self.case_words(operand));
        let words = u64::from(BINDING_ALIGNMENT_MAX / 4);
        let aligned =
            |case_words: u32| (u64::from(case_words) * u64::from(cases)).is_multiple_of(words);
        read.chain([layout::words(self.tensor(output))])
            .all(aligned)
            .then_some(cases)
    }
}
