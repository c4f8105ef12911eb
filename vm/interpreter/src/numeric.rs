//! What the integer operations mean (WebAssembly core specification 4.3.2). Values are u64; an i32 is
//! zero-extended, in operands and in results.

use aivm_core::TrapCode;
use aivm_wasm::plan::{BinaryOp, UnaryOp};

/// The i32 in a slot.
#[inline(always)]
pub(crate) fn low32(value: u64) -> u32 {
    value as u32
}

/// An i32 as a slot keeps it, from its signed form.
#[inline(always)]
pub(crate) fn from_i32(value: i32) -> u64 {
    u64::from(value as u32)
}

/// The result of a unary operation. With a constant `op` only that operation's code remains.
#[inline(always)]
pub(crate) fn unary(op: UnaryOp, value: u64) -> u64 {
    use UnaryOp::*;
    let (x32, x64) = (low32(value), value);
    match op {
        I32Eqz => u64::from(x32 == 0),
        I32Clz => u64::from(x32.leading_zeros()),
        I32Ctz => u64::from(x32.trailing_zeros()),
        I32Popcnt => u64::from(x32.count_ones()),
        I32Extend8S => from_i32(i32::from(x32 as i8)),
        I32Extend16S => from_i32(i32::from(x32 as i16)),
        I32WrapI64 => u64::from(x32),
        I64Eqz => u64::from(x64 == 0),
        I64Clz => u64::from(x64.leading_zeros()),
        I64Ctz => u64::from(x64.trailing_zeros()),
        I64Popcnt => u64::from(x64.count_ones()),
        I64Extend8S => i64::from(x64 as i8) as u64,
        I64Extend16S => i64::from(x64 as i16) as u64,
        I64Extend32S | I64ExtendI32S => i64::from(x64 as i32) as u64,
        I64ExtendI32U => u64::from(x32),
    }
}

/// The result of a binary operation. With a constant `op` only that operation's code remains.
///
/// # Errors
/// Division and remainder: [`TrapCode::IntegerDivisionByZero`], then [`TrapCode::IntegerOverflow`].
#[inline(always)]
pub(crate) fn binary(op: BinaryOp, left: u64, right: u64) -> Result<u64, TrapCode> {
    use BinaryOp::*;
    let (a, b) = (low32(left), low32(right));
    let (signed_a, signed_b) = (a as i32, b as i32);
    let (long_a, long_b) = (left as i64, right as i64);
    Ok(match op {
        I32Add => u64::from(a.wrapping_add(b)),
        I32Sub => u64::from(a.wrapping_sub(b)),
        I32Mul => u64::from(a.wrapping_mul(b)),
        I32DivS => {
            not_zero(right & 0xFFFF_FFFF)?;
            from_i32(
                signed_a
                    .checked_div(signed_b)
                    .ok_or(TrapCode::IntegerOverflow)?,
            )
        }
        I32DivU => u64::from(a.checked_div(b).ok_or(TrapCode::IntegerDivisionByZero)?),
        I32RemS => {
            not_zero(right & 0xFFFF_FFFF)?;
            from_i32(signed_a.wrapping_rem(signed_b))
        }
        I32RemU => u64::from(a.checked_rem(b).ok_or(TrapCode::IntegerDivisionByZero)?),
        I32And => u64::from(a & b),
        I32Or => u64::from(a | b),
        I32Xor => u64::from(a ^ b),
        // Shift and rotation amounts are taken modulo the width, by Rust's wrapping shifts as well.
        I32Shl => u64::from(a.wrapping_shl(b)),
        I32ShrS => from_i32(signed_a.wrapping_shr(b)),
        I32ShrU => u64::from(a.wrapping_shr(b)),
        I32Rotl => u64::from(a.rotate_left(b % 32)),
        I32Rotr => u64::from(a.rotate_right(b % 32)),
        I32Eq => u64::from(a == b),
        I32Ne => u64::from(a != b),
        I32LtS => u64::from(signed_a < signed_b),
        I32LtU => u64::from(a < b),
        I32GtS => u64::from(signed_a > signed_b),
        I32GtU => u64::from(a > b),
        I32LeS => u64::from(signed_a <= signed_b),
        I32LeU => u64::from(a <= b),
        I32GeS => u64::from(signed_a >= signed_b),
        I32GeU => u64::from(a >= b),
        I64Add => left.wrapping_add(right),
        I64Sub => left.wrapping_sub(right),
        I64Mul => left.wrapping_mul(right),
        I64DivS => {
            not_zero(right)?;
            long_a
                .checked_div(long_b)
                .ok_or(TrapCode::IntegerOverflow)? as u64
        }
        I64DivU => left
            .checked_div(right)
            .ok_or(TrapCode::IntegerDivisionByZero)?,
        I64RemS => {
            not_zero(right)?;
            long_a.wrapping_rem(long_b) as u64
        }
        I64RemU => left
            .checked_rem(right)
            .ok_or(TrapCode::IntegerDivisionByZero)?,
        I64And => left & right,
        I64Or => left | right,
        I64Xor => left ^ right,
        I64Shl => left.wrapping_shl(b),
        I64ShrS => long_a.wrapping_shr(b) as u64,
        I64ShrU => left.wrapping_shr(b),
        I64Rotl => left.rotate_left(b % 64),
        I64Rotr => left.rotate_right(b % 64),
        I64Eq => u64::from(left == right),
        I64Ne => u64::from(left != right),
        I64LtS => u64::from(long_a < long_b),
        I64LtU => u64::from(left < right),
        I64GtS => u64::from(long_a > long_b),
        I64GtU => u64::from(left > right),
        I64LeS => u64::from(long_a <= long_b),
        I64LeU => u64::from(left <= right),
        I64GeS => u64::from(long_a >= long_b),
        I64GeU => u64::from(left >= right),
    })
}

