//! The kernels without explicit vector instructions, written so that a compiler can use them.

use super::super::COLUMNS;
use super::super::epilogue::{Rescale, Target};
use super::{DepthwiseKernels, Group, Kernels, Rows, Taps};

pub(super) const KERNELS: Kernels = Kernels {
    group: Group::Pairs,
    rows: 1,
    convert,
    multiply,
    own_products: None,
    rescale,
};

pub(super) const DEPTHWISE: DepthwiseKernels = DepthwiseKernels {
    pairs: &KERNELS,
    lanes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    taps,
};

fn convert(values: &[i8], zero_point: i32, to: &mut [u8]) {
    let zero_point = zero_point as i16;
    for (to, &value) in to.chunks_exact_mut(2).zip(values) {
        to.copy_from_slice(&(i16::from(value) - zero_point).to_ne_bytes());
    }
}

pub(super) fn pair(bytes: &[u8], at: usize) -> [i32; 2] {
    let i16_at = |at: usize| i32::from(i16::from_ne_bytes([bytes[at], bytes[at + 1]]));
    [i16_at(at), i16_at(at + 2)]
}

/// Sum of both products; it can't wrap, but a check would keep it from being one instruction.
pub(super) fn products(values: [i32; 2], weights: [i32; 2]) -> i32 {
    let first = values[0].wrapping_mul(weights[0]);
    first.wrapping_add(values[1].wrapping_mul(weights[1]))
}

fn multiply(rows: &Rows<'_>, accumulators: &mut [i32]) {
    for (&window, accumulators) in rows.windows.iter().zip(accumulators.as_chunks_mut().0) {
        let mut sums: [i32; COLUMNS] = match rows.start {
            Some(start) => *start.columns,
            None => *accumulators,
        };
        let panels = rows.panel.chunks_exact(rows.groups * COLUMNS * 4);
        for (&segment, panel) in rows.segments.iter().zip(panels) {
            let values = rows.band[window + segment..].chunks(rows.stride);
            let groups = values.zip(panel.chunks_exact(COLUMNS * 4));
            for (value, weights) in groups {
                let value = pair(value, 0);
                for (column, sum) in sums.iter_mut().enumerate() {
                    let weight = pair(weights, column * 4);
                    *sum = sum.wrapping_add(products(value, weight));
                }
            }
        }
        *accumulators = sums;
    }
}

fn taps(taps: &Taps<'_>, accumulators: &mut [i32]) {
    let pixels = taps
        .windows
        .iter()
        .zip(accumulators.chunks_exact_mut(COLUMNS));
    for (&window, accumulators) in pixels {
        let window = &taps.band[window + taps.offset..];
        let mut sums = *taps.start;
        let weights = taps.weights.chunks_exact(COLUMNS * 4);
        for (two, weights) in taps.taps.chunks_exact(2).zip(weights) {
            let first = &window[two[0]..][..COLUMNS * 2];
            let second = &window[two[1]..][..COLUMNS * 2];
            for (column, sum) in sums.iter_mut().enumerate() {
                let weight = pair(weights, column * 4);
                let value =
                    |of: &[u8]| i32::from(i16::from_ne_bytes([of[column * 2], of[column * 2 + 1]]));
                let values = [value(first), value(second)];
                *sum = sum.wrapping_add(products(values, weight));
            }
        }
        accumulators.copy_from_slice(&sums);
    }
}

pub(super) fn rescale(rescale: &Rescale, target: &mut Target<'_>) {
    target.rescale(rescale);
}
