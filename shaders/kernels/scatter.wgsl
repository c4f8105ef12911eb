// SCATTER, second step: each row of the output from `input` [N, W, C] or from `values` [N, K, C], as the first step
// found.

struct Params {
    // K: rows of the output.
    rows: u32,
    // W: rows of the input.
    written: u32,
    // What the first step made for a batch: K, rounded up to fours.
    sources: u32,
    // C: elements of a row.
    channels: u32,
    elements: u32,
    output_words: u32,
    lanes_log2: u32,
    values_words: u32,
    sources_words: u32,
    input_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> values: array<u32>;
// For each row of the output the number of the input's row plus 1, or 0 if it stays.
@group(0) @binding(3) var<storage, read> sources: array<u32>;
@group(0) @binding(4) var<storage, read> input: array<u32>;

fn value_at(element: u32, which_case: u32) -> i32 {
    let channels = max(params.channels, 1u);
    let position = element / channels;
    let rows = max(params.rows, 1u);
    let batch = position / rows;
    let index = which_case * params.sources_words + batch * params.sources + position % rows;
    let number = sources[min(index, arrayLength(&sources) - 1u)];
    if (number == 0u) {
        let word = which_case * params.values_words + (element >> min(params.lanes_log2, 2u));
        return signed_lane(values[min(word, arrayLength(&values) - 1u)], element, params.lanes_log2);
    }
    let source = (batch * params.written + number - 1u) * channels + element % channels;
    let word = which_case * params.input_words + (source >> min(params.lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], source, params.lanes_log2);
}
