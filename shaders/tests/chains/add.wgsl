// Generated: add. An invocation makes one word of the output.

struct Params {
    elements: u32,
    output_words: u32,
    row: u32,
    words_0: u32,
    words_1: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;
@group(0) @binding(3) var<storage, read> source_1: array<u32>;

fn value(case_index: u32, element: u32) -> i32 {
    let s0 = i32(source_0[min(case_index * params.words_0 + element, arrayLength(&source_0) - 1u)]);
    let s1 = i32(source_1[min(case_index * params.words_1 + element, arrayLength(&source_1) - 1u)]);
    let v0 = s0 + s1;
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
