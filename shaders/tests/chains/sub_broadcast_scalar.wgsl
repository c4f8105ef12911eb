// Generated: sub. An invocation makes one word of the output.

struct Params {
    sizes_0: array<vec4<u32>, 2>,
    steps_0: array<vec4<u32>, 2>,
    elements: u32,
    output_words: u32,
    row: u32,
    words_0: u32,
    axes_0: u32,
    scalar_1: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;

fn place_0(element: u32) -> u32 {
    var rest = element;
    var place = 0u;
    let axes = min(params.axes_0, 7u);
    for (var axis = 0u; axis < axes; axis++) {
        let size = max(params.sizes_0[axis >> 2u][axis & 3u], 1u);
        place += params.steps_0[axis >> 2u][axis & 3u] * (rest % size);
        rest = rest / size;
    }
    return place + rest * params.steps_0[axes >> 2u][axes & 3u];
}

fn value(case_index: u32, element: u32) -> i32 {
    let p0 = place_0(element);
    let s0 = i32(source_0[min(case_index * params.words_0 + p0, arrayLength(&source_0) - 1u)]);
    let v0 = s0 - params.scalar_1;
    return v0;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let case_index = id.z;
    let word = id.y * params.row + id.x;
    let target_word = case_index * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    output[target_word] = u32(value(case_index, word));
}
