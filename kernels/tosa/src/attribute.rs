//! The attribute table of each operator, as the file holds it: fields in schema order, not yet judged.

use crate::flatbuffer::{Bytes, File, Ints, Table};
use crate::{Refusal, RefusalCode};

/// TOSA's operators by their number in the file schema; an attribute's union number is the same.
pub(crate) const OPERATOR_NAMES: [&str; 101] = [
    "UNKNOWN",
    "ARGMAX",
    "AVG_POOL2D",
    "CONV2D",
    "CONV3D",
    "DEPTHWISE_CONV2D",
    "FFT2D",
    "MATMUL",
    "MAX_POOL2D",
    "RFFT2D",
    "TRANSPOSE_CONV2D",
    "CLAMP",
    "ERF",
    "SIGMOID",
    "TANH",
    "ADD",
    "ARITHMETIC_RIGHT_SHIFT",
    "BITWISE_AND",
    "BITWISE_OR",
    "BITWISE_XOR",
    "INTDIV",
    "LOGICAL_AND",
    "LOGICAL_LEFT_SHIFT",
    "LOGICAL_RIGHT_SHIFT",
    "LOGICAL_OR",
    "LOGICAL_XOR",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "POW",
    "SUB",
    "TABLE",
    "ABS",
    "BITWISE_NOT",
    "CEIL",
    "CLZ",
    "COS",
    "EXP",
    "FLOOR",
    "LOG",
    "LOGICAL_NOT",
    "NEGATE",
    "RECIPROCAL",
    "RSQRT",
    "SIN",
    "SELECT",
    "EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "REDUCE_ALL",
    "REDUCE_ANY",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "REDUCE_PRODUCT",
    "REDUCE_SUM",
    "CONCAT",
    "PAD",
    "RESHAPE",
    "REVERSE",
    "SLICE",
    "TILE",
    "TRANSPOSE",
    "GATHER",
    "SCATTER",
    "RESIZE",
    "CAST",
    "RESCALE",
    "CONST",
    "IDENTITY",
    "CUSTOM",
    "COND_IF",
    "WHILE_LOOP",
    "VARIABLE",
    "VARIABLE_WRITE",
    "VARIABLE_READ",
    "CONST_SHAPE",
    "MATMUL_T_BLOCK_SCALED",
    "CAST_FROM_BLOCK_SCALED",
    "CAST_TO_BLOCK_SCALED",
    "DIM",
    "CONCAT_SHAPE",
    "ADD_SHAPE",
    "SUB_SHAPE",
    "MUL_SHAPE",
    "SLICE_SHAPE",
    "EXP2_SHAPE",
    "LOG2_CEIL_SHAPE",
    "LOG2_FLOOR_SHAPE",
    "MAX_SHAPE",
    "MIN_SHAPE",
    "MOD_SHAPE",
    "DIV_CEIL_SHAPE",
    "DIV_FLOOR_SHAPE",
    "ASSERT_EQUAL_SHAPE",
    "CONV2D_BLOCK_SCALED",
    "MAX_POOL2D_ADAPTIVE",
    "AVG_POOL2D_ADAPTIVE",
    "RESHAPE_BLOCK_SCALED",
    "ROW_GATHER_BLOCK_SCALED",
    "ROW_GATHER",
    "MATMUL_T",
];

/// The operators of the integer profile, by their number in the file schema.
pub(crate) mod op {
    pub(crate) const ARGMAX: u32 = 1;
    pub(crate) const AVG_POOL2D: u32 = 2;
    pub(crate) const CONV2D: u32 = 3;
    pub(crate) const CONV3D: u32 = 4;
    pub(crate) const DEPTHWISE_CONV2D: u32 = 5;
    pub(crate) const MATMUL: u32 = 7;
    pub(crate) const MAX_POOL2D: u32 = 8;
    pub(crate) const TRANSPOSE_CONV2D: u32 = 10;
    pub(crate) const CLAMP: u32 = 11;
    pub(crate) const ADD: u32 = 15;
    pub(crate) const ARITHMETIC_RIGHT_SHIFT: u32 = 16;
    pub(crate) const BITWISE_AND: u32 = 17;
    pub(crate) const BITWISE_OR: u32 = 18;
    pub(crate) const BITWISE_XOR: u32 = 19;
    pub(crate) const INTDIV: u32 = 20;
    pub(crate) const LOGICAL_AND: u32 = 21;
    pub(crate) const LOGICAL_LEFT_SHIFT: u32 = 22;
    pub(crate) const LOGICAL_RIGHT_SHIFT: u32 = 23;
    pub(crate) const LOGICAL_OR: u32 = 24;
    pub(crate) const LOGICAL_XOR: u32 = 25;
    pub(crate) const MAXIMUM: u32 = 26;
    pub(crate) const MINIMUM: u32 = 27;
    pub(crate) const MUL: u32 = 28;
    pub(crate) const SUB: u32 = 30;
    pub(crate) const TABLE: u32 = 31;
    pub(crate) const ABS: u32 = 32;
    pub(crate) const BITWISE_NOT: u32 = 33;
    pub(crate) const CLZ: u32 = 35;
    pub(crate) const LOGICAL_NOT: u32 = 40;
    pub(crate) const NEGATE: u32 = 41;
    pub(crate) const SELECT: u32 = 45;
    pub(crate) const EQUAL: u32 = 46;
    pub(crate) const GREATER: u32 = 47;
    pub(crate) const GREATER_EQUAL: u32 = 48;
    pub(crate) const REDUCE_ALL: u32 = 49;
    pub(crate) const REDUCE_ANY: u32 = 50;
    pub(crate) const REDUCE_MAX: u32 = 51;
    pub(crate) const REDUCE_MIN: u32 = 52;
    pub(crate) const REDUCE_SUM: u32 = 54;
    pub(crate) const CONCAT: u32 = 55;
    pub(crate) const PAD: u32 = 56;
    pub(crate) const RESHAPE: u32 = 57;
    pub(crate) const REVERSE: u32 = 58;
    pub(crate) const SLICE: u32 = 59;
    pub(crate) const TILE: u32 = 60;
    pub(crate) const TRANSPOSE: u32 = 61;
    pub(crate) const GATHER: u32 = 62;
    pub(crate) const SCATTER: u32 = 63;
    pub(crate) const RESIZE: u32 = 64;
    pub(crate) const CAST: u32 = 65;
    pub(crate) const RESCALE: u32 = 66;
    pub(crate) const CONST: u32 = 67;
    pub(crate) const IDENTITY: u32 = 68;
    pub(crate) const COND_IF: u32 = 70;
    pub(crate) const WHILE_LOOP: u32 = 71;
    pub(crate) const VARIABLE: u32 = 72;
    pub(crate) const VARIABLE_WRITE: u32 = 73;
    pub(crate) const VARIABLE_READ: u32 = 74;
    pub(crate) const CONST_SHAPE: u32 = 75;
}

