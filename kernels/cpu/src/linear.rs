//! CONV2D, DEPTHWISE_CONV2D and MATMUL on i8: packed weights, vector kernels, fused epilogue.
//!
//! A convolution is a matrix product whose left rows are gathered while it runs. Three steps:
//!
//! 1. `weights` are packed once, when the plan is made, into panels of `COLUMNS` output channels.
//! 2. `band`: a band of input rows that stays in the cache is converted to what the kernel multiplies,
//!    padding included. A row of the product is then a few segments of the band, read in place.
//! 3. `kernels` multiply some rows by a panel into a tile of accumulators, which `epilogue` stores.
//!
//! `winograd` computes convolutions of 3×3 with step 1 from fewer products: between band and epilogue, tiles of it are
//! transformed, multiplied and transformed back.
//!
//! Accumulators wrap modulo 2^32, so any order of the products, any instruction set and any number of
//! threads give the same bits.

pub mod epilogue;
pub mod geometry;

mod aligned;
mod band;
mod convolution;
mod depthwise;
#[allow(
    unsafe_code,
    reason = "vector instructions; each use says why it is sound"
)]
mod kernels;
mod product;
mod share;
mod strassen;
mod terms;
mod vector;
mod weights;
mod winograd;

#[cfg(test)]
mod tests;

pub use epilogue::Epilogue;
pub use geometry::Conv2dGeometry;
pub use product::{matmul, matmul_scratch_bytes};

use crate::isa::Isa;
use crate::threads::Sharing;
use convolution::Convolution;
use depthwise::Depthwise;
use epilogue::Finish;
use strassen::Strassen;
use vector::MatrixVector;
use winograd::Winograd;

/// Output channels of a panel: what one tile of accumulators is wide.
pub(crate) const COLUMNS: usize = 16;

/// A linear operator with packed weights and fused epilogue, ready to run; shared by threads.
#[derive(Debug)]
pub struct Linear {
    kind: Kind,
    input_len: usize,
    output_bytes: usize,
}

#[derive(Debug)]
enum Kind {
    Convolution(Convolution),
    Strassen(Strassen),
    Vector(MatrixVector),
    Winograd(Winograd),
    Depthwise(Depthwise),
}

impl Linear {
    /// CONV2D with weights `[OC, KH, KW, IC]` and a bias of `oc` values or one. FULLY_CONNECTED is
    /// [`Conv2dGeometry::dense`].
    ///
    /// # Panics
    ///
    /// When a length does not fit the geometry; a validated graph's always do.
    #[must_use]
    pub fn conv2d(
        geometry: Conv2dGeometry,
        weights: &[i8],
        weight_zp: i32,
        input_zp: i32,
        bias: &[i32],
        epilogue: Epilogue,
        isa: Isa,
    ) -> Self {
        let finish = Finish::new(epilogue, geometry.oc);
        let output_bytes = geometry.output_len() * finish.bytes();
        let zero_points = ZeroPoints {
            input: input_zp,
            weight: weight_zp,
        };
        let simple = geometry.simplified();
        let kernels = kernels::dense(isa, weight_zp, simple.ic.is_multiple_of(4));
        let sizes = (simple.oc, simple.ic);
        let winograd = kernels::winograd::winograd(isa, weight_zp).filter(|_| {
            Winograd::suits(&simple) && Winograd::is_exact(&simple, weights, weight_zp)
        });
        let kind = match (kernels::vector(isa), winograd) {
            (Some(vector), _) if simple == Conv2dGeometry::dense(1, sizes.1, sizes.0) => {
                let kernels = (vector, kernels);
                let vector = MatrixVector::new(sizes, kernels, weights, zero_points, bias, finish);
                Kind::Vector(vector)
            }
            (_, Some(kernels)) => Kind::Winograd(Winograd::new(
                simple,
                kernels,
                weights,
                zero_points,
                bias,
                finish,
            )),
            _ if Strassen::pays(&simple, kernels.group()) => {
                let product = Strassen::new(simple, kernels, weights, zero_points, bias, finish);
                Kind::Strassen(product)
            }
            _ => Kind::Convolution(Convolution::new(
                simple,
                kernels,
                weights,
                zero_points,
                bias,
                finish,
            )),
        };
        Self {
            kind,
            input_len: geometry.input_len(),
            output_bytes,
        }
    }

    /// DEPTHWISE_CONV2D with weights `[KH, KW, C, M]`, where `geometry.ic` is C and `geometry.oc` is
    /// C·M, and a bias of `oc` values or one.
    ///
    /// # Panics
    ///
    /// When a length does not fit the geometry; a validated graph's always do.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "the operator's own operands")]
    pub fn depthwise(
        geometry: Conv2dGeometry,
        multiplier: usize,
        weights: &[i8],
        weight_zp: i32,
        input_zp: i32,
        bias: &[i32],
        epilogue: Epilogue,
        isa: Isa,
    ) -> Self {
        let finish = Finish::new(epilogue, geometry.oc);
        let output_bytes = geometry.output_len() * finish.bytes();
        let zero_points = ZeroPoints {
            input: input_zp,
            weight: weight_zp,
        };
        let depthwise = Depthwise::new(
            geometry,
            multiplier,
            weights,
            zero_points,
            bias,
            finish,
            isa,
        );
        Self {
            kind: Kind::Depthwise(depthwise),
            input_len: geometry.input_len(),
            output_bytes,
        }
    }

    /// Bytes of scratch that [`Linear::run`] wants.
    #[must_use]
    pub fn scratch_bytes(&self) -> usize {
        aligned::with_slack(match &self.kind {
            Kind::Convolution(convolution) => convolution.scratch_bytes(),
            Kind::Strassen(product) => product.scratch_bytes(),
            Kind::Vector(vector) => vector.scratch_bytes(),
            Kind::Winograd(winograd) => winograd.scratch_bytes(),
            Kind::Depthwise(depthwise) => depthwise.scratch_bytes(),
        })
    }

    /// Runs on an input `[n, ih, iw, ic]` and writes the output `[n, oh, ow, oc]`, little-endian.
    ///
    /// Enough work is shared among threads as `sharing` says; handing it over is all that allocates memory. The scratch's
    /// content is of no importance before and after.
    ///
    /// # Panics
    ///
    /// When `input` or `output` is not of the geometry's size, or `scratch` is too small.
    pub fn run(&self, input: &[i8], output: &mut [u8], scratch: &mut [u8], sharing: Sharing<'_>) {
        assert_eq!(input.len(), self.input_len, "elements of the input");
        assert_eq!(output.len(), self.output_bytes, "bytes of the output");
        let scratch = aligned::from_line(scratch);
        match &self.kind {
            Kind::Convolution(convolution) => convolution.run(input, output, scratch, sharing),
            Kind::Strassen(product) => product.run(input, output, scratch, sharing),
            Kind::Vector(vector) => vector.run(input, output, scratch, sharing),
            Kind::Winograd(winograd) => winograd.run(input, output, scratch, sharing),
            Kind::Depthwise(depthwise) => depthwise.run(input, output, scratch, sharing),
        }
    }
}

/// Zero points of both operands, each in the range of i8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZeroPoints {
    pub input: i32,
    pub weight: i32,
}
