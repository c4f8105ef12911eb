//! Chains of element-wise operators, run block by block.

mod instruction;
mod program;
mod rescale;

pub(crate) use instruction::{Axis, Binary, Channels, Instruction, Register, Unary, Walk, Width};
pub(crate) use program::{Program, REGISTER_NUMBERS, Splat};
pub(crate) use rescale::Rescaling;
