// MUL: the product; with a shift, the 64-bit product shifted right and rounded half up, modulo 2^32.

fn apply(left: i32, right: i32) -> i32 {
    let shift = min(params.argument, 63u);
    if (shift == 0u) {
        return left * right;
    }
    let sum = wide_sum(wide_product(left, right), wide_power(shift - 1u));
    return i32(wide_shift_right(sum, shift).low);
}
