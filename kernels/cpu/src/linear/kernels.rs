//! The innermost loops, one file for each instruction set; everything around them is shared.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_rescale;
#[cfg(target_arch = "x86_64")]
mod avx2_vector;
#[cfg(target_arch = "x86_64")]
mod avx2_winograd;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) mod quads;
pub(crate) mod winograd;

use super::COLUMNS;
use super::epilogue::{Finish, Rescale, Target};
use crate::isa::Isa;

/// Rows whose accumulators are kept between multiplication and epilogue; a multiple of what each
/// instruction set multiplies at once.
pub(crate) const ROWS_MAX: usize = 96;

/// What a group of neighbouring values holds: the products that one 32-bit lane adds in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each processor's instruction sets use some")]
pub(crate) enum Group {
    /// Two i16: value − zero point on both sides; padding is 0.
    Pairs,
    /// Four such i16, multiplied crosswise (Winograd's inner product, 1968): with values a, b and weights
    /// v, w, `av + bw = (a + w)(b + v) − ab − vw`. That is one multiplication and two additions for two
    /// products, and additions are the cheaper where a processor has more adders than multipliers. The
    /// sums of `ab` belong to the row ([`super::terms`]), those of `vw` are folded into the bias.
    Crosswise,
    /// Four values + 128 as u8, four i8 weights; the zero point's share is folded into the bias.
    QuadsUnsigned,
    /// Four i8 on both sides; the zero point's share is folded into the bias.
    QuadsSigned,
}

impl Group {
    /// Values in a group.
    pub(crate) const fn values(self) -> usize {
        match self {
            Group::Pairs => 2,
            Group::Crosswise | Group::QuadsUnsigned | Group::QuadsSigned => 4,
        }
    }

    /// Bytes of a value in a band.
    pub(crate) const fn value_bytes(self) -> usize {
        match self {
            Group::Pairs | Group::Crosswise => 2,
            Group::QuadsUnsigned | Group::QuadsSigned => 1,
        }
    }

    /// Bytes of a group.
    pub(crate) const fn bytes(self) -> usize {
        self.values() * self.value_bytes()
    }

    /// Where value `value` of column `column` lies in a panel's group.
    pub(crate) const fn place(self, column: usize, value: usize) -> usize {
        let lane_values = 4 / self.value_bytes();
        let lane = value / lane_values * COLUMNS + column;
        lane * 4 + value % lane_values * self.value_bytes()
    }
}

/// Rows of a band times one panel of weights.
pub(crate) struct Rows<'a> {
    pub band: &'a [u8],
    /// Where each row begins in the band.
    pub windows: &'a [usize],
    /// Where each segment of a row begins, from the row's beginning; ascending.
    pub segments: &'a [usize],
    /// Groups in each segment.
    pub groups: usize,
    /// Bytes from a group to the next: its own, or more where groups of several rows take turns, of i16 only.
    pub stride: usize,
    /// `segments · groups · COLUMNS` groups of weights.
    pub panel: &'a [u8],
    /// Weights that will be multiplied next, to be fetched meanwhile.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "AVX2 asks"))]
    pub next: &'a [u8],
    /// What the accumulators start from; `None` adds to what they are.
    pub start: Option<Start<'a>>,
}

/// What the accumulators of a product start from.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    /// For each column of the panel.
    pub columns: &'a [i32; COLUMNS],
    /// What each row starts lower by; empty where kernels have no terms.
    pub terms: &'a [i32],
}

impl Rows<'_> {
    /// Checks that all reads of a kernel lie inside the slices and that `accumulators` has room.
    fn check(&self, kernels: &Kernels, accumulators: &[i32]) {
        let (bytes, rows) = (kernels.group.bytes(), self.windows.len());
        let last_window = self.windows.iter().max().copied().unwrap_or(0);
        let last_segment = self.segments.iter().max().copied().unwrap_or(0);
        assert!(self.stride == bytes || self.stride > bytes && kernels.group.value_bytes() == 2);
        let reach = self.groups.saturating_sub(1) * self.stride + bytes;
        assert!(last_window + last_segment + reach <= self.band.len());
        let groups = self.segments.len() * self.groups;
        assert_eq!(self.panel.len(), groups * COLUMNS * bytes);
        assert_eq!(accumulators.len(), rows * COLUMNS);
        if let Some(start) = &self.start {
            let terms = if kernels.has_terms() { rows } else { 0 };
            assert_eq!(start.terms.len(), terms);
        }
    }
}

