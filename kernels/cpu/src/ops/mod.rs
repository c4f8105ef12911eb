//! Operators that are steps of their own: loops over native types.

mod arg_max;
mod convolution;
mod gather;
mod matmul;
mod moves;
mod pool;
mod reduce;
mod resize;
mod sum;
mod transpose_conv2d;

pub(crate) use arg_max::ArgMax;
pub(crate) use convolution::{Convolution, ConvolutionRun, Depthwise, DepthwiseRun, Geometry};
pub(crate) use gather::{Gather, Scatter};
pub(crate) use matmul::{MatMul, MatMulRun};
pub(crate) use moves::{BoxCopy, Move};
pub(crate) use pool::{AvgPool, AvgPoolRun, MaxPool, MaxPoolRun, Window};
pub(crate) use reduce::{Fold, Reduce, ReduceRun};
pub(crate) use resize::Resize;
pub(crate) use transpose_conv2d::{TransposeConvolution, TransposeConvolutionRun};
