// TABLE on i8: 256 entries of i8, four to a word, the first for −128.

struct Arguments {
    reserved: u32,
}

@group(0) @binding(3) var<storage, read> table: array<u32>;

fn apply(word: u32, element: u32) -> i32 {
    let index = u32(signed_lane(word, element, params.input_lanes_log2) + 128);
    return signed_lane(table[min(index >> 2u, arrayLength(&table) - 1u)], index, 2u);
}
