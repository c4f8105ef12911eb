//! CONV2D with a 3×3 kernel and step 1 by Winograd's minimal filtering F(2×2, 3×3), in exact integers.
//!
//! A tile of 2×2 outputs reads 4×4 inputs `d` and takes 36 products for each input channel; from the kernel `g` made
//! into `G g Gᵀ` and the inputs made into `Bᵀ d B`, both 4×4, it takes 16, one for each place, and additions (Winograd,
//! "Arithmetic Complexity of Computations", 1980; Lavin and Gray, arXiv 1509.09308):
//!
//! ```text
//! Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A     Bᵀ = 1  0 −1  0    G = 1   0   0    Aᵀ = 1  1  1  0
//!                                         0  1  1  0        ½   ½   ½         0  1 −1 −1
//!                                         0 −1  1  0        ½  −½   ½
//!                                         0  1  0 −1        0   0   1
//! ```
//!
//! With 2G in place of G nothing is lost to fractions, and the sums are four times the outputs' exactly; over the
//! channels they are 16 matrix products, done by the same kernels as others. Sums wrap modulo 2^32, so the outputs are
//! right where four times them fits 32 bits: [`Winograd::is_exact`] asks the weights. The bias is added behind that.
//! Differences of inputs stay within 4 · 255, weights within 9 · 255: both fit i16.

use aivm_tosa::operator::Extent;

use super::aligned::Aligned;
use super::band::Band;
use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::Group;
use super::kernels::winograd::{CHANNELS, PLACES, Products, Sums, Tiles, WinogradKernels};
use super::share::{self, Shared};
use super::{COLUMNS, ZeroPoints, weights};
use crate::threads::Sharing;

/// Tiles whose sums are kept between multiplication and outputs: a KiB each.
const TILES: usize = 24;

/// Largest difference of an input and its zero point.
const INPUT_MAX: u64 = 255;

#[derive(Debug)]
pub(crate) struct Winograd {
    geometry: Conv2dGeometry,
    kernels: &'static WinogradKernels,
    /// Of tiles: its output rows are rows of tiles, its windows 4×4 pixels.
    band: Band,
    windows: Vec<usize>,
    /// For each [`COLUMNS`] output channels and each place, pairs of weights.
    panels: Aligned,
    bias: Vec<[i32; COLUMNS]>,
    finish: Finish,
    shares: usize,
}

impl Winograd {
    /// Whether a convolution has this form, and gains by it.
    ///
    /// Measured over sides from 1 to 32, 16 to 256 input channels and 1 to 256 output channels (docs/performance.md):
    /// tiles that reach beyond the output must not cost what the form saves, as those of a single output pixel do; and
    /// where many channels become few, transforming the inputs takes longer than multiplying them.
    pub(crate) fn suits(geometry: &Conv2dGeometry) -> bool {
        let g = geometry;
        let one = Extent { y: 1, x: 1 };
        let form = (g.kh, g.kw) == (3, 3) && g.stride == one && g.dilation == one;
        let direct = 9 * g.oh * g.ow;
        let filtered = PLACES * g.oh.div_ceil(2) * g.ow.div_ceil(2);
        form && g.ic.is_multiple_of(CHANNELS)
            && 3 * filtered <= 2 * direct
            && (g.ic <= 128 || g.oc >= 32)
    }

    /// Whether four times each output's sum of products fits i32.
    pub(crate) fn is_exact(geometry: &Conv2dGeometry, weights: &[i8], weight_zp: i32) -> bool {
        let largest = |weights: &[i8]| {
            let sizes = weights
                .iter()
                .map(|&w| (i32::from(w) - weight_zp).unsigned_abs());
            INPUT_MAX * sizes.map(u64::from).sum::<u64>()
        };
        let mut kernels = weights.chunks_exact(9 * geometry.ic);
        kernels.all(|kernel| largest(kernel) < 1 << 29)
    }

