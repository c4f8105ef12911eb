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
