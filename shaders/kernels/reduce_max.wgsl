// REDUCE_MAX; of booleans REDUCE_ANY.

fn combine(total: i32, value: i32) -> i32 {
    return max(total, value);
}
