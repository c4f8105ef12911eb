// Generated: reduce_sum+add. An invocation makes whole rows of the output.

struct Params {
    sizes_0: array<vec4<u32>, 2>,
    steps_0: array<vec4<u32>, 2>,
    elements: u32,
    output_words: u32,
    row: u32,
    rows: u32,
    row_length: u32,
    rows_together: u32,
    words_0: u32,
    axes_0: u32,
    words_1: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;
@group(0) @binding(3) var<storage, read> source_1: array<u32>;

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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let case_index = id.z;
    let first_row = (id.y * params.row + id.x) * params.rows_together;
    var word = 0u;
    for (var next = 0u; next < params.rows_together; next++) {
        let row = first_row + next;
        if (row < params.rows) {
            let s1 = i32(source_1[min(case_index * params.words_1 + row, arrayLength(&source_1) - 1u)]);
            var v0 = 0;
            for (var index = 0u; index < params.row_length; index++) {
                let element = row * params.row_length + index;
                let p0 = place_0(element);
                let s0 = i32(source_0[min(case_index * params.words_0 + p0, arrayLength(&source_0) - 1u)]);
                v0 = v0 + s0;
            }
            let v1 = v0 + s1;
            let element = row;
            let target_word = case_index * params.output_words + (element >> 0u);
            if (target_word < arrayLength(&output)) {
                output[target_word] = u32(v1);
            }
        }
    }
}
