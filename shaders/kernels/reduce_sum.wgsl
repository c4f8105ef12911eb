// REDUCE_SUM, wrapping.

fn combine(total: i32, value: i32) -> i32 {
    return total + value;
}
