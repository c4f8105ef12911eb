//! The operators of a validated graph, with attributes and compile-time operands resolved to numbers.
//!
//! Where the specification passes a compile-time constant as an operand (zero points, multipliers,
//! shifts, tables, sizes), the value stands here, so that no executor has to look it up or check it
//! again. What remains in [`crate::Node::inputs`] are the tensors that an operator really reads.

use std::sync::Arc;

use crate::{RegionId, VariableId};

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

/// Padding of a 3-D window: planes, rows and columns added on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding3 {
    /// Planes in front.
    pub front: u32,
    /// Planes behind.
    pub back: u32,
    /// Rows and columns.
    pub plane: Padding,
}

/// Three sizes or steps along depth, height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent3 {
    /// Along the depth.
    pub z: u32,
    /// Along the height.
    pub y: u32,
    /// Along the width.
    pub x: u32,
}

/// What TRANSPOSE_CONV2D adds to (negative: cuts from) each side of its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutPadding {
    /// Rows above.
    pub top: i32,
    /// Rows below.
    pub bottom: i32,
    /// Columns to the left.
    pub left: i32,
    /// Columns to the right.
    pub right: i32,
}

/// How RESIZE finds a value between elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeMode {
    /// The nearest element.
    Nearest,
    /// Weighted by distance along both axes; the weights are not divided out.
    Bilinear,
}

