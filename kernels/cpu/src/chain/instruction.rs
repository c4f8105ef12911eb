//! The instructions of a chain: element-wise operators on blocks of i32.
//!
//! A register holds a block of elements. Its values are those of the tensor's type, sign-extended (bool: 0 or 1).

use std::sync::Arc;

use super::rescale::Rescaling;
use crate::memory::Place;
use crate::scale::Scale;

/// Index of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Register(pub u16);

/// How wide an element is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    I8,
    I16,
    I32,
    /// i48 in eight bytes.
    I64,
}

/// One side of a walk over a smaller operand: as many elements of the chain, each `step` elements of the operand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Axis {
    pub side: usize,
    pub step: usize,
}

/// Where an operand's element for each element of the chain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// At the same index.
    Same,
    /// Found along these axes, outermost first; the innermost step is 0 or 1.
    Broadcast(Box<[Axis]>),
}

/// What an instruction does with one register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Clamp {
        min: i32,
        max: i32,
    },
    /// Keeps the low bits, sign-extended.
    Wrap(Width),
    /// Keeps these bits: reads unsigned elements.
    Mask(i32),
    NonZero,
    Abs,
    BitwiseNot,
    LogicalNot,
    CountLeadingZeros,
    Negate {
        input_zp: i32,
        output_zp: i32,
        min: i32,
        max: i32,
    },
    /// 256 entries.
    Table8(Arc<[i8]>),
    /// 513 entries.
    Table16(Arc<[i16]>),
    Rescale(Rescaling),
    RescaleChannels(Channels),
}

/// RESCALE with a factor for each element of the last axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub scales: Arc<[Scale]>,
    pub input_zp: i32,
    pub output_zp: i32,
    pub min: i32,
    pub max: i32,
}

/// What an instruction does with two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul {
        shift: u8,
    },
    /// `bits` less 1 masks the amount.
    ArithmeticRightShift {
        round: bool,
        bits: Width,
    },
    LogicalLeftShift(Width),
    LogicalRightShift(Width),
    And,
    Or,
    Xor,
    IntDiv,
    Maximum,
    Minimum,
    Equal,
    Greater,
    GreaterEqual,
}

/// One instruction. `to` is none of the registers that it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Reads a block of a tensor. Not [`Width::I64`].
    Load {
        to: Register,
        from: Place,
        width: Width,
        walk: Walk,
    },
    /// RESCALE of a tensor of 48 bits, or with one factor (`scales` repeat along the last axis).
    LoadRescaled {
        to: Register,
        from: Place,
        channels: Channels,
    },
    /// Writes a block of output `output`. Not [`Width::I64`].
    Store {
        from: Register,
        output: u16,
        width: Width,
    },
    Unary {
        to: Register,
        from: Register,
        operation: Unary,
    },
    Binary {
        to: Register,
        a: Register,
        b: Register,
        operation: Binary,
    },
    Select {
        to: Register,
        condition: Register,
        yes: Register,
        no: Register,
    },
}
