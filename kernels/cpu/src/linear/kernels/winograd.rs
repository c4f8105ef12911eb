//! The transforms around the products of [`crate::linear::winograd`], and their portable form.

use std::ops::Range;

use super::super::COLUMNS;
use super::{Group, Kernels, portable};
use crate::isa::Isa;

/// Products of a tile for each input channel and output channel: 4×4, row by row.
pub(crate) const PLACES: usize = 16;

/// Input channels are transformed in steps of this many.
pub(crate) const CHANNELS: usize = 16;

/// Tiles of 4×4 pixels in a band of i16.
pub(crate) struct Tiles<'a> {
    pub band: &'a [u8],
    /// Where each tile begins in the band.
    pub windows: &'a [usize],
    /// Bytes from a row of the band to the next.
    pub pitch: usize,
    /// Bytes from a pixel to the next, all of them values.
    pub pixel: usize,
}

impl Tiles<'_> {
    /// Bytes of the transformed tiles: for each place, each tile's channels.
    pub(crate) fn transformed_bytes(&self) -> usize {
        PLACES * self.windows.len() * self.pixel
    }
}

/// Transformed tiles and one panel of transformed weights.
pub(crate) struct Products<'a> {
    /// `[PLACES, tiles, channels]` i16.
    pub values: &'a [u8],
    /// Bytes of a tile's channels.
    pub pixel: usize,
    /// `[PLACES, channels / 2, COLUMNS, 2]` i16.
    pub panel: &'a [u8],
}

/// The sums of products of some tiles with one panel, and the tiles wanted of them.
pub(crate) struct Sums<'a> {
    /// `[PLACES, tiles, COLUMNS]`, four times what the outputs are made of.
    pub sums: &'a [i32],
    pub tiles: usize,
    /// Tiles of one row of tiles.
    pub run: Range<usize>,
    pub bias: &'a [i32; COLUMNS],
}

impl Sums<'_> {
    /// Accumulators of the outputs: `[2, 2 · run, COLUMNS]`.
    pub(crate) fn outputs(&self) -> usize {
        4 * self.run.len() * COLUMNS
    }
}

