//! What one run of a node is made of, counted from shapes alone: the amounts that prices apply to.
//!
//! The kinds of work are those that differ in time per unit on the CPU back end, which every node can fall back to.
//! Where a kernel does more than the operator asks for (channels filled up to whole registers, rows of the input read
//! once for each band of the output), that is counted. `docs/gas.md` says how the kinds were found.

mod moves;
mod windows;

use crate::operator::{ResizeMode, TableContent};
use crate::{DataType, Graph, Node, Operator, Shape, Tensor, TensorId};

/// The work of one node in one run, or of several together. Every amount stays at the largest number once it is
/// beyond 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Work {
    /// Multiply-accumulates that the operators ask for; for reports, not priced.
    pub macs: u64,
    /// Multiply-accumulates of kernels that pack their weights, as they do them: filled up to whole registers.
    pub packed: u64,
    /// Multiply-accumulates in plain loops: i16, computed weights, three dimensions.
    pub plain: u64,
    /// Sums of products that are begun, with finding where their window lies.
    pub sums: u64,
    /// Places of a window that are looked at, all channels of a place together.
    pub taps: u64,
    /// Elements read, computed or accumulated one beside the other.
    pub elements: u64,
    /// Elements that are found and moved one by one.
    pub singles: u64,
    /// Runs of neighbouring elements that are begun, each at a place that is worked out.
    pub rows: u64,
    /// Elements and rows that lie where no cache expects them, in tensors larger than a cache.
    pub jumps: u64,
    /// 64-bit products with rounding shift.
    pub wide: u64,
    /// Quotients.
    pub divisions: u64,
    /// Look-ups in a table.
    pub lookups: u64,
    /// Elements of values that come late, which a node is lowered with each time it runs.
    pub late: u64,
    /// Bytes of the tensors that are read and written, each once.
    pub bytes: u64,
    /// Those of them that no cache holds.
    pub far: u64,
}

/// Bytes of a tensor above which it counts as too large for a cache.
const NEAR_BYTES: u64 = 128 << 10;

/// Bytes of all tensors of a graph above which its small tensors may have left the caches as well.
const NEAR_GRAPH_BYTES: u64 = 2 << 20;

/// What lowering one node with late values takes, in elements of such values.
const LATE_NODE: u64 = 125;

/// Whether no cache is expected to hold `tensor` of `graph`.
fn is_far(graph: &Graph, tensor: &Tensor) -> bool {
    tensor.bytes() > NEAR_BYTES || graph.bytes > NEAR_GRAPH_BYTES
}

impl Work {
    /// The work of one run of `node`, a node of `graph`. Of control flow only what hands tensors to the regions and
    /// back, once.
    #[must_use]
    pub fn of(graph: &Graph, node: &Node) -> Work {
        let tensors =
            |ids: &[TensorId]| -> Vec<&Tensor> { ids.iter().map(|&id| graph.tensor(id)).collect() };
        let operands = Operands {
            inputs: tensors(&node.inputs),
            outputs: tensors(&node.outputs),
            graph,
            late: !node.late.is_empty(),
        };
        let mut work = operator(&node.operator, &operands);
        let late = node.late.iter().map(|late| graph.tensor(late.tensor));
        if operands.late {
            let values = late
                .clone()
                .map(|tensor| u64::from(tensor.shape.elements()));
            work.late = values.fold(LATE_NODE, u64::saturating_add);
        }
        // The variable's own bytes besides those of the tensor.
        let copies = match node.operator {
            Operator::VariableRead(_) | Operator::VariableWrite(_) => 2,
            _ => 1,
        };
        for tensor in operands
            .inputs
            .iter()
            .chain(&operands.outputs)
            .copied()
            .chain(late)
        {
            let bytes = copies * tensor.bytes();
            work.bytes = work.bytes.saturating_add(bytes);
            if is_far(graph, tensor) {
                work.far = work.far.saturating_add(bytes);
            }
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
            packed: merge(self.packed, other.packed),
            plain: merge(self.plain, other.plain),
            sums: merge(self.sums, other.sums),
            taps: merge(self.taps, other.taps),
            elements: merge(self.elements, other.elements),
            singles: merge(self.singles, other.singles),
            rows: merge(self.rows, other.rows),
            jumps: merge(self.jumps, other.jumps),
            wide: merge(self.wide, other.wide),
            divisions: merge(self.divisions, other.divisions),
            lookups: merge(self.lookups, other.lookups),
            late: merge(self.late, other.late),
            bytes: merge(self.bytes, other.bytes),
            far: merge(self.far, other.far),
        }
    }
}

