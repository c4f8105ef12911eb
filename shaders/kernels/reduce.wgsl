// Frame of reductions along one axis, whole or cut into chunks: each element of the output by itself. The operator's
// file gives `fn combine(total, value) -> i32`.

struct Params {
    // Elements of the reduced axis, at least 1.
    axis_size: u32,
    // Elements of it that make one of the output, and how many of the output that makes. The last may have fewer.
    chunk: u32,
    chunks: u32,
    // Elements of all axes inside the reduced one.
    inner: u32,
    elements: u32,
    output_words: u32,
    input_words: u32,
    // Of input and output.
    lanes_log2: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn input_at(element: u32, case_start: u32) -> i32 {
    let word = case_start + (element >> min(params.lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], element, params.lanes_log2);
}

fn value_at(element: u32, which_case: u32) -> i32 {
    let case_start = which_case * params.input_words;
    let inner = max(params.inner, 1u);
    let line = element / inner;
    let chunks = max(params.chunks, 1u);
    let begin = (line % chunks) * params.chunk;
    let first = ((line / chunks) * params.axis_size + begin) * inner + element % inner;
    let count = min(params.chunk, params.axis_size - begin);
    var total = input_at(first, case_start);
    for (var index = 1u; index < count; index++) {
        total = combine(total, input_at(first + index * inner, case_start));
    }
    return total;
}
