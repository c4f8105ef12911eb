//! One node → the loops that compute it.

use aivm_tosa::operator::{Extent, Padding};
use aivm_tosa::{DataType, Graph, Node, Operator, Shape, TensorId};

use super::chains::{self, ChainNode, width};
use super::units::is_element_wise;
use crate::chain::Program;
use crate::memory::Place;
use crate::operation::Operation;
use crate::ops::{
    ArgMax, AvgPool, BoxCopy, Convolution, Depthwise, Fold, Gather, Geometry, MatMul, MaxPool,
    Move, Reduce, Resize, Scatter, TransposeConvolution, Window,
};

/// The tensors of a graph with their places.
#[derive(Clone, Copy)]
pub(crate) struct Operands<'a> {
    pub graph: &'a Graph,
    /// The tensor that holds the value of each.
    pub root: &'a [TensorId],
    /// Places of the tensors that are in memory.
    pub places: &'a [Option<Place>],
}

impl<'a> Operands<'a> {
    pub(crate) fn root(&self, id: TensorId) -> TensorId {
        self.root[id.0 as usize]
    }

    pub(crate) fn shape(&self, id: TensorId) -> &'a Shape {
        &self.graph.tensor(id).shape
    }

    pub(crate) fn data_type(&self, id: TensorId) -> DataType {
        self.graph.tensor(id).data_type
    }

    /// The place of a tensor that a step reads from memory.
    ///
    /// # Panics
    /// If the plan keeps it in registers.
    pub(crate) fn place(&self, id: TensorId) -> Place {
        let Some(place) = self.stored(id) else {
            unreachable!("planning gives a place to what is read from memory")
        };
        place
    }

    /// The place of a tensor, if it is in memory.
    pub(crate) fn stored(&self, id: TensorId) -> Option<Place> {
        self.places[self.root(id).0 as usize]
    }

    fn sides<const N: usize>(&self, id: TensorId) -> [usize; N] {
        let sides = self.shape(id).dimensions();
        let Ok(sides) = <[u32; N]>::try_from(sides) else {
            unreachable!("validation checks the rank")
        };
        sides.map(|side| side as usize)
    }
}

/// What computes one node.
pub(crate) enum Lowered {
    Chain(Program),
    Operation(Operation),
}

/// `(outer, side, inner)` of a shape seen from one axis; the outer sides follow from the others.
fn around(shape: &[u32], axis: u32) -> (usize, usize) {
    let inner = shape[axis as usize + 1..].iter().map(|&side| side as usize);
    (shape[axis as usize] as usize, inner.product())
}

fn extent(extent: Extent) -> [usize; 2] {
    [extent.y as usize, extent.x as usize]
}

/// The loops for `node`, whose operator is `operator` (with late values in place).
///
/// # Panics
/// For control flow and variables, which are steps of their own.
pub(crate) fn lower(operands: &Operands<'_>, node: &Node, operator: &Operator) -> Lowered {
    let output = node.outputs[0];
    if is_element_wise(operator) {
        let node = ChainNode {
            operator,
            inputs: &node.inputs,
            output,
        };
        return Lowered::Chain(chains::program(operands, &[node]));
    }
    Lowered::Operation(operation(operands, node, operator))
}

