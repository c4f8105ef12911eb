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
    // The type is asked once and not for each element: loops of one kind take a fraction of the time.
    match data_type {
        DataType::Bool | DataType::I4 | DataType::I8 => {
            bytes.iter().map(|&byte| i64::from(byte as i8)).collect()
        }
        DataType::I16 => elements(bytes, |element| i64::from(i16::from_le_bytes(element))),
        DataType::I32 => elements(bytes, |element| i64::from(i32::from_le_bytes(element))),
        DataType::I48 => elements(bytes, i64::from_le_bytes),
    }
}

fn elements<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> i64) -> Vec<i64> {
    let (elements, _) = bytes.as_chunks();
    elements.iter().map(|&element| value(element)).collect()
}

/// Appends the elements of a tensor to `bytes`. Every value is one of `data_type`.
pub fn encode(data_type: DataType, values: &[i64], bytes: &mut Vec<u8>) {
    debug_assert!(
        values
            .iter()
            .all(|value| (data_type.min()..=data_type.max()).contains(value))
    );
    // The low bytes of each.
    match data_type {
        DataType::Bool | DataType::I4 | DataType::I8 => {
            bytes.extend(values.iter().map(|&value| value as u8));
        }
        DataType::I16 => bytes.extend(
            values
                .iter()
                .flat_map(|&value| (value as i16).to_le_bytes()),
        ),
        DataType::I32 => bytes.extend(
            values
                .iter()
                .flat_map(|&value| (value as i32).to_le_bytes()),
        ),
        DataType::I48 => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
    }
}

/// Bytes of the inputs of all cases of one run together, and of the outputs, at most: a graph without inputs takes
/// any number of cases.
pub const RUN_BYTES_MAX: u64 = 1 << 30;

