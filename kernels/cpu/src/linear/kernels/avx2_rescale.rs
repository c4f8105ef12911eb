//! RESCALE, CLAMP and TABLE on AVX2: 64-bit products of the even and the odd columns.

use std::arch::x86_64::*;

use aivm_tosa::DataType;

use super::super::COLUMNS;
use super::super::epilogue::{Eight, Lanes, Rescale, Target};

#[target_feature(enable = "avx2")]
pub(super) fn rescale(rescale: &Rescale, target: &mut Target<'_>) {
    let Some(lanes) = &rescale.lanes else {
        return target.rescale(rescale);
    };
    match (lanes.high, rescale.double) {
        (true, true) => typed::<true, true>(rescale, lanes, target),
        (true, false) => typed::<true, false>(rescale, lanes, target),
        (false, true) => typed::<false, true>(rescale, lanes, target),
        (false, false) => typed::<false, false>(rescale, lanes, target),
    }
}

#[target_feature(enable = "avx2")]
fn typed<const HIGH: bool, const DOUBLE: bool>(
    rescale: &Rescale,
    lanes: &Lanes,
    target: &mut Target<'_>,
) {
    match rescale.output {
        DataType::I8 => rows::<HIGH, DOUBLE, 1>(rescale, lanes, target),
        DataType::I16 => rows::<HIGH, DOUBLE, 2>(rescale, lanes, target),
        _ => rows::<HIGH, DOUBLE, 4>(rescale, lanes, target),
    }
}

/// All rows of a tile, to elements of `BYTES`.
#[target_feature(enable = "avx2")]
fn rows<const HIGH: bool, const DOUBLE: bool, const BYTES: usize>(
    rescale: &Rescale,
    lanes: &Lanes,
    target: &mut Target<'_>,
) {
    let narrowing = Narrowing::new(rescale);
    let panels = target.accumulators.chunks_exact(target.rows * COLUMNS);
    for (index, panel) in panels.enumerate() {
        let column = index * COLUMNS;
        let columns = COLUMNS.min(target.columns - column);
        let eight = (target.column + column) / 8;
        let [first, last] = &lanes.eights[eight..eight + 2] else {
            continue;
        };
        for (row, from) in panel.as_chunks::<COLUMNS>().0.iter().enumerate() {
            // SAFETY: there are COLUMNS accumulators, two registers of them.
            let (a, b) = unsafe {
                let from = from.as_ptr().cast::<__m256i>();
                (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
            };
            let a = apply::<HIGH, DOUBLE>(first, a);
            let b = apply::<HIGH, DOUBLE>(last, b);
            let to = &mut target.output[row * target.pitch + column * BYTES..];
            if columns == COLUMNS && rescale.table.is_none() {
                narrowing.store::<BYTES>(a, b, &mut to[..COLUMNS * BYTES]);
                continue;
            }
            let mut elements = [0; COLUMNS * 4];
            narrowing.store::<BYTES>(a, b, &mut elements[..COLUMNS * BYTES]);
            if let Some(table) = &rescale.table {
                for element in &mut elements[..COLUMNS] {
                    *element = table[usize::from(*element ^ 0x80)] as u8;
                }
            }
            to[..columns * BYTES].copy_from_slice(&elements[..columns * BYTES]);
        }
    }
}

/// `((value · multiplier + rounding) >> shift) + output_zp` of eight columns, the low 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn apply<const HIGH: bool, const DOUBLE: bool>(eight: &Eight, values: __m256i) -> __m256i {
    let product = |which: usize, values: __m256i| {
        let product = _mm256_mul_epi32(values, four(&eight.multiplier[which]));
        let product = _mm256_add_epi64(product, four(&eight.round[which]));
        if DOUBLE {
            let upward = _mm256_andnot_si256(values, four(&eight.upward[which]));
            _mm256_add_epi64(product, upward)
        } else {
            product
        }
    };
    let even = product(0, values);
    let odd = product(1, _mm256_srli_epi64::<32>(values));
    let scaled = if HIGH {
        let high = _mm256_blend_epi32::<0xaa>(_mm256_srli_epi64::<32>(even), odd);
        _mm256_srav_epi32(high, all(&eight.high_shift))
    } else {
        let even = _mm256_srlv_epi64(even, four(&eight.shift[0]));
        let odd = _mm256_srlv_epi64(odd, four(&eight.shift[1]));
        _mm256_blend_epi32::<0xaa>(even, _mm256_slli_epi64::<32>(odd))
    };
    _mm256_sub_epi32(scaled, all(&eight.excess))
}

#[inline]
#[target_feature(enable = "avx2")]
fn four(from: &[i64; 4]) -> __m256i {
    // SAFETY: four i64 are one register.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn all(from: &[i32; 8]) -> __m256i {
    // SAFETY: eight i32 are one register.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

/// Saturation to the output's type and CLAMP.
struct Narrowing {
    unsigned: bool,
    min: __m256i,
    max: __m256i,
}

impl Narrowing {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(rescale: &Rescale) -> Self {
        let output = rescale.output;
        let (min, max) = rescale.clamp.unwrap_or((i32::MIN, i32::MAX));
        let all = |limit: i32| {
            let (low, high) = (DataType::min(output), DataType::max(output));
            let limit = i64::from(limit).clamp(low, high) as i32;
            match output {
                DataType::I8 => _mm256_set1_epi8(limit as i8),
                DataType::I16 => _mm256_set1_epi16(limit as i16),
                _ => _mm256_set1_epi32(limit),
            }
        };
        Self {
            unsigned: rescale.output_unsigned,
            min: all(min),
            max: all(max),
        }
    }

    /// Stores sixteen elements.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn store<const BYTES: usize>(&self, a: __m256i, b: __m256i, to: &mut [u8]) {
        assert_eq!(to.len(), COLUMNS * BYTES);
        let to = to.as_mut_ptr();
        if BYTES == 4 {
            let limit = |values: __m256i| {
                let zero = _mm256_setzero_si256();
                let values = match self.unsigned {
                    true => _mm256_max_epi32(values, zero),
                    false => values,
                };
                _mm256_min_epi32(_mm256_max_epi32(values, self.min), self.max)
            };
            // SAFETY: there is room for two registers.
            unsafe {
                _mm256_storeu_si256(to.cast(), limit(a));
                _mm256_storeu_si256(to.cast::<__m256i>().add(1), limit(b));
            }
            return;
        }
        let words = match self.unsigned && BYTES == 2 {
            true => _mm256_packus_epi32(a, b),
            false => _mm256_packs_epi32(a, b),
        };
        let words = _mm256_permute4x64_epi64::<0xd8>(words);
        if BYTES == 2 {
            let words = _mm256_min_epi16(_mm256_max_epi16(words, self.min), self.max);
            // SAFETY: there is room for a register.
            unsafe { _mm256_storeu_si256(to.cast(), words) };
            return;
        }
        let low = _mm256_castsi256_si128(words);
        let high = _mm256_extracti128_si256::<1>(words);
        let bytes = match self.unsigned {
            true => _mm_packus_epi16(low, high),
            false => _mm_packs_epi16(low, high),
        };
        let bytes = _mm_max_epi8(bytes, _mm256_castsi256_si128(self.min));
        let bytes = _mm_min_epi8(bytes, _mm256_castsi256_si128(self.max));
        // SAFETY: there is room for half a register.
        unsafe { _mm_storeu_si128(to.cast(), bytes) };
    }
}
