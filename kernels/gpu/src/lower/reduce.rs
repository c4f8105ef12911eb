//! Lowering of reductions along one axis. A long axis is cut into chunks, whose results are reduced in turn.

use aivm_shaders::chain::{Function, Reduction};
use aivm_shaders::kernels::{self, Kernel};
use aivm_tosa::{Node, Operator};

use super::{Lowering, STEP_ELEMENTS_MAX, Work};
use crate::program::Operand;

/// The chunks of one step along an axis.
struct Chunks {
    /// Elements of each, except that the last may have fewer.
    size: u32,
    count: u32,
}

impl Chunks {
    /// Cuts `elements` into one chunk, or else into chunks that are about as many as each has elements.
    fn of(elements: u32) -> Chunks {
        let size = if elements <= STEP_ELEMENTS_MAX {
            elements
        } else {
            (elements.isqrt() + 1).min(STEP_ELEMENTS_MAX)
        };
        Chunks {
            size,
            count: elements.div_ceil(size),
        }
    }
}

/// The elements of a tensor along the axis and inside it.
struct Axis {
    size: u32,
    inner: u32,
}

impl Lowering<'_> {
    /// REDUCE_ALL, REDUCE_ANY, REDUCE_MAX, REDUCE_MIN and REDUCE_SUM along `axis`.
    ///
    /// One that can share a dispatch with others does.
    pub(super) fn reduce(&mut self, node: &Node, axis: u32) -> Result<(), String> {
        let (kernel, reduction) = match &node.operator {
            Operator::ReduceMax { .. } | Operator::ReduceAny { .. } => {
                (&kernels::REDUCE_MAX, Reduction::Max)
            }
            Operator::ReduceMin { .. } | Operator::ReduceAll { .. } => {
                (&kernels::REDUCE_MIN, Reduction::Min)
            }
            Operator::ReduceSum { .. } => (&kernels::REDUCE_SUM, Reduction::Sum),
            other => return Err(format!("{} is no reduction", other.name())),
        };
        let (from, to) = (node.inputs[0], node.outputs[0]);
        if self.is_shared(node) {
            return self.applied(node, Function::Reduce(reduction));
        }
        self.compute_held(from)?;
        let lanes_log2 = self.lanes_log2(to)?;
        let Axis { mut size, inner } = self.axis(node, axis);
        let lines = self.tensor(to).shape.elements();
        let mut input = self.place(from)?;
        loop {
            let chunks = Chunks::of(size);
            // Chunks of several elements make fewer than there were.
            let elements = lines * chunks.count;
            let words = elements.div_ceil(1 << lanes_log2);
            let input_words = self.case_words(input);
            let value = self.new_words(words);
            let work = Work {
                invocations: words,
                rounds: u64::from(chunks.size) << lanes_log2,
            };
            self.step_into(kernel, vec![input], value, work, |row| {
                vec![
                    size,
                    chunks.size,
                    chunks.count,
                    inner,
                    elements,
                    words,
                    input_words,
                    lanes_log2,
                    row,
                ]
            })?;
            input = Operand::Value(value);
            size = chunks.count;
            if size == 1 {
                self.is_value_of(value, to);
                return Ok(());
            }
        }
    }

    /// ARGMAX along `axis`.
    pub(super) fn argmax(&mut self, node: &Node, axis: u32) -> Result<(), String> {
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let input_lanes_log2 = self.lanes_log2(from)?;
        let Axis { size, inner } = self.axis(node, axis);
        let lines = self.tensor(to).shape.elements();
        let input = self.place(from)?;
        let input_words = self.case_words(input);
        let mut candidates = size;
        let mut chosen: Option<usize> = None;
        loop {
            let chunks = Chunks::of(candidates);
            // Indices take a word each.
            let elements = lines * chunks.count;
            let (kernel, operands): (&Kernel, _) = match chosen {
                None => (&kernels::ARGMAX, vec![input]),
                Some(value) => (&kernels::ARGMAX_CHUNKS, vec![input, Operand::Value(value)]),
            };
            let candidate_words = chosen.map_or(0, |value| self.program.values[value]);
            let value = self.new_words(elements);
            let work = Work {
                invocations: elements,
                rounds: u64::from(chunks.size),
            };
            self.step_into(kernel, operands, value, work, |row| {
                vec![
                    size,
                    candidates,
                    chunks.size,
                    chunks.count,
                    inner,
                    elements,
                    elements,
                    input_words,
                    candidate_words,
                    input_lanes_log2,
                    0,
                    row,
                ]
            })?;
            candidates = chunks.count;
            if candidates == 1 {
                self.is_value_of(value, to);
                return Ok(());
            }
            chosen = Some(value);
        }
    }

    fn axis(&self, node: &Node, axis: u32) -> Axis {
        let shape = self.tensor(node.inputs[0]).shape.dimensions();
        Axis {
            size: shape[axis as usize],
            inner: shape[axis as usize + 1..].iter().product(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_axis_in_few_steps() {
        for elements in [1, 2, 4096, 4097, 70_000, 1 << 24, i32::MAX as u32] {
            let (mut left, mut steps) = (elements, 0);
            while left > 1 || steps == 0 {
                let chunks = Chunks::of(left);
                assert!(chunks.size <= STEP_ELEMENTS_MAX, "{elements}");
                assert!((chunks.count - 1) * chunks.size < left, "{elements}");
                assert!(chunks.count * chunks.size >= left, "{elements}");
                left = chunks.count;
                steps += 1;
            }
            let expected = match elements {
                0..=4096 => 1,
                4097..=16_777_216 => 2,
                _ => 3,
            };
            assert_eq!(steps, expected, "{elements}");
        }
    }
}
