// TABLE on i8: 256 entries of i8, four to a word, the first for -128.

fn table_i8(first_word: u32, value: i32) -> i32 {
    let index = u32(value + 128);
    return signed_lane(table_word(first_word + (index >> 2u)), index, 2u);
}
