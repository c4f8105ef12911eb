//! Rules of the chapters "Elementwise Binary Operators", "Elementwise Unary Operators", "Elementwise Ternary
//! Operators" and "Comparison Operators", TABLE aside.

use super::operation::{Place, Resolved, expect_shape, expect_type, expect_type_in};
use super::{Checked, INTEGERS, Late, Operation, WITH_BOOL};
use crate::{DataType, Operator, Refusal, RefusalCode, Shape, Slot, bytes};

/// Checks that the first `count` inputs broadcast to the output.
fn expect_broadcast(operation: &Operation<'_>, count: usize) -> Result<(), Refusal> {
    let output = &operation.output()?.shape;
    let operands = operation.input_ids(count)?;
    let shapes = || {
        operands
            .iter()
            .map(|id| &operation.tensors[id.0 as usize].shape)
    };
    let refuse = |code| {
        let shapes: Vec<String> = shapes().map(Shape::to_string).collect();
        Err(Refusal::new(
            code,
            format!("{} to {output}", shapes.join(" and ")),
        ))
    };
    if shapes().any(|shape| shape.rank() != output.rank()) {
        return refuse(RefusalCode::BroadcastRank);
    }
    let mut larger = [1; Shape::MAX_RANK];
    for shape in shapes() {
        for (larger, &side) in larger.iter_mut().zip(shape.dimensions()) {
            if side != 1 && *larger != 1 && side != *larger {
                return refuse(RefusalCode::Broadcast);
            }
            *larger = side.max(*larger);
        }
    }
    if output.dimensions() != &larger[..output.rank()] {
        return refuse(RefusalCode::BroadcastOutput);
    }
    Ok(())
}

/// An operator of two operands of one of `types`, which the output has, too.
pub(super) fn binary(operation: &Operation<'_>, operator: Operator, types: &[DataType]) -> Checked {
    expect_broadcast(operation, 2)?;
    let (a, b) = (operation.input(0)?, operation.input(1)?);
    expect_type_in(a, "input1", types)?;
    expect_type(b, "input2", a.data_type)?;
    expect_type(operation.output()?, "output", a.data_type)?;
    Ok((operator, operation.input_ids(2)?))
}

/// EQUAL, GREATER and GREATER_EQUAL.
pub(super) fn comparison(operation: &Operation<'_>, operator: Operator) -> Checked {
    expect_broadcast(operation, 2)?;
    expect_type(operation.input(0)?, "input1", DataType::I32)?;
    expect_type(operation.input(1)?, "input2", DataType::I32)?;
    expect_type(operation.output()?, "output", DataType::Bool)?;
    Ok((operator, operation.input_ids(2)?))
}

/// SELECT.
pub(super) fn select(operation: &Operation<'_>) -> Checked {
    expect_broadcast(operation, 3)?;
    let chosen = operation.input(1)?;
    expect_type(operation.input(0)?, "input1", DataType::Bool)?;
    expect_type_in(chosen, "input2", &WITH_BOOL)?;
    expect_type(operation.input(2)?, "input3", chosen.data_type)?;
    expect_type(operation.output()?, "output", chosen.data_type)?;
    Ok((Operator::Select, operation.input_ids(3)?))
}

/// MUL. A shift that comes late stands as 0, and is read for i32 only.
pub(super) fn mul(operation: &Operation<'_>, late: &mut Late) -> Checked {
    expect_broadcast(operation, 2)?;
    let (a, b) = (operation.input(0)?, operation.input(1)?);
    expect_type_in(a, "input1", &INTEGERS)?;
    expect_type(b, "input2", a.data_type)?;
    expect_type(operation.output()?, "output", DataType::I32)?;
    let place = Place::new(2, "shift", Slot::MulShift);
    let shift_max = if a.data_type == DataType::I32 { 63 } else { 0 };
    let shift = match operation.scalar(place, DataType::I8)? {
        Some(shift) => shift,
        None => {
            if shift_max > 0 {
                late.push(operation.late(place)?);
            }
            0
        }
    };
    if !(0..=shift_max).contains(&shift) {
        return Err(Refusal::new(
            RefusalCode::MulShift,
            format!("shift {shift} for {}", a.data_type),
        ));
    }
    let operator = Operator::Mul { shift: shift as u8 };
    Ok((operator, operation.input_ids(2)?))
}

/// ARITHMETIC_RIGHT_SHIFT, LOGICAL_LEFT_SHIFT and LOGICAL_RIGHT_SHIFT. A constant amount is checked here; a computed one is
/// taken modulo the number of bits when it runs.
pub(super) fn shift(
    operation: &Operation<'_>,
    operator: Operator,
    resolved: &mut Resolved,
) -> Checked {
    let checked = binary(operation, operator, &INTEGERS)?;
    let (a, b) = (operation.input(0)?, operation.input(1)?);
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
    Ok(checked)
}

/// An operator of one operand of one of `types`, which the output has, too.
pub(super) fn unary(operation: &Operation<'_>, operator: Operator, types: &[DataType]) -> Checked {
    expect_same(operation, types)?;
    Ok((operator, operation.input_ids(1)?))
}

fn expect_same(operation: &Operation<'_>, types: &[DataType]) -> Result<(), Refusal> {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", types)?;
    expect_type(output, "output", input.data_type)?;
    expect_shape(output, "output", input.shape.dimensions())
}

/// NEGATE.
pub(super) fn negate(operation: &Operation<'_>, late: &mut Late) -> Checked {
    expect_same(operation, &INTEGERS)?;
    let data_type = operation.input(0)?.data_type;
    let [input_zp, output_zp] = [
        Place::new(1, "input1_zp", Slot::InputZp),
        Place::new(2, "output_zp", Slot::OutputZp),
    ];
    let operator = Operator::Negate {
        input_zp: operation.zero_point(input_zp, data_type, late)?,
        output_zp: operation.zero_point(output_zp, data_type, late)?,
    };
    Ok((operator, operation.input_ids(1)?))
}

#[cfg(test)]
mod tests {
    use super::super::operation::Operand;
    use super::*;
    use crate::attribute::Attribute;
    use std::sync::Arc;

    use crate::schema::op;
    use crate::{Tensor, TensorId};

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
