//! The operators that the writer knows, with their attributes: all that an integer graph of one block needs.

use aivm_tosa::DataType;
use aivm_tosa::schema::{op, operator_name, type_number};

/// An operator and its attribute. Lists are in the file's order: extents `[y, x]`, padding
/// `[top, bottom, left, right]`. What TOSA takes as an operand (zero points, multipliers, sizes) is an operand here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are TOSA's, and the fields those of its attributes"
)]
pub enum Op {
    ArgMax {
        axis: u32,
    },
    AvgPool2d {
        kernel: [u32; 2],
        stride: [u32; 2],
        pad: [u32; 4],
    },
    Conv2d {
        pad: [u32; 4],
        stride: [u32; 2],
        dilation: [u32; 2],
    },
    DepthwiseConv2d {
        pad: [u32; 4],
        stride: [u32; 2],
        dilation: [u32; 2],
    },
    MatMul,
    MaxPool2d {
        kernel: [u32; 2],
        stride: [u32; 2],
        pad: [u32; 4],
    },
    TransposeConv2d {
        out_pad: [i32; 4],
        stride: [u32; 2],
    },
    /// Bounds in the type of the input.
    Clamp {
        min: i64,
        max: i64,
    },
    Add,
    ArithmeticRightShift {
        round: bool,
    },
    BitwiseAnd,
    BitwiseOr,
    BitwiseXor,
    IntDiv,
    LogicalAnd,
    LogicalLeftShift,
    LogicalRightShift,
    LogicalOr,
    LogicalXor,
    Maximum,
    Minimum,
    Mul,
    Sub,
    Table,
    Abs,
    BitwiseNot,
    Clz,
    LogicalNot,
    Negate,
    Select,
    Equal,
    Greater,
    GreaterEqual,
    ReduceAll {
        axis: u32,
    },
    ReduceAny {
        axis: u32,
    },
    ReduceMax {
        axis: u32,
    },
    ReduceMin {
        axis: u32,
    },
    ReduceSum {
        axis: u32,
    },
    Concat {
        axis: u32,
    },
    Pad,
    Reshape,
    Reverse {
        axis: u32,
    },
    Slice,
    Tile,
    Transpose {
        perms: Vec<u32>,
    },
    Gather,
    Scatter,
    Cast,
    /// With a multiplier of 32 bits, SINGLE_ROUND and signed operands.
    Rescale {
        per_channel: bool,
    },
    Identity,
}

/// A field of a table, as the file has it.
pub(super) enum Field {
    Flag(bool),
    Number(i32),
    Numbers(Vec<i32>),
    /// A value of the operand's type.
    Bytes(Vec<u8>),
}

/// The first NaN mode and rounding mode of the file: PROPAGATE, SINGLE_ROUND.
const PROPAGATE: i32 = 1;
const SINGLE_ROUND: i32 = 1;

impl Field {
    fn type_number(data_type: DataType) -> Field {
        Field::Number(type_number(data_type).cast_signed())
    }
}

fn numbers<T: Copy + TryInto<i32>>(list: &[T]) -> Field {
    // Extents are far below 2^31: a writer's caller has checked them against the level's limits.
    Field::Numbers(
        list.iter()
            .map(|&n| n.try_into().unwrap_or(i32::MAX))
            .collect(),
    )
}

