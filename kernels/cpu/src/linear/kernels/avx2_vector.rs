//! Matrix × vector on AVX2: weights stay bytes, values are multiplied in two halves of four bits.
//!
//! The byte form of the multiply-add (`vpmaddubsw`) saturates at 16 bits, which two products of a value of
//! eight bits can exceed. With values of four bits two products are at most 15 · 128 · 2 = 3,840, so that
//! even the sum of eight of them is exact, and sums are widened once for eight groups of weights only.

use std::arch::x86_64::*;

use super::super::COLUMNS;
use super::{Group, Vector, VectorKernels};

pub(super) const KERNELS: VectorKernels = VectorKernels {
    group: Group::QuadsUnsigned,
    group_bytes: 8,
    convert,
    multiply,
};

/// Groups whose 16-bit sums can't overflow: 8 · 3,840 < 2^15.
const EXACT_GROUPS: usize = 8;

/// Bytes of weights fetched ahead of their use; the processor itself stops at the end of a page.
const AHEAD: usize = 2048;

/// Four values become four upper halves of value + 128, then their lower halves.
#[target_feature(enable = "avx2")]
fn convert(values: &[i8], to: &mut [u8]) {
    let halves = |values: __m128i| {
        let low = _mm_set1_epi8(0xf);
        let values = _mm_xor_si128(values, _mm_set1_epi8(-128));
        let upper = _mm_and_si128(_mm_srli_epi16::<4>(values), low);
        let lower = _mm_and_si128(values, low);
        let first = _mm_unpacklo_epi32(upper, lower);
        _mm256_set_m128i(_mm_unpackhi_epi32(upper, lower), first)
    };
    let (wholes, rest) = values.as_chunks::<16>();
    let (to, to_rest) = to.split_at_mut(wholes.len() * 32);
    for (values, to) in wholes.iter().zip(to.as_chunks_mut::<32>().0) {
        // SAFETY: there are 16 bytes to read and 32 to write.
        unsafe {
            let halves = halves(_mm_loadu_si128(values.as_ptr().cast()));
            _mm256_storeu_si256(to.as_mut_ptr().cast(), halves);
        }
    }
    if !rest.is_empty() {
        let mut padded = [0_i8; 16];
        padded[..rest.len()].copy_from_slice(rest);
        let mut converted = [0_u8; 32];
        // SAFETY: there are 16 bytes to read and 32 to write.
        unsafe {
            let halves = halves(_mm_loadu_si128(padded.as_ptr().cast()));
            _mm256_storeu_si256(converted.as_mut_ptr().cast(), halves);
        }
        to_rest.copy_from_slice(&converted[..to_rest.len()]);
    }
}

#[target_feature(enable = "avx2")]
fn multiply(vector: &Vector<'_>, accumulators: &mut [[i32; COLUMNS]]) {
    let panel_bytes = vector.values.len() / 8 * COLUMNS * 4;
    let mut first = 0;
    for accumulators in accumulators.chunks_mut(2) {
        let panels = &vector.panels[first * panel_bytes..][..accumulators.len() * panel_bytes];
        let start = &vector.start[first..][..accumulators.len()];
        match accumulators.len() {
            2 => panels_at_once::<2>(vector, panels, start, accumulators),
            _ => panels_at_once::<1>(vector, panels, start, accumulators),
        }
        first += 2;
    }
}

#[target_feature(enable = "avx2")]
fn panels_at_once<const PANELS: usize>(
    vector: &Vector<'_>,
    panels: &[u8],
    start: &[[i32; COLUMNS]],
    accumulators: &mut [[i32; COLUMNS]],
) {
    let term = _mm256_set1_epi32(vector.term);
    let (ones, sixteens) = (_mm256_set1_epi16(1), _mm256_set1_epi16(16));
    let panel_bytes = panels.len() / PANELS;
    assert_eq!(panel_bytes, vector.values.len() / 8 * COLUMNS * 4);
    assert_eq!((start.len(), accumulators.len()), (PANELS, PANELS));
    // SAFETY: each panel has COLUMNS · 4 bytes, two registers of them, for each eight of the values; so
    // have `start` and `accumulators` for each panel.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; PANELS];
        for (sums, start) in sums.iter_mut().zip(start) {
            let start = start.as_ptr().cast::<__m256i>();
            sums[0] = _mm256_sub_epi32(_mm256_loadu_si256(start), term);
            sums[1] = _mm256_sub_epi32(_mm256_loadu_si256(start.add(1)), term);
        }
        let mut weights = panels.as_ptr();
        for values in vector.values.chunks(EXACT_GROUPS * 8) {
            let mut upper = [[_mm256_setzero_si256(); 2]; PANELS];
            let mut lower = upper;
            for four in values.as_chunks::<8>().0 {
                let halves = four.as_ptr().cast::<i32>();
                let upper_values = _mm256_set1_epi32(halves.read_unaligned());
                let lower_values = _mm256_set1_epi32(halves.add(1).read_unaligned());
                for panel in 0..PANELS {
                    let later = weights.wrapping_add(panel * panel_bytes + AHEAD);
                    _mm_prefetch::<_MM_HINT_T0>(later.cast());
                    for half in 0..2 {
                        let at = weights.add(panel * panel_bytes).add(half * 32);
                        let four = _mm256_loadu_si256(at.cast());
                        let products = _mm256_maddubs_epi16(upper_values, four);
                        upper[panel][half] = _mm256_add_epi16(upper[panel][half], products);
                        let products = _mm256_maddubs_epi16(lower_values, four);
                        lower[panel][half] = _mm256_add_epi16(lower[panel][half], products);
                    }
                }
                weights = weights.add(COLUMNS * 4);
            }
            for panel in 0..PANELS {
                for half in 0..2 {
                    let upper = _mm256_madd_epi16(upper[panel][half], sixteens);
                    let lower = _mm256_madd_epi16(lower[panel][half], ones);
                    let both = _mm256_add_epi32(upper, lower);
                    sums[panel][half] = _mm256_add_epi32(sums[panel][half], both);
                }
            }
        }
        for (sums, to) in sums.iter().zip(accumulators) {
            let to = to.as_mut_ptr().cast::<__m256i>();
            _mm256_storeu_si256(to, sums[0]);
            _mm256_storeu_si256(to.add(1), sums[1]);
        }
    }
}
