// REDUCE_MIN; of booleans REDUCE_ALL.

fn combine(total: i32, value: i32) -> i32 {
    return min(total, value);
}
