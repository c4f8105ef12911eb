//! Rules of CAST, chapter "Type Conversion".

use super::operation::{expect_shape, expect_type_in};
use super::{Checked, Operation, WITH_BOOL};
use crate::{Operator, Refusal, RefusalCode};

/// CAST.
pub(super) fn cast(operation: &Operation<'_>) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", &WITH_BOOL)?;
    expect_type_in(output, "output", &WITH_BOOL)?;
    if input.data_type == output.data_type {
        return Err(Refusal::new(
            RefusalCode::OperandType,
            format!("{} to itself", input.data_type),
        ));
    }
    expect_shape(output, "output", input.shape.dimensions())?;
    Ok((Operator::Cast, operation.input_ids(1)?))
}
