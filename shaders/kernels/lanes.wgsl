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
