// ARITHMETIC_RIGHT_SHIFT with rounding: adds the last bit shifted out.

fn rounding_shift(value: i32, amount: u32) -> i32 {
    let last_out = (value >> ((amount - 1u) & 31u)) & 1;
    return (value >> (amount & 31u)) + select(0, last_out, amount > 0u);
}
