//! The operators that the writer knows, with their attributes: all that an integer graph of one block needs.

use aivm_tosa::DataType;

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

/// INT32 and INT48 among the file's type numbers.
const ACC_I32: i32 = 5;
const ACC_I48: i32 = 6;
/// The first NaN mode and rounding mode of the file: PROPAGATE, SINGLE_ROUND.
const PROPAGATE: i32 = 1;
const SINGLE_ROUND: i32 = 1;

fn numbers<T: Copy + TryInto<i32>>(list: &[T]) -> Field {
    // Extents are far below 2^31: a writer's caller has checked them against the level's limits.
    Field::Numbers(
        list.iter()
            .map(|&n| n.try_into().unwrap_or(i32::MAX))
            .collect(),
    )
}

impl Op {
    /// TOSA's name and the operator's number in the schema, which is also that of its attribute.
    #[must_use]
    pub const fn name_and_number(&self) -> (&'static str, u8) {
        match self {
            Op::ArgMax { .. } => ("ARGMAX", 1),
            Op::AvgPool2d { .. } => ("AVG_POOL2D", 2),
            Op::Conv2d { .. } => ("CONV2D", 3),
            Op::DepthwiseConv2d { .. } => ("DEPTHWISE_CONV2D", 5),
            Op::MatMul => ("MATMUL", 7),
            Op::MaxPool2d { .. } => ("MAX_POOL2D", 8),
            Op::TransposeConv2d { .. } => ("TRANSPOSE_CONV2D", 10),
            Op::Clamp { .. } => ("CLAMP", 11),
            Op::Add => ("ADD", 15),
            Op::ArithmeticRightShift { .. } => ("ARITHMETIC_RIGHT_SHIFT", 16),
            Op::BitwiseAnd => ("BITWISE_AND", 17),
            Op::BitwiseOr => ("BITWISE_OR", 18),
            Op::BitwiseXor => ("BITWISE_XOR", 19),
            Op::IntDiv => ("INTDIV", 20),
            Op::LogicalAnd => ("LOGICAL_AND", 21),
            Op::LogicalLeftShift => ("LOGICAL_LEFT_SHIFT", 22),
            Op::LogicalRightShift => ("LOGICAL_RIGHT_SHIFT", 23),
            Op::LogicalOr => ("LOGICAL_OR", 24),
            Op::LogicalXor => ("LOGICAL_XOR", 25),
            Op::Maximum => ("MAXIMUM", 26),
            Op::Minimum => ("MINIMUM", 27),
            Op::Mul => ("MUL", 28),
            Op::Sub => ("SUB", 30),
            Op::Table => ("TABLE", 31),
            Op::Abs => ("ABS", 32),
            Op::BitwiseNot => ("BITWISE_NOT", 33),
            Op::Clz => ("CLZ", 35),
            Op::LogicalNot => ("LOGICAL_NOT", 40),
            Op::Negate => ("NEGATE", 41),
            Op::Select => ("SELECT", 45),
            Op::Equal => ("EQUAL", 46),
            Op::Greater => ("GREATER", 47),
            Op::GreaterEqual => ("GREATER_EQUAL", 48),
            Op::ReduceAll { .. } => ("REDUCE_ALL", 49),
            Op::ReduceAny { .. } => ("REDUCE_ANY", 50),
            Op::ReduceMax { .. } => ("REDUCE_MAX", 51),
            Op::ReduceMin { .. } => ("REDUCE_MIN", 52),
            Op::ReduceSum { .. } => ("REDUCE_SUM", 54),
            Op::Concat { .. } => ("CONCAT", 55),
            Op::Pad => ("PAD", 56),
            Op::Reshape => ("RESHAPE", 57),
            Op::Reverse { .. } => ("REVERSE", 58),
            Op::Slice => ("SLICE", 59),
            Op::Tile => ("TILE", 60),
            Op::Transpose { .. } => ("TRANSPOSE", 61),
            Op::Gather => ("GATHER", 62),
            Op::Scatter => ("SCATTER", 63),
            Op::Cast => ("CAST", 65),
            Op::Rescale { .. } => ("RESCALE", 66),
            Op::Identity => ("IDENTITY", 68),
        }
    }

    /// The attribute's fields by slot, for a first operand of type `input`.
    pub(super) fn fields(&self, input: DataType) -> Vec<(u16, Field)> {
        let accumulator = if input == DataType::I16 {
            ACC_I48
        } else {
            ACC_I32
        };
        match self {
            Op::AvgPool2d {
                kernel,
                stride,
                pad,
            } => vec![
                (0, numbers(kernel)),
                (1, numbers(stride)),
                (2, numbers(pad)),
                (3, Field::Number(ACC_I32)),
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
                (4, Field::Number(accumulator)),
            ],
            Op::TransposeConv2d { out_pad, stride } => vec![
                (0, numbers(out_pad)),
                (1, numbers(stride)),
                (2, Field::Flag(false)),
                (3, Field::Number(accumulator)),
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
