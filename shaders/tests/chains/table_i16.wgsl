// Generated: table. An invocation makes one word of the output.

struct Params {
    elements: u32,
    output_words: u32,
    row: u32,
    words_0: u32,
    table_0: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;

fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}

fn value(case_index: u32, element: u32) -> i32 {
    let s0 = signed_lane(source_0[min(case_index * params.words_0 + (element >> 1u), arrayLength(&source_0) - 1u)], element, 1u);
    let v0 = table_i16(params.table_0, s0);
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

// TABLE on i16: 513 entries of i16, two to a word; the upper 9 bits of a value choose an entry, the lower
// 7 interpolate to the next one. The result has 7 bits of fraction.

fn table_entry(first_word: u32, index: u32) -> i32 {
    return signed_lane(table_word(first_word + (index >> 1u)), index, 1u);
}

fn table_i16(first_word: u32, value: i32) -> i32 {
    let offset = u32(value + 32768);
    let index = offset >> 7u;
    let base = table_entry(first_word, index);
    let next = table_entry(first_word, index + 1u);
    return base * 128 + (next - base) * i32(offset & 127u);
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
