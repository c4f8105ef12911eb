//! Large matrix products by Strassen's scheme in Winograd's form: seven products of quarters, not eight.
//!
//! Rows, depth and columns are halved: `C = A · B` with quarters A11 … B22, and
//!
//! ```text
//! S1 = A21 + A22   T1 = B12 − B11   P1 = A11 · B11   P5 = S1 · T1
//! S2 = S1 − A11    T2 = B22 − T1    P2 = A12 · B21   P6 = S2 · T2
//! S3 = A11 − A21   T3 = B22 − B12   P3 = S4 · B22    P7 = S3 · T3
//! S4 = A12 − S2    T4 = B21 − T2    P4 = A22 · T4
//!
//! X = P1 + P6      C11 = P1 + P2        C12 = X + P5 + P3
//! Y = X + P7       C21 = Y + P4         C22 = Y + P5
//! ```
//!
//! (V. Strassen, "Gaussian elimination is not optimal", 1969; S. Winograd's form has 15 additions.) The
//! sums S are taken when a band of rows is converted, the sums T when the weights are packed; both have at
//! most four values of nine bits, so that i16 holds them and crosswise sums of them. Products accumulate
//! modulo 2^32, where the identities above hold as they stand: the bits are those of the plain product.
//!
//! Both halves of the rows lie in one band, and two neighbouring panels are both halves of the columns, so
//! that a tile of each quarter of C is finished while it is in the cache, as in [`super::convolution`]. In
//! the left operands, groups of rows that are multiplied at once take turns: they are read as one stream.

mod weights;

use super::epilogue::{Finish, Target};
use super::geometry::Conv2dGeometry;
use super::kernels::{Group, Kernels, ROWS_MAX, Rows};
use super::share::{self, Shared};
use super::weights::Runs;
use super::{COLUMNS, ZeroPoints, aligned};
use crate::threads::Sharing;
use weights::Sevens;

/// Rows, depth and columns from which on seven products and the additions are faster than eight products.
pub(crate) const SIDE_MIN: usize = 512;

/// Depth up to which seven left operands of enough rows stay in a second-level cache.
pub(crate) const DEPTH_MAX: usize = 2048;

/// Bytes of a panel that are multiplied in one pass over some rows: half of a first-level cache.
const PASS_BYTES: usize = 16 << 10;

/// Bytes of left operands that stay in a second-level cache beside the weights.
const BYTES_MAX: usize = 352 << 10;

/// Rows whose groups take turns: those that the crosswise kernels multiply at once.
const TURNS: usize = 4;

/// Rows of a tile in each quarter, a multiple of [`TURNS`].
const HALF_ROWS_MAX: usize = ROWS_MAX / 2;

/// The products, in the order they are taken and their operands are stored.
#[derive(Clone, Copy)]
enum Of {
    P1,
    P2,
    P6,
    P7,
    P5,
    P3,
    P4,
}

/// Number of products.
const SEVEN: usize = 7;

/// For each product, how often it is in each combination: taken crosswise, products are too high by sums that
/// belong to rows and columns, and what a combination adds sets right the products that its tile gets until it
/// is finished.
const USES: [[i32; COMBINATIONS]; SEVEN] = [
    [1, 1, 1, 0],
    [1, 0, 0, 0],
    [0, 1, 1, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 1],
    [0, 0, 1, 0],
    [0, 1, 0, -1],
];

/// The four times that tiles are combined: C11 begins with P1, Y begins with X, P5 goes into C12, Y into C22.
const COMBINATIONS: usize = 4;

#[derive(Debug)]
pub(crate) struct Strassen {
    rows: usize,
    depth: usize,
    columns: usize,
    kernels: &'static Kernels,
    input_zp: i32,
    /// Half of the depth.
    runs: Runs,
    /// Rows of half a band.
    half_rows: usize,
    /// Where each row of a left operand begins.
    windows: Vec<usize>,
    /// Where each piece of a row begins.
    segments: Vec<usize>,
    weights: Sevens,
    finish: Finish,
    shares: usize,
}

impl Strassen {
    /// Whether a [`Conv2dGeometry::simplified`] convolution is a matrix product for which this is faster.
    pub(crate) fn pays(geometry: &Conv2dGeometry, group: Group) -> bool {
        let g = geometry;
        *g == Conv2dGeometry::dense(g.oh, g.ic, g.oc)
            && g.oh.min(g.ic).min(g.oc) >= SIDE_MIN
            && g.ic <= DEPTH_MAX
            && matches!(group, Group::Pairs | Group::Crosswise)
    }

