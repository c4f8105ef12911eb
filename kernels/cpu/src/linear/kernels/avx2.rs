//! The kernels for AVX2: pairs of i16 multiplied and added by one instruction, exactly.
//!
//! `vpmaddwd` of values less their zero points can't overflow: 2 · 255 · 255 is far below 2^31. The
//! saturating byte form (`vpmaddubsw`) would lose bits, and does no more products per multiplier.

use std::arch::x86_64::*;

use super::super::COLUMNS;
use super::{DepthwiseKernels, Group, Kernels, Rows, Taps, avx2_rescale};

pub(super) const PAIRS: Kernels = Kernels {
    group: Group::Pairs,
    rows: 6,
    convert,
    multiply: multiply_pairs,
    own_products: None,
    rescale: avx2_rescale::rescale,
};

pub(super) const DEPTHWISE: DepthwiseKernels = DepthwiseKernels {
    pairs: &PAIRS,
    // The order that interleaving within each half of a register leaves.
    lanes: [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15],
    taps,
};

pub(super) const CROSSWISE: Kernels = Kernels {
    group: Group::Crosswise,
    rows: 4,
    convert,
    multiply: multiply_crosswise,
    own_products: Some(own_products),
    rescale: avx2_rescale::rescale,
};

#[target_feature(enable = "avx2")]
fn convert(values: &[i8], zero_point: i32, to: &mut [u8]) {
    let zero_points = _mm256_set1_epi16(zero_point as i16);
    let whole = values.len() / 16 * 16;
    let pieces = values.chunks_exact(16).zip(to.chunks_exact_mut(32));
    for (values, to) in pieces {
        // SAFETY: `values` has 16 bytes and `to` 32.
        unsafe {
            let values = _mm_loadu_si128(values.as_ptr().cast());
            let wide = _mm256_sub_epi16(_mm256_cvtepi8_epi16(values), zero_points);
            _mm256_storeu_si256(to.as_mut_ptr().cast(), wide);
        }
    }
    let rest = values[whole..].iter();
    for (to, &value) in to[whole * 2..].chunks_exact_mut(2).zip(rest) {
        to.copy_from_slice(&(i16::from(value) - zero_point as i16).to_ne_bytes());
    }
}

#[target_feature(enable = "avx2")]
fn multiply_pairs(rows: &Rows<'_>, accumulators: &mut [i32]) {
    let tiles = accumulators.chunks_mut(6 * COLUMNS).enumerate();
    for (index, accumulators) in tiles {
        let first = index * 6;
        match accumulators.len() / COLUMNS {
            6 => tile::<6, false>(rows, first, accumulators),
            5 => tile::<5, false>(rows, first, accumulators),
            4 => tile::<4, false>(rows, first, accumulators),
            3 => tile::<3, false>(rows, first, accumulators),
            2 => tile::<2, false>(rows, first, accumulators),
            _ => tile::<1, false>(rows, first, accumulators),
        }
    }
}

#[target_feature(enable = "avx2")]
fn multiply_crosswise(rows: &Rows<'_>, accumulators: &mut [i32]) {
    let tiles = accumulators.chunks_mut(4 * COLUMNS).enumerate();
    let share = rows.next.len() / tiles.len().max(1);
    for (index, accumulators) in tiles {
        let first = index * 4;
        for line in rows.next[index * share..][..share].chunks(64) {
            _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast());
        }
        match accumulators.len() / COLUMNS {
            4 => tile::<4, true>(rows, first, accumulators),
            3 => tile::<3, true>(rows, first, accumulators),
            2 => tile::<2, true>(rows, first, accumulators),
            _ => tile::<1, true>(rows, first, accumulators),
        }
    }
}

/// Multiplies `ROWS` rows from `first` on.
#[target_feature(enable = "avx2")]
fn tile<const ROWS: usize, const CROSSWISE: bool>(
    rows: &Rows<'_>,
    first: usize,
    accumulators: &mut [i32],
) {
    let bytes = if CROSSWISE { 8 } else { 4 };
    let windows = &rows.windows[first..][..ROWS];
    assert_eq!(accumulators.len(), ROWS * COLUMNS);
    let accumulators = accumulators.as_mut_ptr().cast::<__m256i>();
    // SAFETY: `Rows::check` holds: every group that a segment of a row names lies in the band, the
    // panel has as many, and there are ROWS · COLUMNS accumulators, two registers of them a row.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
        if let Some(start) = rows.start {
            let columns = start.columns.as_ptr().cast::<__m256i>();
            let columns = [
                _mm256_loadu_si256(columns),
                _mm256_loadu_si256(columns.add(1)),
            ];
            for (row, sums) in sums.iter_mut().enumerate() {
                *sums = columns;
                if CROSSWISE {
                    let term = _mm256_set1_epi32(start.terms[first + row]);
                    *sums = columns.map(|columns| _mm256_sub_epi32(columns, term));
                }
            }
        } else {
            for (row, sums) in sums.iter_mut().enumerate() {
                sums[0] = _mm256_loadu_si256(accumulators.add(row * 2));
                sums[1] = _mm256_loadu_si256(accumulators.add(row * 2 + 1));
            }
        }
        let mut row = [rows.band.as_ptr(); ROWS];
        for (row, &window) in row.iter_mut().zip(windows) {
            *row = row.add(window);
        }
        let mut weights = rows.panel.as_ptr();
        for &segment in rows.segments {
            // Counted in bytes, and unchecked: the loop's arithmetic competes with the products.
            let end = segment.wrapping_add(rows.groups.wrapping_mul(rows.stride));
            let mut at = segment;
            while at != end {
                if CROSSWISE {
                    step_crosswise(&mut sums, &row, at, weights);
                } else {
                    step_pairs(&mut sums, &row, at, weights);
                }
                at = at.wrapping_add(rows.stride);
                weights = weights.add(COLUMNS * bytes);
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            _mm256_storeu_si256(accumulators.add(row * 2), sums[0]);
            _mm256_storeu_si256(accumulators.add(row * 2 + 1), sums[1]);
        }
    }
}

