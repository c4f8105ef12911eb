//! What the accumulators of each row start lower by when products are taken crosswise.
//!
//! A row's term is the sum of its values' own products over its segments. The windows of a convolution
//! overlap: running totals over the band give each segment as a difference of two.

use super::kernels::Kernels;

/// Scratch, in i32, for the terms of `rows` windows of a band.
pub(crate) fn scratch_len(kernels: &Kernels, band_bytes: usize, rows: usize) -> usize {
    match kernels.has_terms() {
        true => rows + band_bytes / kernels.group().bytes() + 1,
        false => 0,
    }
}

/// Computes the term of each window, into the first places of `scratch`; none where kernels have none.
///
/// A window is `segments` of `length` bytes each; all begin at whole groups.
pub(crate) fn terms<'a>(
    kernels: &Kernels,
    band: &[u8],
    windows: &[usize],
    segments: &[usize],
    length: usize,
    scratch: &'a mut [i32],
) -> &'a [i32] {
    if !kernels.has_terms() {
        return &[];
    }
    let (terms, totals) = scratch.split_at_mut(windows.len());
    let bytes = kernels.group().bytes();
    let last_segment = segments.iter().max().copied().unwrap_or(0);
    let last_window = windows.iter().max().copied().unwrap_or(0);
    let groups = (last_window + last_segment + length) / bytes;
    let totals = &mut totals[..groups + 1];
    totals[0] = 0;
    kernels.own_products(&band[..groups * bytes], &mut totals[1..]);
    let overlap = windows.len() * segments.len() * length > 2 * groups * bytes;
    if overlap {
        let mut sum = 0_i32;
        for total in &mut totals[1..] {
            sum = sum.wrapping_add(*total);
            *total = sum;
        }
    }
    for (term, &window) in terms.iter_mut().zip(windows) {
        let segment = |&segment: &usize| {
            let first = (window + segment) / bytes;
            let last = first + length / bytes;
            match overlap {
                true => totals[last].wrapping_sub(totals[first]),
                false => totals[first + 1..=last]
                    .iter()
                    .copied()
                    .fold(0, i32::wrapping_add),
            }
        };
        *term = segments.iter().map(segment).fold(0, i32::wrapping_add);
    }
    terms
}
