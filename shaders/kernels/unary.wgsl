// Frame of element-wise kernels with one operand: an invocation makes one word of the output.
// The operator's file gives `struct Arguments` and `fn apply(word, element) -> i32`, where `word` holds
// the operand's element.

struct Params {
    // Elements of a case.
    elements: u32,
    // Words of a case in the output.
    output_words: u32,
    output_lanes_log2: u32,
    // Words from one case to the next in the input; 0 if all cases read the same.
    input_words: u32,
    input_lanes_log2: u32,
    // Invocations in a row of the grid.
    row: u32,
    reserved_0: u32,
    reserved_1: u32,
    arguments: Arguments,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let lanes = 1u << min(params.output_lanes_log2, 2u);
    var result = 0u;
    for (var lane = 0u; lane < lanes; lane++) {
        let element = word * lanes + lane;
        if (element < params.elements) {
            let source = id.z * params.input_words + (element >> min(params.input_lanes_log2, 2u));
            let value = apply(input[min(source, arrayLength(&input) - 1u)], element);
            result |= in_lane(value, element, params.output_lanes_log2);
        }
    }
    output[target_word] = result;
}
