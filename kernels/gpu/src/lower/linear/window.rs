//! CONV2D and DEPTHWISE_CONV2D of i8 with constant weights: packed four to a word.

use aivm_shaders::block;
use aivm_shaders::kernels::{self, Frame};
use aivm_shaders::tile::{self, Tiled};
use aivm_tosa::operator::{Extent, Padding};
use aivm_tosa::{DataType, Graph, Node, Operator, TensorId};

use super::{Blocks, ConstantWeights, Sums};
use crate::layout::word_bytes;
use crate::lower::{Lowering, ROUNDS_MAX, Work, expect_rounds, signed};

/// Places of parameters in `window_params.wgsl`.
const HEIGHT: usize = 0;
const WIDTH: usize = 1;
const OUTPUT_HEIGHT: usize = 3;
const OUTPUT_WIDTH: usize = 4;
const POSITIONS: usize = 7;

/// A window over `[N, H, W, C]` of i8.
pub(super) struct Window {
    input: TensorId,
    output: TensorId,
    input_shape: [u32; 4],
    output_shape: [u32; 4],
    kernel: Extent,
    stride: Extent,
    dilation: Extent,
    pad: Padding,
    input_zp: i32,
    weight_zp: i32,
}

impl Window {
    /// CONV2D, if the packed kernel takes it: of i8, its weight without zero point, its loops not too long.
    pub(super) fn of_conv2d(graph: &Graph, node: &Node) -> Option<Window> {
        let sides = graph.tensor(node.inputs[1]).shape.dimensions();
        let window = Window::new(graph, node, [sides[1], sides[2]])?;
        (window.weight_zp == 0 && window.rounds(false) <= ROUNDS_MAX).then_some(window)
    }

    /// DEPTHWISE_CONV2D, if a packed kernel takes it: of i8, with one output for each channel, or with one channel and
    /// a weight without zero point.
    pub(super) fn of_depthwise(graph: &Graph, node: &Node) -> Option<Window> {
        let sides = graph.tensor(node.inputs[1]).shape.dimensions();
        let window = Window::new(graph, node, [sides[0], sides[1]])?;
        let (channels, multiples) = (sides[2], sides[3]);
        let alone = multiples == 1 && window.rounds(true) <= ROUNDS_MAX;
        let as_conv2d =
            channels == 1 && window.weight_zp == 0 && window.rounds(false) <= ROUNDS_MAX;
        (alone || multiples > 1 && as_conv2d).then_some(window)
    }

