// Frame of reductions along one axis: an invocation makes one word of the output. The operator's file
// gives `fn combine(total, value) -> i32`.

struct Params {
    // Elements of the reduced axis, at least 1.
    axis_size: u32,
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
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn value_at(element: u32, case_start: u32) -> i32 {
    let word = case_start + (element >> min(params.lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], element, params.lanes_log2);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let case_start = id.z * params.input_words;
    let inner = max(params.inner, 1u);
    let lanes = 1u << min(params.lanes_log2, 2u);
    var result = 0u;
    for (var lane = 0u; lane < lanes; lane++) {
        let element = word * lanes + lane;
        if (element < params.elements) {
            let first = (element / inner) * params.axis_size * inner + element % inner;
            var total = value_at(first, case_start);
            for (var index = 1u; index < params.axis_size; index++) {
                total = combine(total, value_at(first + index * inner, case_start));
            }
            result |= in_lane(total, element, params.lanes_log2);
        }
    }
    output[target_word] = result;
}
