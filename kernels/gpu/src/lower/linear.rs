//! Lowering of CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL and TRANSPOSE_CONV2D: packed kernels for what models are made
//! of, whose ends element-wise operators behind them make, and a direct one that takes every type and operand.

mod block;
#[cfg(feature = "cooperative-matrix")]
mod cooperative;
mod direct;
mod matmul;
pub(super) mod tile;
mod window;

use std::rc::Rc;

use aivm_shaders::kernels::{self, Frame};
use aivm_shaders::tile::Tiled;
use aivm_tosa::{Node, Operator, TensorId};

use super::element_wise::{Expression, Linear};
use super::{Lowering, Work};
use crate::program::Operand;
pub(super) use block::Blocks;
use direct::Sums as DirectSums;
use matmul::Product;
use tile::Second;
use window::Window;

impl Lowering<'_> {
    /// CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL and TRANSPOSE_CONV2D.
    pub(super) fn linear(&mut self, node: &Node) -> Result<(), String> {
        match &node.operator {
            Operator::Conv2d { .. } => {
                if let Some(window) = Window::of_conv2d(self.graph, node)
                    && let Some(weights) = self.constant_weights(node)
                {
                    let window = self.before_slice(window);
                    return self.conv2d(&window, &weights);
                }
            }
            Operator::DepthwiseConv2d { .. } => {
                if let Some(window) = Window::of_depthwise(self.graph, node)
                    && let Some(weights) = self.constant_weights(node)
                {
                    let window = self.before_slice(window);
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
        let sums = DirectSums::of(self.graph, node)?;
        self.direct(&sums)
    }

    /// Whether a SLICE needs no step, because all that read it are windows that can look into what it cuts instead.
    pub(super) fn is_read_through(&self, slice: &Node) -> bool {
        let Operator::Slice { start } = &slice.operator else {
            return false;
        };
        let (from, to) = (slice.inputs[0], slice.outputs[0]);
        let (Some(writer), Some(last)) = (self.writer[to.0 as usize], self.reader[to.0 as usize])
        else {
            return false;
        };
        let sides = |id: TensorId| self.tensor(id).shape.dimensions();
        let whole = |axis: usize| sides(from)[axis] == sides(to)[axis];
        if !self.options.fused || start.len() != 4 || !whole(0) || !whole(3) {
            return false;
        }
        let looks = |node: &Node| {
            let window = match &node.operator {
                Operator::Conv2d { .. } => Window::of_conv2d(self.graph, node),
                Operator::DepthwiseConv2d { .. } => Window::of_depthwise(self.graph, node),
                _ => None,
            };
            let stays = window.is_some_and(|window| window.stays_inside());
            let constant = |&id: &TensorId| self.constant_bytes(id).is_some();
            stays && node.late.is_empty() && node.inputs[1..].iter().all(constant)
        };
        let behind = &self.graph.nodes()[writer + 1..=last];
        let readers = behind.iter().filter(|node| node.inputs.contains(&to));
        let (mut all, mut count) = (true, 0);
        for node in readers {
            all &= looks(node);
            count += 1;
        }
        // Those that know it under another name, and outputs, are readers, too.
        all && count == self.readers[to.0 as usize]
    }

    /// The window over what a SLICE without a step cuts.
    fn before_slice(&mut self, window: Window) -> Window {
        let input = window.input();
        let slice = self.writer[input.0 as usize];
        let Some(slice) = slice.filter(|_| self.place[self.root(input).0 as usize].is_none())
        else {
            return window;
        };
        let node = &self.graph.nodes()[slice];
        let Operator::Slice { start } = &node.operator else {
            return window;
        };
        self.doing.insert(0, slice);
        let from = node.inputs[0];
        window.over(from, self.tensor(from).shape.dimensions(), start)
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

    /// A packed kernel: held back for what reads its sums, or dispatched.
    fn frame(
        &mut self,
        (frame, tiled): (&'static Frame, &'static Tiled),
        inputs: Vec<(TensorId, u32)>,
        constants: Vec<Operand>,
        work: Work,
        sums: Sums,
        params: impl Fn(u32) -> Vec<u32> + 'static,
    ) -> Result<(), String> {
        let linear = Rc::new(Linear {
            frame,
            tiled,
            inputs,
            constants,
            row_bytes: sums.row_bytes,
            blocks: sums.blocks,
            second: sums.second,
            params: Box::new(params),
            work,
            nodes: self.doing.clone(),
            sums: sums.tensor,
            positions: sums.positions,
            output_channels: sums.channels,
        });
        self.hold_or_compute(Expression::of_sums(&linear), linear.sums)
    }

    /// A tensor of 8 bits with its innermost axis, `channels`, padded to words with zeros.
    pub(super) fn padded_to_words(
        &mut self,
        id: TensorId,
        channels: u32,
    ) -> Result<Operand, String> {
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
            Work {
                invocations: output_words,
                rounds: 4,
            },
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

/// The sums of a packed kernel.
struct Sums {
    tensor: TensorId,
    /// Of one case.
    positions: u32,
    channels: u32,
    /// Bytes of the input for each position, if that is all that the position depends on.
    row_bytes: Option<u32>,
    blocks: Option<Blocks>,
    /// Of MATMUL.
    second: Option<Second>,
}
