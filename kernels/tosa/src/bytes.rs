//! A tensor as bytes: row-major, little-endian, bool and i4 one byte, i48 eight (`docs/semantics.md`).
//!
//! Shared by all back ends, so that a bad input has the same status on each, before anything runs.

use crate::{DataType, Graph, RunStatus};

/// The element at the start of `bytes`, which hold [`DataType::bytes`] bytes or more.
///
/// # Panics
/// If `bytes` is shorter than an element.
#[must_use]
pub fn read(data_type: DataType, bytes: &[u8]) -> i64 {
    match data_type {
        DataType::Bool | DataType::I4 | DataType::I8 => i64::from(bytes[0] as i8),
        DataType::I16 => i64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
        DataType::I32 => i64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        DataType::I48 => i64::from_le_bytes([
            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
        ]),
    }
}

/// The elements of a tensor. `bytes` holds a whole number of elements, each a value of `data_type`.
#[must_use]
pub fn decode(data_type: DataType, bytes: &[u8]) -> Vec<i64> {
    bytes
        .chunks_exact(data_type.bytes() as usize)
        .map(|element| read(data_type, element))
        .collect()
}

/// Appends the elements of a tensor to `bytes`. Every value is one of `data_type`.
pub fn encode(data_type: DataType, values: &[i64], bytes: &mut Vec<u8>) {
    let len = data_type.bytes() as usize;
    for value in values {
        debug_assert!((data_type.min()..=data_type.max()).contains(value));
        bytes.extend_from_slice(&value.to_le_bytes()[..len]);
    }
}

/// Checks the bytes of `cases` cases for `graph`: their number, and that each element is a value of
/// its type.
///
/// # Errors
/// [`RunStatus::InputLength`], or [`RunStatus::InputValue`] with the first element at fault.
pub fn check_input(graph: &Graph, cases: u32, input: &[u8]) -> Result<(), RunStatus> {
    let expected = graph.input_bytes().saturating_mul(u64::from(cases));
    if input.len() as u64 != expected {
        return Err(RunStatus::InputLength {
            expected,
            actual: input.len() as u64,
        });
    }
    let mut rest = input;
    for case in 0..cases {
        for (index, &id) in graph.inputs().iter().enumerate() {
            let tensor = graph.tensor(id);
            let (bytes, behind) = rest.split_at(tensor.bytes() as usize);
            rest = behind;
            if let Some(element) = first_bad_element(tensor.data_type, bytes) {
                return Err(RunStatus::InputValue {
                    case,
                    input: index as u32,
                    element: element as u32,
                    data_type: tensor.data_type,
                });
            }
        }
    }
    Ok(())
}

/// Index of the first element that is no value of `data_type`.
fn first_bad_element(data_type: DataType, bytes: &[u8]) -> Option<usize> {
    if matches!(data_type, DataType::I8 | DataType::I16 | DataType::I32) {
        return None; // every pattern is a value
    }
    bytes
        .chunks_exact(data_type.bytes() as usize)
        .position(|element| {
            !(data_type.min()..=data_type.max()).contains(&read(data_type, element))
        })
}
