//! Lowering of CONV2D: packed weights where they are constant, with a RESCALE and a CLAMP behind it taken along.

use aivm_shaders::kernels;
use aivm_tosa::operator::{Extent, Padding};
use aivm_tosa::{DataType, Node, Operator, RescaleRounding, TensorId};

use super::element_wise::saturation;
use super::{Lowering, check_types, expect_rounds, signed};
use crate::layout::word_bytes;
use crate::program::Operand;

/// What CONV2D's node says.
struct Convolution {
    input: TensorId,
    weight: TensorId,
    bias: TensorId,
    output: TensorId,
    pad: Padding,
    stride: Extent,
    dilation: Extent,
    input_zp: i32,
    weight_zp: i32,
}

/// What follows a convolution inside its kernel.
struct Epilogue {
    /// The tensor that the last fused node writes.
    output: TensorId,
    /// Nodes that are taken along.
    nodes: Vec<usize>,
    /// Multiplier and shift of each output channel.
    factors: Vec<[u32; 2]>,
    double_round: bool,
    output_zp: i32,
    low: i32,
    high: i32,
}

impl Lowering<'_> {
    /// CONV2D.
    pub(super) fn conv2d(&mut self, node: &Node) -> Result<(), String> {
        let i8 = &[DataType::I8];
        let i32 = &[DataType::I32];
        check_types(self.graph, node, &[i8, i8, i32, i32])?;
        let Operator::Conv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        } = node.operator
        else {
            return Err(format!("{} is no convolution", node.operator.name()));
        };
        let convolution = Convolution {
            input: node.inputs[0],
            weight: node.inputs[1],
            bias: node.inputs[2],
            output: node.outputs[0],
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        };
        let constant = self
            .constant_bytes(convolution.weight)
            .zip(self.constant_bytes(convolution.bias));
        match constant {
            Some((weight, bias)) if weight_zp == 0 => self.packed(&convolution, weight, bias),
            _ => self.direct(&convolution),
        }
    }

    fn direct(&mut self, convolution: &Convolution) -> Result<(), String> {
        let operands =
            [convolution.input, convolution.weight, convolution.bias].map(|id| self.place(id));
        let [input, weight, bias] = operands;
        let operands = vec![input?, weight?, bias?];
        let case_words: Vec<u32> = operands
            .iter()
            .map(|&operand| self.case_words(operand))
            .collect();
        let biases = self.tensor(convolution.bias).shape.elements();
        let output_words = self.tensor(convolution.output).shape.elements();
        let window = self.window(convolution);
        let input_shape = self.tensor(convolution.input).shape.dimensions();
        expect_rounds(rounds(&window, input_shape[3]))?;
        let output_shape = self.tensor(convolution.output).shape.dimensions();
        let zero_points = [convolution.input_zp, convolution.weight_zp].map(signed);
        self.step(
            &kernels::CONV2D_DIRECT,
            operands,
            convolution.output,
            output_words,
            |row| {
                let mut words = input_shape[1..4].to_vec();
                words.extend_from_slice(&output_shape[1..4]);
                words.extend(window);
                words.extend(zero_points);
                words.extend([biases, output_words]);
                words.extend(case_words);
                words.push(row);
                words
            },
        )
    }

    fn packed(
        &mut self,
        convolution: &Convolution,
        weight: &[u8],
        bias: &[u8],
    ) -> Result<(), String> {
        let input_shape = self.tensor(convolution.input).shape.dimensions();
        let output_shape = self.tensor(convolution.output).shape.dimensions();
        let channels = input_shape[3];
        let output_channels = output_shape[3];
        let position_words = channels.div_ceil(4);
        let groups = output_channels.div_ceil(4);
        let positions: u32 = output_shape[..3].iter().product();
        let window = self.window(convolution);
        expect_rounds(rounds(&window, position_words))?;

        let input = if channels.is_multiple_of(4) {
            self.place(convolution.input)?
        } else {
            self.pad_channels(convolution.input)?
        };
        let input_words = self.case_words(input);
        let biases = folded_biases(weight, bias, output_channels, convolution.input_zp);
        let packed = self.new_constant(packed_weights(weight, output_channels, channels));
        let biases = self.new_constant(word_bytes(biases));
        let mut operands = vec![input, packed, biases];

        let epilogue = self.epilogue(convolution.output, output_channels);
        let (kernel, output, arguments, output_words) = match epilogue {
            Some(epilogue) => {
                for &node in &epilogue.nodes {
                    self.fused[node] = true;
                }
                operands.push(self.new_constant(epilogue_factors(&epilogue.factors)));
                let arguments = vec![
                    u32::from(epilogue.double_round),
                    signed(epilogue.output_zp),
                    signed(epilogue.low),
                    signed(epilogue.high),
                ];
                (
                    &kernels::CONV2D_RESCALED,
                    epilogue.output,
                    arguments,
                    positions * groups,
                )
            }
            None => (
                &kernels::CONV2D_ACCUMULATORS,
                convolution.output,
                vec![0],
                positions * output_channels,
            ),
        };
        let zero_word = u32::from_le_bytes([convolution.input_zp as u8; 4]);
        let tiles = positions.div_ceil(4) * groups;
        self.step(kernel, operands, output, tiles, |row| {
            let mut words = vec![input_shape[1], input_shape[2], position_words];
            words.extend_from_slice(&output_shape[1..4]);
            words.extend([groups, positions]);
            words.extend(window);
            words.extend([zero_word, output_words, input_words, row]);
            words.extend(arguments);
            words
        })
    }

    /// Kernel, stride, dilation, padding, as the kernels' parameters order them.
    fn window(&self, convolution: &Convolution) -> [u32; 8] {
        let weight_shape = self.tensor(convolution.weight).shape.dimensions();
        let Convolution {
            stride,
            dilation,
            pad,
            ..
        } = convolution;
        [
            weight_shape[1],
            weight_shape[2],
            stride.y,
            stride.x,
            dilation.y,
            dilation.x,
            pad.top,
            pad.left,
        ]
    }

    /// The input with its channels padded to words.
    fn pad_channels(&mut self, id: TensorId) -> Result<Operand, String> {
        let shape = self.tensor(id).shape.dimensions();
        let channels = shape[3];
        let position_words = channels.div_ceil(4);
        // At most as many words as elements.
        let output_words = shape[..3].iter().product::<u32>() * position_words;
        let input = self.place(id)?;
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

    /// RESCALE to i8, and CLAMP behind it, if nothing else reads what lies between.
    fn epilogue(&self, accumulators: TensorId, output_channels: u32) -> Option<Epilogue> {
        let rescale = self.only_reader(accumulators)?;
        let node = &self.graph.nodes()[rescale];
        let Operator::Rescale {
            factors,
            per_channel,
            rounding,
            input_zp: 0,
            output_zp,
            input_unsigned: false,
            output_unsigned: false,
            ..
        } = &node.operator
        else {
            return None;
        };
        let output = node.outputs[0];
        let groups_of_four = output_channels.is_multiple_of(4);
        if !groups_of_four || self.tensor(output).data_type != DataType::I8 {
            return None;
        }
        let (low, high) = saturation(DataType::I8, false);
        let factor = |channel| {
            if *per_channel {
                factors[channel]
            } else {
                factors[0]
            }
        };
        let mut epilogue = Epilogue {
            output,
            nodes: vec![rescale],
            factors: (0..output_channels as usize)
                .map(factor)
                .map(|factor| [signed(factor.multiplier), u32::from(factor.shift)])
                .collect(),
            double_round: *rounding == RescaleRounding::Double,
            output_zp: *output_zp,
            low,
            high,
        };
        if let Some(clamp) = self.only_reader(output)
            && let Operator::Clamp { min, max } = self.graph.nodes()[clamp].operator
        {
            // Saturating to i8 and then to min..=max is one saturation, because the bounds of an i8 CLAMP are i8.
            epilogue.low = i8::try_from(min).ok()?.into();
            epilogue.high = i8::try_from(max).ok()?.into();
            epilogue.output = self.graph.nodes()[clamp].outputs[0];
            epilogue.nodes.push(clamp);
        }
        Some(epilogue)
    }

    /// The node that reads a tensor, if it alone does.
    fn only_reader(&self, id: TensorId) -> Option<usize> {
        self.reader[id.0 as usize].filter(|_| self.readers[id.0 as usize] == 1)
    }
}

