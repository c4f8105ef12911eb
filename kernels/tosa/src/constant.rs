//! Constants: from their layout in a file to bytes as they cross borders.
//!
//! In a file, bool takes a byte, i4 two elements a byte (the first in the low half), i48 six bytes;
//! the others are little-endian. Serialisers fill up to a multiple of 8 bytes with zeros.

use std::sync::Arc;

use crate::flatbuffer::Bytes;
use crate::{DataType, Refusal, RefusalCode};

/// Bytes of `elements` elements in a file, without filling.
pub(crate) fn file_bytes(data_type: DataType, elements: u64) -> u64 {
    match data_type {
        DataType::Bool | DataType::I8 => elements,
        DataType::I4 => elements.div_ceil(2),
        DataType::I16 => 2 * elements,
        DataType::I32 => 4 * elements,
        DataType::I48 => 6 * elements,
    }
}

/// The constant of `elements` elements that stands at `data`, as bytes at the borders.
pub(crate) fn decode(
    data: Bytes<'_>,
    data_type: DataType,
    elements: u64,
) -> Result<Arc<[u8]>, Refusal> {
    let exact = file_bytes(data_type, elements);
    let given = data.bytes.len() as u64;
    if given != exact && given != exact.next_multiple_of(8) {
        return Err(Refusal::at(
            RefusalCode::ConstantLength,
            data.offset,
            format!("{given} bytes for {elements} elements of {data_type}, which take {exact}"),
        ));
    }
    // `exact` is at most the length of a slice.
    let (values, filling) = data.bytes.split_at(exact as usize);
    if let Some(index) = filling.iter().position(|&byte| byte != 0) {
        return Err(Refusal::at(
            RefusalCode::ConstantLength,
            data.offset + values.len() + index,
            "the filling is not zero",
        ));
    }
    match data_type {
        DataType::I8 | DataType::I16 | DataType::I32 => Ok(Arc::from(values)),
        DataType::Bool => {
            if let Some(index) = values.iter().position(|&byte| byte > 1) {
                return Err(value_refusal(data.offset + index, data_type));
            }
            Ok(Arc::from(values))
        }
        DataType::I4 => decode_i4(values, elements, data.offset),
        DataType::I48 => Ok(values
            .as_chunks::<6>()
            .0
            .iter()
            .flat_map(|&[a, b, c, d, e, f]| {
                let sign = if f & 0x80 == 0 { 0 } else { 0xff };
                [a, b, c, d, e, f, sign, sign]
            })
            .collect()),
    }
}

fn decode_i4(values: &[u8], elements: u64, offset: usize) -> Result<Arc<[u8]>, Refusal> {
    if elements % 2 == 1
        && let Some(last) = values.last()
        && last >> 4 != 0
    {
        return Err(value_refusal(offset + values.len() - 1, DataType::I4));
    }
    let sign_extended = |half: u8| ((half << 4) as i8 >> 4) as u8;
    Ok(values
        .iter()
        .flat_map(|&pair| [sign_extended(pair), sign_extended(pair >> 4)])
        .take(elements as usize)
        .collect())
}

fn value_refusal(offset: usize, data_type: DataType) -> Refusal {
    Refusal::at(
        RefusalCode::ConstantValue,
        offset,
        format!("the byte holds no {data_type}"),
    )
}