/// The tensors of a node.
struct Operands<'a> {
    inputs: Vec<&'a Tensor>,
    outputs: Vec<&'a Tensor>,
    graph: &'a Graph,
    /// Whether a value of the operator comes late.
    late: bool,
}

impl Operands<'_> {
    /// Elements of the output, or of all outputs.
    fn written(&self) -> u64 {
        elements(&self.outputs)
    }

    fn read(&self) -> u64 {
        elements(&self.inputs)
    }

    fn is_far(&self, tensor: &Tensor) -> bool {
        is_far(self.graph, tensor)
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

/// The work of an operator without its bytes and late values.
fn operator(operator: &Operator, operands: &Operands<'_>) -> Work {
    match operator {
        Operator::Conv2d { .. }
        | Operator::Conv3d { .. }
        | Operator::DepthwiseConv2d { .. }
        | Operator::MatMul { .. }
        | Operator::TransposeConv2d { .. }
        | Operator::AvgPool2d { .. }
        | Operator::MaxPool2d { .. } => windows::work(operator, operands),
        Operator::Concat { .. }
        | Operator::Pad { .. }
        | Operator::Reverse { .. }
        | Operator::Slice { .. }
        | Operator::Tile
        | Operator::Transpose { .. } => moves::work(operator, operands),
        Operator::ArgMax { axis }
        | Operator::ReduceAll { axis }
        | Operator::ReduceAny { axis }
        | Operator::ReduceMax { axis }
        | Operator::ReduceMin { axis }
        | Operator::ReduceSum { axis } => reduction(operator, operands, *axis as usize),
        Operator::Gather | Operator::Scatter => by_index(operands),
        Operator::Resize { mode, .. } => resize(*mode, operands),
        _ => element_wise(operator, operands),
    }
}

/// Operators that compute each element of the output from the elements at its place, and those that only hand
/// tensors on.
fn element_wise(operator: &Operator, operands: &Operands<'_>) -> Work {
    let (read, written) = (operands.read(), operands.written());
    if let Operator::CondIf { .. } | Operator::WhileLoop { .. } = operator {
        return Work {
            // Copied one by one, none while the one before is still in a cache.
            elements: read.saturating_add(written).saturating_mul(3),
            rows: (operands.inputs.len() + operands.outputs.len()) as u64,
            ..Work::default()
        };
    }
    let work = Work {
        // Each operand is read for each element of the output, also where it is repeated.
        elements: written
            .saturating_mul(operands.inputs.len().max(1) as u64)
            .max(read),
        // Where each operand's next run begins is worked out from coordinates.
        rows: broadcast_rows(operands).saturating_mul(2),
        ..Work::default()
    };
    match operator {
        // Writing takes as long as reading; narrow types go through 32 bits and back.
        Operator::Abs
        | Operator::ArithmeticRightShift { .. }
        | Operator::BitwiseNot
        | Operator::Cast
        | Operator::Clamp { .. }
        | Operator::Equal
        | Operator::Greater
        | Operator::GreaterEqual
        | Operator::LogicalNot
        | Operator::LogicalRightShift
        | Operator::Negate { .. } => Work {
            elements: work.elements.saturating_add(written),
            ..work
        },
        // Counting takes as long as reading two operands more, choosing as long as four.
        Operator::Clz => Work {
            elements: work.elements.saturating_add(2 * written),
            ..work
        },
        Operator::Select => Work {
            elements: work.elements.saturating_add(4 * written),
            ..work
        },
        Operator::Mul { shift } if *shift > 0 || operands.late => Work {
            wide: written,
            ..work
        },
        Operator::IntDiv => Work {
            divisions: written,
            ..work
        },
        Operator::Rescale {
            per_channel,
            factors,
            ..
        } => {
            // Factors that change from element to element, and sums of 48 bits, are scaled one by one.
            let each = match (per_channel, operands.inputs[0].data_type) {
                (true, _) => 13,
                (false, DataType::I48) => 6,
                (false, _) => 1,
            };
            // A factor is held with what rounds it.
            let bytes = 24 * factors.len() as u64;
            Work {
                wide: written.saturating_mul(each),
                bytes,
                far: if bytes > NEAR_BYTES { bytes } else { 0 },
                ..work
            }
        }
        Operator::Table(content) => Work {
            lookups: match content {
                TableContent::I8(_) => written,
                // Two neighbours and the way between them.
                TableContent::I16(_) => written.saturating_mul(3),
            },
            ..work
        },
        _ => work,
    }
}

/// Runs of elements that operands of another shape than the output are read in: along the innermost axes, as long as
/// all of them repeat the operand or none does.
fn broadcast_rows(operands: &Operands<'_>) -> u64 {
    let Some(output) = operands.outputs.first() else {
        return 0;
    };
    let out = output.shape.dimensions();
    let mut rows = 0_u64;
    for input in &operands.inputs {
        let sides = input.shape.dimensions();
        if sides == out || sides.len() != out.len() {
            continue;
        }
        let (mut run, mut repeats) = (1_u64, None);
        for (&side, &to) in sides.iter().zip(out).rev().filter(|&(_, &to)| to > 1) {
            if *repeats.get_or_insert(side == 1) != (side == 1) {
                break;
            }
            run *= u64::from(to);
        }
        rows = rows.saturating_add(u64::from(output.shape.elements()) / run);
    }
    rows
}

/// A fold along an axis of a tensor seen as `[outer, side, inner]`.
fn reduction(operator: &Operator, operands: &Operands<'_>, axis: usize) -> Work {
    let input = operands.inputs[0];
    let (read, written) = (operands.read(), operands.written());
    let inner: u64 = (axis + 1..input.shape.rank())
        .map(|axis| side(&input.shape, axis))
        .product();
    if let Operator::ArgMax { .. } = operator {
        // One by one, along the axis; further where they are not neighbours.
        let apart = if inner > 1 { read / 2 } else { 0 };
        return Work {
            singles: read + apart,
            rows: written,
            jumps: if inner > 1 && operands.is_far(input) {
                read
            } else {
                0
            },
            ..Work::default()
        };
    }
    Work {
        elements: read,
        rows: if inner == 1 { written } else { read / inner },
        ..Work::default()
    }
}

/// Bytes that a cache fetches at once.
const LINE_BYTES: u64 = 64;

/// GATHER and SCATTER: rows found by their index.
fn by_index(operands: &Operands<'_>) -> Work {
    let [values, indices] = [operands.inputs[0], operands.inputs[1]];
    let rows = u64::from(indices.shape.elements());
    let row_bytes = side(&values.shape, 2).saturating_mul(values.data_type.bytes());
    Work {
        rows,
        // Each line of a row, and the one into which it reaches; of a long row the processor fetches the rest ahead.
        jumps: if operands.is_far(values) {
            rows.saturating_mul((row_bytes / LINE_BYTES).min(2) + 1)
        } else {
            0
        },
        ..Work::default()
    }
}

/// RESIZE: at each place of the output one or four places of the input.
fn resize(mode: ResizeMode, operands: &Operands<'_>) -> Work {
    let written = operands.written();
    let places = written / side(&operands.outputs[0].shape, 3);
    match mode {
        ResizeMode::Nearest => Work {
            rows: places,
            elements: written,
            ..Work::default()
        },
        ResizeMode::Bilinear => Work {
            rows: places.saturating_mul(2),
            singles: written.saturating_mul(2),
            ..Work::default()
        },
    }
}
