// CONV2D's epilogue that rescales to i8 and clamps: RESCALE and CLAMP fused. Output channels are a multiple of 4.

struct Arguments {
    double_round: u32,
    output_zero_point: i32,
    // Range that remains after saturation and CLAMP.
    low: i32,
    high: i32,
}

// [groups][2]: multipliers, then shifts.
@group(0) @binding(5) var<storage, read> factors: array<vec4<u32>>;

fn rescaled(total: i32, multiplier: u32, shift: u32) -> i32 {
    let scaled = scale(total, i32(multiplier), shift, params.arguments.double_round != 0u);
    return min(max(scaled + params.arguments.output_zero_point, params.arguments.low), params.arguments.high);
}

fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {
    let last = arrayLength(&factors) - 1u;
    let multiplier = factors[min(group * 2u, last)];
    let shift = factors[min(group * 2u + 1u, last)];
    let word = case_index * params.output_words + position * params.groups + group;
    if (position < params.positions && word < arrayLength(&output)) {
        output[word] = pack4xI8(vec4<i32>(
            rescaled(total.x, multiplier.x, shift.x),
            rescaled(total.y, multiplier.y, shift.y),
            rescaled(total.z, multiplier.z, shift.z),
            rescaled(total.w, multiplier.w, shift.w),
        ));
    }
}
