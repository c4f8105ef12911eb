// MAX_POOL2D.

struct Arguments {
    input_lanes_log2: u32,
    // Least value of the type.
    lowest: i32,
}

fn start() -> i32 {
    return params.arguments.lowest;
}

fn accumulate(total: i32, value: i32) -> i32 {
    return max(total, value);
}

fn finish(total: i32, output_y: u32, columns: u32) -> i32 {
    return total;
}
