//! Multiply, add a half, shift: the arithmetic of RESCALE, MUL with a shift and AVG_POOL2D on native integers.
//!
//! All give the low 32 bits of `(value · multiplier + round) >> shift` as computed in 64 bits. A shift of 32 or more
//! needs the upper half of the sum only, a smaller one has all its 32 bits in a shift without sign: two loops of
//! 32-bit lanes in place of 64-bit shifts with sign, which SIMD below AVX-512 lacks.

use aivm_tosa::RescaleRounding;
use aivm_tosa::operator::RescaleFactor;

/// A factor of RESCALE, ready to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    pub multiplier: i32,
    pub shift: u32,
    /// Added to products of values from 0.
    pub round: i64,
    /// Added to products of values below 0.
    pub round_negative: i64,
}

impl Scale {
    pub(crate) fn new(factor: RescaleFactor, rounding: RescaleRounding) -> Scale {
        let shift = u32::from(factor.shift);
        let half = 1_i64 << (shift - 1);
        let more = match rounding {
            RescaleRounding::Double if shift > 31 => 1_i64 << 30,
            _ => 0,
        };
        Scale {
            multiplier: factor.multiplier,
            shift,
            round: half + more,
            round_negative: half - more,
        }
    }

    /// The scaled value: its low 32 bits.
    #[inline(always)]
    pub(crate) fn apply(&self, value: i64) -> i32 {
        let round = if value >= 0 {
            self.round
        } else {
            self.round_negative
        };
        let product = value.wrapping_mul(i64::from(self.multiplier));
        (product.wrapping_add(round) >> self.shift) as i32
    }
}

/// The low 32 bits of `(a · b + round) >> shift` for a shift of 32 or more; `beyond` is the shift less 32.
#[inline(always)]
pub(crate) fn scale_high(a: i32, b: i32, round: i64, beyond: u32) -> i32 {
    let sum = (i64::from(a) * i64::from(b)).wrapping_add(round);
    ((sum >> 32) as i32) >> (beyond & 31)
}

/// The low 32 bits of `(a · b + round) >> shift` for a shift below 32.
#[inline(always)]
pub(crate) fn scale_low(a: i32, b: i32, round: i64, shift: u32) -> i32 {
    let sum = (i64::from(a) * i64::from(b)).wrapping_add(round);
    ((sum as u64) >> (shift & 31)) as i32
}

/// The factor that divides by `count`, at least 1 ("reciprocal_scale").
pub(crate) fn reciprocal(count: u32) -> RescaleFactor {
    // 2^k is the smallest power of two that is not below `count`.
    let k = 32 - (count - 1).leading_zeros();
    let numerator = ((1_i64 << 30) + 1) << k;
    RescaleFactor {
        multiplier: (numerator / i64::from(count)) as i32,
        shift: (30 + k) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_of_a_shift_are_the_shift() {
        let numbers = [
            i32::MIN,
            i32::MIN + 1,
            -70_000,
            -1,
            0,
            1,
            3,
            1 << 30,
            i32::MAX,
        ];
        for a in numbers {
            for b in numbers {
                for shift in 1..64 {
                    let round = 1_i64 << (shift - 1);
                    let whole = (i64::from(a) * i64::from(b)).wrapping_add(round) >> shift;
                    let halves = if shift < 32 {
                        scale_low(a, b, round, shift)
                    } else {
                        scale_high(a, b, round, shift - 32)
                    };
                    assert_eq!(halves, whole as i32, "{a} {b} {shift}");
                }
            }
        }
    }
}
