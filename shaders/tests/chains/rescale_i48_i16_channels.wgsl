// Generated: rescale. An invocation makes one word of the output.

struct Params {
    elements: u32,
    output_words: u32,
    row: u32,
    words_0: u32,
    input_zp_0: i32,
    output_zp_0: i32,
    table_0: u32,
    channels_0: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;

fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}

fn value(case_index: u32, element: u32) -> i32 {
    let s0 = Wide(source_0[min(case_index * params.words_0 + 2u * element, arrayLength(&source_0) - 1u)], source_0[min(case_index * params.words_0 + 2u * element + 1u, arrayLength(&source_0) - 1u)]);
    let v0 = min(max(scale_wide(s0, i32(table_word(params.table_0 + 2u * (element % max(params.channels_0, 1u)))), table_word(params.table_0 + 2u * (element % max(params.channels_0, 1u)) + 1u)) + params.output_zp_0, -32768), 32767);
    return v0;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let case_index = id.z;
    let word = id.y * params.row + id.x;
    let target_word = case_index * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 2u; lane++) {
        let element = word * 2u + lane;
        if (element < params.elements) {
            result |= (u32(value(case_index, element)) & 0xffffu) << (16u * lane);
        }
    }
    output[target_word] = result;
}

// RESCALE's multiplication of an i48 by 16 bits.

// value * multiplier * 2^-shift, rounded half up, modulo 2^32; 0 <= multiplier < 2^15, 1 <= shift <= 62.
fn scale_wide(value: Wide, multiplier: i32, shift: u32) -> i32 {
    // The value is the signed low word plus 2^32 times what is left, so that one signed product serves.
    var product = wide_product(i32(value.low), multiplier);
    product.high += (value.high + (value.low >> 31u)) * u32(multiplier);
    return i32(wide_shift_right(wide_sum(product, wide_power(shift - 1u)), shift).low);
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
