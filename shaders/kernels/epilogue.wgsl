// What follows the sums of four output channels of one position: they are stored as i32, or rescaled to i8 and clamped
// (RESCALE and CLAMP fused; the output's channels are then a multiple of 4). The frame's `params` have
// `positions` (of the output in a case), `output_channels`, `groups` (of four output channels), `output_words`, `rescaled` (1 or 0), `double_round`,
// `output_zero_point`, and `low` and `high`, the range that remains after saturation and CLAMP.

@group(0) @binding(1) var<storage, read_write> output: array<u32>;
// [groups][2]: multipliers, then shifts. Not read unless `rescaled`.
@group(0) @binding(2) var<storage, read> factors: array<vec4<u32>>;

fn rescaled(total: i32, multiplier: u32, shift: u32) -> i32 {
    let scaled = scale(total, i32(multiplier), shift, params.double_round != 0u);
    return min(max(scaled + params.output_zero_point, params.low), params.high);
}

// Nothing, if there is no such position.
fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {
    if (position >= params.positions) {
        return;
    }
    let case_start = case_index * params.output_words;
    if (params.rescaled != 0u) {
        let last = arrayLength(&factors) - 1u;
        let multiplier = factors[min(group * 2u, last)];
        let shift = factors[min(group * 2u + 1u, last)];
        let word = case_start + position * params.groups + group;
        if (word < arrayLength(&output)) {
            output[word] = pack4xI8(vec4<i32>(
                rescaled(total.x, multiplier.x, shift.x),
                rescaled(total.y, multiplier.y, shift.y),
                rescaled(total.z, multiplier.z, shift.z),
                rescaled(total.w, multiplier.w, shift.w),
            ));
        }
    } else {
        for (var lane = 0u; lane < 4u; lane++) {
            let channel = group * 4u + lane;
            let word = case_start + position * params.output_channels + channel;
            if (channel < params.output_channels && word < arrayLength(&output)) {
                output[word] = u32(total[lane]);
            }
        }
    }
}
