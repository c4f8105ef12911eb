//! CONV2D as a matrix product whose rows lie in a converted band.

use super::band::Band;
use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::{self, Kernels, ROWS_MAX, Tile};
use super::share::{self, Shared};
use super::weights::{self, Panels, Runs};
use super::{COLUMNS, ZeroPoints};
use crate::isa::Isa;

#[derive(Debug)]
pub(crate) struct Convolution {
    geometry: Conv2dGeometry,
    kernels: &'static Kernels,
    band: Band,
    segments: Vec<usize>,
    groups: usize,
    panels: Panels,
    finish: Finish,
    shares: usize,
}

impl Convolution {
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
        isa: Isa,
    ) -> Self {
        let geometry = geometry.simplified();
        let kernels = kernels::dense(isa, zero_points.weight);
        let g = &geometry;
        let depth = g.kh * g.kw * g.ic;
        let shares = share::shares(g.products(depth), g.n * g.oh);
        let band = Band::new(geometry, (g.ic, 1), zero_points.input, kernels, shares);

        // Neighbouring taps of a row are one segment unless dilation parts them.
        let (runs, segments): (_, Vec<_>) = if g.dilation.x == 1 || g.kw == 1 {
            let runs = Runs {
                segments: g.kh,
                length: g.kw * g.ic,
            };
            (runs, (0..g.kh).map(|ky| band.tap(ky, 0)).collect())
        } else {
            let runs = Runs {
                segments: g.kh * g.kw,
                length: g.ic,
            };
            let taps = (0..g.kh).flat_map(|ky| (0..g.kw).map(move |kx| (ky, kx)));
            (runs, taps.map(|(ky, kx)| band.tap(ky, kx)).collect())
        };

        let mut start = weights::padded_bias(bias, g.oc);
        for (start, weights) in start.iter_mut().zip(weights.chunks_exact(depth)) {
            let sum = weights.iter().map(|&weight| i32::from(weight)).sum();
            let offset = weights::offset(kernels.group(), zero_points.input, sum);
            *start = start.wrapping_sub(offset);
        }
        let group = kernels.group();
        let panels = Panels::new(weights, g.oc, runs, zero_points.weight, start, group);
        Self {
            geometry,
            kernels,
            segments,
            groups: runs.groups(group),
            panels,
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
                self.band.fill(self.kernels, input, first, rows, band);
                self.multiply(band, rows, now);
                output = later;
            }
        });
    }

    /// Multiplies a filled band by all panels.
    fn multiply(&self, band: &[u8], rows: usize, output: &mut [u8]) {
        let g = &self.geometry;
        let pitch = g.oc * self.finish.bytes();
        let mut accumulators = [0; ROWS_MAX * COLUMNS];
        for panel in 0..g.oc.div_ceil(COLUMNS) {
            let column = panel * COLUMNS;
            let (mut y, mut x, mut first) = (0, 0, 0);
            while y < rows {
                let mut windows = [0; ROWS_MAX];
                let mut count = 0;
                while count < self.kernels.rows() && y < rows {
                    windows[count] = self.band.window(y, x);
                    count += 1;
                    x += 1;
                    if x == g.ow {
                        (y, x) = (y + 1, 0);
                    }
                }
                let tile = Tile {
                    band,
                    rows: &windows[..count],
                    segments: &self.segments,
                    groups: self.groups,
                    panel: self.panels.panel(panel),
                    start: self.panels.start(panel),
                };
                self.kernels.tile(&tile, &mut accumulators);
                let target = Target {
                    accumulators: &accumulators,
                    rows: count,
                    column,
                    columns: COLUMNS.min(g.oc - column),
                    output: &mut output[first * pitch..],
                    pitch,
                };
                self.kernels.finish(&self.finish, target);
                first += count;
            }
        }
    }
}