/// The inner loops of Winograd's filtering, `unsafe` for the reason said at [`Kernels`].
#[derive(Debug)]
pub(crate) struct WinogradKernels {
    /// For bands and the epilogue; of [`Group::Pairs`].
    pub(super) matrix: &'static Kernels,
    pub(super) scatter: unsafe fn(&Tiles<'_>, &mut [u8]),
    pub(super) multiply: unsafe fn(&Products<'_>, &mut [i32]),
    pub(super) gather: unsafe fn(&Sums<'_>, &mut [i32]),
}

pub(super) const PORTABLE: WinogradKernels = WinogradKernels {
    matrix: &portable::KERNELS,
    scatter,
    multiply,
    gather,
};

/// The kernels for Winograd's filtering on `isa`, or on what this processor has instead. None where bytes are
/// multiplied: four products at once are worth more than 36 products done by 16.
pub(crate) fn winograd(isa: Isa, weight_zp: i32) -> Option<&'static WinogradKernels> {
    match super::dense(isa, weight_zp, false).group {
        Group::QuadsUnsigned | Group::QuadsSigned => None,
        #[cfg(target_arch = "x86_64")]
        _ if matches!(isa, Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni) && isa.is_available() => {
            Some(&super::avx2_winograd::KERNELS)
        }
        _ => Some(&PORTABLE),
    }
}

impl WinogradKernels {
    /// The kernels for bands and the epilogue; of [`Group::Pairs`].
    pub(crate) const fn matrix(&self) -> &'static Kernels {
        self.matrix
    }

    /// Writes Bᵀ d B of each tile and channel: `[PLACES, tiles, channels]` i16.
    pub(crate) fn scatter(&self, tiles: &Tiles<'_>, to: &mut [u8]) {
        let last = tiles.windows.iter().max().copied().unwrap_or(0);
        assert!(tiles.pixel.is_multiple_of(CHANNELS * 2));
        assert!(last + 3 * tiles.pitch + 4 * tiles.pixel <= tiles.band.len());
        assert_eq!(to.len(), tiles.transformed_bytes());
        // SAFETY: the instruction set is available, as said at `Kernels`; every pixel of every tile lies in the
        // band, and `to` has room.
        unsafe { (self.scatter)(tiles, to) }
    }

    /// Writes, for each place, the product of the tiles with the panel: `[PLACES, tiles, COLUMNS]`.
    pub(crate) fn multiply(&self, products: &Products<'_>, to: &mut [i32]) {
        let tiles = to.len() / (PLACES * COLUMNS);
        assert_eq!(to.len(), PLACES * tiles * COLUMNS);
        assert!(products.pixel.is_multiple_of(CHANNELS * 2));
        assert_eq!(products.values.len(), PLACES * tiles * products.pixel);
        assert_eq!(products.panel.len(), PLACES * products.pixel * COLUMNS);
        // SAFETY: the instruction set is available, as said at `Kernels`, and the lengths are right.
        unsafe { (self.multiply)(products, to) }
    }

    /// Writes the accumulators of the 2×2 outputs of each tile of the run: a quarter of Aᵀ s A, and the bias.
    pub(crate) fn gather(&self, sums: &Sums<'_>, to: &mut [i32]) {
        assert_eq!(sums.sums.len(), PLACES * sums.tiles * COLUMNS);
        assert!(sums.run.start <= sums.run.end && sums.run.end <= sums.tiles);
        assert_eq!(to.len(), sums.outputs());
        // SAFETY: the instruction set is available, as said at `Kernels`; the tiles of the run are among those
        // there are sums of, and `to` has room.
        unsafe { (self.gather)(sums, to) }
    }
}

fn scatter(tiles: &Tiles<'_>, to: &mut [u8]) {
    let plane = tiles.windows.len() * tiles.pixel;
    for (tile, &window) in tiles.windows.iter().enumerate() {
        for channel in (0..tiles.pixel).step_by(2) {
            let value = |y: usize, x: usize| {
                let at = window + y * tiles.pitch + x * tiles.pixel + channel;
                i16::from_ne_bytes([tiles.band[at], tiles.band[at + 1]])
            };
            let rows: [[i16; 4]; 4] =
                std::array::from_fn(|y| differences(std::array::from_fn(|x| value(y, x))));
            for x in 0..4 {
                let column = differences(rows.map(|row| row[x]));
                for (y, value) in column.into_iter().enumerate() {
                    let at = (y * 4 + x) * plane + tile * tiles.pixel + channel;
                    to[at..at + 2].copy_from_slice(&value.to_ne_bytes());
                }
            }
        }
    }
}

/// Bᵀ times a column.
fn differences([a, b, c, d]: [i16; 4]) -> [i16; 4] {
    [a - c, b + c, c - b, b - d]
}

fn multiply(products: &Products<'_>, to: &mut [i32]) {
    let pixel = products.pixel;
    let places = products.values.chunks_exact(products.values.len() / PLACES);
    let panels = products.panel.chunks_exact(pixel * COLUMNS);
    let values = places.zip(panels).flat_map(|(place, panel)| {
        let tiles = place.chunks_exact(pixel);
        tiles.map(move |tile| (tile, panel))
    });
    for (sums, (tile, panel)) in to.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(values) {
        *sums = [0; COLUMNS];
        for (value, weights) in tile.chunks_exact(4).zip(panel.chunks_exact(COLUMNS * 4)) {
            let value = portable::pair(value, 0);
            for (column, sum) in sums.iter_mut().enumerate() {
                let weight = portable::pair(weights, column * 4);
                *sum = sum.wrapping_add(portable::products(value, weight));
            }
        }
    }
}

fn gather(sums: &Sums<'_>, to: &mut [i32]) {
    let plane = sums.tiles * COLUMNS;
    let (upper, lower) = to.split_at_mut(to.len() / 2);
    let outputs = upper.as_chunks_mut::<{ 2 * COLUMNS }>().0.iter_mut();
    let outputs = outputs.zip(lower.as_chunks_mut::<{ 2 * COLUMNS }>().0);
    for (tile, (upper, lower)) in sums.run.clone().zip(outputs) {
        for column in 0..COLUMNS {
            let sum = |y: usize, x: usize| sums.sums[(y * 4 + x) * plane + tile * COLUMNS + column];
            let columns: [[i32; 2]; 4] =
                std::array::from_fn(|x| folded(std::array::from_fn(|y| sum(y, x))));
            for (y, to) in [&mut *upper, &mut *lower].into_iter().enumerate() {
                for (x, four_times) in folded(columns.map(|column| column[y]))
                    .into_iter()
                    .enumerate()
                {
                    to[x * COLUMNS + column] = (four_times >> 2).wrapping_add(sums.bias[column]);
                }
            }
        }
    }
}

/// Aᵀ times a column.
fn folded([a, b, c, d]: [i32; 4]) -> [i32; 2] {
    let sum = a.wrapping_add(b).wrapping_add(c);
    [sum, b.wrapping_sub(c).wrapping_sub(d)]
}
