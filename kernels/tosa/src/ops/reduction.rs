//! Rules of the chapter "Reduction Operators".

use super::operation::{expect_axis, expect_shape, expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::{DataType, Operator, Refusal, RefusalCode};

/// Any reduction, of elements of `types`; `make` gives the operator for an axis.
pub(super) fn reduce(
    operation: &Operation<'_>,
    axis: i32,
    types: &[DataType],
    make: impl FnOnce(u32) -> Operator,
) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", types)?;
    expect_type(output, "output", input.data_type)?;
    let axis = expect_axis(input, axis)?;
    if let Some(&side) = output.shape.dimensions().get(axis)
        && side != 1
    {
        return Err(Refusal::new(
            RefusalCode::ReducedSide,
            format!("output {} along axis {axis}", output.shape),
        ));
    }
    let mut sides = input.shape.dimensions().to_vec();
    sides[axis] = 1;
    expect_shape(output, "output", &sides)?;
    Ok((make(axis as u32), operation.input_ids(1)?))
}