    /// Packs the weights of a [`Conv2dGeometry::dense`] product; `kernels` must multiply i16.
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        kernels: &'static Kernels,
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
    ) -> Self {
        let group = kernels.group();
        let (rows, depth, columns) = (geometry.oh, geometry.ic, geometry.oc);
        assert_eq!(geometry, Conv2dGeometry::dense(rows, depth, columns));
        assert!(matches!(group, Group::Pairs | Group::Crosswise));
        let piece_max = PASS_BYTES / (COLUMNS * group.value_bytes());
        let runs = Runs::new(1, depth.div_ceil(2), group, piece_max);
        let pitch = runs.padded() * group.value_bytes();

        // As many bands as divide among the threads.
        let shares = share::shares(geometry.products(depth), rows);
        let fitting = (BYTES_MAX / (SEVEN * pitch)).clamp(TURNS, HALF_ROWS_MAX);
        let bands = rows.div_ceil(2 * fitting).next_multiple_of(shares);
        let half_rows = rows.div_ceil(2 * bands).next_multiple_of(TURNS);
        let half_rows = half_rows.min(HALF_ROWS_MAX);
        let window = |row| row / TURNS * TURNS * pitch + row % TURNS * group.bytes();
        let piece = |offset| offset * TURNS;
        Self {
            rows,
            depth,
            columns,
            kernels,
            input_zp: zero_points.input,
            runs,
            half_rows,
            windows: (0..half_rows).map(window).collect(),
            segments: runs.offsets(&[0], group).into_iter().map(piece).collect(),
            weights: Sevens::new(weights, [depth, columns], runs, zero_points, bias, group),
            finish,
            shares: shares.min(rows.div_ceil(2 * half_rows)),
        }
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        self.shares * self.slot()
    }

    /// Bytes of a row of a left operand.
    fn pitch(&self) -> usize {
        self.runs.padded() * self.kernels.group().value_bytes()
    }

    /// Bytes of seven left operands.
    fn left_bytes(&self) -> usize {
        aligned::lines(SEVEN * self.half_rows * self.pitch())
    }

    /// Bytes of scratch for one share: left operands, a row, what combinations add to rows, and the products
    /// of groups that this is computed from.
    fn slot(&self) -> usize {
        let groups = self.half_rows * self.runs.padded() / self.kernels.group().values();
        let terms = COMBINATIONS * self.half_rows + groups;
        self.left_bytes() + aligned::lines(self.pitch()) + aligned::lines(terms * 4)
    }

    pub(crate) fn run(
        &self,
        input: &[i8],
        output: &mut [u8],
        scratch: &mut [u8],
        sharing: Sharing<'_>,
    ) {
        let band = 2 * self.half_rows;
        let shares = sharing.shares(self.shares);
        let shared = Shared {
            output,
            scratch,
            slot: self.slot(),
        };
        let first_row =
            |share: usize| (self.rows.div_ceil(band) * share / shares * band).min(self.rows);
        let row_bytes = self.columns * self.finish.bytes();
        let cut = |share: usize| first_row(share) * row_bytes;
        share::each(sharing, shared, shares, &cut, &|share, output, scratch| {
            let (left, scratch) = scratch.split_at_mut(self.left_bytes());
            let (row, terms) = scratch.split_at_mut(aligned::lines(self.pitch()));
            let row = &mut row[..self.pitch()];
            let terms: &mut [i32] = bytemuck::cast_slice_mut(terms);
            let rows = first_row(share)..first_row(share + 1);
            let input = &input[rows.start * self.depth..rows.end * self.depth];
            let bands = input.chunks(band * self.depth);
            for (input, output) in bands.zip(output.chunks_mut(band * row_bytes)) {
                // A last band of few rows is halved as well, and filled up with rows of zeros.
                let half = (input.len() / self.depth).div_ceil(2);
                let half = half.next_multiple_of(TURNS);
                self.fill(input, half, left, row);
                let terms = self.terms(left, half, terms);
                self.multiply(left, half, terms, output);
            }
        });
    }

    /// Converts the rows of a band and takes the sums of its quarters: `half` rows of each left operand.
    fn fill(&self, input: &[i8], half: usize, left: &mut [u8], converted: &mut [u8]) {
        let pitch = self.pitch();
        let mut operands = left.chunks_exact_mut(self.half_rows * pitch);
        let operands: [_; SEVEN] = std::array::from_fn(|_| {
            let operand = operands.next().unwrap_or(&mut []);
            &mut operand[..half * pitch]
        });
        let [a11, a12, s2, s3, s1, s4, a22] = operands;
        // S3 is computed where A21 was.
        let a21 = s3;
        let mut rows = input.chunks_exact(self.depth);
        for (left, right) in [(&mut *a11, &mut *a12), (&mut *a21, &mut *a22)] {
            for at in 0..half {
                let row = rows.next().unwrap_or(&[]);
                let (first, last) = row.split_at(row.len().min(self.runs.length));
                for (values, operand) in [(first, &mut *left), (last, &mut *right)] {
                    let (values_to, padding) = converted.split_at_mut(values.len() * 2);
                    self.kernels.convert(values, self.input_zp, values_to);
                    padding.fill(0);
                    let operand = &mut operand[at / TURNS * TURNS * pitch..][..TURNS * pitch];
                    match self.kernels.group() {
                        Group::Crosswise => take_turns::<8>(converted, at % TURNS, operand),
                        _ => take_turns::<4>(converted, at % TURNS, operand),
                    }
                }
            }
        }
        sums(
            [&*a11, &*a12, &*a22].map(bytemuck::cast_slice),
            [s1, s2, a21, s4].map(bytemuck::cast_slice_mut),
        );
    }

    /// Bytes from a group of a row to the next.
    fn stride(&self) -> usize {
        TURNS * self.kernels.group().bytes()
    }

    /// What each combination adds less to each of `half` rows: sums of the products of groups' own values, as
    /// said at [`super::terms`].
    fn terms<'a>(&self, left: &[u8], half: usize, scratch: &'a mut [i32]) -> &'a [i32] {
        let (terms, products) = scratch.split_at_mut(COMBINATIONS * half);
        terms.fill(0);
        if !self.kernels.has_terms() {
            return terms;
        }
        let pitch = self.pitch();
        let groups = self.runs.padded() / self.kernels.group().values();
        let products = &mut products[..half * groups];
        for (operand, uses) in left.chunks_exact(self.half_rows * pitch).zip(USES) {
            self.kernels
                .own_products(&operand[..half * pitch], products);
            for (block, products) in products.chunks_exact(groups * TURNS).enumerate() {
                let mut own = [0_i32; TURNS];
                for products in products.as_chunks::<TURNS>().0 {
                    own = std::array::from_fn(|row| own[row].wrapping_add(products[row]));
                }
                for (terms, times) in terms.chunks_exact_mut(half).zip(uses) {
                    for (term, own) in terms[block * TURNS..].iter_mut().zip(own) {
                        *term = term.wrapping_add(own.wrapping_mul(times));
                    }
                }
            }
        }
        terms
    }

    /// Multiplies the left operands, of `half` rows each, by all weights.
    fn multiply(&self, left: &[u8], half: usize, terms: &[i32], output: &mut [u8]) {
        let mut tiles = [[0; HALF_ROWS_MAX * COLUMNS]; 3];
        let [x, y, z] = tiles.each_mut().map(|tile| &mut tile[..half * COLUMNS]);
        let panel_bytes = self.weights.panel_bytes();
        for pair in 0..self.columns.div_ceil(2 * COLUMNS) {
            let weights = self.weights.from(pair);
            let add_product = |of: Of, tile: &mut [i32]| {
                let weights = &weights[of as usize * panel_bytes..];
                let left = &left[of as usize * self.half_rows * self.pitch()..];
                self.add_product(left, &self.windows[..half], weights, tile);
            };
            let mut finish = |lower: usize, right: usize, tile: &[i32]| {
                let place = (lower * half, (2 * pair + right) * COLUMNS);
                self.finish_tile(tile, place, output);
            };
            let starts = self.weights.starts(pair);
            let starts: [_; COMBINATIONS] = std::array::from_fn(|of| Start {
                columns: &starts[of],
                rows: &terms[of * half..][..half],
            });

            x.fill(0);
            add_product(Of::P1, x);
            starts[0].copy(x, z);
            add_product(Of::P2, z);
            finish(0, 0, z);

            add_product(Of::P6, x);
            starts[1].copy(x, y);
            add_product(Of::P7, y);
            z.fill(0);
            add_product(Of::P5, z);
            starts[2].add(z, x);
            starts[3].add(y, z);
            finish(1, 1, z);

            add_product(Of::P3, x);
            finish(0, 1, x);
            add_product(Of::P4, y);
            finish(1, 0, y);
        }
    }

    /// Adds a product of a left operand and the panel at the beginning of `weights` to a tile.
    fn add_product(&self, left: &[u8], windows: &[usize], weights: &[u8], tile: &mut [i32]) {
        let groups = self.runs.groups(self.kernels.group());
        let pass_bytes = groups * COLUMNS * self.kernels.group().bytes();
        let mut weights = weights;
        for segment in &self.segments {
            let (panel, rest) = weights.split_at(pass_bytes);
            weights = rest;
            let rows = Rows {
                band: left,
                windows,
                segments: std::slice::from_ref(segment),
                groups,
                stride: self.stride(),
                panel,
                next: &rest[..rest.len().min(pass_bytes)],
                start: None,
            };
            self.kernels.multiply(&rows, tile);
        }
    }

    /// Stores a finished tile whose first element is that of `(row, column)` of the band, as far as the
    /// output reaches.
    fn finish_tile(&self, tile: &[i32], (row, column): (usize, usize), output: &mut [u8]) {
        let pitch = self.columns * self.finish.bytes();
        let rows = (output.len() / pitch)
            .saturating_sub(row)
            .min(tile.len() / COLUMNS);
        let columns = self.columns.saturating_sub(column).min(COLUMNS);
        if rows == 0 || columns == 0 {
            return;
        }
        let target = Target {
            accumulators: &tile[..rows * COLUMNS],
            rows,
            column,
            columns,
            output: &mut output[row * pitch + column * self.finish.bytes()..],
            pitch,
        };
        self.kernels.finish(&self.finish, target);
    }
}