    /// Transforms and packs the weights `[oc, 3, 3, ic]` of a convolution that [`Winograd::suits`] and
    /// [`Winograd::is_exact`].
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        kernels: &'static WinogradKernels,
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
    ) -> Self {
        let g = &geometry;
        let matrix = kernels.matrix();
        assert!(matrix.group() == Group::Pairs && g.ic.is_multiple_of(CHANNELS));
        let mut tiles = geometry;
        (tiles.oh, tiles.ow) = (g.oh.div_ceil(2), g.ow.div_ceil(2));
        (tiles.kh, tiles.kw) = (4, 4);
        (tiles.stride.y, tiles.stride.x) = (2, 2);
        let shares = share::shares(g.products(9 * g.ic), g.n * tiles.oh);
        let band = Band::new(tiles, (g.ic, 1), zero_points.input, matrix, shares, 0);
        let windows = band.windows();
        Self {
            geometry,
            kernels,
            panels: packed(weights, g.ic, g.oc, zero_points.weight),
            bias: weights::padded_bias(bias, g.oc),
            finish,
            shares: shares.min(band.count()),
            windows,
            band,
        }
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        self.shares * (self.band.bytes() + self.work_bytes().iter().sum::<usize>())
    }

    /// Bytes of scratch behind a band: of transformed tiles, of their sums, of outputs.
    fn work_bytes(&self) -> [usize; 3] {
        let tiles = TILES.min(self.windows.len());
        let values = PLACES * tiles * self.band.pixel_bytes();
        [
            values,
            PLACES * tiles * COLUMNS * 4,
            tiles * 4 * COLUMNS * 4,
        ]
    }

    /// The output row, counted over the whole batch, where row `row` of tiles begins.
    fn output_row(&self, row: usize) -> usize {
        let per_image = self.geometry.oh.div_ceil(2);
        row / per_image * self.geometry.oh + row % per_image * 2
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
            slot: self.scratch_bytes() / self.shares,
        };
        let g = &self.geometry;
        let bands = |share: usize| self.band.count() * share / shares;
        let place = |band: usize| {
            let row = self.output_row(self.band.first_row(band));
            row * g.ow * g.oc * self.finish.bytes()
        };
        let cut = |share: usize| place(bands(share));
        share::each(sharing, shared, shares, &cut, &|share, output, scratch| {
            let (band, work) = scratch.split_at_mut(self.band.bytes());
            let mut output = output;
            for index in bands(share)..bands(share + 1) {
                let first = self.band.first_row(index);
                let rows = self.band.first_row(index + 1) - first;
                let (now, later) = output.split_at_mut(place(index + 1) - place(index));
                self.band
                    .fill(self.kernels.matrix(), input, first, rows, band);
                self.multiply(band, rows, work, now);
                output = later;
            }
        });
    }

    /// Computes the outputs of a filled band of `rows` rows of tiles.
    fn multiply(&self, band: &[u8], rows: usize, work: &mut [u8], output: &mut [u8]) {
        let [values_bytes, sums_bytes, _] = self.work_bytes();
        let (values, work) = work.split_at_mut(values_bytes);
        let (sums, outputs) = work.split_at_mut(sums_bytes);
        let sums: &mut [i32] = bytemuck::cast_slice_mut(sums);
        let outputs: &mut [i32] = bytemuck::cast_slice_mut(outputs);
        let across = self.geometry.ow.div_ceil(2);
        let panel_bytes = PLACES * self.geometry.ic * COLUMNS * 2;
        let windows = self.windows[..rows * across].chunks(TILES);
        for (chunk, windows) in windows.enumerate() {
            let first = chunk * TILES;
            let tiles = Tiles {
                band,
                windows,
                pitch: self.band.pitch(),
                pixel: self.band.pixel_bytes(),
            };
            let values = &mut values[..tiles.transformed_bytes()];
            self.kernels.scatter(&tiles, values);
            for (panel, bias) in self.bias.iter().enumerate() {
                let sums = &mut sums[..PLACES * windows.len() * COLUMNS];
                let products = Products {
                    values,
                    pixel: tiles.pixel,
                    panel: &self.panels[panel * panel_bytes..][..panel_bytes],
                };
                self.kernels.multiply(&products, sums);
                let mut run = 0;
                while run < windows.len() {
                    // Up to where the row of tiles ends.
                    let (y, x) = ((first + run) / across, (first + run) % across);
                    let end = (run + across - x).min(windows.len());
                    let sums = Sums {
                        sums,
                        tiles: windows.len(),
                        run: run..end,
                        bias,
                    };
                    let outputs = &mut outputs[..sums.outputs()];
                    self.kernels.gather(&sums, outputs);
                    self.store(panel, [y * 2, x * 2], outputs, output);
                    run = end;
                }
            }
        }
    }

    /// Stores two rows of accumulators from output pixel `(y, x)` of a band on, as far as the output reaches.
    fn store(&self, panel: usize, [y, x]: [usize; 2], accumulators: &[i32], output: &mut [u8]) {
        let g = &self.geometry;
        let pitch = g.oc * self.finish.bytes();
        let column = panel * COLUMNS;
        let two_rows = accumulators.chunks_exact(accumulators.len() / 2);
        for (y, accumulators) in (y..).zip(two_rows) {
            let pixels = (accumulators.len() / COLUMNS).min(g.ow - x);
            let at = (y * g.ow + x) * pitch;
            if at >= output.len() {
                break;
            }
            let target = Target {
                accumulators: &accumulators[..pixels * COLUMNS],
                rows: pixels,
                column,
                columns: COLUMNS.min(g.oc - column),
                output: &mut output[at + column * self.finish.bytes()..],
                pitch,
            };
            self.kernels.matrix().finish(&self.finish, target);
        }
    }
}

/// Weights `[oc, 3, 3, ic]` less their zero point, made into 2G g (2G)ᵀ, as panels of pairs of input channels:
/// `[oc / COLUMNS, PLACES, ic / 2, COLUMNS, 2]` i16.
fn packed(weights: &[i8], ic: usize, oc: usize, zero_point: i32) -> Aligned {
    assert_eq!(weights.len(), oc * 9 * ic);
    let place_bytes = ic * COLUMNS * 2;
    let bytes = oc.div_ceil(COLUMNS) * PLACES * place_bytes;
    Aligned::new(bytes, |bytes| {
        for (column, kernel) in weights.chunks_exact(9 * ic).enumerate() {
            for channel in 0..ic {
                let weight = |y: usize, x: usize| {
                    i16::from(kernel[(y * 3 + x) * ic + channel]) - zero_point as i16
                };
                let rows: [[i16; 4]; 3] =
                    std::array::from_fn(|y| doubled(std::array::from_fn(|x| weight(y, x))));
                for x in 0..4 {
                    for (y, weight) in doubled(rows.map(|row| row[x])).into_iter().enumerate() {
                        let place = column / COLUMNS * PLACES + y * 4 + x;
                        let pair = channel / 2 * COLUMNS + column % COLUMNS;
                        let at = place * place_bytes + (pair * 2 + channel % 2) * 2;
                        bytes[at..at + 2].copy_from_slice(&weight.to_ne_bytes());
                    }
                }
            }
        }
    })
}

/// 2G times a column.
fn doubled([a, b, c]: [i16; 3]) -> [i16; 4] {
    [2 * a, a + b + c, a - b + c, 2 * c]
}
