//! The kernels for AVX2: pairs of i16 multiplied and added by one instruction, exactly.
//!
//! `vpmaddwd` of values less their zero points can't overflow: 2 · 255 · 255 is far below 2^31. The
//! saturating byte form (`vpmaddubsw`) would lose bits, and does no more products per multiplier.

use std::arch::x86_64::*;

use super::super::COLUMNS;
use super::super::epilogue::{Lanes, Rescale, Target};
use super::{Group, Kernels, Taps, Tile};
use aivm_tosa::DataType;

const ROWS: usize = 6;

pub(super) const KERNELS: Kernels = Kernels {
    group: Group::Pairs,
    rows: ROWS,
    // The order that interleaving within each half of a register leaves.
    lanes: [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15],
    convert,
    tile,
    taps,
    rescale,
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
fn tile(tile: &Tile<'_>, accumulators: &mut [i32]) {
    match tile.rows.len() {
        6 => rows::<6>(tile, accumulators),
        5 => rows::<5>(tile, accumulators),
        4 => rows::<4>(tile, accumulators),
        3 => rows::<3>(tile, accumulators),
        2 => rows::<2>(tile, accumulators),
        _ => rows::<1>(tile, accumulators),
    }
}

#[target_feature(enable = "avx2")]
fn rows<const ROWS: usize>(tile: &Tile<'_>, accumulators: &mut [i32]) {
    // SAFETY: `Tile::check` holds: every group that a segment of a row names lies in the band, the
    // panel has as many, and `start` and `accumulators` have COLUMNS and ROWS · COLUMNS elements.
    unsafe {
        let start = tile.start.as_ptr().cast::<__m256i>();
        let start = [_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1))];
        let mut sums = [start; ROWS];
        let mut row = [tile.band.as_ptr(); ROWS];
        for (row, &offset) in row.iter_mut().zip(tile.rows) {
            *row = row.add(offset);
        }
        let mut weights = tile.panel.as_ptr().cast::<__m256i>();
        for &segment in tile.segments {
            for group in 0..tile.groups {
                let left = _mm256_loadu_si256(weights);
                let right = _mm256_loadu_si256(weights.add(1));
                weights = weights.add(2);
                for (sums, row) in sums.iter_mut().zip(row) {
                    let two = row.add(segment + group * 4).cast::<i32>();
                    let two = _mm256_set1_epi32(two.read_unaligned());
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(two, left));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(two, right));
                }
            }
        }
        let to = accumulators.as_mut_ptr().cast::<__m256i>();
        for (row, sums) in sums.into_iter().enumerate() {
            _mm256_storeu_si256(to.add(row * 2), sums[0]);
            _mm256_storeu_si256(to.add(row * 2 + 1), sums[1]);
        }
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
        for pixel in 0..taps.pixels {
            let window = taps.band.as_ptr().add(taps.origin + pixel * taps.step);
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

#[target_feature(enable = "avx2")]
pub(super) fn rescale(rescale: &Rescale, target: &mut Target<'_>) {
    match &rescale.lanes {
        Some(lanes) if rescale.double => scaled::<true>(rescale, lanes, target),
        Some(lanes) => scaled::<false>(rescale, lanes, target),
        None => target.rescale(rescale),
    }
}

/// The constants of eight columns.
struct Eight {
    multiplier: [__m256i; 2],
    round: [__m256i; 2],
    upward: [__m256i; 2],
    shift: [__m256i; 2],
    excess: __m256i,
}

impl Eight {
    #[target_feature(enable = "avx2")]
    fn load(lanes: &Lanes, column: usize) -> Self {
        let two = |from: &[i64]| {
            let from = &from[column..][..8];
            // SAFETY: there are eight i64, two registers of them.
            unsafe {
                let from = from.as_ptr().cast::<__m256i>();
                [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))]
            }
        };
        let excess = &lanes.excess[column..][..8];
        Self {
            multiplier: two(&lanes.multiplier),
            round: two(&lanes.round),
            upward: two(&lanes.upward),
            shift: two(&lanes.shift),
            // SAFETY: there are eight i32, one register of them.
            excess: unsafe { _mm256_loadu_si256(excess.as_ptr().cast()) },
        }
    }

    /// `(value · multiplier + rounding) >> shift` of eight columns, the low 32 bits.
    #[target_feature(enable = "avx2")]
    fn apply<const DOUBLE: bool>(&self, values: __m256i) -> __m256i {
        let half = |which: usize, values: __m256i| {
            let mut round = self.round[which];
            if DOUBLE {
                let upward = _mm256_andnot_si256(values, self.upward[which]);
                round = _mm256_add_epi64(round, upward);
            }
            let product = _mm256_mul_epi32(values, self.multiplier[which]);
            _mm256_srlv_epi64(_mm256_add_epi64(product, round), self.shift[which])
        };
        let even = half(0, values);
        let odd = half(1, _mm256_srli_epi64::<32>(values));
        let scaled = _mm256_blend_epi32::<0xaa>(even, _mm256_slli_epi64::<32>(odd));
        _mm256_sub_epi32(scaled, self.excess)
    }
}

