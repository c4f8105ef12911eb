//! DEPTHWISE_CONV2D: blocks of channels side by side, two taps multiplied at once.
//!
//! With a channel multiplier above one the band holds each channel that many times, which makes the
//! channels of input and output the same.

use super::band::Band;
use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::{self, DepthwiseKernels, Taps};
use super::share::{self, Shared};
use super::weights;
use super::{COLUMNS, ZeroPoints};
use crate::isa::Isa;

/// Pixels whose accumulators are kept between multiplication and epilogue.
const PIXELS: usize = 16;

#[derive(Debug)]
pub(crate) struct Depthwise {
    geometry: Conv2dGeometry,
    kernels: &'static DepthwiseKernels,
    band: Band,
    /// Where each tap lies in a window; even in number, the last repeated with zero weights if need be.
    taps: Vec<usize>,
    /// For each block of channels and each two taps, COLUMNS pairs of i16.
    weights: Vec<u8>,
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

    pub(crate) fn run(&self, input: &[i8], output: &mut [u8], scratch: &mut [u8], parallel: bool) {
        let shares = if parallel { self.shares } else { 1 };
        let shared = Shared {
            output,
            scratch,
            slot: self.band.bytes(),
        };
        let bands = |share: usize| self.band.count() * share / shares;
        let row_bytes = self.geometry.ow * self.geometry.oc * self.finish.bytes();
        let cut = |share: usize| self.band.first_row(bands(share)) * row_bytes;
        share::each(shared, shares, &cut, &|share, output, band| {
            let mut output = output;
            for index in bands(share)..bands(share + 1) {
                let first = self.band.first_row(index);
                let rows = self.band.first_row(index + 1) - first;
                let (now, later) = output.split_at_mut(rows * row_bytes);
                self.band
                    .fill(self.kernels.pairs(), input, first, rows, band);
                for (y, output) in now.chunks_exact_mut(row_bytes).enumerate() {
                    self.row(band, y, output);
                }
                output = later;
            }
        });
    }

    /// Computes output row `y` of a filled band.
    fn row(&self, band: &[u8], y: usize, output: &mut [u8]) {
        let g = &self.geometry;
        let pitch = g.oc * self.finish.bytes();
        let block_bytes = self.taps.len() * COLUMNS * 2;
        let mut accumulators = [0; PIXELS * COLUMNS];
        for block in 0..g.oc.div_ceil(COLUMNS) {
            let column = block * COLUMNS;
            for first in (0..g.ow).step_by(PIXELS) {
                let pixels = PIXELS.min(g.ow - first);
                let taps = Taps {
                    band,
                    origin: self.band.window(y, first) + column * 2,
                    step: self.band.window(0, 1),
                    pixels,
                    taps: &self.taps,
                    weights: &self.weights[block * block_bytes..][..block_bytes],
                    start: &self.start[block],
                };
                let accumulators = &mut accumulators[..pixels * COLUMNS];
                self.kernels.taps(&taps, accumulators);
                let target = Target {
                    accumulators,
                    rows: pixels,
                    column,
                    columns: COLUMNS.min(g.oc - column),
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
) -> Vec<u8> {
    let mut packed = Vec::with_capacity(channels.next_multiple_of(COLUMNS) * taps * 2);
    for block in (0..channels).step_by(COLUMNS) {
        for two in (0..taps).step_by(2) {
            for lane in lanes {
                for tap in [two, two + 1] {
                    let channel = block + lane;
                    let exists = channel < channels && tap * channels < weights.len();
                    let weight = match exists {
                        true => i16::from(weights[tap * channels + channel]) - zero_point as i16,
                        false => 0,
                    };
                    packed.extend_from_slice(&weight.to_ne_bytes());
                }
            }
        }
    }
    packed
}
