//! TOSA "GATHER": rows of `values` `[N,K,C]` chosen by `indices` `[N,W]`. An index outside is clamped to 0..K−1.

use crate::value::View;

pub(crate) fn gather(values: View<'_>, indices: View<'_>) -> Vec<i64> {
    let [_, rows, channels] = values.sides();
    let [_, chosen] = indices.sides();
    let mut output = Vec::with_capacity(indices.elements.len() * channels);
    for (position, &index) in indices.elements.iter().enumerate() {
        let k = row_index(index, rows);
        output.extend_from_slice(values.row([position / chosen, k]));
    }
    output
}

/// The row that an index of GATHER or SCATTER means, of `rows` rows.
pub(crate) fn row_index(index: i64, rows: usize) -> usize {
    index.clamp(0, rows as i64 - 1) as usize
}