/// Adds the products of one group of each row.
///
/// # Safety
///
/// A group must lie at `at` from each of `row`, and `COLUMNS` groups at `weights`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn step_pairs<const ROWS: usize>(
    sums: &mut [[__m256i; 2]; ROWS],
    row: &[*const u8; ROWS],
    at: usize,
    weights: *const u8,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let weights = weights.cast::<__m256i>();
        let left = _mm256_loadu_si256(weights);
        let right = _mm256_loadu_si256(weights.add(1));
        for (sums, row) in sums.iter_mut().zip(row) {
            let two = row.add(at).cast::<i32>().read_unaligned();
            let two = _mm256_set1_epi32(two);
            sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(two, left));
            sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(two, right));
        }
    }
}

/// Adds the crosswise products of one group of each row.
///
/// # Safety
///
/// A group must lie at `at` from each of `row`, and `COLUMNS` groups at `weights`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn step_crosswise<const ROWS: usize>(
    sums: &mut [[__m256i; 2]; ROWS],
    row: &[*const u8; ROWS],
    at: usize,
    weights: *const u8,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let weights = weights.cast::<__m256i>();
        let first = [
            _mm256_loadu_si256(weights),
            _mm256_loadu_si256(weights.add(1)),
        ];
        let last = [
            _mm256_loadu_si256(weights.add(2)),
            _mm256_loadu_si256(weights.add(3)),
        ];
        for (sums, row) in sums.iter_mut().zip(row) {
            let two = row.add(at).cast::<i32>();
            let first_values = _mm256_set1_epi32(two.read_unaligned());
            let last_values = _mm256_set1_epi32(two.add(1).read_unaligned());
            for (half, sum) in sums.iter_mut().enumerate() {
                let left = _mm256_add_epi16(first_values, last[half]);
                let right = _mm256_add_epi16(last_values, first[half]);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(left, right));
            }
        }
    }
}

/// Of each group of four values, the first times the third plus the second times the fourth.
#[target_feature(enable = "avx2")]
fn own_products(values: &[u8], to: &mut [i32]) {
    let (wholes, rest) = values.as_chunks::<64>();
    let (to, to_rest) = to.split_at_mut(wholes.len() * 8);
    for (eight, to) in wholes.iter().zip(to.as_chunks_mut::<8>().0) {
        // SAFETY: there are 64 bytes and eight i32.
        unsafe {
            let from = eight.as_ptr().cast::<__m256i>();
            let (a, b) = (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)));
            // The products lie in the even lanes, zeros in the odd ones.
            let a = _mm256_madd_epi16(a, _mm256_srli_epi64::<32>(a));
            let b = _mm256_madd_epi16(b, _mm256_srli_epi64::<32>(b));
            let both = _mm256_permute4x64_epi64::<0xd8>(_mm256_hadd_epi32(a, b));
            _mm256_storeu_si256(to.as_mut_ptr().cast(), both);
        }
    }
    for (one, to) in rest.as_chunks::<8>().0.iter().zip(to_rest) {
        // SAFETY: there are eight bytes.
        let values = unsafe { _mm_loadl_epi64(one.as_ptr().cast()) };
        let products = _mm_madd_epi16(values, _mm_srli_epi64::<32>(values));
        *to = _mm_cvtsi128_si32(products);
    }
}

#[target_feature(enable = "avx2")]
fn taps(taps: &Taps<'_>, accumulators: &mut [i32]) {
    // SAFETY: `Taps::check` holds: COLUMNS values lie in the band at every tap of every pixel, the
    // weights are one register pair for each two taps, and `start` and `accumulators` have room.
    unsafe {
        let start = taps.start.as_ptr().cast::<__m256i>();
        let (first, last) = (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1)));
        // In the order of the weights: columns 0–3 and 8–11, then 4–7 and 12–15.
        let start_low = _mm256_permute2x128_si256::<0x20>(first, last);
        let start_high = _mm256_permute2x128_si256::<0x31>(first, last);
        let mut to = accumulators.as_mut_ptr().cast::<__m256i>();
        let band = taps.band.as_ptr().add(taps.offset);
        for &window in taps.windows {
            let window = band.add(window);
            let mut weights = taps.weights.as_ptr().cast::<__m256i>();
            let (mut low, mut high) = (start_low, start_high);
            for two in taps.taps.chunks_exact(2) {
                let upper = _mm256_loadu_si256(window.add(two[0]).cast());
                let lower = _mm256_loadu_si256(window.add(two[1]).cast());
                let pairs_low = _mm256_unpacklo_epi16(upper, lower);
                let pairs_high = _mm256_unpackhi_epi16(upper, lower);
                let weights_low = _mm256_loadu_si256(weights);
                let weights_high = _mm256_loadu_si256(weights.add(1));
                weights = weights.add(2);
                low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs_low, weights_low));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs_high, weights_high));
            }
            _mm256_storeu_si256(to, _mm256_permute2x128_si256::<0x20>(low, high));
            _mm256_storeu_si256(to.add(1), _mm256_permute2x128_si256::<0x31>(low, high));
            to = to.add(2);
        }
    }
}
