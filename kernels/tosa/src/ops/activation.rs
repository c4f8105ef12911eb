//! Rules of the chapter "Activation Functions".

use super::operation::{expect_shape, expect_type, expect_type_in};
use super::{Checked, Operation};
use crate::flatbuffer::Bytes;
use crate::{DataType, Operator, Refusal, RefusalCode, bytes, constant};

/// CLAMP.
pub(super) fn clamp(operation: &Operation<'_>, min: Bytes<'_>, max: Bytes<'_>) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", &[DataType::I8, DataType::I16])?;
    expect_type(output, "output", input.data_type)?;
    expect_shape(output, "output", input.shape.dimensions())?;
    let bound = |name, data| {
        constant::decode(data, input.data_type, 1)
            .map(|value| bytes::read(input.data_type, &value))
            .map_err(|refusal| Refusal {
                code: RefusalCode::ClampBounds,
                detail: format!("{name}: {}", refusal.detail),
                ..refusal
            })
    };
    let (min, max) = (bound("min_val", min)?, bound("max_val", max)?);
    if max < min {
        return Err(Refusal::new(
            RefusalCode::ClampBounds,
            format!("max_val {max} is below min_val {min}"),
        ));
    }
    Ok((Operator::Clamp { min, max }, vec![operation.input_id(0)?]))
}