/// What a combination adds to a tile: a value for each column less one for each row.
struct Start<'a> {
    columns: &'a [i32; COLUMNS],
    rows: &'a [i32],
}

impl Start<'_> {
    /// `to = from + self`
    fn copy(&self, from: &[i32], to: &mut [i32]) {
        let tiles = to.as_chunks_mut::<COLUMNS>().0.iter_mut();
        let tiles = tiles.zip(from.as_chunks::<COLUMNS>().0);
        for ((to, from), row) in tiles.zip(self.rows) {
            for column in 0..COLUMNS {
                to[column] = from[column].wrapping_add(self.columns[column].wrapping_sub(*row));
            }
        }
    }

    /// `to = to + from + self`
    fn add(&self, from: &[i32], to: &mut [i32]) {
        let tiles = to.as_chunks_mut::<COLUMNS>().0.iter_mut();
        let tiles = tiles.zip(from.as_chunks::<COLUMNS>().0);
        for ((to, from), row) in tiles.zip(self.rows) {
            for column in 0..COLUMNS {
                let start = self.columns[column].wrapping_sub(*row);
                to[column] = to[column].wrapping_add(from[column]).wrapping_add(start);
            }
        }
    }
}

/// Copies the groups of a row, of `BYTES` each, to their turns among those of [`TURNS`] rows.
fn take_turns<const BYTES: usize>(row: &[u8], turn: usize, to: &mut [u8]) {
    let to = to.as_chunks_mut::<BYTES>().0.as_chunks_mut::<TURNS>().0;
    for (to, group) in to.iter_mut().zip(row.as_chunks::<BYTES>().0) {
        to[turn] = *group;
    }
}

/// S1, S2, S3 and S4 from A11, A12 and A22; A21 is where S3 will be.
fn sums(from: [&[i16]; 3], to: [&mut [i16]; 4]) {
    let len = from[0].len();
    let [a11, a12, a22] = from.map(|from| &from[..len]);
    let [s1, s2, s3, s4] = to.map(|to| &mut to[..len]);
    for at in 0..len {
        let lower = s3[at].wrapping_add(a22[at]);
        let second = lower.wrapping_sub(a11[at]);
        s1[at] = lower;
        s2[at] = second;
        s3[at] = a11[at].wrapping_sub(s3[at]);
        s4[at] = a12[at].wrapping_sub(second);
    }
}
