//! Scales of quantised tensors, and the multiplier and shift that a ratio of scales becomes.
//!
//! The one place where the importer computes with floats: f64 multiplication and division, exactly
//! specified by IEEE 754, so that a file has the same import on every machine. What runs is the integers.
#![expect(
    clippy::float_arithmetic,
    reason = "scales are real numbers until they are multiplier and shift"
)]

/// A ratio of scales as RESCALE takes it: `multiplier / 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor {
    /// 2^30 to 2^31 − 1, or less if the shift is 62.
    pub multiplier: i32,
    /// 2 to 62.
    pub shift: u8,
}

/// The smallest and largest integer of 8 bits.
pub(crate) const I8_RANGE: (i64, i64) = (i8::MIN as i64, i8::MAX as i64);
/// The smallest and largest integer of 32 bits.
pub(crate) const I32_RANGE: (i64, i64) = (i32::MIN as i64, i32::MAX as i64);

/// The nearest factor to `ratio`: the multiplier has 31 bits; ratios below 2^−32 lose bits, then become 0.
/// `None` for a ratio that is not positive, or is 2^29 or more.
pub(crate) fn factor(ratio: f64) -> Option<Factor> {
    if !ratio.is_finite() || ratio <= 0.0 {
        return None;
    }
    // The shift that brings the ratio to 2^30..2^31. Subnormal ratios stay below and become 0.
    let exponent = (ratio.to_bits() >> 52) as i32 - 1023;
    let mut shift = 30 - exponent;
    let scaled = |shift: i32| (ratio * power_of_two(shift)).round_ties_even();
    if shift <= 62 && scaled(shift) >= power_of_two(31) {
        shift -= 1;
    }
    let shift = shift.min(62);
    if shift < 2 {
        return None;
    }
    Some(Factor {
        multiplier: scaled(shift) as i32,
        shift: shift as u8,
    })
}

/// 2^`exponent`, from −1022 to 1023.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// `real / scale` rounded half to even, plus `zero_point`, saturated to `min..=max`. Not a number becomes `zero_point`.
pub(crate) fn quantise(real: f64, scale: f64, zero_point: i64, (min, max): (i64, i64)) -> i64 {
    // The cast saturates and takes NaN to 0.
    let steps = (real / scale).round_ties_even() as i64;
    steps.saturating_add(zero_point).clamp(min, max)
}

/// `(value − zero_point) · scale`.
pub(crate) fn dequantise(value: i64, scale: f64, zero_point: i64) -> f64 {
    (value - zero_point) as f64 * scale
}

/// Product of two scales.
pub(crate) fn product(a: f64, b: f64) -> f64 {
    a * b
}

/// Ratio of two scales.
pub(crate) fn ratio(a: f64, b: f64) -> f64 {
    a / b
}

/// Whether `bound · ratio` stays inside an i32.
pub(crate) fn fits_i32(bound: i64, ratio: f64) -> bool {
    bound as f64 * ratio < power_of_two(31)
}

/// Whether two scales are the same but for rounding.
pub(crate) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * b.abs()
}

/// `scale / 2^bits`.
pub(crate) fn finer(scale: f64, bits: i32) -> f64 {
    scale * power_of_two(-bits)
}

/// How many bits `bound · scale` may be refined by, so that it stays below 2^29 steps of the refined scale.
pub(crate) fn headroom(bound: i64, scale: f64, of: f64) -> i32 {
    let steps = (bound.max(1) as f64 * scale / of).max(1.0);
    // The exponent, rounded up.
    let exponent = (steps.to_bits() >> 52) as i32 - 1023;
    let exact = steps.to_bits() << 12 == 0;
    29 - exponent - i32::from(!exact)
}

/// The largest magnitude in a list.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values
        .iter()
        .fold(0.0, |largest, value| largest.max(value.abs()))
}

/// A scale of a file: positive and finite.
pub(crate) fn checked(scale: f32) -> Option<f64> {
    (scale.is_finite() && scale > 0.0).then_some(f64::from(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(ratio: f64) -> Option<(i32, u8)> {
        factor(ratio).map(|factor| (factor.multiplier, factor.shift))
    }

    #[test]
    fn factors_have_31_bits() {
        assert_eq!(pair(1.0), Some((1 << 30, 30)));
        assert_eq!(pair(0.5), Some((1 << 30, 31)));
        assert_eq!(pair(0.75), Some((3 << 29, 31)));
        // Rounds up to the next power of two.
        assert_eq!(pair(1.0 - 1e-15), Some((1 << 30, 30)));
        assert_eq!(pair(power_of_two(28)), Some((1 << 30, 2)));
    }

    #[test]
    fn ratios_at_the_ends() {
        assert_eq!(pair(power_of_two(29)), None);
        assert_eq!(pair(power_of_two(-32)), Some((1 << 30, 62)));
        assert_eq!(pair(power_of_two(-33)), Some((1 << 29, 62)));
        assert_eq!(pair(power_of_two(-70)), Some((0, 62)));
        assert_eq!(pair(f64::from_bits(1)), Some((0, 62)));
        assert_eq!(pair(0.0), None);
        assert_eq!(pair(f64::NAN), None);
    }

    #[test]
    fn quantising_rounds_half_to_even_and_saturates() {
        let to = |real| quantise(real, 1.0, 3, (-128, 127));
        assert_eq!([to(0.5), to(1.5), to(2.5), to(-0.5)], [3, 5, 5, 3]);
        assert_eq!([to(1e30), to(-1e30), to(f64::NAN)], [127, -128, 3]);
    }

    #[test]
    fn headroom_keeps_sums_inside() {
        assert_eq!(headroom(256, 1.0, 1.0), 21);
        assert_eq!(headroom(1 << 29, 1.0, 1.0), 0);
    }
}
