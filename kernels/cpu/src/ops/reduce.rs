//! REDUCE_ALL, REDUCE_ANY, REDUCE_MAX, REDUCE_MIN and REDUCE_SUM: a fold along one axis.

use bytemuck::Pod;

use crate::chain::Width;
use crate::dispatch::Kernel;
use crate::memory::{Place, Reader};

/// How two elements become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    /// Also of booleans: AND.
    Minimum,
    /// Also of booleans: OR.
    Maximum,
    /// The low 32 bits.
    Sum,
}

/// A fold over tensors seen as `[outer, side, inner]`.
#[derive(Clone, Debug)]
pub(crate) struct Reduce {
    pub fold: Fold,
    pub width: Width,
    pub side: usize,
    pub inner: usize,
    pub input: Place,
}

/// One run of a [`Reduce`].
pub(crate) struct ReduceRun<'a> {
    pub reduce: &'a Reduce,
    pub reader: Reader<'a>,
    pub output: &'a mut [u8],
}

impl Kernel for ReduceRun<'_> {
    #[inline(always)]
    fn run(self) {
        match self.reduce.width {
            Width::I8 => self.order::<i8>(),
            Width::I16 => self.order::<i16>(),
            Width::I32 | Width::I64 if self.reduce.fold == Fold::Sum => {
                self.fold(i32::wrapping_add);
            }
            Width::I32 | Width::I64 => self.order::<i32>(),
        }
    }
}

impl ReduceRun<'_> {
    #[inline(always)]
    fn order<T: Pod + Ord>(self) {
        match self.reduce.fold {
            Fold::Minimum => self.fold::<T>(|a, b| a.min(b)),
            Fold::Maximum | Fold::Sum => self.fold::<T>(|a, b| a.max(b)),
        }
    }

    #[inline(always)]
    fn fold<T: Pod>(self, fold: impl Fn(T, T) -> T) {
        let Reduce { side, inner, .. } = *self.reduce;
        let input: &[T] = self.reader.read(self.reduce.input);
        let output: &mut [T] = bytemuck::cast_slice_mut(self.output);
        if inner == 1 {
            for (to, row) in output.iter_mut().zip(input.chunks_exact(side)) {
                *to = row[1..].iter().fold(row[0], |sum, &value| fold(sum, value));
            }
            return;
        }
        let blocks = input.chunks_exact(side * inner);
        for (to, block) in output.chunks_exact_mut(inner).zip(blocks) {
            to.copy_from_slice(&block[..inner]);
            for row in block[inner..].chunks_exact(inner) {
                for (to, &value) in to.iter_mut().zip(row) {
                    *to = fold(*to, value);
                }
            }
        }
    }
}
