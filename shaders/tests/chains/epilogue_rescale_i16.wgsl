struct Params {
    positions: u32,
    output_channels: u32,
    row: u32,
    reserved: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<vec4<i32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let position = id.y * params.row + id.x;
    store(id.z, position, 0u, input[min(position, arrayLength(&input) - 1u)]);
}

// Generated: what follows the sums: rescale+clamp.

struct Epilogue {
    output_words: u32,
    input_zp_0: i32,
    output_zp_0: i32,
    table_0: u32,
    channels_0: u32,
    low_1: i32,
    high_1: i32,
}

@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;

fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}

fn epilogue(case_index: u32, element: u32, channel: u32, total: i32) -> i32 {
    let v0 = min(max(scale(total - params.epilogue.input_zp_0, i32(table_word(params.epilogue.table_0 + 2u * channel)), table_word(params.epilogue.table_0 + 2u * channel + 1u), false) + params.epilogue.output_zp_0, -32768), 32767);
    let v1 = min(max(v0, params.epilogue.low_1), params.epilogue.high_1);
    return v1;
}

// What becomes of the sums of four output channels of one position; nothing, if there is no such position.
fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {
    if (position >= params.positions) {
        return;
    }
    let start = case_index * params.epilogue.output_words;
    let first = position * params.output_channels + group * 4u;
for (var pair = 0u; pair < 2u; pair++) {
        var result = 0u;
        for (var low = 0u; low < 2u; low++) {
            let lane = pair * 2u + low;
            if (group * 4u + lane < params.output_channels) {
                result |= (u32(epilogue(case_index, first + lane, group * 4u + lane, total[lane])) & 0xffffu) << (16u * low);
            }
        }
        let word = start + (first >> 1u) + pair;
        if (group * 4u + pair * 2u < params.output_channels && word < arrayLength(&output)) {
            output[word] = result;
        }
    }
}

// The fixed-point multiplication of RESCALE and AVG_POOL2D.

// value · multiplier · 2^−shift, rounded half up (and, with `double_round` and a shift above 31, first moved
// by 2^30 away from zero), modulo 2^32. 1 ≤ shift ≤ 62.
fn scale(value: i32, multiplier: i32, shift: u32, double_round: bool) -> i32 {
    var sum = wide_sum(wide_product(value, multiplier), wide_power(shift - 1u));
    if (double_round && shift > 31u) {
        let up = value >= 0;
        sum = wide_sum(sum, Wide(select(0xc0000000u, 0x40000000u, up), select(0xffffffffu, 0u, up)));
    }
    return i32(wide_shift_right(sum, shift).low);
}

// 64-bit products and shifts on pairs of u32, because WGSL has no 64-bit integers.

// A signed 64-bit number in two's complement.
struct Wide {
    low: u32,
    high: u32,
}

// a · b, exactly.
fn wide_product(a: i32, b: i32) -> Wide {
    let x = u32(a);
    let y = u32(b);
    let x_low = x & 0xffffu;
    let x_high = x >> 16u;
    let y_low = y & 0xffffu;
    let y_high = y >> 16u;
    let low_high = x_low * y_high;
    let high_low = x_high * y_low;
    let middle = ((x_low * y_low) >> 16u) + (low_high & 0xffffu) + (high_low & 0xffffu);
    var high = x_high * y_high + (low_high >> 16u) + (high_low >> 16u) + (middle >> 16u);
    // The unsigned product counts a negative factor as 2^32 too much.
    high = high - select(0u, y, a < 0) - select(0u, x, b < 0);
    return Wide(x * y, high);
}

// a + b modulo 2^64.
fn wide_sum(a: Wide, b: Wide) -> Wide {
    let low = a.low + b.low;
    return Wide(low, a.high + b.high + select(0u, 1u, low < a.low));
}

// 2^exponent, 0 ≤ exponent ≤ 63.
fn wide_power(exponent: u32) -> Wide {
    let bit = 1u << (exponent & 31u);
    return Wide(select(0u, bit, exponent < 32u), select(bit, 0u, exponent < 32u));
}

// a >> shift with sign, 0 ≤ shift ≤ 63.
fn wide_shift_right(a: Wide, shift: u32) -> Wide {
    let sign = i32(a.high) >> 31u;
    let high = u32(i32(a.high) >> (shift & 31u));
    if (shift >= 32u) {
        return Wide(high, u32(sign));
    }
    // Two shifts, because one by 32 − shift would be by 32 if shift is 0.
    let carried = (a.high << 1u) << ((31u - shift) & 31u);
    return Wide((a.low >> (shift & 31u)) | carried, high);
}
