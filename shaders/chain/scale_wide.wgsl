// RESCALE's multiplication of an i48 by 16 bits.

// value * multiplier * 2^-shift, rounded half up, modulo 2^32; 0 <= multiplier < 2^15, 1 <= shift <= 62.
fn scale_wide(value: Wide, multiplier: i32, shift: u32) -> i32 {
    // The value is the signed low word plus 2^32 times what is left, so that one signed product serves.
    var product = wide_product(i32(value.low), multiplier);
    product.high += (value.high + (value.low >> 31u)) * u32(multiplier);
    return i32(wide_shift_right(wide_sum(product, wide_power(shift - 1u)), shift).low);
}
