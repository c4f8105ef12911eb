// INTDIV: the quotient towards zero; by 0 it is 0, and that of -2^31 by -1 wraps.

fn int_div(left: i32, right: i32) -> i32 {
    // Magnitudes as u32, because -2^31 has none in i32.
    let dividend = u32(max(left, -left));
    let divisor = u32(max(right, -right));
    var quotient = 0u;
    if (divisor > 0u) {
        quotient = dividend / divisor;
    }
    return select(i32(quotient), -i32(quotient), (left < 0) != (right < 0));
}
