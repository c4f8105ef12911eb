//! The innermost loops, one file for each instruction set; everything around them is shared.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use super::COLUMNS;
use super::epilogue::{Finish, Rescale, Target};
use crate::isa::Isa;

/// Most rows a tile has on any instruction set.
pub(crate) const ROWS_MAX: usize = 12;

/// What four bytes of a band and of a panel hold: the products that one 32-bit lane adds at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Two i16: value − zero point on both sides; padding is 0.
    Pairs,
    /// Four values + 128 as u8, four i8 weights; the zero point's share is folded into the bias.
    QuadsUnsigned,
    /// Four i8 on both sides; the zero point's share is folded into the bias.
    QuadsSigned,
}

impl Group {
    /// Values in four bytes.
    pub(crate) const fn values(self) -> usize {
        match self {
            Group::Pairs => 2,
            Group::QuadsUnsigned | Group::QuadsSigned => 4,
        }
    }

    /// Bytes of a value in a band.
    pub(crate) const fn value_bytes(self) -> usize {
        4 / self.values()
    }
}

/// Rows of a band times one panel of weights.
pub(crate) struct Tile<'a> {
    pub band: &'a [u8],
    /// Where each row begins in the band; at most the kernel's rows, at least one.
    pub rows: &'a [usize],
    /// Where each segment of a row begins, from the row's beginning; ascending.
    pub segments: &'a [usize],
    /// Groups of four bytes in each segment.
    pub groups: usize,
    /// `segments · groups · COLUMNS` groups of weights.
    pub panel: &'a [u8],
    /// What the accumulators of each row start from.
    pub start: &'a [i32],
}

impl Tile<'_> {
    /// Checks that all reads of a kernel lie inside the slices and that `accumulators` has room.
    pub(crate) fn check(&self, rows_max: usize, accumulators: &[i32]) {
        let (rows, segments) = (self.rows.len(), self.segments.len());
        assert!((1..=rows_max).contains(&rows));
        let last_row = self.rows.iter().max().copied().unwrap_or(0);
        let last_segment = self.segments.last().copied().unwrap_or(0);
        assert!(self.segments.is_sorted());
        assert!(last_row + last_segment + self.groups * 4 <= self.band.len());
        assert_eq!(self.panel.len(), segments * self.groups * COLUMNS * 4);
        assert_eq!(self.start.len(), COLUMNS);
        assert!(accumulators.len() >= rows * COLUMNS);
    }
}

/// Consecutive output pixels of one block of [`COLUMNS`] channels, in [`Group::Pairs`] values.
pub(crate) struct Taps<'a> {
    pub band: &'a [u8],
    /// Where the first pixel's window begins in the band.
    pub origin: usize,
    /// Bytes from one pixel's window to the next.
    pub step: usize,
    pub pixels: usize,
    /// Where each tap lies in the window; an even number of them.
    pub taps: &'a [usize],
    /// For each two taps, COLUMNS pairs of i16 weights in the order of [`Kernels::lanes`].
    pub weights: &'a [u8],
    /// What the accumulators of each pixel start from.
    pub start: &'a [i32],
}

impl Taps<'_> {
    /// Checks that all reads of a kernel lie inside the slices and that `accumulators` has room.
    pub(crate) fn check(&self, accumulators: &[i32]) {
        assert!(self.pixels >= 1 && self.taps.len().is_multiple_of(2));
        let last_tap = self.taps.iter().max().copied().unwrap_or(0);
        let last = self.origin + (self.pixels - 1) * self.step + last_tap;
        assert!(last + COLUMNS * 2 <= self.band.len());
        assert_eq!(self.weights.len(), self.taps.len() * COLUMNS * 2);
        assert_eq!(self.start.len(), COLUMNS);
        assert!(accumulators.len() >= self.pixels * COLUMNS);
    }
}

/// The inner loops of one instruction set and one kind of group.
///
/// Each is `unsafe` for one reason: it may only run where the instruction set is available. [`dense`]
/// and [`depthwise`] hand out no other.
#[derive(Debug)]
pub(crate) struct Kernels {
    group: Group,
    rows: usize,
    lanes: [usize; COLUMNS],
    convert: unsafe fn(&[i8], i32, &mut [u8]),
    tile: unsafe fn(&Tile<'_>, &mut [i32]),
    taps: unsafe fn(&Taps<'_>, &mut [i32]),
    rescale: unsafe fn(&Rescale, &mut Target<'_>),
}

/// The kernels for matrix products on `isa`, or on what this processor has instead.
pub(crate) fn dense(isa: Isa, _weight_zp: i32) -> &'static Kernels {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni if Isa::Avx2.is_available() => &avx2::KERNELS,
        _ => &portable::KERNELS,
    }
}

/// The kernels for depthwise convolutions on `isa`, or on what this processor has instead.
pub(crate) fn depthwise(isa: Isa) -> &'static Kernels {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni if Isa::Avx2.is_available() => &avx2::KERNELS,
        _ => &portable::KERNELS,
    }
}

impl Kernels {
    pub(crate) const fn group(&self) -> Group {
        self.group
    }

    /// Most rows of a tile.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// The order in which [`Taps::weights`] holds the columns of a block.
    pub(crate) const fn lanes(&self) -> &[usize; COLUMNS] {
        &self.lanes
    }

    /// Converts values to a band's; `to` has exactly room for them.
    pub(crate) fn convert(&self, values: &[i8], zero_point: i32, to: &mut [u8]) {
        assert_eq!(values.len() * self.group.value_bytes(), to.len());
        // SAFETY: the instruction set is available, as said at `Kernels`.
        unsafe { (self.convert)(values, zero_point, to) }
    }

    /// Writes `rows × COLUMNS` accumulators.
    pub(crate) fn tile(&self, tile: &Tile<'_>, accumulators: &mut [i32]) {
        tile.check(self.rows, accumulators);
        // SAFETY: the instruction set is available, as said at `Kernels`; `check` passed.
        unsafe { (self.tile)(tile, accumulators) }
    }

    /// Writes `pixels × COLUMNS` accumulators.
    pub(crate) fn taps(&self, taps: &Taps<'_>, accumulators: &mut [i32]) {
        taps.check(accumulators);
        // SAFETY: the instruction set is available, as said at `Kernels`; `check` passed.
        unsafe { (self.taps)(taps, accumulators) }
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
