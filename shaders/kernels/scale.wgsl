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
