//! RESCALE of a block with one factor: portable, and with AVX2.
//!
//! LLVM widens whole registers to 64-bit lanes and narrows them again, which costs more than the products. AVX2
//! multiplies the even 32-bit lanes of a register as they stand; the odd ones follow after one shift.

use crate::isa::Isa;
use crate::scale::{Scale, scale_high, scale_low};

/// RESCALE with one factor for all elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rescaling {
    pub scale: Scale,
    pub input_zp: i32,
    pub output_zp: i32,
    pub min: i32,
    pub max: i32,
}

impl Rescaling {
    #[inline(always)]
    fn finish(&self, scaled: i32) -> i32 {
        let moved = scaled.wrapping_add(self.output_zp);
        moved.max(self.min).min(self.max)
    }

    /// Rescales each element of `from`.
    #[inline(always)]
    pub(crate) fn run(&self, isa: Isa, to: &mut [i32], from: &[i32]) {
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        if matches!(isa, Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni) {
            // SAFETY: plans are made only for instruction sets that this machine has; all of these include AVX2.
            unsafe { avx2::run(self, to, from) };
            return;
        }
        let _ = isa;
        self.portable(to, from);
    }

    #[inline(always)]
    fn portable(&self, to: &mut [i32], from: &[i32]) {
        let &Rescaling {
            scale, input_zp, ..
        } = self;
        let (multiplier, shift) = (scale.multiplier, scale.shift);
        for (to, &value) in to.iter_mut().zip(from) {
            let value = value.wrapping_sub(input_zp);
            let round = if value >= 0 {
                scale.round
            } else {
                scale.round_negative
            };
            *to = self.finish(if shift < 32 {
                scale_low(value, multiplier, round, shift)
            } else {
                scale_high(value, multiplier, round, shift - 32)
            });
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::Rescaling;

    /// 64-bit lanes with the number in each.
    #[target_feature(enable = "avx2")]
    fn wide(value: i64) -> __m256i {
        _mm256_set1_epi64x(value)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn run(rescaling: &Rescaling, to: &mut [i32], from: &[i32]) {
        let scale = rescaling.scale;
        let multiplier = wide(i64::from(scale.multiplier));
        let round = wide(scale.round_negative);
        // What values from 0 get on top: of double rounding 2^31, which fits the lower half of a lane.
        let upward = wide(scale.round - scale.round_negative);
        let input_zp = _mm256_set1_epi32(rescaling.input_zp);
        let output_zp = _mm256_set1_epi32(rescaling.output_zp);
        let (min, max) = (
            _mm256_set1_epi32(rescaling.min),
            _mm256_set1_epi32(rescaling.max),
        );
        let high = scale.shift >= 32;
        let shift = _mm_cvtsi32_si128((scale.shift & 31) as i32);
        // The rounded product of the lower half of each 64-bit lane.
        let product = |values: __m256i| {
            let negative = _mm256_srai_epi32::<31>(values);
            let more = _mm256_andnot_si256(negative, upward);
            let product = _mm256_mul_epi32(values, multiplier);
            _mm256_add_epi64(_mm256_add_epi64(product, round), more)
        };
        let (blocks, rest) = from.as_chunks::<8>();
        let (to_blocks, to_rest) = to.as_chunks_mut::<8>();
        for (to, from) in to_blocks.iter_mut().zip(blocks) {
            let values: __m256i = bytemuck::cast(*from);
            let values = _mm256_sub_epi32(values, input_zp);
            let even = product(values);
            let odd = product(_mm256_srli_epi64::<32>(values));
            let scaled = if high {
                let upper = _mm256_blend_epi32::<0xaa>(_mm256_srli_epi64::<32>(even), odd);
                _mm256_sra_epi32(upper, shift)
            } else {
                let even = _mm256_srl_epi64(even, shift);
                let odd = _mm256_slli_epi64::<32>(_mm256_srl_epi64(odd, shift));
                _mm256_blend_epi32::<0xaa>(even, odd)
            };
            let moved = _mm256_add_epi32(scaled, output_zp);
            let limited = _mm256_min_epi32(_mm256_max_epi32(moved, min), max);
            *to = bytemuck::cast(limited);
        }
        rescaling.portable(to_rest, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aivm_tosa::RescaleRounding;
    use aivm_tosa::operator::RescaleFactor;

    #[test]
    fn every_instruction_set_gives_the_formula() {
        let values: Vec<i32> = (0..43)
            .map(|index: i32| index.wrapping_mul(0x3c6e_f35f).wrapping_sub(77) >> (index % 30))
            .chain([i32::MIN, i32::MAX, -1, 0, 1])
            .collect();
        for shift in 2..=62 {
            for multiplier in [0, 1, 3, 1 << 30, i32::MAX] {
                for rounding in [RescaleRounding::Single, RescaleRounding::Double] {
                    let factor = RescaleFactor { multiplier, shift };
                    let rescaling = Rescaling {
                        scale: Scale::new(factor, rounding),
                        input_zp: 5,
                        output_zp: -7,
                        min: -1000,
                        max: i32::MAX - 3,
                    };
                    let expected: Vec<i32> = values
                        .iter()
                        .map(|value| {
                            let scaled = rescaling.scale.apply(i64::from(value.wrapping_sub(5)));
                            scaled.wrapping_sub(7).clamp(-1000, i32::MAX - 3)
                        })
                        .collect();
                    for isa in Isa::available() {
                        let mut result = vec![0; values.len()];
                        rescaling.run(isa, &mut result, &values);
                        assert_eq!(result, expected, "{isa} {factor:?} {rounding:?}");
                    }
                }
            }
        }
    }
}
