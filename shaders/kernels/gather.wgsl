// GATHER: rows of `values` [N, K, C] that `indices` [N, W] choose. An index outside is clamped to 0..K−1.

struct Params {
    // K: rows to choose from.
    rows: u32,
    // W: rows chosen.
    chosen: u32,
    // C: elements of a row.
    channels: u32,
    elements: u32,
    output_words: u32,
    lanes_log2: u32,
    values_words: u32,
    indices_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read> indices: array<u32>;

fn value_at(element: u32, which_case: u32) -> i32 {
    let channels = max(params.channels, 1u);
    let position = element / channels;
    let index = which_case * params.indices_words + position;
    let row = row_index(indices[min(index, arrayLength(&indices) - 1u)], params.rows);
    let batch = position / max(params.chosen, 1u);
    let source = (batch * params.rows + row) * channels + element % channels;
    let word = which_case * params.values_words + (source >> min(params.lanes_log2, 2u));
    return signed_lane(values[min(word, arrayLength(&values) - 1u)], source, params.lanes_log2);
}
