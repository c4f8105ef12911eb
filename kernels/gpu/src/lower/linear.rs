//! Lowering of CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL and TRANSPOSE_CONV2D: packed kernels for what models are made
//! of, and a direct one that takes every type and operand.

mod direct;
mod epilogue;
mod matmul;
mod window;

use aivm_shaders::kernels;
use aivm_tosa::{Node, Operator, TensorId};

use super::Lowering;
use crate::program::Operand;
use direct::Sums;
use matmul::Product;
use window::Window;

impl Lowering<'_> {
    /// CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL and TRANSPOSE_CONV2D.
    pub(super) fn linear(&mut self, node: &Node) -> Result<(), String> {
        match &node.operator {
            Operator::Conv2d { .. } => {
                if let Some(window) = Window::of_conv2d(self.graph, node)
                    && let Some(weights) = self.constant_weights(node)
                {
                    return self.conv2d(&window, &weights);
                }
            }
            Operator::DepthwiseConv2d { .. } => {
                if let Some(window) = Window::of_depthwise(self.graph, node)
                    && let Some(weights) = self.constant_weights(node)
                {
                    return self.depthwise_conv2d(&window, &weights);
                }
            }
            Operator::MatMul { a_zp, b_zp } => {
                if let Some(product) = Product::of(self.graph, node, (*a_zp, *b_zp)) {
                    return self.matmul(&product);
                }
            }
            _ => {}
        }
        let sums = Sums::of(self.graph, node)?;
        self.direct(&sums)
    }

    /// The constant tensors `weight` and `bias` of a convolution.
    fn constant_weights(&self, node: &Node) -> Option<ConstantWeights> {
        let weight = self.constant_bytes(node.inputs[1])?;
        let bias = self.constant_bytes(node.inputs[2])?;
        Some(ConstantWeights {
            weight: weight.iter().map(|byte| byte.cast_signed()).collect(),
            bias: bias
                .chunks_exact(4)
                .map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                .collect(),
        })
    }

    /// A tensor of 8 bits with its innermost axis, `channels`, padded to words with zeros.
    fn padded_to_words(&mut self, id: TensorId, channels: u32) -> Result<Operand, String> {
        let input = self.place(id)?;
        if channels.is_multiple_of(4) {
            return Ok(input);
        }
        let position_words = channels.div_ceil(4);
        // At most as many words as elements.
        let output_words = self.tensor(id).shape.elements() / channels * position_words;
        let input_words = self.case_words(input);
        let padded = self.new_words(output_words);
        self.step_into(
            &kernels::PAD_CHANNELS,
            vec![input],
            padded,
            output_words,
            |row| vec![channels, position_words, output_words, input_words, row],
        )?;
        Ok(Operand::Value(padded))
    }
}

/// Weight and bias of an 8-bit convolution as numbers.
struct ConstantWeights {
    weight: Vec<i8>,
    /// One for each output channel, or one for all.
    bias: Vec<i32>,
}
