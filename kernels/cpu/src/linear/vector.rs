//! CONV2D with one output pixel: a matrix × a vector, bounded by how fast weights are fetched.

use super::aligned;
use super::epilogue::{Finish, Target};
use super::kernels::{Kernels, Vector, VectorKernels};
use super::share::{self, Shared};
use super::weights::{Panels, Runs};
use super::{COLUMNS, ZeroPoints};
use crate::threads::Sharing;

/// Panels whose accumulators are kept between multiplication and epilogue.
const PANELS: usize = 8;

#[derive(Debug)]
pub(crate) struct MatrixVector {
    depth: usize,
    columns: usize,
    zero_points: ZeroPoints,
    vector_kernels: &'static VectorKernels,
    /// For the epilogue.
    kernels: &'static Kernels,
    panels: Panels,
    finish: Finish,
    shares: usize,
}

impl MatrixVector {
    /// Packs `weights` of `[columns, depth]`; `kernels` are for the epilogue.
    pub(crate) fn new(
        (columns, depth): (usize, usize),
        (vector_kernels, kernels): (&'static VectorKernels, &'static Kernels),
        weights: &[i8],
        zero_points: ZeroPoints,
        bias: &[i32],
        finish: Finish,
    ) -> Self {
        let group = vector_kernels.group();
        let runs = Runs::new(1, depth, group, depth);
        let panels = Panels::new(weights, columns, runs, zero_points, bias, group);
        Self {
            depth,
            columns,
            zero_points,
            vector_kernels,
            kernels,
            shares: share::shares(columns * depth, columns.div_ceil(COLUMNS)),
            panels,
            finish,
        }
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        aligned::lines(self.vector_kernels.converted_bytes(self.depth))
    }

    pub(crate) fn run(
        &self,
        input: &[i8],
        output: &mut [u8],
        scratch: &mut [u8],
        sharing: Sharing<'_>,
    ) {
        let values = &mut scratch[..self.vector_kernels.converted_bytes(self.depth)];
        self.vector_kernels.convert(input, values);
        let term = self.term(input);
        let shares = sharing.shares(self.shares);
        let shared = Shared {
            output,
            scratch: &mut [],
            slot: 0,
        };
        let all = self.columns.div_ceil(COLUMNS);
        let panels = |share: usize| all * share / shares;
        let bytes = self.finish.bytes();
        let cut = |share: usize| (panels(share) * COLUMNS).min(self.columns) * bytes;
        share::each(sharing, shared, shares, &cut, &|share, output, _| {
            let mut accumulators = [[0; COLUMNS]; PANELS];
            for first in (panels(share)..panels(share + 1)).step_by(PANELS) {
                let count = PANELS.min(panels(share + 1) - first);
                let vector = Vector {
                    values,
                    panels: self.panels.panels(first..first + count),
                    start: self.panels.starts(first..first + count),
                    term,
                };
                let accumulators = &mut accumulators[..count];
                self.vector_kernels.multiply(&vector, accumulators);
                let column = first * COLUMNS;
                let target = Target {
                    accumulators: accumulators.as_flattened(),
                    rows: 1,
                    column,
                    columns: (count * COLUMNS).min(self.columns - column),
                    output: &mut output[(column - panels(share) * COLUMNS) * bytes..],
                    pitch: 0,
                };
                self.kernels.finish(&self.finish, target);
            }
        });
    }
    /// What all columns start lower by: the values' sum, as often as the weights' zero point says.
    fn term(&self, input: &[i8]) -> i32 {
        let ZeroPoints { input: zp, weight } = self.zero_points;
        if weight == 0 {
            return 0;
        }
        let sum = input.iter().map(|&value| i32::from(value) - zp);
        weight.wrapping_mul(sum.fold(0, i32::wrapping_add))
    }
}
