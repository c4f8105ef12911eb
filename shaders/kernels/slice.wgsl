// SLICE: a box of the input. An invocation makes one word of the output.

struct Params {
    // Sizes of the output's axes, the innermost first; the outermost is left out.
    sizes: array<vec4<u32>, 2>,
    // Elements from one index of an axis to the next in the input, the outermost too.
    strides: array<vec4<u32>, 2>,
    // Axes in `sizes`.
    inner_axes: u32,
    // The input's element at the output's first.
    first: u32,
    elements: u32,
    output_words: u32,
    input_words: u32,
    lanes_log2: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn input_element(element: u32) -> u32 {
    var rest = element;
    var source = params.first;
    let axes = min(params.inner_axes, 7u);
    for (var axis = 0u; axis < axes; axis++) {
        let size = max(params.sizes[axis >> 2u][axis & 3u], 1u);
        source += params.strides[axis >> 2u][axis & 3u] * (rest % size);
        rest = rest / size;
    }
    return source + rest * params.strides[axes >> 2u][axes & 3u];
}

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
            let source = input_element(element);
            let source_word = id.z * params.input_words + (source >> min(params.lanes_log2, 2u));
            let value = signed_lane(input[min(source_word, arrayLength(&input) - 1u)], source, params.lanes_log2);
            result |= in_lane(value, element, params.lanes_log2);
        }
    }
    output[target_word] = result;
}
