//! Sums of products with any operands: one kernel for all operators, which differ in where the operands lie.

use aivm_shaders::kernels;
use aivm_tosa::{DataType, Graph, Node, Operator, TensorId};

use crate::layout::word_bytes;
use crate::lower::{Lowering, Work, expect_rounds, signed};

/// One axis of a window, as the kernel reads it.
#[derive(Clone, Copy)]
struct Axis {
    input: u32,
    output: u32,
    kernel: u32,
    stride: u32,
    dilation: u32,
    pad: u32,
    upsampling: u32,
}

impl Axis {
    /// An axis along which there is one place.
    const ONE: Axis = Axis {
        input: 1,
        output: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        pad: 0,
        upsampling: 1,
    };

    /// An axis of a convolution; `sides` are those of input, output and kernel, `steps` stride and dilation.
    fn new([input, output, kernel]: [u32; 3], [stride, dilation]: [u32; 2], pad: u32) -> Axis {
        Axis {
            input,
            output,
            kernel,
            stride,
            dilation,
            pad,
            upsampling: 1,
        }
    }

    /// An axis of a transposed convolution, from the output's side: the elements of the input are `stride` apart, and the
    /// last tap comes first.
    fn transposed([input, output, kernel]: [u32; 3], stride: u32, out_pad: i32) -> Axis {
        Axis {
            input,
            output,
            kernel,
            stride: 1,
            dilation: 1,
            // An output cut at its front has a negative `out_pad`, of less than a kernel.
            pad: (kernel - 1).wrapping_add_signed(out_pad),
            upsampling: stride,
        }
    }

    /// Most taps that meet an element of the input at one position of the output.
    fn taps(&self) -> u64 {
        u64::from(self.kernel.div_ceil(self.upsampling))
    }
}

/// Where elements of the weight lie.
struct WeightSteps {
    /// The element of tap 0.
    first: u32,
    /// Elements from one to the next of …
    image: u32,
    output_channel: u32,
    /// (modulo 2^32)
    tap: u32,
    /// … the elements that are summed within a tap.
    summed: u32,
}

/// An operator as the kernel sees it.
pub(super) struct Sums {
    input: TensorId,
    weight: TensorId,
    /// None: zero.
    bias: Option<TensorId>,
    output: TensorId,
    /// The outermost first.
    axes: [Axis; 3],
    /// Elements of a position of the input.
    channels: u32,
    /// Of these, the elements that are summed within a tap.
    summed: u32,
    output_channels: u32,
    /// Output channels that begin with the same element of the input.
    multiples: u32,
    steps: WeightSteps,
    zero_points: [i32; 2],
}