/// How often the loops over rows, columns and `inner` of a window go round, with a few more for the epilogue.
fn rounds(window: &[u32; 8], inner: u32) -> u64 {
    let (rows, columns) = (u64::from(window[0]), u64::from(window[1]));
    let taps = rows * columns;
    taps.saturating_mul(u64::from(inner))
        .saturating_add(rows + taps + 4)
}

/// `bias − input_zp · Σ weight` of each output channel, wrapping as the sum of products would; channels up to a
/// multiple of 4. The kernel then multiplies raw inputs, and padding with the zero point contributes nothing.
fn folded_biases(weight: &[u8], bias: &[u8], output_channels: u32, input_zp: i32) -> Vec<u32> {
    let bias: Vec<i32> = bias
        .chunks_exact(4)
        .map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let taps = weight.len() / output_channels as usize;
    let mut folded: Vec<u32> = weight
        .chunks_exact(taps)
        .enumerate()
        .map(|(channel, taps)| {
            let sum = taps.iter().fold(0i32, |sum, &tap| {
                sum.wrapping_add(i32::from(tap.cast_signed()))
            });
            let bias = if bias.len() == 1 {
                bias[0]
            } else {
                bias[channel]
            };
            signed(bias.wrapping_sub(input_zp.wrapping_mul(sum)))
        })
        .collect();
    folded.resize(folded.len().next_multiple_of(4), 0);
    folded
}

/// Weights `[OC, KH, KW, IC]` as `[OC / 4][KH][KW][IC / 4][4 output channels][4 input channels]`, filled up with zeros.
fn packed_weights(weight: &[u8], output_channels: u32, channels: u32) -> Vec<u8> {
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
            packed[word * 4 + channel % 4] = value;
        }
    }
    packed
}

/// Factors `[OC][2]` as `[OC / 4][2][4 output channels]`.
fn epilogue_factors(factors: &[[u32; 2]]) -> Vec<u8> {
    word_bytes(factors.chunks(4).flat_map(|four| {
        let multipliers = four.iter().map(|factor| factor[0]);
        let shifts = four.iter().map(|factor| factor[1]);
        multipliers.chain(shifts).collect::<Vec<_>>()
    }))
}
