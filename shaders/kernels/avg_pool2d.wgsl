// AVG_POOL2D: the sum times the reciprocal of the number of elements that lie inside the input.

struct Arguments {
    input_lanes_log2: u32,
    input_zero_point: i32,
    output_zero_point: i32,
    // Range of the output's type.
    low: i32,
    high: i32,
    // Along y, of the whole operator: the input of the second of two steps has its rows added up already.
    height: u32,
    kernel_y: u32,
    stride_y: u32,
    pad_top: u32,
}

fn start() -> i32 {
    return 0;
}

fn accumulate(total: i32, value: i32) -> i32 {
    return total + value - params.arguments.input_zero_point;
}

fn finish(total: i32, output_y: u32, columns: u32) -> i32 {
    let arguments = params.arguments;
    let rows = inside(output_y * arguments.stride_y, arguments.kernel_y, arguments.pad_top, arguments.height);
    let factor = reciprocal((rows.y - rows.x) * columns);
    let average = scale(total, i32(factor.x), factor.y, false) + arguments.output_zero_point;
    return min(max(average, arguments.low), arguments.high);
}

// Multiplier and shift that divide by `count`, 1 to 2^26: (2^30 + 1) · 2^k / count rounded down, and 30 + k, where k is
// the least with 2^k >= count (TOSA's reciprocal_scale).
fn reciprocal(count: u32) -> vec2<u32> {
    let divisor = max(count, 1u);
    let k = min(32u - countLeadingZeros(divisor - 1u), 26u);
    var quotient = 0x40000001u / divisor;
    var remainder = 0x40000001u % divisor;
    // Long division. A remainder is below 2^26, so six more bits of the dividend fit a word.
    for (var done = 0u; done < k; done += 6u) {
        let bits = min(k - done, 6u);
        let dividend = remainder << (bits & 31u);
        quotient = (quotient << (bits & 31u)) + dividend / divisor;
        remainder = dividend % divisor;
    }
    return vec2(quotient, 30u + k);
}
