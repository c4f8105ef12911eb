//! What one run of a node is made of, counted from shapes alone: the amounts that prices apply to.
//!
//! The kinds of work are those that differ in time per unit on some back end. Where a kernel does more than the
//! operator asks for (channels filled up to 4, a window position with hardly anything in it), that is counted.

use crate::operator::{ResizeMode, TableContent};
use crate::{DataType, Graph, Node, Operator, Shape, Tensor, TensorId};

/// The work of one node in one run, or of several together. Every amount stays at the largest number once it is
/// beyond 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Work {
    /// Multiply-accumulates that the operators ask for; for reports, not priced.
    pub macs: u64,
    /// Multiply-accumulates of i8 and i4 as kernels do them, with input channels filled up to 4.
    pub mac8: u64,
    /// Multiply-accumulates with an i16 operand and an i48 accumulator, filled up likewise.
    pub mac16: u64,
    /// Window positions: each place of a window that an output element looks at, all its channels together.
    pub taps: u64,
    /// Elements computed, compared, accumulated or moved.
    pub elements: u64,
    /// Steps of finding an element by its coordinates: one for each axis, where operands broadcast or axes move.
    pub steps: u64,
    /// 64-bit products with rounding shift.
    pub wide: u64,
    /// Quotients.
    pub divisions: u64,
    /// Look-ups in a table, and rows found by an index.
    pub lookups: u64,
    /// Elements that have to be taken one after the other to make one element of the output.
    pub chain: u64,
    /// Bytes of the tensors that are read and written, each once.
    pub bytes: u64,
}

impl Work {
    /// The work of one run of `node`, a node of `graph`. Of control flow only what hands tensors to the regions and
    /// back, once.
    #[must_use]
    pub fn of(graph: &Graph, node: &Node) -> Work {
        let tensors =
            |ids: &[TensorId]| -> Vec<&Tensor> { ids.iter().map(|&id| graph.tensor(id)).collect() };
        let (inputs, outputs) = (tensors(&node.inputs), tensors(&node.outputs));
        let late = node.late.iter().map(|late| graph.tensor(late.tensor));
        let mut work = operator(&node.operator, &inputs, &outputs);
        // Late values are brought into their ranges when the node runs.
        work.elements = late
            .clone()
            .map(|tensor| u64::from(tensor.shape.elements()))
            .fold(work.elements, u64::saturating_add);
        work.bytes = inputs
            .iter()
            .chain(&outputs)
            .copied()
            .chain(late)
            .map(Tensor::bytes)
            .fold(0, u64::saturating_add);
        if let Operator::VariableRead(_) | Operator::VariableWrite(_) = node.operator {
            // The variable's own.
            work.bytes = work.bytes.saturating_mul(2);
        }
        work
    }

    /// Both.
    #[must_use]
    pub fn plus(self, other: Work) -> Work {
        self.with(other, u64::saturating_add)
    }

    /// This work `times` over.
    #[must_use]
    pub fn times(self, times: u64) -> Work {
        self.with(self, |amount, _| amount.saturating_mul(times))
    }

    fn with(self, other: Work, merge: impl Fn(u64, u64) -> u64) -> Work {
        Work {
            macs: merge(self.macs, other.macs),
            mac8: merge(self.mac8, other.mac8),
            mac16: merge(self.mac16, other.mac16),
            taps: merge(self.taps, other.taps),
            elements: merge(self.elements, other.elements),
            steps: merge(self.steps, other.steps),
            wide: merge(self.wide, other.wide),
            divisions: merge(self.divisions, other.divisions),
            lookups: merge(self.lookups, other.lookups),
            chain: merge(self.chain, other.chain),
            bytes: merge(self.bytes, other.bytes),
        }
    }

    /// Multiply-accumulates: `sums` sums over `places` window positions of `channels` products each.
    fn products(data_type: DataType, sums: u64, places: u64, channels: u64) -> Work {
        let taps = sums.saturating_mul(places);
        let filled = taps.saturating_mul(channels.next_multiple_of(4));
        let wide = data_type == DataType::I16;
        Work {
            macs: taps.saturating_mul(channels),
            mac8: if wide { 0 } else { filled },
            mac16: if wide { filled } else { 0 },
            taps,
            ..Work::default()
        }
    }
}

fn elements(tensors: &[&Tensor]) -> u64 {
    let each = tensors
        .iter()
        .map(|tensor| u64::from(tensor.shape.elements()));
    // A graph has at most 2^16 tensors of less than 2^31 elements, but a node may name one often.
    each.fold(0, u64::saturating_add)
}

/// The side of `shape` along `axis`; 1 if it has no such axis.
fn side(shape: &Shape, axis: usize) -> u64 {
    shape.dimensions().get(axis).copied().map_or(1, u64::from)
}

