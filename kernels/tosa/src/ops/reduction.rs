//! Rules of the chapter "Reduction Operators".

use super::operation::{expect_shape, expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::{DataType, Operator, Refusal, RefusalCode, Shape};

/// Checks axis and shapes of a reduction, and gives the axis.
fn axis(operation: &Operation<'_>, axis: i32) -> Result<u32, Refusal> {
    let (input, output) = (operation.input(0)?, operation.output()?);
    let rank = input.shape.rank();
    let index = usize::try_from(axis)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| {
            Refusal::new(
                RefusalCode::Axis,
                format!("axis {axis} of shape {}", input.shape),
            )
        })?;
    expect_type(output, "output", input.data_type)?;
    let mut reduced = [0; Shape::MAX_RANK];
    reduced[..rank].copy_from_slice(input.shape.dimensions());
    reduced[index] = 1;
    expect_shape(output, "output", &reduced[..rank])?;
    Ok(index as u32)
}

/// REDUCE_MAX.
pub(super) fn reduce_max(operation: &Operation<'_>, axis_attribute: i32) -> Checked {
    operation.expect(1, 1)?;
    expect_type_in(
        operation.input(0)?,
        "input",
        &[DataType::I8, DataType::I16, DataType::I32],
    )?;
    let axis = axis(operation, axis_attribute)?;
    Ok((Operator::ReduceMax { axis }, vec![operation.input_id(0)?]))
}

/// REDUCE_SUM.
pub(super) fn reduce_sum(operation: &Operation<'_>, axis_attribute: i32) -> Checked {
    operation.expect(1, 1)?;
    expect_type(operation.input(0)?, "input", DataType::I32)?;
    let axis = axis(operation, axis_attribute)?;
    Ok((Operator::ReduceSum { axis }, vec![operation.input_id(0)?]))
}
