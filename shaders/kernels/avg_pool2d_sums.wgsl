// AVG_POOL2D, the first of two steps: i32 sums of the elements without their zero point.

struct Arguments {
    input_lanes_log2: u32,
    input_zero_point: i32,
}

fn start() -> i32 {
    return 0;
}

fn accumulate(total: i32, value: i32) -> i32 {
    return total + value - params.arguments.input_zero_point;
}

fn finish(total: i32, output_y: u32, columns: u32) -> i32 {
    return total;
}
