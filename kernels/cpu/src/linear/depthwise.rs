//! DEPTHWISE_CONV2D: blocks of channels side by side, two taps multiplied at once.
//!
//! With a channel multiplier above one the band holds each channel that many times, which makes the
//! channels of input and output the same.

use super::aligned::Aligned;
use super::band::Band;
use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::{self, DepthwiseKernels, ROWS_MAX, Taps};
use super::share::{self, Shared};
use super::weights;
use super::{COLUMNS, ZeroPoints};
use crate::isa::Isa;
use crate::threads::Sharing;

#[derive(Debug)]
pub(crate) struct Depthwise {
    geometry: Conv2dGeometry,
    kernels: &'static DepthwiseKernels,
    band: Band,
    windows: Vec<usize>,
    /// Where each tap lies in a window; even in number, the last repeated with zero weights if need be.
    taps: Vec<usize>,
    /// For each block of channels and each two taps, COLUMNS pairs of i16.
    weights: Aligned,
    start: Vec<[i32; COLUMNS]>,
    finish: Finish,
    shares: usize,
}

impl Depthwise {
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        multiplier: usize,
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
        isa: Isa,
    ) -> Self {
        let g = &geometry;
        assert_eq!(g.oc, g.ic * multiplier);
        assert_eq!(weights.len(), g.kh * g.kw * g.oc);
        let kernels = kernels::depthwise(isa);
        let shares = share::shares(g.products(g.kh * g.kw), g.n * g.oh);
        let channels = g.oc.next_multiple_of(COLUMNS);
        let band = Band::new(
            geometry,
            (channels, multiplier),
            zero_points.input,
            kernels.pairs(),
            shares,
            0,
        );
        let taps = (0..g.kh).flat_map(|ky| (0..g.kw).map(move |kx| (ky, kx)));
        let mut taps: Vec<_> = taps.map(|(ky, kx)| band.tap(ky, kx)).collect();
        if !taps.len().is_multiple_of(2) {
            taps.push(taps[taps.len() - 1]);
        }
        let packed = packed(
            weights,
            g.oc,
            taps.len(),
            zero_points.weight,
            kernels.lanes(),
        );
        Self {
            geometry,
            kernels,
            windows: band.windows(),
            taps,
            weights: packed,
            start: weights::padded_bias(bias, g.oc),
            finish,
            shares: shares.min(band.count()),
            band,
        }
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        self.shares * self.band.bytes()
    }

    pub(crate) fn run(
        &self,
        input: &[i8],
        output: &mut [u8],
        scratch: &mut [u8],
        sharing: Sharing<'_>,
    ) {
        let shares = sharing.shares(self.shares);
        let shared = Shared {
            output,
            scratch,
            slot: self.band.bytes(),
        };
        let bands = |share: usize| self.band.count() * share / shares;
        let row_bytes = self.geometry.ow * self.geometry.oc * self.finish.bytes();
        let cut = |share: usize| self.band.first_row(bands(share)) * row_bytes;
        share::each(sharing, shared, shares, &cut, &|share, output, band| {
            let mut output = output;
            for index in bands(share)..bands(share + 1) {
                let first = self.band.first_row(index);
                let rows = self.band.first_row(index + 1) - first;
                let (now, later) = output.split_at_mut(rows * row_bytes);
                self.band
                    .fill(self.kernels.pairs(), input, first, rows, band);
                self.multiply(band, &self.windows[..rows * self.geometry.ow], now);
                output = later;
            }
        });
    }

    /// Computes the output pixels of a filled band.
    fn multiply(&self, band: &[u8], windows: &[usize], output: &mut [u8]) {
        let oc = self.geometry.oc;
        let pitch = oc * self.finish.bytes();
        let block_bytes = self.taps.len() * COLUMNS * 2;
        let mut accumulators = [0; ROWS_MAX * COLUMNS];
        for (block, start) in self.start.iter().enumerate() {
            let column = block * COLUMNS;
            for (chunk, windows) in windows.chunks(ROWS_MAX).enumerate() {
                let first = chunk * ROWS_MAX;
                let accumulators = &mut accumulators[..windows.len() * COLUMNS];
                let taps = Taps {
                    band,
                    offset: column * 2,
                    windows,
                    taps: &self.taps,
                    weights: &self.weights[block * block_bytes..][..block_bytes],
                    start,
                };
                self.kernels.taps(&taps, accumulators);
                let target = Target {
                    accumulators,
                    rows: windows.len(),
                    column,
                    columns: COLUMNS.min(oc - column),
                    output: &mut output[first * pitch + column * self.finish.bytes()..],
                    pitch,
                };
                self.kernels.pairs().finish(&self.finish, target);
            }
        }
    }
}

/// Weights `[taps, channels]` less their zero point, by blocks of channels and pairs of taps.
fn packed(
    weights: &[i8],
    channels: usize,
    taps: usize,
    zero_point: i32,
    lanes: &[usize; COLUMNS],
) -> Aligned {
    let len = channels.next_multiple_of(COLUMNS) * taps * 2;
    Aligned::new(len, |bytes| {
        for (pair, bytes) in bytes.chunks_exact_mut(COLUMNS * 4).enumerate() {
            let (block, two) = (pair / (taps / 2) * COLUMNS, pair % (taps / 2) * 2);
            for (place, to) in bytes.chunks_exact_mut(2).enumerate() {
                let (channel, tap) = (block + lanes[place / 2], two + place % 2);
                // Neither channels that fill up a block nor a repeated tap have weights.
                if channel < channels && tap * channels < weights.len() {
                    let weight = i16::from(weights[tap * channels + channel]);
                    to.copy_from_slice(&weight.wrapping_sub(zero_point as i16).to_ne_bytes());
                }
            }
        }
    })
}