/// Output pixels of one block of [`COLUMNS`] channels, in [`Group::Pairs`] values.
pub(crate) struct Taps<'a> {
    pub band: &'a [u8],
    /// Where each pixel's window begins in the band.
    pub windows: &'a [usize],
    /// Where the block begins in a pixel.
    pub offset: usize,
    /// Where each tap lies in the window; an even number of them.
    pub taps: &'a [usize],
    /// For each two taps, COLUMNS pairs of i16 weights in the order of [`DepthwiseKernels::lanes`].
    pub weights: &'a [u8],
    /// What the accumulators of each pixel start from.
    pub start: &'a [i32; COLUMNS],
}

impl Taps<'_> {
    /// Checks that all reads of a kernel lie inside the slices and that `accumulators` has room.
    pub(crate) fn check(&self, accumulators: &[i32]) {
        assert!(self.taps.len().is_multiple_of(2));
        let last_tap = self.taps.iter().max().copied().unwrap_or(0);
        let last_window = self.windows.iter().max().copied().unwrap_or(0);
        assert!(last_window + self.offset + last_tap + COLUMNS * 2 <= self.band.len());
        assert_eq!(self.weights.len(), self.taps.len() * COLUMNS * 2);
        assert_eq!(accumulators.len(), self.windows.len() * COLUMNS);
    }
}

/// [`Kernels::own_products`] on one instruction set.
type OwnProducts = unsafe fn(&[u8], &mut [i32]);

/// The inner loops of one instruction set and one kind of group.
///
/// Each is `unsafe` for one reason: it may only run where the instruction set is available. [`dense`],
/// [`vector`] and [`depthwise`] hand out no other.
#[derive(Debug)]
pub(crate) struct Kernels {
    group: Group,
    /// Rows multiplied at once.
    rows: usize,
    convert: unsafe fn(&[i8], i32, &mut [u8]),
    multiply: unsafe fn(&Rows<'_>, &mut [i32]),
    /// Of [`Group::Crosswise`] only.
    own_products: Option<OwnProducts>,
    rescale: unsafe fn(&Rescale, &mut Target<'_>),
}

/// The kernels for matrix products on `isa`, or on what this processor has instead.
///
/// `aligned` says whether every run of values begins and ends with whole groups of four, in all rows.
/// Dot products of bytes want weights whose zero point is 0, as nearly all are.
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused_variables, reason = "AVX2 asks")
)]
pub(crate) fn dense(isa: Isa, weight_zp: i32, aligned: bool) -> &'static Kernels {
    match isa {
        _ if !isa.is_available() => &portable::KERNELS,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon if weight_zp == 0 => &neon::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni if weight_zp == 0 => &avx_vnni::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni if weight_zp == 0 => &avx512_vnni::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni if aligned => &avx2::CROSSWISE,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni => &avx2::PAIRS,
        _ => &portable::KERNELS,
    }
}

/// One row of values times some panels of byte weights, read once and in order.
pub(crate) struct Vector<'a> {
    /// The converted values.
    pub values: &'a [u8],
    /// For each panel, its weights.
    pub panels: &'a [u8],
    /// What the accumulators of each panel's columns start from.
    pub start: &'a [[i32; COLUMNS]],
    /// What they all start lower by.
    pub term: i32,
}

/// The inner loops of matrix × vector, where fetching weights takes longer than multiplying: weights stay
/// bytes. `unsafe` for the reason said at [`Kernels`].
#[derive(Debug)]
pub(crate) struct VectorKernels {
    /// What panels hold, and what is folded into the bias.
    group: Group,
    /// Bytes that four values become.
    group_bytes: usize,
    /// Converts values, those of padding to what multiplies to zero with zero weights.
    convert: unsafe fn(&[i8], &mut [u8]),
    multiply: unsafe fn(&Vector<'_>, &mut [[i32; COLUMNS]]),
}

/// The kernels for matrix × vector on `isa`, where it has better ones than those for matrices.
pub(crate) fn vector(isa: Isa) -> Option<&'static VectorKernels> {
    match isa {
        _ if !isa.is_available() => None,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => Some(&neon::VECTOR_KERNELS),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Some(&avx2_vector::KERNELS),
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni => Some(&avx_vnni::VECTOR_KERNELS),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni => Some(&avx512_vnni::VECTOR_KERNELS),
        _ => None,
    }
}

impl VectorKernels {
    pub(crate) const fn group(&self) -> Group {
        self.group
    }

