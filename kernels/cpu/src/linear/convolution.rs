//! CONV2D as a matrix product whose rows lie in a converted band.

use super::band::Band;
use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::{Kernels, ROWS_MAX, Rows, Start};
use super::share::{self, Shared};
use super::terms;
use super::weights::{Panels, Runs};
use super::{COLUMNS, ZeroPoints, aligned};
use crate::threads::Sharing;

/// Bytes of a panel that are multiplied in one pass over some rows: half of a first-level cache.
const PASS_BYTES: usize = 16 << 10;

#[derive(Debug)]
pub(crate) struct Convolution {
    geometry: Conv2dGeometry,
    kernels: &'static Kernels,
    band: Band,
    windows: Vec<usize>,
    segments: Vec<usize>,
    /// Groups of a segment.
    groups: usize,
    panels: Panels,
    finish: Finish,
    shares: usize,
}

impl Convolution {
    /// Packs the weights of a [`Conv2dGeometry::simplified`] convolution; `kernels` must suit the zero point
    /// of the weights.
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        kernels: &'static Kernels,
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
    ) -> Self {
        let group = kernels.group();
        let g = &geometry;

        // Neighbouring taps of a row are one run unless dilation parts them.
        let joined = if g.dilation.x == 1 { g.kw } else { 1 };
        let piece_max = PASS_BYTES / (COLUMNS * group.value_bytes());
        let runs = Runs::new(g.kh * g.kw / joined, joined * g.ic, group, piece_max);

        let shares = share::shares(g.products(g.kh * g.kw * g.ic), g.n * g.oh);
        let band = Band::new(
            geometry,
            (g.ic, 1),
            zero_points.input,
            kernels,
            shares,
            runs.slack(),
        );
        let taps = (0..g.kh).flat_map(|ky| (0..g.kw).step_by(joined).map(move |kx| (ky, kx)));
        let taps: Vec<_> = taps.map(|(ky, kx)| band.tap(ky, kx)).collect();
        Self {
            geometry,
            kernels,
            windows: band.windows(),
            segments: runs.offsets(&taps, group),
            groups: runs.groups(group),
            panels: Panels::new(weights, g.oc, runs, zero_points, bias, group),
            finish,
            shares: shares.min(band.count()),
            band,
        }
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        self.shares * self.slot()
    }

    /// Bytes of scratch for one share: a band and what the terms of its output pixels want.
    fn slot(&self) -> usize {
        let band = self.band.bytes();
        let terms = terms::scratch_len(self.kernels, band, self.windows.len());
        band + aligned::lines(terms * 4)
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
            slot: self.slot(),
        };
        let bands = |share: usize| self.band.count() * share / shares;
        let row_bytes = self.geometry.ow * self.geometry.oc * self.finish.bytes();
        let cut = |share: usize| self.band.first_row(bands(share)) * row_bytes;
        share::each(sharing, shared, shares, &cut, &|share, output, scratch| {
            let (band, terms) = scratch.split_at_mut(self.band.bytes());
            let terms: &mut [i32] = bytemuck::cast_slice_mut(terms);
            let mut output = output;
            for index in bands(share)..bands(share + 1) {
                let first = self.band.first_row(index);
                let rows = self.band.first_row(index + 1) - first;
                let (now, later) = output.split_at_mut(rows * row_bytes);
                self.band.fill(self.kernels, input, first, rows, band);
                let windows = &self.windows[..rows * self.geometry.ow];
                let length = self.groups * self.kernels.group().bytes();
                let terms =
                    terms::terms(self.kernels, band, windows, &self.segments, length, terms);
                self.multiply(band, windows, terms, now);
                output = later;
            }
        });
    }

    /// Multiplies a filled band by all panels.
    fn multiply(&self, band: &[u8], windows: &[usize], terms: &[i32], output: &mut [u8]) {
        let oc = self.geometry.oc;
        let pitch = oc * self.finish.bytes();
        let segment_bytes = self.groups * COLUMNS * self.kernels.group().bytes();
        let segments_at_once = (PASS_BYTES / segment_bytes).max(1);
        let mut accumulators = [0; ROWS_MAX * COLUMNS];
        for index in 0..oc.div_ceil(COLUMNS) {
            let column = index * COLUMNS;
            for (chunk, windows) in windows.chunks(ROWS_MAX).enumerate() {
                let first = chunk * ROWS_MAX;
                let rows = windows.len();
                let accumulators = &mut accumulators[..rows * COLUMNS];
                let terms = terms.get(first..first + rows).unwrap_or(&[]);
                let passes = self.segments.chunks(segments_at_once);
                let mut weights = self.panels.from(index);
                let mut start = Some(Start {
                    columns: self.panels.start(index),
                    terms,
                });
                for segments in passes {
                    let (panel, rest) = weights.split_at(segments.len() * segment_bytes);
                    weights = rest;
                    let rows = Rows {
                        band,
                        windows,
                        segments,
                        groups: self.groups,
                        stride: self.kernels.group().bytes(),
                        panel,
                        next: &rest[..rest.len().min(panel.len())],
                        start: start.take(),
                    };
                    self.kernels.multiply(&rows, accumulators);
                }
                let target = Target {
                    accumulators,
                    rows,
                    column,
                    columns: COLUMNS.min(oc - column),
                    output: &mut output[first * pitch + column * self.finish.bytes()..],
                    pitch,
                };
                self.kernels.finish(&self.finish, target);
            }
        }
    }
}
