//! Rules of the chapter "Data Layout".

use super::operation::{expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::declaration::FileShape;
use crate::{DataType, Operator, Refusal, RefusalCode, Tensor};

const TYPES: [DataType; 4] = [DataType::Bool, DataType::I8, DataType::I16, DataType::I32];

/// Whether a shape operand names the shape of `tensor`.
fn names(shape: &FileShape<'_>, tensor: &Tensor) -> bool {
    shape.values().eq(tensor
        .shape
        .dimensions()
        .iter()
        .map(|&side| i64::from(side)))
}

fn listed(shape: &FileShape<'_>) -> String {
    format!("{:?}", shape.values().take(8).collect::<Vec<_>>())
}

/// RESHAPE.
pub(super) fn reshape(operation: &Operation<'_>) -> Checked {
    operation.expect(2, 1)?;
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", &TYPES)?;
    expect_type(output, "output", input.data_type)?;
    let shape = operation.shape(1)?;
    if input.shape.elements() != output.shape.elements() || !names(shape, output) {
        return Err(Refusal::new(
            RefusalCode::ReshapeSize,
            format!(
                "{} to {}, the shape operand is {}",
                input.shape,
                output.shape,
                listed(shape)
            ),
        ));
    }
    Ok((Operator::Reshape, vec![operation.input_id(0)?]))
}

/// SLICE.
pub(super) fn slice(operation: &Operation<'_>) -> Checked {
    operation.expect(3, 1)?;
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", &TYPES)?;
    expect_type(output, "output", input.data_type)?;
    let (start, size) = (operation.shape(1)?, operation.shape(2)?);
    let rank = input.shape.rank();
    let inside = rank > 0
        && output.shape.rank() == rank
        && start.values().count() == rank
        && names(size, output)
        && start
            .values()
            .zip(output.shape.dimensions())
            .zip(input.shape.dimensions())
            .all(|((start, &size), &side)| {
                (0..=i64::from(side) - i64::from(size)).contains(&start)
            });
    if !inside {
        return Err(Refusal::new(
            RefusalCode::SliceBounds,
            format!(
                "{} from {}, start {}, size {}",
                output.shape,
                input.shape,
                listed(start),
                listed(size)
            ),
        ));
    }
    // Each start is at most a side of the input.
    let start = start.values().map(|start| start as u32).collect();
    Ok((Operator::Slice { start }, vec![operation.input_id(0)?]))
}