impl Op {
    /// The operator's number in the schema, which is also that of its attribute.
    #[must_use]
    pub const fn number(&self) -> u32 {
        match self {
            Op::ArgMax { .. } => op::ARGMAX,
            Op::AvgPool2d { .. } => op::AVG_POOL2D,
            Op::Conv2d { .. } => op::CONV2D,
            Op::DepthwiseConv2d { .. } => op::DEPTHWISE_CONV2D,
            Op::MatMul => op::MATMUL,
            Op::MaxPool2d { .. } => op::MAX_POOL2D,
            Op::TransposeConv2d { .. } => op::TRANSPOSE_CONV2D,
            Op::Clamp { .. } => op::CLAMP,
            Op::Add => op::ADD,
            Op::ArithmeticRightShift { .. } => op::ARITHMETIC_RIGHT_SHIFT,
            Op::BitwiseAnd => op::BITWISE_AND,
            Op::BitwiseOr => op::BITWISE_OR,
            Op::BitwiseXor => op::BITWISE_XOR,
            Op::IntDiv => op::INTDIV,
            Op::LogicalAnd => op::LOGICAL_AND,
            Op::LogicalLeftShift => op::LOGICAL_LEFT_SHIFT,
            Op::LogicalRightShift => op::LOGICAL_RIGHT_SHIFT,
            Op::LogicalOr => op::LOGICAL_OR,
            Op::LogicalXor => op::LOGICAL_XOR,
            Op::Maximum => op::MAXIMUM,
            Op::Minimum => op::MINIMUM,
            Op::Mul => op::MUL,
            Op::Sub => op::SUB,
            Op::Table => op::TABLE,
            Op::Abs => op::ABS,
            Op::BitwiseNot => op::BITWISE_NOT,
            Op::Clz => op::CLZ,
            Op::LogicalNot => op::LOGICAL_NOT,
            Op::Negate => op::NEGATE,
            Op::Select => op::SELECT,
            Op::Equal => op::EQUAL,
            Op::Greater => op::GREATER,
            Op::GreaterEqual => op::GREATER_EQUAL,
            Op::ReduceAll { .. } => op::REDUCE_ALL,
            Op::ReduceAny { .. } => op::REDUCE_ANY,
            Op::ReduceMax { .. } => op::REDUCE_MAX,
            Op::ReduceMin { .. } => op::REDUCE_MIN,
            Op::ReduceSum { .. } => op::REDUCE_SUM,
            Op::Concat { .. } => op::CONCAT,
            Op::Pad => op::PAD,
            Op::Reshape => op::RESHAPE,
            Op::Reverse { .. } => op::REVERSE,
            Op::Slice => op::SLICE,
            Op::Tile => op::TILE,
            Op::Transpose { .. } => op::TRANSPOSE,
            Op::Gather => op::GATHER,
            Op::Scatter => op::SCATTER,
            Op::Cast => op::CAST,
            Op::Rescale { .. } => op::RESCALE,
            Op::Identity => op::IDENTITY,
        }
    }

    /// TOSA's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        operator_name(self.number())
    }

    /// The attribute's fields by slot, for a first operand of type `input`.
    pub(super) fn fields(&self, input: DataType) -> Vec<(u16, Field)> {
        let accumulator = Field::type_number(match input {
            DataType::I16 => DataType::I48,
            _ => DataType::I32,
        });
        match self {
            Op::AvgPool2d {
                kernel,
                stride,
                pad,
            } => vec![
                (0, numbers(kernel)),
                (1, numbers(stride)),
                (2, numbers(pad)),
                (3, Field::type_number(DataType::I32)),
            ],
            Op::MaxPool2d {
                kernel,
                stride,
                pad,
            } => vec![
                (0, numbers(kernel)),
                (1, numbers(stride)),
                (2, numbers(pad)),
                (3, Field::Number(PROPAGATE)),
            ],
            Op::Conv2d {
                pad,
                stride,
                dilation,
            }
            | Op::DepthwiseConv2d {
                pad,
                stride,
                dilation,
            } => vec![
                (0, numbers(pad)),
                (1, numbers(stride)),
                (2, numbers(dilation)),
                (3, Field::Flag(false)),
                (4, accumulator),
            ],
            Op::TransposeConv2d { out_pad, stride } => vec![
                (0, numbers(out_pad)),
                (1, numbers(stride)),
                (2, Field::Flag(false)),
                (3, accumulator),
            ],
            Op::Clamp { min, max } => {
                let bytes = input.bytes() as usize;
                let bound = |value: &i64| Field::Bytes(value.to_le_bytes()[..bytes].to_vec());
                vec![
                    (0, bound(min)),
                    (1, bound(max)),
                    (2, Field::Number(PROPAGATE)),
                ]
            }
            Op::ArithmeticRightShift { round } => vec![(0, Field::Flag(*round))],
            Op::Maximum | Op::Minimum => vec![(0, Field::Number(PROPAGATE))],
            Op::ArgMax { axis } | Op::ReduceMax { axis } | Op::ReduceMin { axis } => {
                vec![(0, numbers_axis(*axis)), (1, Field::Number(PROPAGATE))]
            }
            Op::ReduceAll { axis }
            | Op::ReduceAny { axis }
            | Op::ReduceSum { axis }
            | Op::Concat { axis }
            | Op::Reverse { axis } => vec![(0, numbers_axis(*axis))],
            Op::Transpose { perms } => vec![(0, numbers(perms))],
            Op::Rescale { per_channel } => vec![
                (0, Field::Flag(true)),
                (1, Field::Number(SINGLE_ROUND)),
                (2, Field::Flag(*per_channel)),
                (3, Field::Flag(false)),
                (4, Field::Flag(false)),
            ],
            _ => Vec::new(),
        }
    }
}

fn numbers_axis(axis: u32) -> Field {
    Field::Number(axis as i32)
}
