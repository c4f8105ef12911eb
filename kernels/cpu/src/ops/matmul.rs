//! MATMUL in plain loops: i16 into i48, and i8 where `linear` is not used.

use super::sum::Factor;
use crate::chain::Width;
use crate::dispatch::Kernel;
use crate::memory::{Place, Reader};

/// MATMUL of `[N, H, C]` and `[N, C, W]`.
#[derive(Clone, Debug)]
pub(crate) struct MatMul {
    /// N, H, C and W.
    pub sides: [usize; 4],
    pub width: Width,
    pub a_zp: i32,
    pub b_zp: i32,
    pub a: Place,
    pub b: Place,
}

/// One run of a [`MatMul`].
pub(crate) struct MatMulRun<'a> {
    pub matmul: &'a MatMul,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for MatMulRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.matmul.width {
            Width::I8 => self.multiply::<i8>(),
            _ => self.multiply::<i16>(),
        }
    }
}

impl MatMulRun<'_> {
    #[inline(always)]
    fn multiply<X: Factor>(self) {
        let matmul = self.matmul;
        let [_, rows, depth, columns] = matmul.sides;
        let a = self.reader.read::<X>(matmul.a);
        let b = self.reader.read::<X>(matmul.b);
        let output: &mut [X::Sum] = bytemuck::cast_slice_mut(self.output);
        output.fill(bytemuck::Zeroable::zeroed());
        for (row, sums) in output.chunks_exact_mut(columns).enumerate() {
            let a = &a[row * depth..(row + 1) * depth];
            let b = &b[row / rows * depth * columns..][..depth * columns];
            for (&a, b) in a.iter().zip(b.chunks_exact(columns)) {
                let a = a.less(matmul.a_zp);
                for (sum, &b) in sums.iter_mut().zip(b) {
                    *sum = X::add(*sum, X::product(a, b.less(matmul.b_zp)));
                }
            }
            for sum in sums {
                *sum = X::finish(*sum);
            }
        }
    }
}