/// One axis of RESIZE: output index `i` looks at input position `(i · scale_d + offset) / scale_n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResizeAxis {
    /// Numerator of the scale, 1 to 2048 (level 8K).
    pub scale_n: i32,
    /// Denominator of the scale, below `16 · scale_n`.
    pub scale_d: i32,
    /// −scale_n to 16·scale_n − 1.
    pub offset: i32,
    /// −16·scale_n to scale_n − 1; needed for the output's size only.
    pub border: i32,
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
///
/// Values that come late ([`crate::Node::late`], EXT-DYNAMIC) stand here as 0 or as an empty list; if only multipliers
/// or only shifts of RESCALE are late, the list holds the others beside 0. [`crate::Node::settle`] puts them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Index of the first largest element along an axis, which is dropped. Output i32.
    ArgMax {
        /// The axis.
        axis: u32,
    },
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
    /// 3-D convolution. Inputs: `[N,D,H,W,IC]`, weight `[OC,KD,KH,KW,IC]`, bias `[OC]` or `[1]`.
    Conv3d {
        /// Padding with the input's zero point.
        pad: Padding3,
        /// Step.
        stride: Extent3,
        /// Distance of kernel taps.
        dilation: Extent3,
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the weight.
        weight_zp: i32,
    },
    /// Convolution of each channel alone. Inputs: `[N,H,W,C]`, weight `[KH,KW,C,M]`, bias `[C·M]` or `[1]`.
    DepthwiseConv2d {
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
    /// Matrix product of a batch. Inputs: `[N,H,C]`, `[N,C,W]`.
    MatMul {
        /// Zero point of the first input.
        a_zp: i32,
        /// Zero point of the second input.
        b_zp: i32,
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
    /// Transposed convolution. Inputs: `[N,IH,IW,IC]`, weight `[OC,KH,KW,IC]`, bias `[OC]` or `[1]`.
    TransposeConv2d {
        /// Rows and columns added to the output.
        out_pad: OutPadding,
        /// Step in the output.
        stride: Extent,
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the weight.
        weight_zp: i32,
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
    /// Element-wise AND of bits; operands broadcast.
    BitwiseAnd,
    /// Element-wise OR of bits; operands broadcast.
    BitwiseOr,
    /// Element-wise XOR of bits; operands broadcast.
    BitwiseXor,
    /// Element-wise quotient of i32, towards zero; operands broadcast.
    IntDiv,
    /// Element-wise AND of booleans; operands broadcast.
    LogicalAnd,
    /// Element-wise shift left; operands broadcast.
    LogicalLeftShift,
    /// Element-wise shift right without sign; operands broadcast.
    LogicalRightShift,
    /// Element-wise OR of booleans; operands broadcast.
    LogicalOr,
    /// Element-wise XOR of booleans; operands broadcast.
    LogicalXor,
    /// Element-wise larger one; operands broadcast.
    Maximum,
    /// Element-wise smaller one; operands broadcast.
    Minimum,
    /// Element-wise product; i32 operands are shifted right by `shift` with rounding; operands broadcast.
    Mul {
        /// 0 to 63; 0 unless operands are i32.
        shift: u8,
    },
    /// Element-wise difference, wrapping; operands broadcast.
    Sub,
    /// Look-up in a constant table.
    Table(TableContent),
    /// Absolute value, wrapping.
    Abs,
    /// All bits turned.
    BitwiseNot,
    /// Count of leading zero bits of an i32.
    Clz,
    /// NOT of booleans.
    LogicalNot,
    /// `output_zp − (value − input_zp)`, saturated to the type (i32: wrapping).
    Negate {
        /// Zero point of the input.
        input_zp: i32,
        /// Zero point of the output.
        output_zp: i32,
    },
    /// Input 1 where input 0 (bool) is true, else input 2; all three broadcast.
    Select,
    /// Whether operands are equal; operands broadcast; output bool.
    Equal,
    /// Whether the first operand is larger; operands broadcast; output bool.
    Greater,
    /// Whether the first operand is not smaller; operands broadcast; output bool.
    GreaterEqual,
    /// AND along an axis, which becomes 1.
    ReduceAll {
        /// The axis.
        axis: u32,
    },
    /// OR along an axis, which becomes 1.
    ReduceAny {
        /// The axis.
        axis: u32,
    },
    /// Maximum along an axis, which becomes 1.
    ReduceMax {
        /// The axis.
        axis: u32,
    },
    /// Minimum along an axis, which becomes 1.
    ReduceMin {
        /// The axis.
        axis: u32,
    },
    /// Sum along an axis, which becomes 1; wrapping.
    ReduceSum {
        /// The axis.
        axis: u32,
    },
    /// Inputs one after the other along an axis.
    Concat {
        /// The axis.
        axis: u32,
    },
    /// The input inside a larger tensor, the rest filled.
    Pad {
        /// Elements before the input along each axis.
        before: Vec<u32>,
        /// What fills the rest.
        pad_const: i64,
    },
    /// The same elements in another shape.
    Reshape,
    /// The order along an axis turned.
    Reverse {
        /// The axis.
        axis: u32,
    },
    /// A box of the input: the output's shape from `start`.
    Slice {
        /// First index along each axis.
        start: Vec<u32>,
    },
    /// The input repeated along each axis; the output's shape says how often.
    Tile,
    /// Axes in another order: output axis `i` is input axis `perms[i]`.
    Transpose {
        /// A permutation of the axes.
        perms: Vec<u32>,
    },
    /// Rows by index. Inputs: values `[N,K,C]`, indices i32 `[N,W]`; output `[N,W,C]`.
    Gather,
    /// Rows overwritten by index. Inputs: values `[N,K,C]`, indices i32 `[N,W]`, rows `[N,W,C]`; output `[N,K,C]`.
    Scatter,
    /// Another height and width. Input `[N,H,W,C]`.
    Resize {
        /// How values are found.
        mode: ResizeMode,
        /// Along the height.
        y: ResizeAxis,
        /// Along the width.
        x: ResizeAxis,
    },
    /// Another type: low bits kept; to bool: whether it is not 0.
    Cast,
    /// The same value.
    Identity,
    /// Input 0 (one bool) chooses which region computes the outputs from the other inputs.
    CondIf {
        /// The region for true.
        then_region: RegionId,
        /// The region for false.
        else_region: RegionId,
    },
    /// The body computes new values of all inputs while the condition's one bool is true. Outputs: the last values.
    WhileLoop {
        /// The region of the condition.
        cond_region: RegionId,
        /// The region of the body.
        body_region: RegionId,
    },
    /// The value of a variable. No inputs.
    VariableRead(VariableId),
    /// A new value of a variable. No outputs.
    VariableWrite(VariableId),
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
            Operator::ArgMax { .. } => "ARGMAX",
            Operator::AvgPool2d { .. } => "AVG_POOL2D",
            Operator::Conv2d { .. } => "CONV2D",
            Operator::Conv3d { .. } => "CONV3D",
            Operator::DepthwiseConv2d { .. } => "DEPTHWISE_CONV2D",
            Operator::MatMul { .. } => "MATMUL",
            Operator::MaxPool2d { .. } => "MAX_POOL2D",
            Operator::TransposeConv2d { .. } => "TRANSPOSE_CONV2D",
            Operator::Clamp { .. } => "CLAMP",
            Operator::Add => "ADD",
            Operator::ArithmeticRightShift { .. } => "ARITHMETIC_RIGHT_SHIFT",
            Operator::BitwiseAnd => "BITWISE_AND",
            Operator::BitwiseOr => "BITWISE_OR",
            Operator::BitwiseXor => "BITWISE_XOR",
            Operator::IntDiv => "INTDIV",
            Operator::LogicalAnd => "LOGICAL_AND",
            Operator::LogicalLeftShift => "LOGICAL_LEFT_SHIFT",
            Operator::LogicalRightShift => "LOGICAL_RIGHT_SHIFT",
            Operator::LogicalOr => "LOGICAL_OR",
            Operator::LogicalXor => "LOGICAL_XOR",
            Operator::Maximum => "MAXIMUM",
            Operator::Minimum => "MINIMUM",
            Operator::Mul { .. } => "MUL",
            Operator::Sub => "SUB",
            Operator::Table(_) => "TABLE",
            Operator::Abs => "ABS",
            Operator::BitwiseNot => "BITWISE_NOT",
            Operator::Clz => "CLZ",
            Operator::LogicalNot => "LOGICAL_NOT",
            Operator::Negate { .. } => "NEGATE",
            Operator::Select => "SELECT",
            Operator::Equal => "EQUAL",
            Operator::Greater => "GREATER",
            Operator::GreaterEqual => "GREATER_EQUAL",
            Operator::ReduceAll { .. } => "REDUCE_ALL",
            Operator::ReduceAny { .. } => "REDUCE_ANY",
            Operator::ReduceMax { .. } => "REDUCE_MAX",
            Operator::ReduceMin { .. } => "REDUCE_MIN",
            Operator::ReduceSum { .. } => "REDUCE_SUM",
            Operator::Concat { .. } => "CONCAT",
            Operator::Pad { .. } => "PAD",
            Operator::Reshape => "RESHAPE",
            Operator::Reverse { .. } => "REVERSE",
            Operator::Slice { .. } => "SLICE",
            Operator::Tile => "TILE",
            Operator::Transpose { .. } => "TRANSPOSE",
            Operator::Gather => "GATHER",
            Operator::Scatter => "SCATTER",
            Operator::Resize { .. } => "RESIZE",
            Operator::Cast => "CAST",
            Operator::Rescale { .. } => "RESCALE",
            Operator::Identity => "IDENTITY",
            Operator::CondIf { .. } => "COND_IF",
            Operator::WhileLoop { .. } => "WHILE_LOOP",
            Operator::VariableRead(_) => "VARIABLE_READ",
            Operator::VariableWrite(_) => "VARIABLE_WRITE",
        }
    }
}
