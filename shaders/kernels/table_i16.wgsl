// TABLE on i16: 513 entries of i16, two to a word; the upper 9 bits of a value choose an entry, the lower
// 7 interpolate to the next one. The result has 7 bits of fraction.

struct Arguments {
    reserved: u32,
}

@group(0) @binding(3) var<storage, read> table: array<u32>;

fn entry(index: u32) -> i32 {
    return signed_lane(table[min(index >> 1u, arrayLength(&table) - 1u)], index, 1u);
}

fn apply(word: u32, element: u32) -> i32 {
    let offset = u32(signed_lane(word, element, params.input_lanes_log2) + 32768);
    let index = offset >> 7u;
    let base = entry(index);
    let next = entry(index + 1u);
    return base * 128 + (next - base) * i32(offset & 127u);
}
