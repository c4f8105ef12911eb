//! Lowering of GATHER and SCATTER: rows by index.

use aivm_shaders::kernels;
use aivm_tosa::{DataType, Node};

use super::strides::lanes_together;
use super::{Lowering, Work, check_types, expect_rounds};
use crate::program::Operand;

const INTEGERS: &[DataType] = &[DataType::I8, DataType::I16, DataType::I32];
const INDEX: &[DataType] = &[DataType::I32];

impl Lowering<'_> {
    /// GATHER.
    pub(super) fn gather(&mut self, node: &Node) -> Result<(), String> {
        check_types(self.graph, node, &[INTEGERS, INDEX, INTEGERS])?;
        let (values, indices, to) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let shape = self.tensor(values).shape.dimensions();
        let (rows, channels) = (shape[1], shape[2]);
        let chosen = self.tensor(indices).shape.dimensions()[1];
        let lanes_log2 = self.lanes_log2(to)?;
        let together = lanes_together(lanes_log2, [channels]);
        let lanes_log2 = lanes_log2 - together;
        let elements = self.tensor(to).shape.elements() >> together;
        let output_words = elements.div_ceil(1 << lanes_log2);
        let operands = vec![self.place(values)?, self.place(indices)?];
        let case_words: Vec<u32> = operands.iter().map(|&from| self.case_words(from)).collect();
        let work = Work {
            invocations: output_words,
            rounds: 2 << lanes_log2,
        };
        self.step(&kernels::GATHER, operands, to, work, |row| {
            let mut words = vec![rows, chosen, channels >> together];
            words.extend([elements, output_words, lanes_log2]);
            words.extend(case_words);
            words.push(row);
            words
        })
    }

    /// SCATTER: a step finds which row goes where, another moves the elements.
    pub(super) fn scatter(&mut self, node: &Node) -> Result<(), String> {
        check_types(self.graph, node, &[INTEGERS, INDEX, INTEGERS, INTEGERS])?;
        let (values, indices, input) = (node.inputs[0], node.inputs[1], node.inputs[2]);
        let to = node.outputs[0];
        let shape = self.tensor(values).shape.dimensions();
        let (rows, channels) = (shape[1], shape[2]);
        let written = self.tensor(indices).shape.dimensions()[1];
        expect_rounds(u64::from(written))?;

        let indices = self.place(indices)?;
        let indices_words = self.case_words(indices);
        // An invocation finds the sources of four rows.
        let fours = rows.div_ceil(4);
        let all_fours = shape[0] * fours;
        let sources = self.new_words(4 * all_fours);
        let work = Work {
            invocations: all_fours,
            rounds: u64::from(written),
        };
        self.step_into(
            &kernels::SCATTER_ROWS,
            vec![indices],
            sources,
            work,
            |row| vec![rows, written, fours, all_fours, indices_words, row],
        )?;

        let lanes_log2 = self.lanes_log2(to)?;
        let together = lanes_together(lanes_log2, [channels]);
        let lanes_log2 = lanes_log2 - together;
        let elements = self.tensor(to).shape.elements() >> together;
        let output_words = elements.div_ceil(1 << lanes_log2);
        let operands = vec![
            self.place(values)?,
            Operand::Value(sources),
            self.place(input)?,
        ];
        let case_words: Vec<u32> = operands.iter().map(|&from| self.case_words(from)).collect();
        let work = Work {
            invocations: output_words,
            rounds: 2 << lanes_log2,
        };
        self.step(&kernels::SCATTER, operands, to, work, |row| {
            let mut words = vec![rows, written, 4 * fours, channels >> together];
            words.extend([elements, output_words, lanes_log2]);
            words.extend(case_words);
            words.push(row);
            words
        })
    }
}
