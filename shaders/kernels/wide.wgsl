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
