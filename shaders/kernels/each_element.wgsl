// Frame of kernels that compute each element of the output by itself: an invocation makes one word of it. The
// operator's file gives `fn value_at(element, which_case) -> i32` and `params` with `elements` (of a case),
// `output_words` (of a case), `lanes_log2` (of the output) and `row` (invocations in a row of the grid).

@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let lanes = 1u << min(params.lanes_log2, 2u);
    var result = 0u;
    for (var lane = 0u; lane < lanes; lane++) {
        let element = word * lanes + lane;
        if (element < params.elements) {
            result |= in_lane(value_at(element, id.z), element, params.lanes_log2);
        }
    }
    output[target_word] = result;
}
