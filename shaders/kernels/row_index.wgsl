// The row that an index of GATHER or SCATTER means, of `rows` rows: the nearest if it lies outside.
fn row_index(index: u32, rows: u32) -> u32 {
    return u32(min(max(i32(index), 0), i32(rows) - 1));
}