fn operation(operands: &Operands<'_>, node: &Node, operator: &Operator) -> Operation {
    let output = node.outputs[0];
    let input = |index: usize| operands.place(node.inputs[index]);
    let shape = |index: usize| operands.shape(node.inputs[index]).dimensions();
    let input_width = || width(operands.data_type(node.inputs[0]));
    let to_shape = operands.shape(output).dimensions();
    let bytes = operands.data_type(output).bytes() as usize;
    let window = |kernel: &Extent, stride: &Extent, pad: &Padding| {
        let [_, height, width, channels] = operands.sides(node.inputs[0]);
        let [_, to_height, to_width, _] = operands.sides(output);
        Window {
            kernel: *kernel,
            stride: *stride,
            pad: *pad,
            from: [height, width],
            to: [to_height, to_width],
            channels,
        }
    };
    let reduce = |fold, axis: u32| {
        let (side, inner) = around(shape(0), axis);
        Operation::Reduce(Reduce {
            fold,
            width: input_width(),
            side,
            inner,
            input: input(0),
        })
    };
    let moved = |copies: Vec<(Place, BoxCopy)>, fill| {
        Operation::Move(Move {
            width: bytes,
            fill,
            copies,
        })
    };
    match operator {
        Operator::ArgMax { axis } => {
            let (side, inner) = around(shape(0), *axis);
            Operation::ArgMax(ArgMax {
                width: operands.data_type(node.inputs[0]).bytes() as usize,
                side,
                inner,
                input: input(0),
            })
        }
        Operator::AvgPool2d {
            kernel,
            stride,
            pad,
            input_zp,
            output_zp,
        } => Operation::AvgPool(AvgPool {
            window: window(kernel, stride, pad),
            width: input_width(),
            input_zp: *input_zp,
            output_zp: *output_zp,
            input: input(0),
        }),
        Operator::MaxPool2d {
            kernel,
            stride,
            pad,
        } => Operation::MaxPool(MaxPool {
            window: window(kernel, stride, pad),
            width: input_width(),
            input: input(0),
        }),
        Operator::Conv2d { .. } | Operator::Conv3d { .. } | Operator::DepthwiseConv2d { .. } => {
            convolution(operands, node, operator)
        }
        Operator::MatMul { a_zp, b_zp } => {
            let [batch, rows, depth] = operands.sides(node.inputs[0]);
            let [_, _, columns] = operands.sides(node.inputs[1]);
            Operation::MatMul(MatMul {
                sides: [batch, rows, depth, columns],
                width: input_width(),
                a_zp: *a_zp,
                b_zp: *b_zp,
                a: input(0),
                b: input(1),
            })
        }
        Operator::TransposeConv2d {
            out_pad,
            stride,
            input_zp,
            weight_zp,
        } => {
            let [_, height, width, channels] = operands.sides(node.inputs[0]);
            let [_, to_height, to_width, to_channels] = operands.sides(output);
            let [_, kernel_height, kernel_width, _] = operands.sides(node.inputs[1]);
            Operation::TransposeConvolution(TransposeConvolution {
                from: [height, width, channels],
                to: [to_height, to_width, to_channels],
                kernel: [kernel_height, kernel_width],
                stride: extent(*stride),
                out_pad: *out_pad,
                width: input_width(),
                input_zp: *input_zp,
                weight_zp: *weight_zp,
                input: input(0),
                weight: input(1),
                bias: input(2),
            })
        }
        Operator::ReduceAll { axis } | Operator::ReduceMin { axis } => reduce(Fold::Minimum, *axis),
        Operator::ReduceAny { axis } | Operator::ReduceMax { axis } => reduce(Fold::Maximum, *axis),
        Operator::ReduceSum { axis } => reduce(Fold::Sum, *axis),
        Operator::Concat { axis } => {
            let mut start = vec![0; to_shape.len()];
            let copies = node.inputs.iter().map(|&id| {
                let part = operands.shape(id).dimensions();
                let copy = BoxCopy::into(part, to_shape, &start);
                start[*axis as usize] += part[*axis as usize];
                (operands.place(id), copy)
            });
            moved(copies.collect(), None)
        }
        Operator::Pad { before, pad_const } => {
            let copy = BoxCopy::into(shape(0), to_shape, before);
            moved(vec![(input(0), copy)], Some(*pad_const))
        }
        Operator::Reverse { axis } => {
            let copy = BoxCopy::reverse(to_shape, *axis as usize);
            moved(vec![(input(0), copy)], None)
        }
        Operator::Slice { start } => {
            let copy = BoxCopy::out_of(shape(0), to_shape, start);
            moved(vec![(input(0), copy)], None)
        }
        Operator::Tile => moved(vec![(input(0), BoxCopy::tile(shape(0), to_shape))], None),
        Operator::Transpose { perms } => {
            let copy = BoxCopy::transpose(shape(0), to_shape, perms);
            moved(vec![(input(0), copy)], None)
        }
        Operator::Gather => {
            let [_, rows, channels] = operands.sides(node.inputs[0]);
            let [_, count] = operands.sides(node.inputs[1]);
            Operation::Gather(Gather {
                values: input(0),
                indices: input(1),
                rows,
                count,
                row_bytes: channels * bytes,
            })
        }
        Operator::Scatter => {
            let [_, rows, channels] = operands.sides(node.inputs[0]);
            let [_, count] = operands.sides(node.inputs[1]);
            Operation::Scatter(Scatter {
                values: input(0),
                indices: input(1),
                input: input(2),
                rows,
                count,
                row_bytes: channels * bytes,
            })
        }
        Operator::Resize { mode, y, x } => {
            let [_, height, width, channels] = operands.sides(node.inputs[0]);
            let [_, to_height, to_width, _] = operands.sides(output);
            Operation::Resize(Resize::new(
                *mode,
                (*y, *x),
                input_width(),
                [height, width, channels],
                [to_height, to_width],
                input(0),
            ))
        }
        Operator::Reshape | Operator::Identity => Operation::Copy(input(0)),
        other => unreachable!("{} is a chain or a step of its own", other.name()),
    }
}

