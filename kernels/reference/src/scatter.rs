//! TOSA "SCATTER": `values` `[N,K,C]` with the rows that `indices` `[N,W]` name replaced by those of `input` `[N,W,C]`.
//! An index outside is clamped to 0..K−1. Of several rows for one place the last (highest-numbered) stays.

use crate::gather::row_index;
use crate::value::View;

pub(crate) fn scatter(values: View<'_>, indices: View<'_>, input: View<'_>) -> Vec<i64> {
    let [_, rows, channels] = values.sides();
    let [_, written] = indices.sides();
    let mut output = values.elements.to_vec();
    for (position, &index) in indices.elements.iter().enumerate() {
        let n = position / written;
        let start = (n * rows + row_index(index, rows)) * channels;
        let row = input.row([n, position % written]);
        output[start..start + channels].copy_from_slice(row);
    }
    output
}
