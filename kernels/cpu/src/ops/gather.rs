//! GATHER and SCATTER: rows read or overwritten by index. An index out of range is clamped.

use crate::memory::{Place, Reader, copy};

/// Rows of `values` `[N, K, row]` by `indices` `[N, W]`; rows are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    pub values: Place,
    pub indices: Place,
    /// K.
    pub rows: usize,
    /// W.
    pub count: usize,
    pub row_bytes: usize,
}

impl Gather {
    pub(crate) fn run(&self, reader: Reader<'_>, output: &mut [u8]) {
        let values = reader.bytes(self.values);
        let values = values.chunks_exact(self.rows * self.row_bytes);
        let indices = reader.read::<i32>(self.indices).chunks_exact(self.count);
        let outputs = output.chunks_exact_mut(self.count * self.row_bytes);
        for ((values, indices), output) in values.zip(indices).zip(outputs) {
            for (to, &index) in output.chunks_exact_mut(self.row_bytes).zip(indices) {
                let start = clamped(index, self.rows) * self.row_bytes;
                copy(to, &values[start..start + self.row_bytes]);
            }
        }
    }
}

/// `values` with rows overwritten by those of `input` `[N, W, row]`; of two rows with one index the later one wins.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    pub values: Place,
    pub indices: Place,
    pub input: Place,
    /// K.
    pub rows: usize,
    /// W.
    pub count: usize,
    pub row_bytes: usize,
}

impl Scatter {
    pub(crate) fn run(&self, reader: Reader<'_>, output: &mut [u8]) {
        copy(output, reader.bytes(self.values));
        let inputs = reader.bytes(self.input);
        let inputs = inputs.chunks_exact(self.count * self.row_bytes);
        let indices = reader.read::<i32>(self.indices).chunks_exact(self.count);
        let outputs = output.chunks_exact_mut(self.rows * self.row_bytes);
        for ((input, indices), output) in inputs.zip(indices).zip(outputs) {
            for (row, &index) in input.chunks_exact(self.row_bytes).zip(indices) {
                let start = clamped(index, self.rows) * self.row_bytes;
                copy(&mut output[start..start + self.row_bytes], row);
            }
        }
    }
}

fn clamped(index: i32, rows: usize) -> usize {
    usize::try_from(index).unwrap_or(0).min(rows - 1)
}
