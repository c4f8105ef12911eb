// Generated: reduce_max. An invocation makes whole rows of the output.

struct Params {
    elements: u32,
    output_words: u32,
    row: u32,
    rows: u32,
    row_length: u32,
    rows_together: u32,
    words_0: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let case_index = id.z;
    let first_row = (id.y * params.row + id.x) * params.rows_together;
    var word = 0u;
    for (var next = 0u; next < params.rows_together; next++) {
        let row = first_row + next;
        if (row < params.rows) {
            var v0 = i32(0x80000000u);
            for (var index = 0u; index < params.row_length; index++) {
                let element = row * params.row_length + index;
                let s0 = signed_lane(source_0[min(case_index * params.words_0 + (element >> 2u), arrayLength(&source_0) - 1u)], element, 2u);
                v0 = max(v0, s0);
            }
            let element = row;
            word |= (u32(v0) & 0xffu) << (8u * (element & 3u));
            if ((element & 3u) == 3u || element + 1u == params.elements) {
                let target_word = case_index * params.output_words + (element >> 2u);
                if (target_word < arrayLength(&output)) {
                    output[target_word] = word;
                }
                word = 0u;
            }
        }
    }
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