/// The work of an operator without its bytes.
fn operator(operator: &Operator, inputs: &[&Tensor], outputs: &[&Tensor]) -> Work {
    let (read, written) = (elements(inputs), elements(outputs));
    let plain = Work {
        elements: written,
        ..Work::default()
    };
    match operator {
        Operator::Conv2d { .. } => convolution(inputs, written, 1..3, 3),
        Operator::Conv3d { .. } => convolution(inputs, written, 1..4, 4),
        Operator::DepthwiseConv2d { .. } => {
            // One product at each position; the products of several channels are not summed.
            let places = side(&inputs[1].shape, 0).saturating_mul(side(&inputs[1].shape, 1));
            Work::products(inputs[0].data_type, written, places, 1).plus(plain)
        }
        Operator::MatMul { .. } => {
            let channels = side(&inputs[0].shape, 2);
            Work::products(inputs[0].data_type, written, 1, channels).plus(plain)
        }
        Operator::TransposeConv2d { .. } => {
            let weight = &inputs[1].shape;
            let (positions, places) = (
                u64::from(inputs[0].shape.elements()) / side(weight, 3),
                side(weight, 1).saturating_mul(side(weight, 2)),
            );
            // Kernels go by the input's elements or by the output's, whichever suits them.
            let sums = positions.saturating_mul(side(weight, 0)).max(written);
            let mut work = Work::products(inputs[0].data_type, sums, places, side(weight, 3));
            work.macs = positions.saturating_mul(u64::from(weight.elements()));
            work.plus(plain)
        }
        Operator::AvgPool2d { kernel, .. } => Work {
            wide: written,
            ..pooling(written, u64::from(kernel.y) * u64::from(kernel.x))
        },
        Operator::MaxPool2d { kernel, .. } => {
            pooling(written, u64::from(kernel.y) * u64::from(kernel.x))
        }
        Operator::Resize { mode, .. } => {
            let corners = match mode {
                ResizeMode::Nearest => 1,
                ResizeMode::Bilinear => 4,
            };
            let looked_at = written.saturating_mul(corners);
            Work {
                elements: looked_at,
                steps: looked_at.saturating_mul(2),
                wide: if corners == 1 { 0 } else { written },
                ..Work::default()
            }
        }
        Operator::Add
        | Operator::ArithmeticRightShift { .. }
        | Operator::BitwiseAnd
        | Operator::BitwiseOr
        | Operator::BitwiseXor
        | Operator::LogicalAnd
        | Operator::LogicalLeftShift
        | Operator::LogicalRightShift
        | Operator::LogicalOr
        | Operator::LogicalXor
        | Operator::Maximum
        | Operator::Minimum
        | Operator::Sub
        | Operator::Select
        | Operator::Equal
        | Operator::Greater
        | Operator::GreaterEqual => plain.plus(broadcast(inputs, outputs)),
        Operator::Mul { .. } => Work {
            wide: written,
            ..broadcast(inputs, outputs)
        },
        Operator::IntDiv => Work {
            divisions: written,
            ..broadcast(inputs, outputs)
        },
        Operator::Rescale { .. } => Work {
            wide: written,
            ..Work::default()
        },
        Operator::Table(content) => Work {
            lookups: match content {
                TableContent::I8(_) => written,
                // Two neighbours.
                TableContent::I16(_) => written.saturating_mul(2),
            },
            ..Work::default()
        },
        Operator::Clamp { .. }
        | Operator::Abs
        | Operator::BitwiseNot
        | Operator::Clz
        | Operator::LogicalNot
        | Operator::Negate { .. }
        | Operator::Cast
        | Operator::Reshape
        | Operator::Identity
        | Operator::VariableRead(_)
        | Operator::VariableWrite(_) => Work {
            // A read writes only, a write reads only.
            elements: written.max(read),
            ..Work::default()
        },
        Operator::ArgMax { axis }
        | Operator::ReduceAll { axis }
        | Operator::ReduceAny { axis }
        | Operator::ReduceMax { axis }
        | Operator::ReduceMin { axis }
        | Operator::ReduceSum { axis } => Work {
            elements: read,
            chain: side(&inputs[0].shape, *axis as usize),
            ..Work::default()
        },
        Operator::Concat { .. }
        | Operator::Pad { .. }
        | Operator::Reverse { .. }
        | Operator::Slice { .. }
        | Operator::Tile
        | Operator::Transpose { .. } => Work {
            elements: written,
            steps: by_coordinates(outputs),
            ..Work::default()
        },
        Operator::Gather | Operator::Scatter => Work {
            elements: written.max(read),
            lookups: u64::from(inputs[1].shape.elements()),
            ..Work::default()
        },
        Operator::CondIf { .. } | Operator::WhileLoop { .. } => Work {
            elements: read.saturating_add(written),
            ..Work::default()
        },
    }
}

/// A convolution whose weight has its kernel along the axes `kernel` and its input channels along `channels`.
fn convolution(
    inputs: &[&Tensor],
    written: u64,
    kernel: std::ops::Range<usize>,
    channels: usize,
) -> Work {
    let weight = &inputs[1].shape;
    let places = kernel
        .map(|axis| side(weight, axis))
        .fold(1, u64::saturating_mul);
    let mut work = Work::products(inputs[0].data_type, written, places, side(weight, channels));
    work.elements = written;
    work
}

fn pooling(written: u64, places: u64) -> Work {
    let taps = written.saturating_mul(places);
    Work {
        taps,
        elements: taps,
        ..Work::default()
    }
}

/// What is done besides the elements themselves where operands broadcast.
fn broadcast(inputs: &[&Tensor], outputs: &[&Tensor]) -> Work {
    let broadcasts = inputs
        .iter()
        .any(|input| outputs.iter().any(|output| input.shape != output.shape));
    Work {
        steps: if broadcasts {
            by_coordinates(outputs)
        } else {
            0
        },
        ..Work::default()
    }
}

fn by_coordinates(outputs: &[&Tensor]) -> u64 {
    let each = outputs
        .iter()
        .map(|output| u64::from(output.shape.elements()) * output.shape.rank() as u64);
    each.fold(0, u64::saturating_add)
}
