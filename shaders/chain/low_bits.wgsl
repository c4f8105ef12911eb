// The low bits of a value as a shorter signed integer.

fn low_8(value: i32) -> i32 {
    return (value << 24u) >> 24u;
}

fn low_16(value: i32) -> i32 {
    return (value << 16u) >> 16u;
}
