// ARITHMETIC_RIGHT_SHIFT; the amount counts modulo the type's bits. `argument` 1 adds the last bit shifted out.

fn apply(left: i32, right: i32) -> i32 {
    let amount = shift_amount(right);
    let shifted = left >> amount;
    if (params.argument != 0u && amount > 0u) {
        return shifted + ((left >> (amount - 1u)) & 1);
    }
    return shifted;
}
