//! Walks over a protobuf file before it is decoded, and counts.
//!
//! An empty message takes two bytes in a file and hundreds in memory. So the messages and strings are counted
//! first, without allocating: what decodes afterwards is known to be bounded by the file's length.

use crate::{ImportError, ImportLimits};

/// The messages that a field may hold, or what its bytes are else.
#[derive(Clone, Copy)]
enum Content {
    /// A message whose fields are known.
    Message(&'static [(u64, Content)]),
    /// A string or bytes.
    Bytes,
}

use Content::{Bytes, Message};

const DIMENSION: &[(u64, Content)] = &[(2, Bytes)];
const SHAPE: &[(u64, Content)] = &[(1, Message(DIMENSION))];
const TENSOR_TYPE: &[(u64, Content)] = &[(2, Message(SHAPE))];
const TYPE: &[(u64, Content)] = &[(1, Message(TENSOR_TYPE))];
const VALUE_INFO: &[(u64, Content)] = &[(1, Bytes), (2, Message(TYPE))];
const TENSOR: &[(u64, Content)] = &[(8, Bytes), (9, Bytes), (13, Bytes)];
const ATTRIBUTE: &[(u64, Content)] = &[
    (1, Bytes),
    (4, Bytes),
    (5, Message(TENSOR)),
    (6, Bytes),
    (11, Bytes),
    (21, Bytes),
];
const NODE: &[(u64, Content)] = &[
    (1, Bytes),
    (2, Bytes),
    (3, Bytes),
    (4, Bytes),
    (5, Message(ATTRIBUTE)),
    (7, Bytes),
];
const GRAPH: &[(u64, Content)] = &[
    (1, Message(NODE)),
    (5, Message(TENSOR)),
    (11, Message(VALUE_INFO)),
    (12, Message(VALUE_INFO)),
    (15, Bytes),
];
const OPERATOR_SET: &[(u64, Content)] = &[(1, Bytes)];
const MODEL: &[(u64, Content)] = &[(7, Message(GRAPH)), (8, Message(OPERATOR_SET)), (25, Bytes)];

/// Checks that `file` has no more messages and strings than `limits` allows.
///
/// # Errors
/// Too many of them, or bytes that are no protobuf.
pub(crate) fn scan(file: &[u8], limits: &ImportLimits) -> Result<(), ImportError> {
    let mut budget = limits.messages + file.len() as u64 / ImportLimits::MESSAGE_BYTES;
    scan_message(file, 0, MODEL, &mut budget).map_err(|(offset, what)| ImportError::File {
        offset: offset as u64,
        what,
    })
}

/// `start` is where the message begins in the file. The recursion is that of the constants above.
fn scan_message(
    message: &[u8],
    start: usize,
    fields: &[(u64, Content)],
    budget: &mut u64,
) -> Result<(), (usize, &'static str)> {
    let mut at = 0;
    while at < message.len() {
        let field_start = start + at;
        let key = varint(message, &mut at).ok_or((field_start, "a field's key is cut off"))?;
        let skipped = match key & 7 {
            0 => varint(message, &mut at).map(|_| 0),
            1 => Some(8),
            2 => {
                let len = varint(message, &mut at).and_then(|len| usize::try_from(len).ok());
                let content = len.and_then(|len| message.get(at..)?.get(..len));
                let content =
                    content.ok_or((field_start, "a field is longer than what holds it"))?;
                if let Some((_, kind)) = fields.iter().find(|(number, _)| *number == key >> 3) {
                    *budget = budget
                        .checked_sub(1)
                        .ok_or((field_start, "too many messages and strings"))?;
                    if let Message(inner) = kind {
                        scan_message(content, start + at, inner, budget)?;
                    }
                }
                Some(content.len())
            }
            5 => Some(4),
            // Groups are not part of proto3, in which ONNX is written.
            _ => return Err((field_start, "a field of a kind that ONNX does not have")),
        };
        at = skipped
            .and_then(|skipped| at.checked_add(skipped))
            .filter(|&at| at <= message.len())
            .ok_or((field_start, "a field is longer than what holds it"))?;
    }
    Ok(())
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_empty_nodes_are_refused_before_they_are_decoded() {
        let mut graph = Vec::new();
        for _ in 0..200_000 {
            graph.extend_from_slice(&[0x0a, 0]);
        }
        let mut file = vec![0x3a];
        prost::encoding::encode_varint(graph.len() as u64, &mut file);
        file.extend_from_slice(&graph);
        let error = scan(&file, &ImportLimits::TOOL).unwrap_err();
        assert!(error.to_string().contains("too many messages"), "{error}");
    }

    #[test]
    fn a_field_beyond_the_end_is_refused_with_its_place() {
        let error = scan(&[0x08, 1, 0x3a, 5, 0], &ImportLimits::TOOL).unwrap_err();
        assert!(error.to_string().contains("byte 2"), "{error}");
    }
}