    fn new(graph: &Graph, node: &Node, [y, x]: [u32; 2]) -> Option<Window> {
        let (Operator::Conv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        }
        | Operator::DepthwiseConv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        }) = node.operator
        else {
            return None;
        };
        let (input, output) = (node.inputs[0], node.outputs[0]);
        let shape = |id: TensorId| graph.tensor(id).shape.dimensions().try_into().ok();
        (graph.tensor(input).data_type == DataType::I8).then_some(Window {
            input,
            output,
            input_shape: shape(input)?,
            output_shape: shape(output)?,
            kernel: Extent { y, x },
            stride,
            dilation,
            pad,
            input_zp,
            weight_zp,
        })
    }

    /// Each of `positions` alone: `[positions, channels]` of `input` to `[positions, output channels]` of `output`.
    pub(super) fn one_by_one(
        (input, output): (TensorId, TensorId),
        positions: u32,
        [channels, output_channels]: [u32; 2],
        input_zp: i32,
    ) -> Window {
        let one = Extent { y: 1, x: 1 };
        Window {
            input,
            output,
            input_shape: [1, 1, positions, channels],
            output_shape: [1, 1, positions, output_channels],
            kernel: one,
            stride: one,
            dilation: one,
            pad: Padding {
                top: 0,
                bottom: 0,
                left: 0,
                right: 0,
            },
            input_zp,
            weight_zp: 0,
        }
    }

    /// What it looks into.
    pub(super) fn input(&self) -> TensorId {
        self.input
    }

    /// Whether each tap meets the input, none its padding.
    pub(super) fn stays_inside(&self) -> bool {
        let [_, height, width, _] = self.input_shape;
        let [_, output_height, output_width, _] = self.output_shape;
        let last = |outputs: u32, stride: u32, taps: u32, dilation: u32| {
            let first = u64::from(outputs.saturating_sub(1)) * u64::from(stride);
            first + u64::from(taps.saturating_sub(1)) * u64::from(dilation)
        };
        let y = last(output_height, self.stride.y, self.kernel.y, self.dilation.y);
        let x = last(output_width, self.stride.x, self.kernel.x, self.dilation.x);
        let unpadded = self.pad.top == 0 && self.pad.left == 0;
        unpadded && y < u64::from(height) && x < u64::from(width)
    }

    /// The same window, which stays inside, over the tensor of which its input is the part from `start` on.
    pub(super) fn over(self, input: TensorId, shape: &[u32], start: &[u32]) -> Window {
        let [images, .., channels] = self.input_shape;
        Window {
            input,
            input_shape: [images, shape[1], shape[2], channels],
            pad: Padding {
                // The kernel counts rows and columns modulo 2^32.
                top: start[1].wrapping_neg(),
                left: start[2].wrapping_neg(),
                ..self.pad
            },
            ..self
        }
    }

    /// Whether each position of the output depends on one position of the input, the same.
    fn is_one_by_one(&self) -> bool {
        let one = Extent { y: 1, x: 1 };
        let [images, height, width, _] = self.input_shape;
        self.kernel == one
            && self.stride == one
            && self.output_shape[..3] == [images, height, width]
    }

    /// How often the loops of one invocation go round, with those of the epilogue, the round counted that finds a
    /// loop's end: of the two loops over words, one for a single position and one for four, that which is not taken has
    /// such a round as well.
    fn rounds(&self, depthwise: bool) -> u64 {
        let (rows, columns) = (u64::from(self.kernel.y), u64::from(self.kernel.x));
        let words = match depthwise {
            true => 0,
            false => u64::from(self.input_shape[3].div_ceil(4)) + 2,
        };
        rows * (1 + columns * (1 + words) + 1) + 1 + 20
    }

    /// `bias − input_zp · Σ (weight − weight_zp)` of each output channel, wrapping as the sum of products would;
    /// channels up to a multiple of 4. The kernel then multiplies raw inputs, and padding with the zero point
    /// contributes nothing. `sums` are the sums of the weights of each output channel.
    fn folded_biases(&self, sums: impl Iterator<Item = i32>, bias: &[i32]) -> Vec<u32> {
        let mut folded: Vec<u32> = sums
            .enumerate()
            .map(|(channel, sum)| {
                let bias = bias[if bias.len() == 1 { 0 } else { channel }];
                signed(bias.wrapping_sub(self.input_zp.wrapping_mul(sum)))
            })
            .collect();
        folded.resize(folded.len().next_multiple_of(4), 0);
        folded
    }
}

