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

/// The operators that this version runs, by their number in the file schema.
pub(crate) mod op {
    pub(crate) const AVG_POOL2D: u32 = 2;
    pub(crate) const CONV2D: u32 = 3;
    pub(crate) const MAX_POOL2D: u32 = 8;
    pub(crate) const CLAMP: u32 = 11;
    pub(crate) const ADD: u32 = 15;
    pub(crate) const ARITHMETIC_RIGHT_SHIFT: u32 = 16;
    pub(crate) const LOGICAL_LEFT_SHIFT: u32 = 22;
    pub(crate) const MUL: u32 = 28;
    pub(crate) const SUB: u32 = 30;
    pub(crate) const TABLE: u32 = 31;
    pub(crate) const CLZ: u32 = 35;
    pub(crate) const REDUCE_MAX: u32 = 51;
    pub(crate) const REDUCE_SUM: u32 = 54;
    pub(crate) const RESHAPE: u32 = 57;
    pub(crate) const SLICE: u32 = 59;
    pub(crate) const RESCALE: u32 = 66;
    pub(crate) const CONST: u32 = 67;
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
pub(crate) enum Attribute<'a> {
    /// The operator has no parameters.
    None,
    /// AVG_POOL2D.
    AvgPool2d { window: Window<'a>, acc_type: u32 },
    /// MAX_POOL2D.
    MaxPool2d { window: Window<'a> },
    /// CONV2D.
    Conv2d {
        pad: Ints<'a>,
        stride: Ints<'a>,
        dilation: Ints<'a>,
        acc_type: u32,
    },
    /// CLAMP; each bound has the layout of a constant of one element.
    Clamp { min: Bytes<'a>, max: Bytes<'a> },
    /// ARITHMETIC_RIGHT_SHIFT.
    Round(bool),
    /// REDUCE_MAX, REDUCE_SUM.
    Axis(i32),
    /// RESCALE.
    Rescale {
        scale32: bool,
        rounding_mode: u32,
        per_channel: bool,
        input_unsigned: bool,
        output_unsigned: bool,
    },
}

/// The lists that both pooling operators carry.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub kernel: Ints<'a>,
    pub stride: Ints<'a>,
    pub pad: Ints<'a>,
}

/// Reads the attribute of operator `op` from the union in slots 1 and 2 of `operator`.
///
/// NaN modes and `local_bound` concern floating point only; they are read and dropped.
pub(crate) fn read<'a>(
    file: &mut File<'a>,
    operator: Table,
    op: u32,
) -> Result<Attribute<'a>, Refusal> {
    let fields = match op {
        op::RESCALE | op::CONV2D => 5,
        op::AVG_POOL2D | op::MAX_POOL2D => 4,
        op::CLAMP => 3,
        op::REDUCE_MAX => 2,
        op::ARITHMETIC_RIGHT_SHIFT | op::REDUCE_SUM => 1,
        op::ADD
        | op::LOGICAL_LEFT_SHIFT
        | op::MUL
        | op::SUB
        | op::TABLE
        | op::CLZ
        | op::RESHAPE
        | op::SLICE
        | op::CONST
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
    if kind != op {
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
    Ok(match op {
        op::AVG_POOL2D => Attribute::AvgPool2d {
            window: window(file, table)?,
            acc_type: file.u32(table, 3)?,
        },
        op::MAX_POOL2D => {
            let window = window(file, table)?;
            let _nan_mode = file.u32(table, 3)?;
            Attribute::MaxPool2d { window }
        }
        op::CONV2D => {
            let _local_bound = file.bool(table, 3)?;
            Attribute::Conv2d {
                pad: file.ints(table, 0)?,
                stride: file.ints(table, 1)?,
                dilation: file.ints(table, 2)?,
                acc_type: file.u32(table, 4)?,
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
        op::REDUCE_MAX => {
            let _nan_mode = file.u32(table, 1)?;
            Attribute::Axis(file.i32(table, 0, 0)?)
        }
        op::REDUCE_SUM => Attribute::Axis(file.i32(table, 0, 0)?),
        op::RESCALE => Attribute::Rescale {
            scale32: file.bool(table, 0)?,
            rounding_mode: file.u32(table, 1)?,
            per_channel: file.bool(table, 2)?,
            input_unsigned: file.bool(table, 3)?,
            output_unsigned: file.bool(table, 4)?,
        },
        _ => Attribute::None,
    })
}

fn window<'a>(file: &mut File<'a>, table: Table) -> Result<Window<'a>, Refusal> {
    Ok(Window {
        kernel: file.ints(table, 0)?,
        stride: file.ints(table, 1)?,
        pad: file.ints(table, 2)?,
    })
}