/// Traps on a zero divisor, so that the check of overflow comes after it.
#[inline(always)]
fn not_zero(divisor: u64) -> Result<(), TrapCode> {
    if divisor == 0 {
        return Err(TrapCode::IntegerDivisionByZero);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN32: u64 = 0x8000_0000;
    const MINUS1_32: u64 = 0xFFFF_FFFF;
    const MIN64: u64 = 1 << 63;

    #[test]
    fn division_checks_zero_before_overflow() {
        use BinaryOp::*;
        for op in [
            I32DivS, I32DivU, I32RemS, I32RemU, I64DivS, I64DivU, I64RemS, I64RemU,
        ] {
            assert_eq!(
                binary(op, 7, 0),
                Err(TrapCode::IntegerDivisionByZero),
                "{op:?}"
            );
        }
        assert_eq!(
            binary(I32DivS, MIN32, MINUS1_32),
            Err(TrapCode::IntegerOverflow)
        );
        assert_eq!(
            binary(I64DivS, MIN64, u64::MAX),
            Err(TrapCode::IntegerOverflow)
        );
        assert_eq!(binary(I32RemS, MIN32, MINUS1_32), Ok(0));
        assert_eq!(binary(I64RemS, MIN64, u64::MAX), Ok(0));
        assert_eq!(binary(I32DivS, 0xFFFF_FFF9, 2), Ok(0xFFFF_FFFD));
        assert_eq!(binary(I32RemS, 0xFFFF_FFF9, 2), Ok(MINUS1_32));
        assert_eq!(binary(I64RemS, (-7i64) as u64, 2), Ok(u64::MAX));
    }

    #[test]
    fn shift_amounts_are_taken_modulo_the_width() {
        use BinaryOp::*;
        assert_eq!(binary(I32Shl, 1, 33), Ok(2));
        assert_eq!(binary(I32ShrS, MIN32, 35), Ok(0xF000_0000));
        assert_eq!(binary(I32ShrU, MIN32, MINUS1_32), Ok(1));
        assert_eq!(binary(I32Rotl, MIN32, 33), Ok(1));
        assert_eq!(binary(I32Rotr, 1, 65), Ok(MIN32));
        assert_eq!(binary(I64Shl, 1, 65), Ok(2));
        assert_eq!(
            binary(I64ShrS, MIN64, 1 + (1 << 32)),
            Ok(0xC000_0000_0000_0000)
        );
        assert_eq!(binary(I64ShrU, MIN64, u64::MAX), Ok(1));
        assert_eq!(binary(I64Rotl, MIN64, 65), Ok(1));
        assert_eq!(binary(I64Rotr, 1, u64::MAX), Ok(2));
    }

    #[test]
    fn i32_results_have_no_high_half() {
        use BinaryOp::*;
        assert_eq!(binary(I32Add, MINUS1_32, 1), Ok(0));
        assert_eq!(binary(I32Sub, 0, 1), Ok(MINUS1_32));
        assert_eq!(binary(I32Mul, MINUS1_32, MINUS1_32), Ok(1));
        assert_eq!(unary(UnaryOp::I32Extend8S, 0x80), 0xFFFF_FF80);
        assert_eq!(unary(UnaryOp::I32Extend16S, 0x1_8000), 0xFFFF_8000);
        assert_eq!(unary(UnaryOp::I32WrapI64, u64::MAX), MINUS1_32);
    }

    #[test]
    fn signs_and_counts() {
        use BinaryOp::*;
        assert_eq!(binary(I32LtS, MINUS1_32, 0), Ok(1));
        assert_eq!(binary(I32LtU, MINUS1_32, 0), Ok(0));
        assert_eq!(binary(I64GeS, MIN64, 0), Ok(0));
        assert_eq!(binary(I64GeU, MIN64, 0), Ok(1));
        assert_eq!(unary(UnaryOp::I32Clz, 0), 32);
        assert_eq!(unary(UnaryOp::I32Ctz, 0), 32);
        assert_eq!(unary(UnaryOp::I64Clz, 1), 63);
        assert_eq!(unary(UnaryOp::I64Ctz, 0), 64);
        assert_eq!(unary(UnaryOp::I64ExtendI32S, MIN32), 0xFFFF_FFFF_8000_0000);
        assert_eq!(unary(UnaryOp::I64ExtendI32U, MIN32), MIN32);
        assert_eq!(unary(UnaryOp::I64Extend8S, 0xFF), u64::MAX);
    }
}
