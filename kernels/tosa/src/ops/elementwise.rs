//! Rules of the chapters "Elementwise Binary Operators" and "Elementwise Unary Operators".

use std::sync::Arc;

use super::operation::{Resolved, expect_shape, expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::operator::TableContent;
use crate::{DataType, Operator, Refusal, RefusalCode, Tensor, bytes};

/// Checks that inputs 0 and 1 broadcast to the output, and gives them.
fn broadcast<'a>(operation: &Operation<'a>) -> Result<(&'a Tensor, &'a Tensor), Refusal> {
    let (a, b, output) = (
        operation.input(0)?,
        operation.input(1)?,
        operation.output()?,
    );
    let sides = || {
        a.shape
            .dimensions()
            .iter()
            .zip(b.shape.dimensions())
            .zip(output.shape.dimensions())
    };
    let fits = a.shape.rank() == b.shape.rank()
        && a.shape.rank() == output.shape.rank()
        && sides().all(|((&a, &b), &out)| out == a.max(b) && (a == b || a.min(b) == 1));
    if !fits {
        return Err(Refusal::new(
            RefusalCode::Broadcast,
            format!("{} and {} to {}", a.shape, b.shape, output.shape),
        ));
    }
    Ok((a, b))
}

fn operands(operation: &Operation<'_>, operator: Operator) -> Checked {
    Ok((
        operator,
        vec![operation.input_id(0)?, operation.input_id(1)?],
    ))
}

/// ADD and SUB.
pub(super) fn binary(operation: &Operation<'_>, operator: Operator) -> Checked {
    operation.expect(2, 1)?;
    let (a, b) = broadcast(operation)?;
    expect_type(a, "input1", DataType::I32)?;
    expect_type(b, "input2", DataType::I32)?;
    expect_type(operation.output()?, "output", DataType::I32)?;
    operands(operation, operator)
}

/// MUL.
pub(super) fn mul(operation: &Operation<'_>) -> Checked {
    operation.expect(3, 1)?;
    let (a, b) = broadcast(operation)?;
    expect_type_in(a, "input1", &[DataType::I8, DataType::I16, DataType::I32])?;
    expect_type(b, "input2", a.data_type)?;
    expect_type(operation.output()?, "output", DataType::I32)?;
    let shift = operation.constant_scalar(2, "shift", DataType::I8)?;
    let shift_max = if a.data_type == DataType::I32 { 63 } else { 0 };
    if !(0..=shift_max).contains(&shift) {
        return Err(Refusal::new(
            RefusalCode::MulShift,
            format!("shift {shift} for {}", a.data_type),
        ));
    }
    operands(operation, Operator::Mul { shift: shift as u8 })
}

/// ARITHMETIC_RIGHT_SHIFT and LOGICAL_LEFT_SHIFT. A constant amount is checked here; a computed one is
/// taken modulo the number of bits when it runs.
pub(super) fn shift(
    operation: &Operation<'_>,
    operator: Operator,
    resolved: &mut Resolved,
) -> Checked {
    operation.expect(2, 1)?;
    let (a, b) = broadcast(operation)?;
    expect_type_in(a, "input1", &[DataType::I8, DataType::I16, DataType::I32])?;
    expect_type(b, "input2", a.data_type)?;
    expect_type(operation.output()?, "output", a.data_type)?;
    let id = operation.input_id(1)?;
    if let Some(amounts) = &b.constant
        && !resolved.amounts.contains(&id)
    {
        let bits = 8 * a.data_type.bytes() as i64;
        let amounts = amounts.chunks_exact(a.data_type.bytes() as usize);
        for amount in amounts.map(|amount| bytes::read(a.data_type, amount)) {
            if !(0..bits).contains(&amount) {
                return Err(Refusal::new(
                    RefusalCode::ShiftAmount,
                    format!("{amount} for {}", a.data_type),
                ));
            }
        }
        resolved.amounts.insert(id);
    }
    operands(operation, operator)
}