impl Lowering<'_> {
    /// CONV2D with `weights` `[OC, KH, KW, IC]`.
    pub(super) fn conv2d(
        &mut self,
        window: &Window,
        weights: &ConstantWeights,
    ) -> Result<(), String> {
        let [.., channels] = window.input_shape;
        let [.., output_channels] = window.output_shape;
        let rounds = window.rounds(false);
        expect_rounds(rounds)?;
        let taps = weights.weight.len() / output_channels as usize;
        let sum = |taps: &[i8]| {
            taps.iter()
                .fold(0i32, |sum, &tap| sum.wrapping_add(i32::from(tap)))
        };
        let sums = weights.weight.chunks_exact(taps).map(sum);
        let biases = window.folded_biases(sums, &weights.bias);
        let packed = packed(&weights.weight, output_channels, channels);
        let [images, height, width, _] = window.output_shape;
        let tiled = match images * height * width {
            0..4 => &tile::CONV2D_ROW,
            _ => &tile::CONV2D,
        };
        self.packed((&kernels::CONV2D, tiled), window, (packed, biases), rounds)
    }

    /// DEPTHWISE_CONV2D with `weights` `[KH, KW, C, M]`, where C or M is 1.
    pub(super) fn depthwise_conv2d(
        &mut self,
        window: &Window,
        weights: &ConstantWeights,
    ) -> Result<(), String> {
        let [.., channels] = window.input_shape;
        let output_channels = window.output_shape[3] as usize;
        if window.output_shape[3] != channels {
            // Of one channel: CONV2D with the weight's axes in another order.
            let channel = |index: usize| weights.weight[index..].iter().step_by(output_channels);
            let weights = ConstantWeights {
                weight: (0..output_channels).flat_map(channel).copied().collect(),
                bias: weights.bias.clone(),
            };
            return self.conv2d(window, &weights);
        }
        let mut sums = vec![0i32; output_channels];
        let mut packed = Vec::new();
        for tap in weights.weight.chunks_exact(output_channels) {
            for (sum, &weight) in sums.iter_mut().zip(tap) {
                *sum = sum.wrapping_add(i32::from(weight) - window.weight_zp);
            }
            packed.extend(tap.iter().map(|weight| weight.cast_unsigned()));
            packed.resize(packed.len().next_multiple_of(4), 0);
        }
        let biases = window.folded_biases(sums.into_iter(), &weights.bias);
        let rounds = window.rounds(true);
        let frames = (&kernels::DEPTHWISE_CONV2D, &*tile::DEPTHWISE_CONV2D);
        self.packed(frames, window, (packed, biases), rounds)
    }

    /// A step of four positions × four output channels an invocation.
    fn packed(
        &mut self,
        (frame, tiled): (&'static Frame, &'static Tiled),
        window: &Window,
        (weight, biases): (Vec<u8>, Vec<u32>),
        rounds: u64,
    ) -> Result<(), String> {
        let [_, height, width, channels] = window.input_shape;
        let [images, output_height, output_width, output_channels] = window.output_shape;
        let groups = output_channels.div_ceil(4);
        let positions = images * output_height * output_width;
        let weight = self.new_constant(weight);
        let biases = self.new_constant(word_bytes(biases));
        let sums = Sums {
            tensor: window.output,
            positions,
            channels: output_channels,
            row_bytes: window.is_one_by_one().then(|| 4 * channels.div_ceil(4)),
            blocks: (frame.name == kernels::CONV2D.name).then_some(Blocks {
                operator: block::Operator::Conv2d,
                matrices: 1,
                row_words: channels.div_ceil(4),
                taps: window.kernel.y * window.kernel.x,
            }),
            second: None,
        };
        let zero_word = u32::from_le_bytes([window.input_zp as u8; 4]);
        let tiles = positions.div_ceil(4) * groups;
        let mut words = vec![height, width, channels.div_ceil(4)];
        words.extend([output_height, output_width, output_channels]);
        words.extend([groups, positions]);
        for pair in [window.kernel, window.stride, window.dilation] {
            words.extend([pair.y, pair.x]);
        }
        words.extend([window.pad.top, window.pad.left]);
        words.extend([signed(window.weight_zp), zero_word]);
        let work = Work {
            invocations: tiles,
            rounds,
        };
        let params = move |pieces| {
            let mut words = words.clone();
            if pieces > 1 {
                // One line of the input to one of the output.
                let positions = positions / pieces;
                (words[HEIGHT], words[WIDTH]) = (1, positions);
                (words[OUTPUT_HEIGHT], words[OUTPUT_WIDTH]) = (1, positions);
                words[POSITIONS] = positions;
            }
            words
        };
        let inputs = vec![(window.input, channels)];
        let constants = vec![weight, biases];
        self.frame((frame, tiled), inputs, constants, work, sums, params)
    }
}

/// Weights `[OC, KH, KW, IC]` as `[OC / 4][KH][KW][IC / 4][4 output channels][4 input channels]`, filled up with zeros.
fn packed(weight: &[i8], output_channels: u32, channels: u32) -> Vec<u8> {
    let channels = channels as usize;
    let position_words = channels.div_ceil(4);
    let groups = (output_channels as usize).div_ceil(4);
    let taps = weight.len() / (output_channels as usize * channels);
    let mut packed = vec![0; groups * taps * position_words * 16];
    for (row, values) in weight.chunks_exact(channels).enumerate() {
        let (output_channel, tap) = (row / taps, row % taps);
        let (group, component) = (output_channel / 4, output_channel % 4);
        for (channel, &value) in values.iter().enumerate() {
            let word = ((group * taps + tap) * position_words + channel / 4) * 4 + component;
            packed[word * 4 + channel % 4] = value.cast_unsigned();
        }
    }
    packed
}
