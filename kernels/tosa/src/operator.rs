//! The operators of a validated graph, with attributes and compile-time operands resolved to numbers.
//!
//! Where the specification passes a compile-time constant as an operand (zero points, multipliers,
//! shifts, tables, sizes), the value stands here, so that no executor has to look it up or check it
//! again. What remains in [`crate::Node::inputs`] are the tensors that an operator really reads.

use std::sync::Arc;

/// Padding of a 2-D window: rows and columns added on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Rows above.
    pub top: u32,
    /// Rows below.
    pub bottom: u32,
    /// Columns to the left.
    pub left: u32,
    /// Columns to the right.
    pub right: u32,
}

/// A pair of sizes or steps along height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Along the height.
    pub y: u32,
    /// Along the width.
    pub x: u32,
}

/// How RESCALE rounds (INEXACT_ROUND is refused).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RescaleRounding {
    /// Half up.
    Single,
    /// EXT-DOUBLEROUND: shifts above 31 first move the value by ±2^30.
    Double,
}

/// The content of a TABLE operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableContent {
    /// 256 entries, i8 → i8.
    I8(Arc<[i8]>),
    /// 513 entries, i16 → i32 with interpolation.
    I16(Arc<[i16]>),
}

/// One operator. Names are TOSA's. Shapes and types of operands are in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Average over a window. Inputs: `[N,H,W,C]`; accumulator i32.
    AvgPool2d {
        /// Window.
        kernel: Extent,
        /// Step.
        stride: Extent,
        /// Padding, not counted in the average.
        pad: Padding,
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the output.
        output_zp: i32,
    },
    /// Convolution. Inputs: `[N,H,W,IC]`, weight `[OC,KH,KW,IC]`, bias `[OC]` or `[1]`.
    Conv2d {
        /// Padding with the input's zero point.
        pad: Padding,
        /// Step.
        stride: Extent,
        /// Distance of kernel taps.
        dilation: Extent,
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the weight.
        weight_zp: i32,
    },
    /// Maximum over a window. Inputs: `[N,H,W,C]`.
    MaxPool2d {
        /// Window.
        kernel: Extent,
        /// Step.
        stride: Extent,
        /// Padding, ignored by the maximum.
        pad: Padding,
    },
    /// Limits each element to `min..=max`.
    Clamp {
        /// Lower bound.
        min: i64,
        /// Upper bound.
        max: i64,
    },
    /// Element-wise sum, wrapping; operands broadcast.
    Add,
    /// Element-wise shift right with sign; operands broadcast.
    ArithmeticRightShift {
        /// Whether the last bit shifted out is added.
        round: bool,
    },
    /// Element-wise shift left; operands broadcast.
    LogicalLeftShift,
    /// Element-wise product; i32 operands are shifted right by `shift` with rounding; operands broadcast.
    Mul {
        /// 0 to 63; 0 unless operands are i32.
        shift: u8,
    },
    /// Element-wise difference, wrapping; operands broadcast.
    Sub,
    /// Look-up in a constant table.
    Table(TableContent),
    /// Count of leading zero bits of an i32.
    Clz,
    /// Maximum along an axis, which becomes 1.
    ReduceMax {
        /// The axis.
        axis: u32,
    },
    /// Sum along an axis, which becomes 1; wrapping.
    ReduceSum {
        /// The axis.
        axis: u32,
    },
    /// The same elements in another shape.
    Reshape,
    /// A box of the input: the output's shape from `start`.
    Slice {
        /// First index along each axis.
        start: Vec<u32>,
    },
    /// `(value − input_zp) · multiplier >> shift + output_zp`, rounded and saturated to the output type.
    Rescale {
        /// One factor, or one for each element of the last axis.
        factors: Arc<[RescaleFactor]>,
        /// Whether `factors` runs along the last axis.
        per_channel: bool,
        /// Whether multipliers are i32 (else i16).
        scale32: bool,
        /// Rounding.
        rounding: RescaleRounding,
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the output.
        output_zp: i32,
        /// Whether input bits are read as unsigned.
        input_unsigned: bool,
        /// Whether output bits are written as unsigned.
        output_unsigned: bool,
    },
}

/// One multiplier and shift of RESCALE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RescaleFactor {
    /// Non-negative multiplier (i16 range unless scale32).
    pub multiplier: i32,
    /// 2 to 62.
    pub shift: u8,
}

impl Operator {
    /// TOSA's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Operator::AvgPool2d { .. } => "AVG_POOL2D",
            Operator::Conv2d { .. } => "CONV2D",
            Operator::MaxPool2d { .. } => "MAX_POOL2D",
            Operator::Clamp { .. } => "CLAMP",
            Operator::Add => "ADD",
            Operator::ArithmeticRightShift { .. } => "ARITHMETIC_RIGHT_SHIFT",
            Operator::LogicalLeftShift => "LOGICAL_LEFT_SHIFT",
            Operator::Mul { .. } => "MUL",
            Operator::Sub => "SUB",
            Operator::Table(_) => "TABLE",
            Operator::Clz => "CLZ",
            Operator::ReduceMax { .. } => "REDUCE_MAX",
            Operator::ReduceSum { .. } => "REDUCE_SUM",
            Operator::Reshape => "RESHAPE",
            Operator::Slice { .. } => "SLICE",
            Operator::Rescale { .. } => "RESCALE",
        }
    }
}