    /// Bytes that `depth` values become.
    pub(crate) const fn converted_bytes(&self, depth: usize) -> usize {
        depth.div_ceil(4) * self.group_bytes
    }

    /// Converts the values of a row.
    pub(crate) fn convert(&self, values: &[i8], to: &mut [u8]) {
        assert_eq!(to.len(), self.converted_bytes(values.len()));
        // SAFETY: the instruction set is available, as said at `Kernels`.
        unsafe { (self.convert)(values, to) }
    }

    /// Writes the accumulators of each panel.
    pub(crate) fn multiply(&self, vector: &Vector<'_>, accumulators: &mut [[i32; COLUMNS]]) {
        let groups = vector.values.len() / self.group_bytes;
        assert_eq!(vector.values.len(), groups * self.group_bytes);
        assert_eq!(
            vector.panels.len(),
            accumulators.len() * groups * COLUMNS * 4
        );
        assert_eq!(vector.start.len(), accumulators.len());
        // SAFETY: the instruction set is available, as said at `Kernels`, and the lengths are right.
        unsafe { (self.multiply)(vector, accumulators) }
    }
}

/// The inner loops of depthwise convolutions, `unsafe` for the reason said at [`Kernels`].
#[derive(Debug)]
pub(crate) struct DepthwiseKernels {
    /// For bands and the epilogue; of [`Group::Pairs`].
    pairs: &'static Kernels,
    /// The order in which [`Taps::weights`] holds the columns of a block.
    lanes: [usize; COLUMNS],
    taps: unsafe fn(&Taps<'_>, &mut [i32]),
}

/// The kernels for depthwise convolutions on `isa`, or on what this processor has instead.
pub(crate) fn depthwise(isa: Isa) -> &'static DepthwiseKernels {
    match isa {
        _ if !isa.is_available() => &portable::DEPTHWISE,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni => &avx2::DEPTHWISE,
        _ => &portable::DEPTHWISE,
    }
}

impl DepthwiseKernels {
    /// The kernels for bands and the epilogue.
    pub(crate) const fn pairs(&self) -> &'static Kernels {
        self.pairs
    }

    /// The order in which [`Taps::weights`] holds the columns of a block.
    pub(crate) const fn lanes(&self) -> &[usize; COLUMNS] {
        &self.lanes
    }

    /// Writes COLUMNS accumulators for each pixel.
    pub(crate) fn taps(&self, taps: &Taps<'_>, accumulators: &mut [i32]) {
        taps.check(accumulators);
        // SAFETY: the instruction set is available, as said at `Kernels`; `check` passed.
        unsafe { (self.taps)(taps, accumulators) }
    }
}

impl Kernels {
    pub(crate) const fn group(&self) -> Group {
        self.group
    }

    /// Rows multiplied at once: their number is best a multiple of it.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Converts values to a band's; `to` has exactly room for them.
    pub(crate) fn convert(&self, values: &[i8], zero_point: i32, to: &mut [u8]) {
        assert_eq!(values.len() * self.group.value_bytes(), to.len());
        // SAFETY: the instruction set is available, as said at `Kernels`.
        unsafe { (self.convert)(values, zero_point, to) }
    }

    /// Writes `rows × COLUMNS` accumulators, or adds to them.
    pub(crate) fn multiply(&self, rows: &Rows<'_>, accumulators: &mut [i32]) {
        rows.check(self, accumulators);
        // SAFETY: the instruction set is available, as said at `Kernels`; `check` passed.
        unsafe { (self.multiply)(rows, accumulators) }
    }

    /// Whether rows have a term.
    pub(crate) const fn has_terms(&self) -> bool {
        self.own_products.is_some()
    }

    /// Of each group in a band, the products of its own values; `to` has one place for each.
    pub(crate) fn own_products(&self, values: &[u8], to: &mut [i32]) {
        assert_eq!(values.len(), to.len() * self.group.bytes());
        if let Some(own_products) = self.own_products {
            // SAFETY: the instruction set is available, as said at `Kernels`.
            unsafe { own_products(values, to) }
        }
    }

    /// Stores a tile's accumulators as the epilogue says.
    pub(crate) fn finish(&self, finish: &Finish, mut target: Target<'_>) {
        match finish {
            Finish::Accumulators => target.store(),
            // SAFETY: the instruction set is available, as said at `Kernels`.
            Finish::Rescale(rescale) => unsafe { (self.rescale)(rescale, &mut target) },
        }
    }
}
