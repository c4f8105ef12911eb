//! How tensors lie in device memory, and the way of their bytes there and back.
//!
//! A tensor of one case is dense and row-major, as at the borders: four 8-bit, two 16-bit or one 32-bit
//! element in a `u32`, the first in the low bits; unused lanes of the last word are zero. Cases follow each
//! other, each beginning a word. So RESHAPE moves nothing, and a tensor of one case has the bytes
//! it has outside. bool and i4 take 8 bits, as outside; i48 takes two words, the low one first.
//!
//! Only the packed kernels of `lower/linear` read another layout: channels of each position padded to words, made by
//! the kernel `pad_channels` where the number of channels is no multiple of four.

use aivm_tosa::{DataType, Tensor};

/// The logarithm of the number of elements in a word, or `None` for i48, whose elements take two words.
pub(crate) fn lanes_log2(data_type: DataType) -> Option<u32> {
    match data_type {
        DataType::Bool | DataType::I4 | DataType::I8 => Some(2),
        DataType::I16 => Some(1),
        DataType::I32 => Some(0),
        DataType::I48 => None,
    }
}

/// Words of one case of `tensor`. Its bytes fit an i32, so words do.
pub(crate) fn words(tensor: &Tensor) -> u32 {
    let elements = tensor.shape.elements();
    match lanes_log2(tensor.data_type) {
        Some(lanes_log2) => elements.div_ceil(1 << lanes_log2),
        None => 2 * elements,
    }
}

/// Appends one case's bytes, filled up to a whole word.
pub(crate) fn push_padded(device_bytes: &mut Vec<u8>, bytes: &[u8]) {
    device_bytes.extend_from_slice(bytes);
    device_bytes.resize(device_bytes.len().next_multiple_of(4), 0);
}

/// Words as device bytes.
pub(crate) fn word_bytes(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}
