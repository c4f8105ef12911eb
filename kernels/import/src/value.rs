//! The typed form between ONNX and TOSA: what each name of the ONNX graph stands for while it is lowered.

use std::sync::Arc;

use aivm_tosa::DataType;

use crate::constant::{Constant, Element};
use crate::scale;
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

impl Activation {
    /// A tensor that lies as in ONNX.
    pub(crate) fn plain(id: TensorId, shape: Vec<u32>) -> Activation {
        Activation {
            id,
            shape,
            layout: Layout::Plain,
        }
    }
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

    /// The type in which integers of an ONNX type are stored.
    pub(crate) fn stored_type(element: Element) -> DataType {
        match element {
            Element::U8 | Element::I8 => DataType::I8,
            Element::I16 => DataType::I16,
            Element::Bool => DataType::Bool,
            _ => DataType::I32,
        }
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

/// No limits of a real value.
pub(crate) const NO_LIMITS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl Real {
    /// Integers with nothing to be applied.
    pub(crate) fn new(activation: Activation, scale: Scale, zero_point: i32, bound: i64) -> Real {
        Real {
            activation,
            scale,
            zero_point,
            bound,
            limits: NO_LIMITS,
            functions: Vec::new(),
        }
    }

    /// Whether something is still to be applied to each element.
    pub(crate) fn is_pending(&self) -> bool {
        self.limits != NO_LIMITS || !self.functions.is_empty()
    }
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

impl Value {
    /// The one real number that a constant of one element holds.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Constant(constant) => constant.only_number(),
            Value::RealConstant(real) if real.constant.len() == 1 => {
                let stored = real.constant.ints()?.next()?;
                Some(scale::dequantise(
                    stored,
                    real.scales[0],
                    real.zero_points[0],
                ))
            }
            _ => None,
        }
    }
}
