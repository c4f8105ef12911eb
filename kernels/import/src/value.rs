//! The typed form between ONNX and TOSA: what each name of the ONNX graph stands for while it is lowered.

use std::sync::Arc;

use crate::constant::{Constant, Element};
use crate::tosa_file::TensorId;

/// How the elements of an ONNX tensor lie in the TOSA tensor that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As in ONNX.
    Plain,
    /// Rank 4, channels last: `[N,C,H,W]` as `[N,H,W,C]`, `[N,C,W]` as `[N,1,W,C]`, `[M,K]` as `[M,1,1,K]`.
    ChannelsLast,
}

/// A tensor that is computed.
#[derive(Clone, Debug)]
pub(crate) struct Activation {
    pub id: TensorId,
    /// The shape in ONNX.
    pub shape: Vec<u32>,
    pub layout: Layout,
}

/// A tensor of integers. What is stored is the value less [`Int::offset`].
#[derive(Clone, Debug)]
pub(crate) struct Int {
    pub activation: Activation,
    /// The type in ONNX: U8 (stored as i8), I8, I32 or Bool.
    pub element: Element,
}

impl Int {
    /// TOSA has signed bytes: an unsigned one is stored 128 lower.
    pub(crate) fn offset(element: Element) -> i64 {
        if element == Element::U8 { 128 } else { 0 }
    }
}

/// What a step of a stored integer means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scale {
    /// The same for all elements.
    Tensor(f64),
    /// By the last axis of the TOSA tensor.
    Channel(Arc<[f64]>),
}

impl Scale {
    /// The scale, or the scales in order of channels.
    pub(crate) fn list(&self) -> &[f64] {
        match self {
            Scale::Tensor(scale) => std::slice::from_ref(scale),
            Scale::Channel(scales) => scales,
        }
    }
}

/// A function of one real number, put into a table when the result is quantised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    Sigmoid,
    Tanh,
    HardSwish,
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    LeakyRelu {
        alpha: f64,
    },
    Elu {
        alpha: f64,
    },
    Gelu {
        tanh: bool,
    },
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Abs,
    Neg,
    Softplus,
    Erf,
    Clip {
        min: f64,
        max: f64,
    },
    /// `x · scale + offset`.
    Affine {
        scale: f64,
        offset: f64,
    },
}

/// A tensor of real numbers, as integers with a scale: `(stored − zero_point) · scale`.
#[derive(Clone, Debug)]
pub(crate) struct Real {
    pub activation: Activation,
    pub scale: Scale,
    pub zero_point: i32,
    /// The largest distance of a stored integer from the zero point.
    pub bound: i64,
    /// Limits of the real value that are not applied yet (Relu and Clip after an accumulator).
    pub limits: (f64, f64),
    /// What is still to be applied to each element, first function first.
    pub functions: Vec<Function>,
}

/// A constant with the scale by which it means real numbers.
#[derive(Clone, Debug)]
pub(crate) struct RealConstant {
    pub constant: Constant,
    /// One, or one for each index of `axis`.
    pub scales: Arc<[f64]>,
    /// As many as `scales`.
    pub zero_points: Arc<[i64]>,
    pub axis: usize,
}

/// What a name of the ONNX graph stands for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A tensor of the file, as it is there.
    Constant(Constant),
    /// A constant behind DequantizeLinear.
    RealConstant(RealConstant),
    /// Integers, computed.
    Int(Int),
    /// Real numbers, computed.
    Real(Real),
    /// A float input of the graph that nobody has quantised yet: its index.
    Input(usize),
    /// What a node that was not lowered would have computed.
    Unknown,
}
