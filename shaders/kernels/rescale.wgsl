// RESCALE: subtracts a zero point, multiplies by a factor, adds a zero point, saturates.

struct Arguments {
    // Length of the last axis if each of its elements has a factor of its own, else 1.
    channels: u32,
    double_round: u32,
    input_zero_point: i32,
    output_zero_point: i32,
    input_unsigned: u32,
    // Range of the output's type.
    low: i32,
    high: i32,
}

// Multiplier and shift.
@group(0) @binding(3) var<storage, read> factors: array<vec2<u32>>;

fn apply(word: u32, element: u32) -> i32 {
    let lanes_log2 = params.input_lanes_log2;
    let value = select(
        signed_lane(word, element, lanes_log2),
        unsigned_lane(word, element, lanes_log2),
        params.arguments.input_unsigned != 0u,
    );
    let channel = element % max(params.arguments.channels, 1u);
    let factor = factors[min(channel, arrayLength(&factors) - 1u)];
    let scaled = scale(
        value - params.arguments.input_zero_point,
        i32(factor.x),
        factor.y,
        params.arguments.double_round != 0u,
    );
    let shifted = scaled + params.arguments.output_zero_point;
    return min(max(shifted, params.arguments.low), params.arguments.high);
}
