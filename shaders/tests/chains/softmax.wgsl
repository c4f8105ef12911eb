// Generated: rescale+reduce_max+sub+rescale+table+reduce_sum+clz+logical_left_shift+sub+mul+rescale. An invocation makes whole rows of the output.

struct Params {
    elements: u32,
    output_words: u32,
    row: u32,
    rows: u32,
    row_length: u32,
    rows_together: u32,
    words_0: u32,
    scalar_1: i32,
    input_zp_0: i32,
    output_zp_0: i32,
    multiplier_0: i32,
    shift_0: u32,
    input_zp_3: i32,
    output_zp_3: i32,
    multiplier_3: i32,
    shift_3: u32,
    table_4: u32,
    shift_9: u32,
    input_zp_10: i32,
    output_zp_10: i32,
    multiplier_10: i32,
    shift_10: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> source_0: array<u32>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;

fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let case_index = id.z;
    let first_row = (id.y * params.row + id.x) * params.rows_together;
    var word = 0u;
    for (var next = 0u; next < params.rows_together; next++) {
        let row = first_row + next;
        if (row < params.rows) {
            var v1 = i32(0x80000000u);
            for (var index = 0u; index < params.row_length; index++) {
                let element = row * params.row_length + index;
                let s0 = signed_lane(source_0[min(case_index * params.words_0 + (element >> 2u), arrayLength(&source_0) - 1u)], element, 2u);
                let v0 = scale(s0 - params.input_zp_0, params.multiplier_0, params.shift_0, false) + params.output_zp_0;
                v1 = max(v1, v0);
            }
            var v5 = 0;
            for (var index = 0u; index < params.row_length; index++) {
                let element = row * params.row_length + index;
                let s0 = signed_lane(source_0[min(case_index * params.words_0 + (element >> 2u), arrayLength(&source_0) - 1u)], element, 2u);
                let v0 = scale(s0 - params.input_zp_0, params.multiplier_0, params.shift_0, false) + params.output_zp_0;
                let v2 = v0 - v1;
                let v3 = min(max(scale(v2 - params.input_zp_3, params.multiplier_3, params.shift_3, false) + params.output_zp_3, -32768), 32767);
                let v4 = table_i16(params.table_4, v3);
                v5 = v5 + v4;
            }
            let v6 = i32(countLeadingZeros(u32(v5)));
            let v7 = v5 << (u32(v6) & 31u);
            let v8 = params.scalar_1 - v7;
            for (var index = 0u; index < params.row_length; index++) {
                let element = row * params.row_length + index;
                let s0 = signed_lane(source_0[min(case_index * params.words_0 + (element >> 2u), arrayLength(&source_0) - 1u)], element, 2u);
                let v0 = scale(s0 - params.input_zp_0, params.multiplier_0, params.shift_0, false) + params.output_zp_0;
                let v2 = v0 - v1;
                let v3 = min(max(scale(v2 - params.input_zp_3, params.multiplier_3, params.shift_3, false) + params.output_zp_3, -32768), 32767);
                let v4 = table_i16(params.table_4, v3);
                let v9 = scale(v4, v8, params.shift_9, false);
                let v10 = min(max(scale(v9 - params.input_zp_10, params.multiplier_10, params.shift_10, false) + params.output_zp_10, -128), 127);
                word |= (u32(v10) & 0xffu) << (8u * (element & 3u));
                if ((element & 3u) == 3u || element + 1u == params.elements) {
                    let target_word = case_index * params.output_words + (element >> 2u);
                    if (target_word < arrayLength(&output)) {
                        output[target_word] = word;
                    }
                    word = 0u;
                }
            }
        }
    }
}

// TABLE on i16: 513 entries of i16, two to a word; the upper 9 bits of a value choose an entry, the lower
// 7 interpolate to the next one. The result has 7 bits of fraction.

fn table_entry(first_word: u32, index: u32) -> i32 {
    return signed_lane(table_word(first_word + (index >> 1u)), index, 1u);
}

fn table_i16(first_word: u32, value: i32) -> i32 {
    let offset = u32(value + 32768);
    let index = offset >> 7u;
    let base = table_entry(first_word, index);
    let next = table_entry(first_word, index + 1u);
    return base * 128 + (next - base) * i32(offset & 127u);
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

// Elements of 8, 16 or 32 bits inside u32 words, least significant lane first.
// `lanes_log2` is 2, 1 or 0: the logarithm of the number of lanes in a word.

// The bits of a word that are no part of one lane.
fn unused_bits(lanes_log2: u32) -> u32 {
    return 32u - (32u >> (lanes_log2 & 31u));
}

// Index of the first bit of an element in its word.
fn first_bit(element: u32, lanes_log2: u32) -> u32 {
    let lane = element & ((1u << (lanes_log2 & 31u)) - 1u);
    return lane * (32u >> (lanes_log2 & 31u));
}

// The element's value, sign-extended.
fn signed_lane(word: u32, element: u32, lanes_log2: u32) -> i32 {
    let unused = unused_bits(lanes_log2);
    let left = unused - first_bit(element, lanes_log2);
    return i32(word << (left & 31u)) >> (unused & 31u);
}

// The element's value, zero-extended.
fn unsigned_lane(word: u32, element: u32, lanes_log2: u32) -> i32 {
    let unused = unused_bits(lanes_log2);
    let left = unused - first_bit(element, lanes_log2);
    return i32((word << (left & 31u)) >> (unused & 31u));
}

// A word that holds the low bits of `value` in the element's lane and zeros elsewhere.
fn in_lane(value: i32, element: u32, lanes_log2: u32) -> u32 {
    let unused = unused_bits(lanes_log2);
    return ((u32(value) << (unused & 31u)) >> (unused & 31u)) << (first_bit(element, lanes_log2) & 31u);
}
