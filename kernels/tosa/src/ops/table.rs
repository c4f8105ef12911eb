//! Rules of TABLE, chapter "Elementwise Binary Operators".

use std::sync::Arc;

use super::operation::{Place, Resolved, expect_shape, expect_type, expect_type_in};
use super::{Checked, Late, Operation};
use crate::operator::TableContent;
use crate::{DataType, Operator, Refusal, RefusalCode, Slot, TensorId};

/// TABLE.
pub(super) fn table(
    operation: &Operation<'_>,
    resolved: &mut Resolved,
    late: &mut Late,
) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", &[DataType::I8, DataType::I16])?;
    expect_shape(output, "output", input.shape.dimensions())?;
    let id = operation.input_id(1)?;
    let place = Place::new(1, "table", Slot::Table);
    let (entry, len, result) = if input.data_type == DataType::I8 {
        (DataType::I8, 256, DataType::I8)
    } else {
        (DataType::I16, 513, DataType::I32)
    };
    expect_type(output, "output", result)?;
    let content = match operation.value(place, entry, len)? {
        Some(entries) => shared(resolved, id, || content(entry, entries))?,
        None => {
            late.push(operation.late(place)?);
            content(entry, &[])?
        }
    };
    Ok((Operator::Table(content), operation.input_ids(1)?))
}

/// The content of table `id`, made once.
fn shared(
    resolved: &mut Resolved,
    id: TensorId,
    content: impl FnOnce() -> Result<TableContent, Refusal>,
) -> Result<TableContent, Refusal> {
    if let Some(content) = resolved.tables.get(&id) {
        return Ok(content.clone());
    }
    let content = content()?;
    resolved.tables.insert(id, content.clone());
    Ok(content)
}

/// A table of `entries`, whose slopes are i16 if they are.
fn content(data_type: DataType, entries: &[u8]) -> Result<TableContent, Refusal> {
    if data_type == DataType::I8 {
        let entries = entries.iter().map(|&entry| entry as i8);
        return Ok(TableContent::I8(entries.collect()));
    }
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