/// Checks the bytes of `cases` cases for `graph`: their number, and that each element is a value of
/// its type.
///
/// # Errors
/// [`RunStatus::TooManyCases`], [`RunStatus::InputLength`], or [`RunStatus::InputValue`] with the first element at fault.
pub fn check_input(graph: &Graph, cases: u32, input: &[u8]) -> Result<(), RunStatus> {
    let expected = graph.input_bytes().saturating_mul(u64::from(cases));
    let returned = graph.output_bytes().saturating_mul(u64::from(cases));
    let bytes = expected.max(returned);
    if bytes > RUN_BYTES_MAX {
        return Err(RunStatus::TooManyCases {
            bytes,
            limit: RUN_BYTES_MAX,
        });
    }
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
pub(crate) fn first_bad_element(data_type: DataType, bytes: &[u8]) -> Option<usize> {
    if matches!(data_type, DataType::I8 | DataType::I16 | DataType::I32) {
        return None; // every pattern is a value
    }
    let is_bad =
        |element: &[u8]| !(data_type.min()..=data_type.max()).contains(&read(data_type, element));
    // All elements of a block are looked at together, which takes a fraction of the time; nearly always none is bad.
    const BLOCK: usize = 1024;
    for (index, block) in bytes.chunks(BLOCK).enumerate() {
        let any_bad = match data_type {
            DataType::Bool => block.iter().fold(0, |all, &byte| all | byte) > 1,
            DataType::I4 => {
                block
                    .iter()
                    .fold(0, |all, &byte| all | (byte.wrapping_add(8) & 0xf0))
                    != 0
            }
            _ => {
                let elements = block.as_chunks::<8>().0.iter();
                let above = elements.map(|element| {
                    i64::from_le_bytes(*element)
                        .wrapping_add(1 << 47)
                        .cast_unsigned()
                        >> 48
                });
                above.fold(0, |all, above| all | above) != 0
            }
        };
        if any_bad {
            let width = data_type.bytes() as usize;
            let bad = block.chunks_exact(width).position(is_bad);
            return bad.map(|bad| index * (BLOCK / width) + bad);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Tensor, TensorId};

    fn graph(types: &[DataType]) -> Graph {
        let tensors = types.iter().enumerate().map(|(index, &data_type)| Tensor {
            name: index.to_string(),
            data_type,
            shape: Shape::new(&[2]).expect("two elements"),
            constant: None,
        });
        let ids: Vec<_> = (0..types.len() as u32).map(TensorId).collect();
        Graph {
            tensors: tensors.collect(),
            nodes: Vec::new(),
            inputs: ids.clone(),
            outputs: ids,
            bytes: 0,
        }
    }

    #[test]
    fn the_first_bad_element_is_found_wherever_it_is() {
        for (data_type, bad) in [
            (DataType::Bool, [2, 0, 0, 0, 0, 0, 0, 0]),
            (DataType::Bool, [255, 0, 0, 0, 0, 0, 0, 0]),
            (DataType::I4, [8, 0, 0, 0, 0, 0, 0, 0]),
            (DataType::I4, [0xf7, 0, 0, 0, 0, 0, 0, 0]),
            (DataType::I48, [0, 0, 0, 0, 0, 128, 0, 0]),
        ] {
            let width = data_type.bytes() as usize;
            let mut bytes = Vec::new();
            for element in 0..5000 {
                let value = if element % 2 == 0 {
                    data_type.max()
                } else {
                    data_type.min()
                };
                bytes.extend_from_slice(&value.to_le_bytes()[..width]);
            }
            assert_eq!(first_bad_element(data_type, &bytes), None);
            for first in [4999, 4096, 1025, 1024, 127, 0] {
                bytes[first * width..][..width].copy_from_slice(&bad[..width]);
                assert_eq!(
                    first_bad_element(data_type, &bytes),
                    Some(first),
                    "{data_type}"
                );
            }
        }
    }

    #[test]
    fn every_value_survives_its_bytes() {
        for data_type in [
            DataType::Bool,
            DataType::I4,
            DataType::I8,
            DataType::I16,
            DataType::I32,
            DataType::I48,
        ] {
            let values = [data_type.min(), 0, 1, data_type.max()];
            let mut bytes = Vec::new();
            encode(data_type, &values, &mut bytes);
            assert_eq!(bytes.len() as u64, 4 * data_type.bytes());
            assert_eq!(decode(data_type, &bytes), values);
        }
    }

    #[test]
    fn another_length_than_all_cases_need_is_a_status() {
        let graph = graph(&[DataType::I8, DataType::I16]);
        assert_eq!(check_input(&graph, 2, &[0; 12]), Ok(()));
        assert_eq!(check_input(&graph, 0, &[]), Ok(()));
        for actual in [0, 6, 11, 13] {
            let status = RunStatus::InputLength {
                expected: 12,
                actual,
            };
            let input = vec![0; actual as usize];
            assert_eq!(check_input(&graph, 2, &input), Err(status));
        }
    }

    #[test]
    fn cases_whose_outputs_or_inputs_are_too_long_are_a_status() {
        let cases = (RUN_BYTES_MAX / 8) as u32;
        let status = RunStatus::TooManyCases {
            bytes: RUN_BYTES_MAX + 8,
            limit: RUN_BYTES_MAX,
        };
        // Two i32: 8 bytes a case.
        let mut no_inputs = graph(&[DataType::I32]);
        no_inputs.inputs.clear();
        assert_eq!(check_input(&no_inputs, cases, &[]), Ok(()));
        assert_eq!(check_input(&no_inputs, cases + 1, &[]), Err(status.clone()));
        let mut no_outputs = graph(&[DataType::I32]);
        no_outputs.outputs.clear();
        let missing = RunStatus::InputLength {
            expected: RUN_BYTES_MAX,
            actual: 0,
        };
        assert_eq!(check_input(&no_outputs, cases, &[]), Err(missing));
        assert_eq!(check_input(&no_outputs, cases + 1, &[]), Err(status));
    }

    #[test]
    fn the_first_value_outside_its_type_is_named() {
        let graph = graph(&[DataType::I16, DataType::Bool, DataType::I4]);
        let good = [0xff, 0xff, 1, 0, 1, 0, 0xf8, 7];
        let both = [good, good].concat();
        assert_eq!(check_input(&graph, 2, &both), Ok(()));
        for (at, byte, input, element, data_type) in [
            (4, 2, 1, 0, DataType::Bool),
            (5, 0xff, 1, 1, DataType::Bool),
            (6, 0xf7, 2, 0, DataType::I4),
            (7, 8, 2, 1, DataType::I4),
        ] {
            for case in 0..2_u32 {
                let mut bytes = both.clone();
                bytes[8 * case as usize + at] = byte;
                let status = RunStatus::InputValue {
                    case,
                    input,
                    element,
                    data_type,
                };
                assert_eq!(check_input(&graph, 2, &bytes), Err(status));
            }
        }
    }

    #[test]
    fn an_i48_has_its_upper_bytes_all_alike() {
        let graph = graph(&[DataType::I48]);
        let mut bytes = Vec::new();
        encode(DataType::I48, &[DataType::I48.min(), -1], &mut bytes);
        assert_eq!(check_input(&graph, 1, &bytes), Ok(()));
        bytes[6] = 0;
        assert!(check_input(&graph, 1, &bytes).is_err());
    }
}
