//! MATMUL: a matrix product of two run-time operands; the right one is packed while it runs.

use super::band::Band;
use super::geometry::Conv2dGeometry;
use super::kernels::{self, Kernels, ROWS_MAX, Rows, Start};
use super::share::{self, Shared};
use super::terms;
use super::weights;
use super::{COLUMNS, aligned};
use crate::isa::Isa;
use crate::threads::Sharing;

/// Bytes of scratch that [`matmul`] wants for `[n, h, c] × [n, c, w]`.
#[must_use]
pub fn matmul_scratch_bytes(dims: [usize; 4], b_zp: i32, isa: Isa) -> usize {
    let product = Product::new(dims, 0, b_zp, isa);
    aligned::with_slack(product.shares * product.slot())
}

/// MATMUL `[n, h, c] × [n, c, w] → [n, h, w]` of wrapping i32, where `dims` is `[n, h, c, w]`.
///
/// Enough work is shared among threads as `sharing` says.
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
    sharing: Sharing<'_>,
) {
    let [n, h, c, w] = dims;
    assert_eq!(a.len(), n * h * c, "elements of the left operand");
    assert_eq!(b.len(), n * c * w, "elements of the right operand");
    assert_eq!(out.len(), n * h * w, "elements of the output");
    let product = Product::new(dims, a_zp, b_zp, isa);
    let shares = sharing.shares(product.shares);
    let bands = |share: usize| product.band.count() * share / shares;
    let cut = |share: usize| product.band.first_row(bands(share)) * w;
    let shared = Shared {
        output: out,
        scratch: aligned::from_line(scratch),
        slot: product.slot(),
    };
    share::each(sharing, shared, shares, &cut, &|share, out, scratch| {
        let (panels, band) = scratch.split_at_mut(product.panels_bytes());
        let (band, terms) = band.split_at_mut(product.band.bytes());
        let terms: &mut [i32] = bytemuck::cast_slice_mut(terms);
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
            product.multiply(band, panels, terms, now);
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
        let kernels = kernels::dense(isa, b_zp, c.is_multiple_of(4));
        let mut geometry = Conv2dGeometry::dense(h, c, w);
        geometry.n = n;
        let shares = share::shares(geometry.products(c), n * h);
        let band = Band::new(
            geometry,
            (c, 1),
            a_zp,
            kernels,
            shares,
            kernels.group().values(),
        );
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

    /// Bytes of a packed panel's weights.
    fn weight_bytes(&self) -> usize {
        self.groups() * COLUMNS * self.kernels.group().bytes()
    }

    /// A packed panel, followed by what its accumulators start from.
    fn panel_bytes(&self) -> usize {
        self.weight_bytes() + COLUMNS * 4
    }

    fn panels_bytes(&self) -> usize {
        self.columns.div_ceil(COLUMNS) * self.panel_bytes()
    }

    /// Bytes of scratch for one share: packed panels, a band, and what the terms of its rows want.
    fn slot(&self) -> usize {
        let band = self.band.bytes();
        let terms = terms::scratch_len(self.kernels, ROWS_MAX * self.band.pitch(), ROWS_MAX);
        self.panels_bytes() + band + aligned::lines(terms * 4)
    }

    fn pack(&self, b: &[i8], panels: &mut [u8]) {
        let group = self.kernels.group();
        for (panel, bytes) in panels.chunks_exact_mut(self.panel_bytes()).enumerate() {
            let column = panel * COLUMNS;
            let columns = COLUMNS.min(self.columns - column);
            let (packed, start) = bytes.split_at_mut(self.weight_bytes());
            packed.fill(0);
            for row in 0..self.depth {
                let at = row / group.values() * COLUMNS * group.bytes();
                let values = &b[row * self.columns + column..][..columns];
                for (column, &value) in values.iter().enumerate() {
                    let at = at + group.place(column, row % group.values());
                    weights::put(group, value, self.b_zp, &mut packed[at..]);
                }
            }
            let offsets = weights::offsets(group, self.a_zp, packed);
            for (bytes, offset) in start.chunks_exact_mut(4).zip(offsets) {
                bytes.copy_from_slice(&0_i32.wrapping_sub(offset).to_ne_bytes());
            }
        }
    }

    /// Multiplies a filled band by all panels into as many rows as `out` has.
    fn multiply(&self, band: &[u8], panels: &[u8], terms: &mut [i32], out: &mut [i32]) {
        let (groups, segments) = (self.groups(), [0]);
        let mut accumulators = [0; ROWS_MAX * COLUMNS];
        for (chunk, out) in out.chunks_mut(ROWS_MAX * self.columns).enumerate() {
            let rows = out.len() / self.columns;
            let band = &band[chunk * ROWS_MAX * self.band.pitch()..];
            let windows: [usize; ROWS_MAX] = std::array::from_fn(|row| row * self.band.pitch());
            let windows = &windows[..rows];
            let length = groups * self.kernels.group().bytes();
            let terms = terms::terms(self.kernels, band, windows, &segments, length, terms);
            let accumulators = &mut accumulators[..rows * COLUMNS];
            for (index, bytes) in panels.chunks_exact(self.panel_bytes()).enumerate() {
                let column = index * COLUMNS;
                let columns = COLUMNS.min(self.columns - column);
                let (panel, start) = bytes.split_at(self.weight_bytes());
                let (start, _) = bytemuck::cast_slice(start).as_chunks();
                let rows = Rows {
                    band,
                    windows,
                    segments: &segments,
                    groups,
                    stride: self.kernels.group().bytes(),
                    panel,
                    next: &[],
                    start: Some(Start {
                        columns: &start[0],
                        terms,
                    }),
                };
                self.kernels.multiply(&rows, accumulators);
                let to = out.chunks_exact_mut(self.columns);
                for (to, from) in to.zip(accumulators.chunks_exact(COLUMNS)) {
                    to[column..column + columns].copy_from_slice(&from[..columns]);
                }
            }
        }
    }
}
