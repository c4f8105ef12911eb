//! The kernels for AVX2: pairs of i16 multiplied and added by one instruction, exactly.
//!
//! `vpmaddwd` of values less their zero points can't overflow: 2 · 255 · 255 is far below 2^31. The
//! saturating byte form (`vpmaddubsw`) would lose bits, and does no more products per multiplier.

use std::arch::x86_64::*;

use super::super::COLUMNS;
use super::super::epilogue::{Lanes, Rescale, Target};
use super::{Group, Kernels, Rows, Taps};
use aivm_tosa::DataType;

/// The order that interleaving within each half of a register leaves.
const LANES: [usize; COLUMNS] = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15];

pub(super) const PAIRS: Kernels = Kernels {
    group: Group::Pairs,
    rows: 6,
    lanes: LANES,
    convert,
    multiply: multiply_pairs,
    term: None,
    taps,
    rescale,
};

pub(super) const CROSSWISE: Kernels = Kernels {
    group: Group::Crosswise,
    rows: 4,
    lanes: LANES,
    convert,
    multiply: multiply_crosswise,
    term: Some(term),
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
    for (index, accumulators) in tiles {
        let first = index * 4;
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
            let row = row.map(|row| row.add(segment));
            // Counted in bytes, and unchecked: the loop's arithmetic competes with the products.
            let end = rows.groups.wrapping_mul(bytes);
            let mut at = 0;
            while at != end {
                if CROSSWISE {
                    step_crosswise(&mut sums, &row, at, weights);
                } else {
                    step_pairs(&mut sums, &row, at, weights);
                }
                at = at.wrapping_add(bytes);
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
unsafe fn step_pairs<const ROWS: usize>(
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

/// The sum of the products of a segment's own values: the first of each group with the third, the
/// second with the fourth.
#[target_feature(enable = "avx2")]
fn term(segment: &[u8]) -> i32 {
    let mut sums = _mm256_setzero_si256();
    let (wholes, rest) = segment.as_chunks::<32>();
    for four in wholes {
        // SAFETY: there are 32 bytes.
        let values = unsafe { _mm256_loadu_si256(four.as_ptr().cast()) };
        let products = _mm256_madd_epi16(values, _mm256_srli_epi64::<32>(values));
        sums = _mm256_add_epi32(sums, products);
    }
    for one in rest.as_chunks::<8>().0 {
        // SAFETY: there are eight bytes.
        let values = unsafe { _mm_loadl_epi64(one.as_ptr().cast()) };
        let products = _mm_madd_epi16(values, _mm_srli_epi64::<32>(values));
        sums = _mm256_add_epi32(sums, _mm256_zextsi128_si256(products));
    }
    let sums = _mm_add_epi32(
        _mm256_castsi256_si128(sums),
        _mm256_extracti128_si256::<1>(sums),
    );
    // Products lie in the even lanes only.
    _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums)))
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
