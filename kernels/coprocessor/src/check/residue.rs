//! Integers modulo the prime p = 2^61 − 1, where linear steps are checked.

/// The prime.
pub(super) const P: u64 = (1 << 61) - 1;

/// A number below [`P`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Residue(u64);

impl Residue {
    /// The residue of any integer above −2^127.
    pub(super) fn of(value: i128) -> Residue {
        let mut magnitude = value.unsigned_abs();
        // 2^61 is 1 here. Three times bring 128 bits to at most p.
        for _ in 0..3 {
            magnitude = (magnitude & u128::from(P)) + (magnitude >> 61);
        }
        let residue = magnitude as u64 % P;
        match value < 0 && residue != 0 {
            true => Residue(P - residue),
            false => Residue(residue),
        }
    }

    pub(super) fn plus(self, other: Residue) -> Residue {
        Residue::of(i128::from(self.0) + i128::from(other.0))
    }

    /// From bits that are all equally likely; `None` for the one number of 61 bits that is no residue.
    pub(super) fn of_bits(bits: u64) -> Option<Residue> {
        let low = bits & P;
        (low < P).then_some(Residue(low))
    }
}

/// Terms of [`dot`] whose sum fits 128 bits: each is below 2^48 · 2^61.
const TERMS: usize = 1 << 15;

/// `Σ value · weight` over the integers, reduced. Values are below 2^48 in magnitude.
pub(super) fn dot(values: &[i64], weights: &[Residue]) -> Residue {
    let parts = values.chunks(TERMS).zip(weights.chunks(TERMS));
    parts.fold(Residue::default(), |sum, (values, weights)| {
        sum.plus(Residue::of(short_dot(values, weights, 0)))
    })
}

/// `Σ (value − zero_point) · weight` over the integers, for values below 2^17 in magnitude and fewer than 2^40 of them.
pub(super) fn short_dot(values: &[i64], weights: &[Residue], zero_point: i64) -> i128 {
    let terms = values.iter().zip(weights);
    terms.fold(0, |sum, (&value, weight)| {
        let product = i128::from(value.wrapping_sub(zero_point))
            .wrapping_mul(i128::from(weight.0.cast_signed()));
        sum.wrapping_add(product)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residues_are_those_of_division() {
        let p = i128::from(P);
        for value in [
            0,
            1,
            -1,
            p - 1,
            p,
            p + 1,
            -p,
            2 * p,
            p * p,
            -p * p + 5,
            i128::MAX,
            i128::MIN + 1,
        ] {
            let expected = value.rem_euclid(p) as u64;
            assert_eq!(Residue::of(value), Residue(expected), "{value}");
        }
    }

    #[test]
    fn the_number_that_is_no_residue_is_not_drawn() {
        assert_eq!(Residue::of_bits(P), None);
        assert_eq!(Residue::of_bits(u64::MAX), None);
        assert_eq!(Residue::of_bits(P - 1), Some(Residue(P - 1)));
        assert_eq!(Residue::of_bits(7 | 1 << 61), Some(Residue(7)));
    }

    #[test]
    fn long_sums_of_large_terms_do_not_overflow() {
        let count = TERMS + 3;
        let (value, weight) = (-(1_i64 << 47), Residue(P - 1));
        let sum = dot(&vec![value; count], &vec![weight; count]);
        // Each term is −2^47 · −1.
        assert_eq!(sum, Residue::of((1 << 47) * count as i128));
    }
}
