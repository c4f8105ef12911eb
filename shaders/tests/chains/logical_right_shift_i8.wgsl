// Generated: logical_right_shift. An invocation makes one word of the output.

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

fn value(case_index: u32, element: u32, w0: u32, w1: u32) -> i32 {
    let s0 = signed_lane(w0, element, 2u);
    let s1 = signed_lane(w1, element, 2u);
    let v0 = low_8(i32((u32(s0) & 0xffu) >> (u32(s1) & 7u)));
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
    let w0 = source_0[min(case_index * params.words_0 + word, arrayLength(&source_0) - 1u)];
    let w1 = source_1[min(case_index * params.words_1 + word, arrayLength(&source_1) - 1u)];
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let element = word * 4u + lane;
        if (element < params.elements) {
            result |= (u32(value(case_index, element, w0, w1)) & 0xffu) << (8u * lane);
        }
    }
    output[target_word] = result;
}

// The low bits of a value as a shorter signed integer.

fn low_8(value: i32) -> i32 {
    return (value << 24u) >> 24u;
}

fn low_16(value: i32) -> i32 {
    return (value << 16u) >> 16u;
}

// Elements of 8, 16 or 32 bits inside u32 words, least significant lane first.
// `lanes_log2` is 2, 1 or 0: the logarithm of the number of lanes in a word.

// The bits of a word that are no part of one lane.
fn unused_bits(lanes_log2: u32) -> u32 {
    return 32u - (32u >> (lanes_log2 & 31u));
}

// Index of the first bit of an element in its word.
fn first_bit(element: u32, lanes_log2: u32) -> u32 {
    let lane = element & ((1u << (lanes_log2 & 31u)) - 1u);
    return lane * (32u >> (lanes_log2 & 31u));
}

// The element's value, sign-extended.
fn signed_lane(word: u32, element: u32, lanes_log2: u32) -> i32 {
    let unused = unused_bits(lanes_log2);
    let left = unused - first_bit(element, lanes_log2);
    return i32(word << (left & 31u)) >> (unused & 31u);
}

// The element's value, zero-extended.
fn unsigned_lane(word: u32, element: u32, lanes_log2: u32) -> i32 {
    let unused = unused_bits(lanes_log2);
    let left = unused - first_bit(element, lanes_log2);
    return i32((word << (left & 31u)) >> (unused & 31u));
}

// A word that holds the low bits of `value` in the element's lane and zeros elsewhere.
fn in_lane(value: i32, element: u32, lanes_log2: u32) -> u32 {
    let unused = unused_bits(lanes_log2);
    return ((u32(value) << (unused & 31u)) >> (unused & 31u)) << (first_bit(element, lanes_log2) & 31u);
}