fn convolution(operands: &Operands<'_>, node: &Node, operator: &Operator) -> Operation {
    let [input, weight, bias] = [0, 1, 2].map(|index| operands.place(node.inputs[index]));
    let width = width(operands.data_type(node.inputs[0]));
    if let Operator::Conv3d {
        pad,
        stride,
        dilation,
        input_zp,
        weight_zp,
    } = operator
    {
        let [_, depth, height, width_in, in_channels] = operands.sides(node.inputs[0]);
        let [_, to_depth, to_height, to_width, out_channels] = operands.sides(node.outputs[0]);
        let [_, kernel_depth, kernel_height, kernel_width, _] = operands.sides(node.inputs[1]);
        let triple = |z: u32, y: u32, x: u32| [z, y, x].map(|side| side as usize);
        return Operation::Convolution(Convolution {
            geometry: Geometry {
                from: [depth, height, width_in],
                to: [to_depth, to_height, to_width],
                kernel: [kernel_depth, kernel_height, kernel_width],
                stride: triple(stride.z, stride.y, stride.x),
                dilation: triple(dilation.z, dilation.y, dilation.x),
                pad: triple(pad.front, pad.plane.top, pad.plane.left),
                in_channels,
                out_channels,
            },
            width,
            input_zp: *input_zp,
            weight_zp: *weight_zp,
            input,
            weight,
            bias,
        });
    }
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
    }) = operator
    else {
        unreachable!("{} is no convolution", operator.name())
    };
    let [_, height, width_in, in_channels] = operands.sides(node.inputs[0]);
    let [_, to_height, to_width, out_channels] = operands.sides(node.outputs[0]);
    let kernel: [usize; 4] = operands.sides(node.inputs[1]);
    let depthwise = matches!(operator, Operator::DepthwiseConv2d { .. });
    let kernel = if depthwise {
        [1, kernel[0], kernel[1]]
    } else {
        [1, kernel[1], kernel[2]]
    };
    let flat = |extent: &Extent| [1, extent.y as usize, extent.x as usize];
    let geometry = Geometry {
        from: [1, height, width_in],
        to: [1, to_height, to_width],
        kernel,
        stride: flat(stride),
        dilation: flat(dilation),
        pad: [0, pad.top as usize, pad.left as usize],
        in_channels,
        out_channels,
    };
    let (input_zp, weight_zp) = (*input_zp, *weight_zp);
    if depthwise {
        return Operation::Depthwise(Depthwise {
            geometry,
            width,
            input_zp,
            weight_zp,
            input,
            weight,
            bias,
        });
    }
    Operation::Convolution(Convolution {
        geometry,
        width,
        input_zp,
        weight_zp,
        input,
        weight,
        bias,
    })
}
