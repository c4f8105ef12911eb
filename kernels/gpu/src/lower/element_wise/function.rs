//! Operators of the graph as functions of a chain, with their parameters and tables.

use aivm_shaders::chain::{Element, Function};
use aivm_tosa::operator::TableContent;
use aivm_tosa::{DataType, Operator, RescaleRounding};

use crate::layout::word_bytes;
use crate::lower::signed;

/// The type of a tensor's elements.
pub(super) fn element(data_type: DataType) -> Result<Element, String> {
    match data_type {
        DataType::Bool => Ok(Element::Bool),
        DataType::I4 => Err("i4 is no type of an element-wise operator".to_owned()),
        DataType::I8 => Ok(Element::I8),
        DataType::I16 => Ok(Element::I16),
        DataType::I32 => Ok(Element::I32),
        DataType::I48 => Ok(Element::I48),
    }
}

/// The axis of a reduction that a chain can hold.
pub(super) fn reduced_axis(operator: &Operator) -> Option<u32> {
    match operator {
        Operator::ReduceAll { axis }
        | Operator::ReduceAny { axis }
        | Operator::ReduceMax { axis }
        | Operator::ReduceMin { axis }
        | Operator::ReduceSum { axis } => Some(*axis),
        _ => None,
    }
}

/// Whether a chain can hold the operator.
pub(in crate::lower) fn is_element_wise(operator: &Operator) -> bool {
    function_of(operator, DataType::I32).is_some()
}

/// What an operator computes, if it is element-wise; `input` is the type of its first operand.
pub(super) fn function_of(operator: &Operator, input: DataType) -> Option<Function> {
    Some(match operator {
        Operator::Abs => Function::Abs,
        Operator::Add => Function::Add,
        Operator::ArithmeticRightShift { round } => {
            Function::ArithmeticRightShift { round: *round }
        }
        Operator::BitwiseAnd => Function::BitwiseAnd,
        Operator::BitwiseNot => Function::BitwiseNot,
        Operator::BitwiseOr => Function::BitwiseOr,
        Operator::BitwiseXor => Function::BitwiseXor,
        Operator::Cast => Function::Cast,
        Operator::Clamp { .. } => Function::Clamp,
        Operator::Clz => Function::Clz,
        Operator::Equal => Function::Equal,
        Operator::Greater => Function::Greater,
        Operator::GreaterEqual => Function::GreaterEqual,
        Operator::IntDiv => Function::IntDiv,
        Operator::LogicalAnd => Function::LogicalAnd,
        Operator::LogicalLeftShift => Function::LogicalLeftShift,
        Operator::LogicalNot => Function::LogicalNot,
        Operator::LogicalOr => Function::LogicalOr,
        Operator::LogicalRightShift => Function::LogicalRightShift,
        Operator::LogicalXor => Function::LogicalXor,
        Operator::Maximum => Function::Maximum,
        Operator::Minimum => Function::Minimum,
        Operator::Mul { shift } => Function::Mul {
            shifted: *shift > 0,
        },
        Operator::Negate { .. } => Function::Negate,
        Operator::Rescale {
            rounding,
            per_channel,
            input_unsigned,
            output_unsigned,
            ..
        } => Function::Rescale {
            input: element(input).ok()?,
            input_unsigned: *input_unsigned,
            output_unsigned: *output_unsigned,
            per_channel: *per_channel,
            double_round: *rounding == RescaleRounding::Double,
        },
        Operator::Select => Function::Select,
        Operator::Sub => Function::Sub,
        Operator::Table(TableContent::I8(_)) => Function::TableI8,
        Operator::Table(TableContent::I16(_)) => Function::TableI16,
        _ => return None,
    })
}

/// The words of [`Function::arguments`]; that of a table is 0, for its place is not known yet.
pub(super) fn arguments(operator: &Operator) -> Vec<u32> {
    match operator {
        // Bounds of i8 or i16.
        Operator::Clamp { min, max } => vec![signed(*min as i32), signed(*max as i32)],
        Operator::Mul { shift: 0 } => Vec::new(),
        Operator::Mul { shift } => vec![u32::from(*shift)],
        Operator::Negate {
            input_zp,
            output_zp,
        } => vec![signed(*input_zp), signed(*output_zp)],
        Operator::Rescale {
            factors,
            per_channel,
            input_zp,
            output_zp,
            ..
        } => {
            let [first, second] = if *per_channel {
                [0, factors.len() as u32]
            } else {
                [signed(factors[0].multiplier), u32::from(factors[0].shift)]
            };
            vec![signed(*input_zp), signed(*output_zp), first, second]
        }
        Operator::Table(_) => vec![0],
        _ => Vec::new(),
    }
}

/// The table of an operator whose function has one, in whole words.
pub(super) fn table(operator: &Operator) -> Vec<u8> {
    let mut bytes: Vec<u8> = match operator {
        Operator::Rescale {
            factors,
            per_channel: true,
            ..
        } => {
            let words = |factor: &aivm_tosa::operator::RescaleFactor| {
                [signed(factor.multiplier), u32::from(factor.shift)]
            };
            word_bytes(factors.iter().flat_map(words))
        }
        Operator::Table(TableContent::I8(entries)) => {
            entries.iter().map(|entry| entry.cast_unsigned()).collect()
        }
        Operator::Table(TableContent::I16(entries)) => entries
            .iter()
            .flat_map(|entry| entry.to_le_bytes())
            .collect(),
        _ => Vec::new(),
    };
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