impl Sums {
    /// The sums that `node` computes.
    pub(super) fn of(graph: &Graph, node: &Node) -> Result<Sums, String> {
        let sides = |id: TensorId| graph.tensor(id).shape.dimensions();
        let (input, weight, output) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let (x, w, y) = (sides(input), sides(weight), sides(output));
        // Sides of input, output and kernel along an axis of a tensor [N, …, C] and a weight [OC, …, IC].
        let three = |axis: usize| [x[axis], y[axis], w[axis]];
        let (axes, zero_points) = match &node.operator {
            Operator::Conv2d {
                pad,
                stride,
                dilation,
                input_zp,
                weight_zp,
            } => {
                let axes = [
                    Axis::ONE,
                    Axis::new(three(1), [stride.y, dilation.y], pad.top),
                    Axis::new(three(2), [stride.x, dilation.x], pad.left),
                ];
                (axes, [*input_zp, *weight_zp])
            }
            Operator::Conv3d {
                pad,
                stride,
                dilation,
                input_zp,
                weight_zp,
            } => {
                let axes = [
                    Axis::new(three(1), [stride.z, dilation.z], pad.front),
                    Axis::new(three(2), [stride.y, dilation.y], pad.plane.top),
                    Axis::new(three(3), [stride.x, dilation.x], pad.plane.left),
                ];
                (axes, [*input_zp, *weight_zp])
            }
            Operator::DepthwiseConv2d {
                pad,
                stride,
                dilation,
                input_zp,
                weight_zp,
            } => {
                let (height, width) = ([x[1], y[1], w[0]], [x[2], y[2], w[1]]);
                let axes = [
                    Axis::ONE,
                    Axis::new(height, [stride.y, dilation.y], pad.top),
                    Axis::new(width, [stride.x, dilation.x], pad.left),
                ];
                (axes, [*input_zp, *weight_zp])
            }
            Operator::TransposeConv2d {
                out_pad,
                stride,
                input_zp,
                weight_zp,
            } => {
                let axes = [
                    Axis::ONE,
                    Axis::transposed(three(1), stride.y, out_pad.top),
                    Axis::transposed(three(2), stride.x, out_pad.left),
                ];
                (axes, [*input_zp, *weight_zp])
            }
            Operator::MatMul { a_zp, b_zp } => {
                let rows = Axis::new([x[1], y[1], 1], [1, 1], 0);
                ([Axis::ONE, Axis::ONE, rows], [*a_zp, *b_zp])
            }
            other => return Err(format!("{} sums no products", other.name())),
        };
        let channels = x[x.len() - 1];
        let output_channels = y[y.len() - 1];
        let (summed, multiples, steps) = match &node.operator {
            Operator::DepthwiseConv2d { .. } => {
                let steps = WeightSteps {
                    first: 0,
                    image: 0,
                    output_channel: 1,
                    tap: output_channels,
                    summed: 0,
                };
                (1, w[3], steps)
            }
            Operator::MatMul { .. } => {
                let steps = WeightSteps {
                    first: 0,
                    image: w[1] * w[2],
                    output_channel: 1,
                    tap: 0,
                    summed: w[2],
                };
                (channels, output_channels, steps)
            }
            operator => {
                let own: u32 = w[1..].iter().product();
                let (first, tap) = match operator {
                    Operator::TransposeConv2d { .. } => (own - channels, channels.wrapping_neg()),
                    _ => (0, channels),
                };
                let steps = WeightSteps {
                    first,
                    image: 0,
                    output_channel: own,
                    tap,
                    summed: 1,
                };
                (channels, output_channels, steps)
            }
        };
        Ok(Sums {
            input,
            weight,
            bias: node.inputs.get(2).copied(),
            output,
            axes,
            channels,
            summed,
            output_channels,
            multiples,
            steps,
            zero_points,
        })
    }

    /// How often the loops of one invocation go round, the round counted that finds a loop's end.
    fn rounds(&self) -> u64 {
        let blocks = u64::from(self.summed.div_ceil(4));
        let [planes, lines, taps] = self.axes.map(|axis| axis.taps());
        planes * (1 + lines * (1 + taps * blocks + 1) + 1) + 1
    }
}

impl Lowering<'_> {
    /// The sums as they are written.
    pub(super) fn direct(&mut self, sums: &Sums) -> Result<(), String> {
        let rounds = sums.rounds();
        expect_rounds(rounds)?;
        let kernel = match self.tensor(sums.output).data_type {
            DataType::I48 => &kernels::LINEAR_I48,
            _ => &kernels::LINEAR_I32,
        };
        let bias = match sums.bias {
            Some(bias) => self.place(bias)?,
            None => self.new_constant(word_bytes([0, 0])),
        };
        let operands = vec![self.place(sums.input)?, self.place(sums.weight)?, bias];
        let biases = sums
            .bias
            .map_or(1, |bias| self.tensor(bias).shape.elements());
        let lanes = [self.lanes_log2(sums.input)?, self.lanes_log2(sums.weight)?];
        let case_words: Vec<u32> = operands
            .iter()
            .map(|&operand| self.case_words(operand))
            .collect();
        let output = self.tensor(sums.output);
        let elements = output.shape.elements();
        let output_words = crate::layout::words(output);
        let work = Work {
            invocations: elements,
            rounds,
        };
        self.step_in_parts(kernel, &operands, sums.output, work, |grid| {
            let axis = |axis: Axis| {
                [
                    axis.input,
                    axis.output,
                    axis.kernel,
                    axis.stride,
                    axis.dilation,
                    axis.pad,
                    axis.upsampling,
                    0,
                ]
            };
            let mut words = sums.axes.map(axis).concat();
            words.extend([sums.channels, sums.summed]);
            words.extend([sums.output_channels, sums.multiples]);
            let WeightSteps {
                first,
                image,
                output_channel,
                tap,
                summed,
            } = sums.steps;
            words.extend([first, image, output_channel, tap, summed]);
            words.extend(sums.zero_points.map(signed));
            words.extend(lanes);
            words.extend([biases, elements, output_words]);
            words.extend(&case_words);
            words.extend([grid.row, grid.first]);
            words
        })
    }
}
