//! A graph as dispatches: what lowering makes and the plan executes.

use std::ops::Range;
use std::sync::Arc;

use aivm_shaders::kernels::Kernel;
use aivm_tosa::{RegionId, TensorId, VariableId};

/// The largest alignment of bindings that an adapter may ask for, in bytes.
pub(crate) const BINDING_ALIGNMENT_MAX: u32 = 256;

/// Dispatches over values and constants.
#[derive(Default)]
pub(crate) struct Program {
    /// Words of one case of each value.
    pub(crate) values: Vec<u32>,
    /// Device bytes of each constant, a multiple of 4.
    pub(crate) constants: Vec<Vec<u8>>,
    /// In the order in which they run.
    pub(crate) steps: Vec<Step>,
    /// The graph's inputs, in declared order.
    pub(crate) inputs: Vec<Input>,
    /// The graph's outputs, in declared order.
    pub(crate) outputs: Vec<Output>,
    /// What the host drives between steps, in the order in which it happens.
    pub(crate) controls: Vec<Control>,
    /// Of a region, where its outputs lie, in declared order; it has no `outputs`.
    pub(crate) results: Vec<Operand>,
}

impl Program {
    /// Whether a kernel reads operands from uniform buffers.
    pub(crate) fn has_uniform_operands(&self) -> bool {
        self.steps.iter().any(|step| step.kernel.uniforms != 0)
    }

    /// Bytes that one case takes in the staging buffer.
    pub(crate) fn staged_bytes(&self) -> u64 {
        let words = |output: &Output| match output {
            Output::Constant(_) => 0,
            Output::Value { value, .. } => u64::from(self.values[*value]),
        };
        self.outputs.iter().map(words).sum::<u64>() * 4
    }

    /// What one case of all steps costs.
    pub(crate) fn work(&self) -> u64 {
        self.steps.iter().map(|step| step.work).sum()
    }

    /// Cuts some steps into ranges of which none costs more than `work_max`, unless it is a single step. At least one.
    pub(crate) fn submissions(&self, steps: Range<usize>, work_max: u64) -> Vec<Range<usize>> {
        let (mut ranges, mut begin, mut sum) = (Vec::new(), steps.start, 0);
        for index in steps.clone() {
            let work = self.steps[index].work;
            if index > begin && sum + work > work_max {
                ranges.push(begin..index);
                (begin, sum) = (index, 0);
            }
            sum += work;
        }
        ranges.push(begin..steps.end);
        ranges
    }
}

/// Something that a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// Index in [`Program::constants`]; all cases share it.
    Constant(usize),
    /// Index in [`Program::values`].
    Value(usize),
}

/// One dispatch, for any number of cases. Several in a row that write the same value each make a part of it.
pub(crate) struct Step {
    pub(crate) kernel: Kernel,
    /// Words of the kernel's `params`.
    pub(crate) params: Vec<u32>,
    /// In the order of the kernel's bindings.
    pub(crate) operands: Vec<Operand>,
    /// The value written, or a part of it; never one of the operands.
    pub(crate) output: usize,
    /// Workgroups along x and y; z counts the cases.
    pub(crate) groups: [u32; 2],
    pub(crate) cut: Cut,
    /// The nodes of the graph whose work it does, or has a part in, in their order. Nodes that only give elements
    /// another name belong to no step.
    pub(crate) nodes: Vec<usize>,
    /// The tensor that `output` holds, which RESHAPE and IDENTITY may give other names; none if that is an intermediate
    /// value of an operator.
    pub(crate) tensor: Option<TensorId>,
    /// How often the loops of all invocations of a case go round at most.
    pub(crate) work: u64,
}

/// The dispatches of a step: pieces of cases, as many together as fit a uniform buffer, and each of them for every part of
/// the output channels.
/// What a dispatch binds begins at multiples of [`BINDING_ALIGNMENT_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Equal pieces of one case, which the kernel takes for cases: rows that do not depend on each other, or matrices.
    pub(crate) pieces: u32,
    /// Most pieces in one dispatch.
    pub(crate) together: u32,
    /// Pieces in a row for which operand 1, if it is a value, is the same.
    pub(crate) sharing: u32,
    /// Parts of the output channels, and bytes from operand 1 of one to that of the next: the weight.
    pub(crate) parts: u32,
    pub(crate) part_bytes: u32,
    /// The operand that says which part it is, if the kernel reads it: a constant for each part, at multiples of
    /// [`BINDING_ALIGNMENT_MAX`].
    pub(crate) own: Option<usize>,
}

