//! The transforms of Winograd's filtering on AVX2: sixteen channels, or eight output channels, a register.

use std::arch::x86_64::*;

use super::super::COLUMNS;
use super::avx2;
use super::winograd::{CHANNELS, PLACES, Products, Sums, Tiles, WinogradKernels};

pub(super) const KERNELS: WinogradKernels = WinogradKernels {
    matrix: &avx2::PAIRS,
    scatter,
    multiply,
    gather,
};

#[target_feature(enable = "avx2")]
fn scatter(tiles: &Tiles<'_>, to: &mut [u8]) {
    let plane = tiles.windows.len() * tiles.pixel;
    for channel in (0..tiles.pixel).step_by(CHANNELS * 2) {
        for (tile, &window) in tiles.windows.iter().enumerate() {
            // SAFETY: `WinogradKernels::scatter` has checked that the 4×4 pixels of each tile lie in the band, that
            // channels come in whole registers, and that `to` has PLACES planes of as many values as the tiles.
            unsafe {
                let from = tiles.band.as_ptr().add(window + channel);
                let to = to.as_mut_ptr().add(tile * tiles.pixel + channel);
                let mut rows = [[_mm256_setzero_si256(); 4]; 4];
                for (y, row) in rows.iter_mut().enumerate() {
                    let from = from.add(y * tiles.pitch);
                    let pixel = |x: usize| _mm256_loadu_si256(from.add(x * tiles.pixel).cast());
                    *row = differences([pixel(0), pixel(1), pixel(2), pixel(3)]);
                }
                for x in 0..4 {
                    let column = differences(rows.map(|row| row[x]));
                    for (y, &values) in column.iter().enumerate() {
                        _mm256_storeu_si256(to.add((y * 4 + x) * plane).cast(), values);
                    }
                }
            }
        }
    }
}

/// Bᵀ times a column.
#[inline]
#[target_feature(enable = "avx2")]
fn differences([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    [
        _mm256_sub_epi16(a, c),
        _mm256_add_epi16(b, c),
        _mm256_sub_epi16(c, b),
        _mm256_sub_epi16(b, d),
    ]
}

/// Tiles multiplied at once.
const ROWS: usize = 6;

#[target_feature(enable = "avx2")]
fn multiply(products: &Products<'_>, to: &mut [i32]) {
    let tiles = to.len() / (PLACES * COLUMNS);
    let places = products.values.chunks_exact(tiles * products.pixel);
    let panels = products.panel.chunks_exact(products.pixel * COLUMNS);
    let to = to.chunks_exact_mut(tiles * COLUMNS);
    for ((values, panel), to) in places.zip(panels).zip(to) {
        let values = values.chunks(ROWS * products.pixel);
        for (values, to) in values.zip(to.chunks_mut(ROWS * COLUMNS)) {
            match to.len() / COLUMNS {
                6 => rows::<6>(values, panel, to),
                5 => rows::<5>(values, panel, to),
                4 => rows::<4>(values, panel, to),
                3 => rows::<3>(values, panel, to),
                2 => rows::<2>(values, panel, to),
                _ => rows::<1>(values, panel, to),
            }
        }
    }
}

/// Multiplies `COUNT` tiles' values of one place.
#[inline]
#[target_feature(enable = "avx2")]
fn rows<const COUNT: usize>(values: &[u8], panel: &[u8], to: &mut [i32]) {
    let pixel = panel.len() / COLUMNS;
    assert!(values.len() == COUNT * pixel && to.len() == COUNT * COLUMNS);
    // SAFETY: there are COUNT rows of `pixel` bytes, a COLUMNS-fold of that in the panel, and COUNT · COLUMNS sums.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; COUNT];
        let mut row = [values.as_ptr(); COUNT];
        for (index, row) in row.iter_mut().enumerate() {
            *row = row.add(index.wrapping_mul(pixel));
        }
        let mut weights = panel.as_ptr();
        let mut at = 0_usize;
        while at != pixel {
            avx2::step_pairs(&mut sums, &row, at, weights);
            at = at.wrapping_add(4);
            weights = weights.add(COLUMNS * 4);
        }
        let to = to.as_mut_ptr().cast::<__m256i>();
        for (index, &sum) in sums.as_flattened().iter().enumerate() {
            _mm256_storeu_si256(to.add(index), sum);
        }
    }
}

#[target_feature(enable = "avx2")]
fn gather(sums: &Sums<'_>, to: &mut [i32]) {
    const LANES: usize = 8;
    let plane = sums.tiles * COLUMNS;
    let row = sums.run.len() * 2 * COLUMNS;
    for (place, tile) in sums.run.clone().enumerate() {
        for column in (0..COLUMNS).step_by(LANES) {
            // SAFETY: `WinogradKernels::gather` has checked that there are PLACES planes of COLUMNS sums a tile,
            // and two rows of outputs, two pixels a tile of the run.
            unsafe {
                let from = sums.sums.as_ptr().add(tile * COLUMNS + column);
                let to = to.as_mut_ptr().add(place * 2 * COLUMNS + column);
                let bias = _mm256_loadu_si256(sums.bias.as_ptr().add(column).cast());
                let mut columns = [[_mm256_setzero_si256(); 2]; PLACES / 4];
                for (x, column) in columns.iter_mut().enumerate() {
                    let sum = |y: usize| _mm256_loadu_si256(from.add((y * 4 + x) * plane).cast());
                    *column = folded([sum(0), sum(1), sum(2), sum(3)]);
                }
                for y in 0..2 {
                    let outputs = folded(columns.map(|column| column[y]));
                    for (x, &four_times) in outputs.iter().enumerate() {
                        let sum = _mm256_add_epi32(_mm256_srai_epi32::<2>(four_times), bias);
                        _mm256_storeu_si256(to.add(y * row + x * COLUMNS).cast(), sum);
                    }
                }
            }
        }
    }
}

/// Aᵀ times a column.
#[inline]
#[target_feature(enable = "avx2")]
fn folded([a, b, c, d]: [__m256i; 4]) -> [__m256i; 2] {
    let sum = _mm256_add_epi32(_mm256_add_epi32(a, b), c);
    let difference = _mm256_sub_epi32(_mm256_sub_epi32(b, c), d);
    [sum, difference]
}
