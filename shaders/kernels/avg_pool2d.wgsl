// AVG_POOL2D: the sum times the reciprocal of the number of elements that lie inside the input.

struct Arguments {
    input_zero_point: i32,
    output_zero_point: i32,
    // Range of the output's type.
    low: i32,
    high: i32,
}

// Multiplier and shift for a count of 1, 2, …
@group(0) @binding(3) var<storage, read> reciprocals: array<vec2<u32>>;

fn start() -> i32 {
    return 0;
}

fn accumulate(total: i32, value: i32) -> i32 {
    return total + value - params.arguments.input_zero_point;
}

fn finish(total: i32, count: u32) -> i32 {
    let factor = reciprocals[min(max(count, 1u), arrayLength(&reciprocals)) - 1u];
    let average = scale(total, i32(factor.x), factor.y, false) + params.arguments.output_zero_point;
    return min(max(average, params.arguments.low), params.arguments.high);
}