impl Cut {
    /// One dispatch, for all cases.
    pub(crate) const WHOLE: Cut = Cut {
        pieces: 1,
        together: u32::MAX,
        sharing: 1,
        parts: 1,
        part_bytes: 0,
        own: None,
    };

    /// The pieces of each dispatch of a run of `cases` cases, counted over all of them.
    pub(crate) fn windows(self, cases: u32) -> impl Iterator<Item = Range<u32>> {
        let pieces = cases * self.pieces;
        let step = self.together.min(pieces).max(1);
        (0..pieces.div_ceil(step)).map(move |index| {
            let first = index * step;
            first..pieces.min(first.saturating_add(step))
        })
    }

    /// How far into a constant that is a uniform buffer the binding for a part begins.
    pub(crate) fn offset(&self, operand: usize, part: u32) -> u64 {
        match operand {
            _ if self.own == Some(operand) => u64::from(part) * u64::from(BINDING_ALIGNMENT_MAX),
            1 => u64::from(part) * u64::from(self.part_bytes),
            _ => 0,
        }
    }

    /// How far into a value with `case_bytes` bytes in a case, which is a uniform buffer, the binding for a part of the
    /// pieces from `first` on begins.
    pub(crate) fn value_offset(
        &self,
        operand: usize,
        case_bytes: u64,
        first: u32,
        part: u32,
    ) -> u64 {
        let piece_bytes = case_bytes / u64::from(self.pieces);
        match operand {
            1 => {
                let shared_bytes = case_bytes / u64::from(self.pieces / self.sharing);
                let block = u64::from(first / self.sharing);
                block * shared_bytes + u64::from(part) * u64::from(self.part_bytes)
            }
            _ => piece_bytes * u64::from(first),
        }
    }
}

/// Something that no kernel does.
pub(crate) struct Control {
    /// It happens before the step of this index, and behind all earlier ones.
    pub(crate) before: usize,
    pub(crate) action: Action,
    /// What it reads.
    pub(crate) inputs: Vec<Operand>,
    /// The values that it writes; none of the inputs.
    pub(crate) outputs: Vec<usize>,
}

/// What a [`Control`] does.
pub(crate) enum Action {
    /// COND_IF: the region for true and that for false. Input 0 is the condition.
    Branch([RegionId; 2]),
    /// WHILE_LOOP.
    Loop { condition: RegionId, body: RegionId },
    /// VARIABLE_READ, to the output.
    ReadVariable(VariableId),
    /// VARIABLE_WRITE, of the input.
    WriteVariable(VariableId),
    /// A node with late values, by its index. The inputs are its `values` late tensors, then those of the node that
    /// are no constants.
    Late { node: usize, values: usize },
}

/// Where an input of the graph goes.
pub(crate) struct Input {
    pub(crate) value: usize,
    /// Bytes of one case.
    pub(crate) bytes: usize,
}

/// Where an output of the graph comes from.
pub(crate) enum Output {
    /// The same bytes for each case.
    Constant(Arc<[u8]>),
    /// The first `bytes` bytes of each case of a value.
    Value { value: usize, bytes: usize },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(work: &[u64]) -> Program {
        let step = |&work: &u64| Step {
            kernel: aivm_shaders::kernels::MOVE,
            params: Vec::new(),
            operands: Vec::new(),
            output: 0,
            groups: [1, 1],
            nodes: Vec::new(),
            tensor: None,
            cut: Cut::WHOLE,
            work,
        };
        Program {
            steps: work.iter().map(step).collect(),
            ..Program::default()
        }
    }

    /// The steps behind the last of each submission.
    fn ends(work: &[u64], steps: Range<usize>, work_max: u64) -> Vec<usize> {
        let (program, mut begin) = (program(work), steps.start);
        let submissions = program.submissions(steps, work_max);
        for submission in &submissions {
            assert_eq!(submission.start, begin);
            begin = submission.end;
        }
        submissions.iter().map(|steps| steps.end).collect()
    }

    #[test]
    fn submissions_hold_as_many_steps_as_the_bound_allows() {
        let work = [3, 4, 3, 1, 9, 10, 11, 1];
        assert_eq!(program(&work).work(), 42);
        assert_eq!(ends(&work, 0..8, 10), [3, 5, 6, 7, 8]);
        assert_eq!(ends(&work, 0..8, 42), [8]);
        assert_eq!(ends(&work, 0..8, 41), [7, 8]);
        assert_eq!(ends(&work, 1..3, 7), [3]);
        assert_eq!(ends(&work, 1..3, 6), [2, 3]);
    }

    #[test]
    fn a_program_without_steps_is_one_submission() {
        assert_eq!(ends(&[], 0..0, 10), [0]);
    }
}