/// Name of operator number `op`.
pub(crate) fn operator_name(op: u32) -> &'static str {
    usize::try_from(op)
        .ok()
        .and_then(|op| OPERATOR_NAMES.get(op).copied())
        .unwrap_or("an operator beyond the schema")
}

/// What an operator carries besides its operands.
#[derive(Clone, Copy)]
pub(crate) enum Attribute<'a> {
    /// The operator has no parameters.
    None,
    /// AVG_POOL2D.
    AvgPool2d { window: Window<'a>, acc_type: u32 },
    /// MAX_POOL2D.
    MaxPool2d { window: Window<'a> },
    /// CONV2D, CONV3D, DEPTHWISE_CONV2D.
    Convolution(Convolution<'a>),
    /// TRANSPOSE_CONV2D.
    TransposeConv2d {
        out_pad: Ints<'a>,
        stride: Ints<'a>,
        acc_type: u32,
    },
    /// CLAMP; each bound has the layout of a constant of one element.
    Clamp { min: Bytes<'a>, max: Bytes<'a> },
    /// ARITHMETIC_RIGHT_SHIFT.
    Round(bool),
    /// ARGMAX, the reductions, CONCAT, REVERSE.
    Axis(i32),
    /// TRANSPOSE.
    Perms(Ints<'a>),
    /// RESIZE.
    ResizeMode(u32),
    /// RESCALE.
    Rescale(Rescale),
    /// The names of COND_IF's regions for true and for false, or of WHILE_LOOP's condition and body; empty if
    /// the file gives none.
    Regions { first: &'a str, second: &'a str },
}

/// The attribute of the convolutions, as many numbers a list as the operator has dimensions.
#[derive(Clone, Copy)]
pub(crate) struct Convolution<'a> {
    pub pad: Ints<'a>,
    pub stride: Ints<'a>,
    pub dilation: Ints<'a>,
    pub acc_type: u32,
}

/// The attribute of RESCALE.
#[derive(Clone, Copy)]
pub(crate) struct Rescale {
    pub scale32: bool,
    pub rounding_mode: u32,
    pub per_channel: bool,
    pub input_unsigned: bool,
    pub output_unsigned: bool,
}

/// The lists that both pooling operators carry.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub kernel: Ints<'a>,
    pub stride: Ints<'a>,
    pub pad: Ints<'a>,
}

/// Reads the attribute of operator `op` from the union in slots 1 and 2 of `operator`, and gives the operator that is
/// meant.
///
/// NaN modes and `local_bound` concern floating point only; they are read and dropped.
pub(crate) fn read<'a>(
    file: &mut File<'a>,
    operator: Table,
    op: u32,
) -> Result<(u32, Attribute<'a>), Refusal> {
    let fields = match op {
        op::CONV2D | op::CONV3D | op::DEPTHWISE_CONV2D | op::RESCALE => 5,
        op::AVG_POOL2D | op::MAX_POOL2D | op::TRANSPOSE_CONV2D => 4,
        op::CLAMP => 3,
        op::ARGMAX | op::REDUCE_MAX | op::REDUCE_MIN | op::COND_IF | op::WHILE_LOOP => 2,
        op::ARITHMETIC_RIGHT_SHIFT
        | op::MAXIMUM
        | op::MINIMUM
        | op::REDUCE_ALL
        | op::REDUCE_ANY
        | op::REDUCE_SUM
        | op::CONCAT
        | op::REVERSE
        | op::TRANSPOSE
        | op::RESIZE => 1,
        op::MATMUL
        | op::ADD
        | op::BITWISE_AND
        | op::BITWISE_OR
        | op::BITWISE_XOR
        | op::INTDIV
        | op::LOGICAL_AND
        | op::LOGICAL_LEFT_SHIFT
        | op::LOGICAL_RIGHT_SHIFT
        | op::LOGICAL_OR
        | op::LOGICAL_XOR
        | op::MUL
        | op::SUB
        | op::TABLE
        | op::ABS
        | op::BITWISE_NOT
        | op::CLZ
        | op::LOGICAL_NOT
        | op::NEGATE
        | op::SELECT
        | op::EQUAL
        | op::GREATER
        | op::GREATER_EQUAL
        | op::PAD
        | op::RESHAPE
        | op::SLICE
        | op::TILE
        | op::GATHER
        | op::SCATTER
        | op::CAST
        | op::CONST
        | op::IDENTITY
        | op::VARIABLE
        | op::VARIABLE_WRITE
        | op::VARIABLE_READ
        | op::CONST_SHAPE => 0,
        _ => {
            return Err(Refusal::at(
                RefusalCode::UnsupportedOperator,
                operator.position,
                format!("operator number {op}"),
            ));
        }
    };
    let kind = u32::from(file.u8(operator, 1, 0)?);
    // tosa-opt writes VARIABLE_READ and VARIABLE_WRITE as IDENTITY with the attribute of what is meant.
    let meant = op == op::IDENTITY && matches!(kind, op::VARIABLE_READ | op::VARIABLE_WRITE);
    if kind != op && !meant {
        return Err(Refusal::at(
            RefusalCode::AttributeMismatch,
            operator.position,
            format!("its attribute is of kind {kind}, not {op}"),
        ));
    }
    let table = file
        .table(operator, 2, "attribute", fields)?
        .ok_or_else(|| {
            Refusal::at(
                RefusalCode::MissingField,
                operator.position,
                "it has no attribute",
            )
        })?;
    let attribute = match op {
        op::AVG_POOL2D => Attribute::AvgPool2d {
            window: window(file, table)?,
            acc_type: file.u32(table, 3)?,
        },
        op::MAX_POOL2D => {
            let window = window(file, table)?;
            let _nan_mode = file.u32(table, 3)?;
            Attribute::MaxPool2d { window }
        }
        op::CONV2D | op::CONV3D | op::DEPTHWISE_CONV2D => {
            let _local_bound = file.bool(table, 3)?;
            Attribute::Convolution(Convolution {
                pad: file.ints(table, 0)?,
                stride: file.ints(table, 1)?,
                dilation: file.ints(table, 2)?,
                acc_type: file.u32(table, 4)?,
            })
        }
        op::TRANSPOSE_CONV2D => {
            let _local_bound = file.bool(table, 2)?;
            Attribute::TransposeConv2d {
                out_pad: file.ints(table, 0)?,
                stride: file.ints(table, 1)?,
                acc_type: file.u32(table, 3)?,
            }
        }
        op::CLAMP => {
            let _nan_mode = file.u32(table, 2)?;
            Attribute::Clamp {
                min: file.bytes(table, 0)?,
                max: file.bytes(table, 1)?,
            }
        }
        op::ARITHMETIC_RIGHT_SHIFT => Attribute::Round(file.bool(table, 0)?),
        op::MAXIMUM | op::MINIMUM => {
            let _nan_mode = file.u32(table, 0)?;
            Attribute::None
        }
        op::ARGMAX | op::REDUCE_MAX | op::REDUCE_MIN => {
            let _nan_mode = file.u32(table, 1)?;
            Attribute::Axis(file.i32(table, 0, 0)?)
        }
        op::REDUCE_ALL | op::REDUCE_ANY | op::REDUCE_SUM | op::CONCAT | op::REVERSE => {
            Attribute::Axis(file.i32(table, 0, 0)?)
        }
        op::TRANSPOSE => Attribute::Perms(file.ints(table, 0)?),
        op::RESIZE => Attribute::ResizeMode(file.u32(table, 0)?),
        op::RESCALE => Attribute::Rescale(Rescale {
            scale32: file.bool(table, 0)?,
            rounding_mode: file.u32(table, 1)?,
            per_channel: file.bool(table, 2)?,
            input_unsigned: file.bool(table, 3)?,
            output_unsigned: file.bool(table, 4)?,
        }),
        op::COND_IF | op::WHILE_LOOP => Attribute::Regions {
            first: file.name(table, 0)?.unwrap_or(""),
            second: file.name(table, 1)?.unwrap_or(""),
        },
        _ => Attribute::None,
    };
    Ok((kind, attribute))
}

fn window<'a>(file: &mut File<'a>, table: Table) -> Result<Window<'a>, Refusal> {
    Ok(Window {
        kernel: file.ints(table, 0)?,
        stride: file.ints(table, 1)?,
        pad: file.ints(table, 2)?,
    })
}