#[target_feature(enable = "avx2")]
fn scaled<const DOUBLE: bool>(rescale: &Rescale, lanes: &Lanes, target: &mut Target<'_>) {
    let bytes = rescale.output.bytes() as usize;
    let zero_point = _mm256_set1_epi32(rescale.output_zp);
    let first = Eight::load(lanes, target.column);
    let last = Eight::load(lanes, target.column + 8);
    let (min, max) = rescale.clamp.unwrap_or((i32::MIN, i32::MAX));
    let (min, max) = (_mm256_set1_epi32(min), _mm256_set1_epi32(max));
    let rows = target.accumulators.chunks_exact(COLUMNS);
    for (row, from) in rows.take(target.rows).enumerate() {
        // SAFETY: there are COLUMNS accumulators, two registers of them.
        let (a, b) = unsafe {
            let from = from.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
        };
        let a = _mm256_add_epi32(first.apply::<DOUBLE>(a), zero_point);
        let b = _mm256_add_epi32(last.apply::<DOUBLE>(b), zero_point);
        let mut elements = [0_u8; COLUMNS * 4];
        store(rescale, (a, b), (min, max), &mut elements);
        if let Some(table) = &rescale.table {
            for element in &mut elements[..COLUMNS] {
                *element = table[usize::from(*element ^ 0x80)] as u8;
            }
        }
        let at = row * target.pitch + target.column * bytes;
        let to = &mut target.output[at..][..target.columns * bytes];
        if bytes == 1 && target.columns == COLUMNS {
            to.copy_from_slice(&elements[..COLUMNS]);
        } else {
            to.copy_from_slice(&elements[..target.columns * bytes]);
        }
    }
}

/// Saturates to the output's type, clamps, and stores COLUMNS elements.
#[target_feature(enable = "avx2")]
fn store(
    rescale: &Rescale,
    (a, b): (__m256i, __m256i),
    (min, max): (__m256i, __m256i),
    to: &mut [u8; COLUMNS * 4],
) {
    let limit = |values: __m256i, low: i32, high: i32| {
        let values = _mm256_max_epi32(values, _mm256_set1_epi32(low));
        _mm256_min_epi32(values, _mm256_set1_epi32(high))
    };
    // The signed value with the bits of the saturated one.
    let saturate = |values: __m256i| match (rescale.output, rescale.output_unsigned) {
        (DataType::I8, false) => limit(values, -0x80, 0x7f),
        (DataType::I8, true) => {
            let bits = _mm256_slli_epi32::<24>(limit(values, 0, 0xff));
            _mm256_srai_epi32::<24>(bits)
        }
        (DataType::I16, false) => limit(values, -0x8000, 0x7fff),
        (DataType::I16, true) => {
            let bits = _mm256_slli_epi32::<16>(limit(values, 0, 0xffff));
            _mm256_srai_epi32::<16>(bits)
        }
        (_, false) => values,
        (_, true) => limit(values, 0, i32::MAX),
    };
    let clamp = |values: __m256i| _mm256_min_epi32(_mm256_max_epi32(saturate(values), min), max);
    let (a, b) = (clamp(a), clamp(b));
    // SAFETY: `to` has room for two registers of i32, one of i16 or half of one of i8.
    unsafe {
        let to = to.as_mut_ptr();
        match rescale.output {
            DataType::I8 => {
                let words = _mm256_packs_epi32(a, b);
                let words = _mm256_permute4x64_epi64::<0xd8>(words);
                let low = _mm256_castsi256_si128(words);
                let high = _mm256_extracti128_si256::<1>(words);
                _mm_storeu_si128(to.cast(), _mm_packs_epi16(low, high));
            }
            DataType::I16 => {
                let words = _mm256_packs_epi32(a, b);
                let words = _mm256_permute4x64_epi64::<0xd8>(words);
                _mm256_storeu_si256(to.cast(), words);
            }
            _ => {
                _mm256_storeu_si256(to.cast(), a);
                _mm256_storeu_si256(to.cast::<__m256i>().add(1), b);
            }
        }
    }
}
