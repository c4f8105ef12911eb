//! Sizes of a convolution, and the simplest form of each.

use aivm_tosa::operator::{Extent, Padding};

/// Sizes of a convolution: input `[n, ih, iw, ic]`, output `[n, oh, ow, oc]`, kernel `kh × kw`.
///
/// A graph's validation has checked that the output's size follows from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dGeometry {
    /// Batch.
    pub n: usize,
    /// Height of the input.
    pub ih: usize,
    /// Width of the input.
    pub iw: usize,
    /// Channels of the input.
    pub ic: usize,
    /// Height of the output.
    pub oh: usize,
    /// Width of the output.
    pub ow: usize,
    /// Channels of the output.
    pub oc: usize,
    /// Height of the kernel.
    pub kh: usize,
    /// Width of the kernel.
    pub kw: usize,
    /// Rows and columns of the input's zero point around the input.
    pub pad: Padding,
    /// Step.
    pub stride: Extent,
    /// Distance of kernel taps.
    pub dilation: Extent,
}

impl Conv2dGeometry {
    /// A product of `m` rows of `k` values with a matrix of `k × columns`.
    #[must_use]
    pub fn dense(m: usize, k: usize, columns: usize) -> Self {
        let none = Padding {
            top: 0,
            bottom: 0,
            left: 0,
            right: 0,
        };
        let one = Extent { y: 1, x: 1 };
        Self {
            n: 1,
            ih: m,
            iw: 1,
            ic: k,
            oh: m,
            ow: 1,
            oc: columns,
            kh: 1,
            kw: 1,
            pad: none,
            stride: one,
            dilation: one,
        }
    }

    /// Number of input elements.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.n * self.ih * self.iw * self.ic
    }

    /// Number of output elements.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.n * self.oh * self.ow * self.oc
    }

    /// The same convolution as a matrix product, where input and output rows correspond one to one.
    pub(crate) fn simplified(self) -> Self {
        let unpadded = self.pad.top + self.pad.bottom + self.pad.left + self.pad.right == 0;
        if !unpadded {
            return self;
        }
        let pointwise = self.kh == 1 && self.kw == 1 && self.stride == Extent { y: 1, x: 1 };
        if pointwise && (self.oh, self.ow) == (self.ih, self.iw) {
            return Self::dense(self.n * self.oh * self.ow, self.ic, self.oc);
        }
        // The kernel covers the input once and whole: weights lie in the order of the input.
        let covers = (self.kh, self.kw) == (self.ih, self.iw) && (self.oh, self.ow) == (1, 1);
        if covers && self.dilation == (Extent { y: 1, x: 1 }) {
            return Self::dense(self.n, self.kh * self.kw * self.ic, self.oc);
        }
        self
    }

    /// Multiply-accumulates of one run, with `taps` of them for each output element.
    pub(crate) fn products(&self, taps: usize) -> usize {
        self.output_len().saturating_mul(taps)
    }
}
