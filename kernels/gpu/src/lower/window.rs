//! Lowering of poolings and reductions.

use aivm_shaders::kernels;
use aivm_tosa::operator::Extent;
use aivm_tosa::{DataType, Node, Operator};

use super::{Lowering, check_types, expect_rounds, signed};
use crate::layout::word_bytes;

/// Most elements of an AVG_POOL2D window, for each of which the device holds a reciprocal.
const WINDOW_ELEMENTS_MAX: u64 = 1 << 20;

impl Lowering<'_> {
    /// AVG_POOL2D and MAX_POOL2D.
    pub(super) fn pool(&mut self, node: &Node) -> Result<(), String> {
        const TYPES: &[DataType] = &[DataType::I8, DataType::I16];
        check_types(self.graph, node, &[TYPES, TYPES])?;
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let data_type = self.tensor(to).data_type;
        let input_shape = self.tensor(from).shape.dimensions();
        let output_shape = self.tensor(to).shape.dimensions();
        let (low, high) = super::element_wise::saturation(data_type, false);

        let input = self.place(from)?;
        let mut operands = vec![input];
        let (kernel, kernel_size, stride, pad, arguments) = match &node.operator {
            Operator::MaxPool2d {
                kernel,
                stride,
                pad,
            } => (&kernels::MAX_POOL2D, kernel, stride, pad, vec![signed(low)]),
            Operator::AvgPool2d {
                kernel,
                stride,
                pad,
                input_zp,
                output_zp,
            } => {
                operands.push(self.reciprocals(*kernel, input_shape)?);
                let arguments = [*input_zp, *output_zp, low, high].map(signed).to_vec();
                (&kernels::AVG_POOL2D, kernel, stride, pad, arguments)
            }
            other => return Err(format!("{} is no pooling", other.name())),
        };
        let lanes_log2 = self.lanes_log2(to)?;
        let rows = u64::from(kernel_size.y);
        expect_rounds((1 + rows + rows * u64::from(kernel_size.x)) << lanes_log2)?;
        let elements = self.tensor(to).shape.elements();
        let output_words = elements.div_ceil(1 << lanes_log2);
        let input_words = self.case_words(input);
        self.step(kernel, operands, to, output_words, |row| {
            let mut words = input_shape[1..4].to_vec();
            words.extend_from_slice(&output_shape[1..3]);
            words.extend([
                kernel_size.y,
                kernel_size.x,
                stride.y,
                stride.x,
                pad.top,
                pad.left,
            ]);
            words.extend([elements, output_words, input_words, lanes_log2, row]);
            words.extend(arguments);
            words
        })
    }

    /// Multiplier and shift that divide by each number of elements that a window can have inside the input
    /// (TOSA 1.0, `reciprocal_scale`). Counts are computed here because the device has no 64-bit division.
    fn reciprocals(
        &mut self,
        kernel: Extent,
        input_shape: &[u32],
    ) -> Result<crate::program::Operand, String> {
        let rows = u64::from(kernel.y.min(input_shape[1]));
        let columns = u64::from(kernel.x.min(input_shape[2]));
        let most = rows * columns;
        if most > WINDOW_ELEMENTS_MAX {
            return Err(format!(
                "a window of {most} elements exceeds {WINDOW_ELEMENTS_MAX}"
            ));
        }
        let words = (1..=most).flat_map(|count| {
            // The least k with 2^k ≥ count.
            let k = u64::BITS - (count - 1).leading_zeros();
            let numerator = ((1u64 << 30) + 1) << k;
            // numerator / count < 2^31 + 2, and at most 2^31 − 1 unless count is a power of two, where it is 2^30 + 1.
            [(numerator / count) as u32, 30 + k]
        });
        Ok(self.new_constant(word_bytes(words)))
    }

    /// REDUCE_MAX and REDUCE_SUM along `axis`.
    pub(super) fn reduce(&mut self, node: &Node, axis: u32) -> Result<(), String> {
        const TYPES: &[DataType] = &[DataType::I8, DataType::I16, DataType::I32];
        check_types(self.graph, node, &[TYPES, TYPES])?;
        let kernel = match &node.operator {
            Operator::ReduceMax { .. } => &kernels::REDUCE_MAX,
            Operator::ReduceSum { .. } => &kernels::REDUCE_SUM,
            other => return Err(format!("{} is no reduction", other.name())),
        };
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let shape = self.tensor(from).shape.dimensions();
        let axis_size = shape[axis as usize];
        let inner: u32 = shape[axis as usize + 1..].iter().product();
        let lanes_log2 = self.lanes_log2(to)?;
        expect_rounds((1 + u64::from(axis_size)) << lanes_log2)?;
        let elements = self.tensor(to).shape.elements();
        let output_words = elements.div_ceil(1 << lanes_log2);
        let input = self.place(from)?;
        let input_words = self.case_words(input);
        self.step(kernel, vec![input], to, output_words, |row| {
            vec![
                axis_size,
                inner,
                elements,
                output_words,
                input_words,
                lanes_log2,
                row,
            ]
        })
    }
}
