// REDUCE_MAX.

fn combine(total: i32, value: i32) -> i32 {
    return max(total, value);
}
