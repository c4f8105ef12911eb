//! The attribute table of each operator, as the file holds it: fields in schema order, not yet judged.

use crate::flatbuffer::{Bytes, File, Ints, Table};
use crate::schema::op;
use crate::{Refusal, RefusalCode};

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
