//! MATMUL: a matrix product of two run-time operands; the right one is packed while it runs.

use super::COLUMNS;
use super::band::Band;
use super::geometry::Conv2dGeometry;
use super::kernels::{self, Group, Kernels, ROWS_MAX, Tile};
use super::share::{self, Shared};
use super::weights;
use crate::isa::Isa;

/// Bytes of scratch that [`matmul`] wants for `[n, h, c] × [n, c, w]`.
#[must_use]
pub fn matmul_scratch_bytes(dims: [usize; 4], b_zp: i32, isa: Isa) -> usize {
    let product = Product::new(dims, 0, b_zp, isa);
    product.shares * product.slot()
}

/// MATMUL `[n, h, c] × [n, c, w] → [n, h, w]` of wrapping i32, where `dims` is `[n, h, c, w]`.
///
/// With `parallel` and enough work it is shared among the threads of the current rayon pool.
///
/// # Panics
///
/// When a length does not fit `dims`, or `scratch` is smaller than [`matmul_scratch_bytes`] says.
#[expect(clippy::too_many_arguments, reason = "the operator's own operands")]
pub fn matmul(
    a: &[i8],
    b: &[i8],
    dims: [usize; 4],
    a_zp: i32,
    b_zp: i32,
    out: &mut [i32],
    scratch: &mut [u8],
    isa: Isa,
    parallel: bool,
) {
    let [n, h, c, w] = dims;
    assert_eq!(a.len(), n * h * c, "elements of the left operand");
    assert_eq!(b.len(), n * c * w, "elements of the right operand");
    assert_eq!(out.len(), n * h * w, "elements of the output");
    let product = Product::new(dims, a_zp, b_zp, isa);
    let shares = if parallel { product.shares } else { 1 };
    let bands = |share: usize| product.band.count() * share / shares;
    let cut = |share: usize| product.band.first_row(bands(share)) * w;
    let shared = Shared {
        output: out,
        scratch,
        slot: product.slot(),
    };
    share::each(shared, shares, &cut, &|share, out, scratch| {
        let (panels, band) = scratch.split_at_mut(product.panels_bytes());
        let mut packed_image = None;
        let mut out = out;
        for index in bands(share)..bands(share + 1) {
            let first = product.band.first_row(index);
            let rows = product.band.first_row(index + 1) - first;
            let image = first / h;
            if packed_image != Some(image) {
                product.pack(&b[image * c * w..][..c * w], panels);
                packed_image = Some(image);
            }
            let (now, later) = out.split_at_mut(rows * w);
            product.band.fill(product.kernels, a, first, rows, band);
            product.multiply(band, panels, now);
            out = later;
        }
    });
}

struct Product {
    depth: usize,
    columns: usize,
    a_zp: i32,
    b_zp: i32,
    kernels: &'static Kernels,
    band: Band,
    shares: usize,
}

impl Product {
    fn new([n, h, c, w]: [usize; 4], a_zp: i32, b_zp: i32, isa: Isa) -> Self {
        let kernels = kernels::dense(isa, b_zp);
        let mut geometry = Conv2dGeometry::dense(h, c, w);
        geometry.n = n;
        let shares = share::shares(geometry.products(c), n * h);
        let band = Band::new(geometry, (c, 1), a_zp, kernels, shares);
        Self {
            depth: c,
            columns: w,
            a_zp,
            b_zp,
            kernels,
            shares: shares.min(band.count()),
            band,
        }
    }

    fn groups(&self) -> usize {
        self.depth.div_ceil(self.kernels.group().values())
    }

    /// A packed panel, followed by what its accumulators start from.
    fn panel_bytes(&self) -> usize {
        (self.groups() + 1) * COLUMNS * 4
    }

    fn panels_bytes(&self) -> usize {
        self.columns.div_ceil(COLUMNS) * self.panel_bytes()
    }

    fn slot(&self) -> usize {
        self.panels_bytes() + self.band.bytes()
    }

    fn pack(&self, b: &[i8], panels: &mut [u8]) {
        let group = self.kernels.group();
        for (panel, bytes) in panels.chunks_exact_mut(self.panel_bytes()).enumerate() {
            let column = panel * COLUMNS;
            let columns = COLUMNS.min(self.columns - column);
            let (groups, start) = bytes.split_at_mut(self.groups() * COLUMNS * 4);
            let mut sums = [0_i32; COLUMNS];
            for (index, bytes) in groups.chunks_exact_mut(COLUMNS * 4).enumerate() {
                bytes.fill(0);
                for value in 0..group.values() {
                    let row = index * group.values() + value;
                    if row == self.depth {
                        break;
                    }
                    let row = &b[row * self.columns + column..][..columns];
                    for (offset, &weight) in row.iter().enumerate() {
                        let at = offset * 4 + value * group.value_bytes();
                        if group == Group::Pairs {
                            let weight = i16::from(weight).wrapping_sub(self.b_zp as i16);
                            bytes[at..at + 2].copy_from_slice(&weight.to_ne_bytes());
                        } else {
                            bytes[at] = weight as u8;
                            sums[offset] = sums[offset].wrapping_add(i32::from(weight));
                        }
                    }
                }
            }
            for (bytes, sum) in start.chunks_exact_mut(4).zip(sums) {
                let offset = weights::offset(group, self.a_zp, sum);
                bytes.copy_from_slice(&0_i32.wrapping_sub(offset).to_ne_bytes());
            }
        }
    }

    /// Multiplies a filled band by all panels into as many rows as `out` has.
    fn multiply(&self, band: &[u8], panels: &[u8], out: &mut [i32]) {
        let mut accumulators = [0; ROWS_MAX * COLUMNS];
        for (panel, bytes) in panels.chunks_exact(self.panel_bytes()).enumerate() {
            let column = panel * COLUMNS;
            let columns = COLUMNS.min(self.columns - column);
            let (weights, start_bytes) = bytes.split_at(self.groups() * COLUMNS * 4);
            let mut start = [0; COLUMNS];
            for (start, bytes) in start.iter_mut().zip(start_bytes.as_chunks::<4>().0) {
                *start = i32::from_ne_bytes(*bytes);
            }
            let tiles = out.chunks_mut(self.kernels.rows() * self.columns);
            for (tile, out) in tiles.enumerate() {
                let first = tile * self.kernels.rows();
                let mut windows = [0; ROWS_MAX];
                for (row, window) in windows.iter_mut().enumerate() {
                    *window = self.band.window(first + row, 0);
                }
                let rows = out.len() / self.columns;
                let tile = Tile {
                    band,
                    rows: &windows[..rows],
                    segments: &[0],
                    groups: self.groups(),
                    panel: weights,
                    start: &start,
                };
                self.kernels.tile(&tile, &mut accumulators);
                let to = out.chunks_exact_mut(self.columns);
                for (to, from) in to.zip(accumulators.chunks_exact(COLUMNS)) {
                    to[column..column + columns].copy_from_slice(&from[..columns]);
                }
            }
        }
    }
}