/// TABLE.
pub(super) fn table(operation: &Operation<'_>, resolved: &mut Resolved) -> Checked {
    operation.expect(2, 1)?;
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", &[DataType::I8, DataType::I16])?;
    expect_shape(output, "output", input.shape.dimensions())?;
    let table = operation.input_id(1)?;
    let content = if input.data_type == DataType::I8 {
        expect_type(output, "output", DataType::I8)?;
        let entries = operation.constant(1, "table", DataType::I8, 256)?;
        shared(resolved, table, || {
            Ok(TableContent::I8(
                entries.iter().map(|&entry| entry as i8).collect(),
            ))
        })?
    } else {
        expect_type(output, "output", DataType::I32)?;
        let entries = operation.constant(1, "table", DataType::I16, 513)?;
        shared(resolved, table, || interpolated(entries))?
    };
    Ok((Operator::Table(content), vec![operation.input_id(0)?]))
}

/// The content of table `id`, made once.
fn shared(
    resolved: &mut Resolved,
    id: crate::TensorId,
    content: impl FnOnce() -> Result<TableContent, Refusal>,
) -> Result<TableContent, Refusal> {
    if let Some(content) = resolved.tables.get(&id) {
        return Ok(content.clone());
    }
    let content = content()?;
    resolved.tables.insert(id, content.clone());
    Ok(content)
}

/// A table of 513 entries, whose slopes are i16.
fn interpolated(entries: &[u8]) -> Result<TableContent, Refusal> {
    let entries: Arc<[i16]> = entries
        .as_chunks::<2>()
        .0
        .iter()
        .map(|entry| i16::from_le_bytes(*entry))
        .collect();
    for (index, pair) in entries.windows(2).enumerate() {
        if pair[1].checked_sub(pair[0]).is_none() {
            return Err(Refusal::new(
                RefusalCode::TableSlope,
                format!("entry {index} is {}, the next {}", pair[0], pair[1]),
            ));
        }
    }
    Ok(TableContent::I16(entries))
}

/// CLZ.
pub(super) fn clz(operation: &Operation<'_>) -> Checked {
    operation.expect(1, 1)?;
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type(input, "input1", DataType::I32)?;
    expect_type(output, "output", DataType::I32)?;
    expect_shape(output, "output", input.shape.dimensions())?;
    Ok((Operator::Clz, vec![operation.input_id(0)?]))
}

#[cfg(test)]
mod tests {
    use super::super::operation::Operand;
    use super::*;
    use crate::attribute::{Attribute, op};
    use crate::{Shape, TensorId};

    fn tensor(name: &str, constant: Option<&[u8]>) -> Tensor {
        Tensor {
            name: name.to_owned(),
            data_type: DataType::I8,
            shape: Shape::new(&[2]).expect("two elements"),
            constant: constant.map(Arc::from),
        }
    }

    fn check(amounts: &[u8], resolved: &mut Resolved) -> Checked {
        let tensors = [
            tensor("x", None),
            tensor("amounts", Some(amounts)),
            tensor("y", None),
        ];
        let [x, amounts, y] = [0, 1, 2].map(|id| Operand::Tensor(TensorId(id)));
        let operation = Operation {
            number: op::LOGICAL_LEFT_SHIFT,
            attribute: &Attribute::None,
            inputs: &[x, amounts],
            outputs: &[y],
            tensors: &tensors,
            shapes: &[],
        };
        shift(&operation, Operator::LogicalLeftShift, resolved)
    }

    #[test]
    fn constant_shift_amounts_are_read_for_the_first_operator_only() {
        let mut resolved = Resolved::new(0);
        check(&[0, 7], &mut resolved).expect("both are in range");
        // Bytes that would be refused, under a number that was checked: nobody looks at them again.
        check(&[0, 8], &mut resolved).expect("not read");
        let refusal = check(&[0, 8], &mut Resolved::new(0)).expect_err("read");
        assert_eq!(refusal.code, RefusalCode::ShiftAmount);
    }
}
