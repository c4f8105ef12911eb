//! "Scaling Helpers": apply_scale_32, apply_scale_16, reciprocal_scale.

use aivm_tosa::RescaleRounding;
use aivm_tosa::operator::RescaleFactor;

/// `value · multiplier / 2^shift`, rounded half up, as the low 32 bits.
///
/// `value` is an i32 with scale32, an i48 with a multiplier of 16 bits without: the product stays below
/// 2^62 and the sum below 2^63. The specification asks for a value within ±2^(shift−1); beyond, the low
/// 32 bits of the same formula are the result (`docs/semantics.md`, "RESCALE beyond its bound").
pub(crate) fn apply_scale(value: i64, factor: RescaleFactor, rounding: RescaleRounding) -> i64 {
    let shift = u32::from(factor.shift);
    let mut round = 1_i64 << (shift - 1);
    if rounding == RescaleRounding::Double && shift > 31 {
        round += if value >= 0 { 1 << 30 } else { -(1 << 30) };
    }
    let result = (value * i64::from(factor.multiplier) + round) >> shift;
    i64::from(result as i32)
}

/// The factor that divides by `count`, at least 1.
pub(crate) fn reciprocal_scale(count: u32) -> RescaleFactor {
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
    fn halves_round_up_and_double_rounding_moves_the_value_away_from_zero() {
        let half = RescaleFactor {
            multiplier: 1 << 30,
            shift: 31,
        };
        assert_eq!(apply_scale(3, half, RescaleRounding::Single), 2);
        assert_eq!(apply_scale(-3, half, RescaleRounding::Single), -1);
        let small = RescaleFactor {
            multiplier: 1 << 30,
            shift: 33,
        };
        // 3 / 8 = 0.375; the first rounding adds 1/8, which makes it a half.
        assert_eq!(apply_scale(3, small, RescaleRounding::Single), 0);
        assert_eq!(apply_scale(3, small, RescaleRounding::Double), 1);
    }

    #[test]
    fn beyond_its_bound_the_low_bits_are_kept() {
        let times_large = RescaleFactor {
            multiplier: i32::MAX,
            shift: 2,
        };
        let product = (i64::from(i32::MIN) * i64::from(i32::MAX) + 2) >> 2;
        assert_eq!(
            apply_scale(i64::from(i32::MIN), times_large, RescaleRounding::Single),
            i64::from(product as i32)
        );
    }

    #[test]
    fn reciprocals_divide_and_round() {
        for count in [1, 2, 3, 7, 64, 8192, 8192 * 8192] {
            let factor = reciprocal_scale(count);
            let value = i64::from(count) * 5;
            assert_eq!(apply_scale(value, factor, RescaleRounding::Single), 5);
            assert!(factor.multiplier >= 1 << 30);
        }
    }
}
