//! A step with one output that is no chain and no control flow.

use crate::dispatch::dispatch;
use crate::isa::Isa;
use crate::memory::{Place, Reader, copy};
use crate::ops::{
    ArgMax, AvgPool, AvgPoolRun, Convolution, ConvolutionRun, Depthwise, DepthwiseRun, Gather,
    MatMul, MatMulRun, MaxPool, MaxPoolRun, Move, Reduce, ReduceRun, Resize, Scatter,
    TransposeConvolution, TransposeConvolutionRun,
};

/// One operator, with its places and sizes.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    ArgMax(ArgMax),
    AvgPool(AvgPool),
    Convolution(Convolution),
    Copy(Place),
    Depthwise(Depthwise),
    Gather(Gather),
    MatMul(MatMul),
    MaxPool(MaxPool),
    Move(Move),
    Reduce(Reduce),
    Resize(Resize),
    Scatter(Scatter),
    TransposeConvolution(TransposeConvolution),
}

impl Operation {
    /// Numbers of scratch memory that a run needs.
    pub(crate) fn scratch_numbers(&self) -> usize {
        match self {
            Operation::AvgPool(pool) => pool.window.to[1] * pool.window.channels,
            Operation::Convolution(convolution) => convolution.scratch_numbers(),
            Operation::Depthwise(depthwise) => depthwise.scratch_numbers(),
            Operation::TransposeConvolution(convolution) => convolution.scratch_numbers(),
            _ => 0,
        }
    }

    pub(crate) fn run(&self, isa: Isa, reader: Reader<'_>, output: &mut [u8], scratch: &mut [i32]) {
        match self {
            Operation::ArgMax(arg_max) => arg_max.run(reader, output),
            Operation::AvgPool(pool) => {
                let sums = scratch;
                dispatch(
                    isa,
                    AvgPoolRun {
                        pool,
                        reader,
                        output,
                        sums,
                    },
                );
            }
            Operation::Convolution(convolution) => dispatch(
                isa,
                ConvolutionRun {
                    convolution,
                    reader,
                    output,
                    scratch,
                },
            ),
            Operation::Copy(place) => copy(output, reader.bytes(*place)),
            Operation::Depthwise(depthwise) => dispatch(
                isa,
                DepthwiseRun {
                    depthwise,
                    reader,
                    output,
                    scratch,
                },
            ),
            Operation::Gather(gather) => gather.run(reader, output),
            Operation::MatMul(matmul) => dispatch(
                isa,
                MatMulRun {
                    matmul,
                    reader,
                    output,
                },
            ),
            Operation::MaxPool(pool) => dispatch(
                isa,
                MaxPoolRun {
                    pool,
                    reader,
                    output,
                },
            ),
            Operation::Move(moves) => moves.run(reader, output),
            Operation::Reduce(reduce) => dispatch(
                isa,
                ReduceRun {
                    reduce,
                    reader,
                    output,
                },
            ),
            Operation::Resize(resize) => resize.run(reader, output),
            Operation::Scatter(scatter) => scatter.run(reader, output),
            Operation::TransposeConvolution(convolution) => dispatch(
                isa,
                TransposeConvolutionRun {
                    convolution,
                    reader,
                    output,
                    scratch,
                },
            ),
        }
    }
}
