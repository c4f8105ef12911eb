// LOGICAL_LEFT_SHIFT; the amount counts modulo the type's bits.

fn apply(left: i32, right: i32) -> i32 {
    return left << shift_amount(right);
}
