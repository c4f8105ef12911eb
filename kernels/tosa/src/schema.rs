//! The numbers by which TOSA's file schema names operators and element types.

use crate::DataType;

/// The numbers of the integer profile's operators.
#[expect(missing_docs, reason = "the names are TOSA's")]
pub mod op {
    pub const ARGMAX: u32 = 1;
    pub const AVG_POOL2D: u32 = 2;
    pub const CONV2D: u32 = 3;
    pub const CONV3D: u32 = 4;
    pub const DEPTHWISE_CONV2D: u32 = 5;
    pub const MATMUL: u32 = 7;
    pub const MAX_POOL2D: u32 = 8;
    pub const TRANSPOSE_CONV2D: u32 = 10;
    pub const CLAMP: u32 = 11;
    pub const ADD: u32 = 15;
    pub const ARITHMETIC_RIGHT_SHIFT: u32 = 16;
    pub const BITWISE_AND: u32 = 17;
    pub const BITWISE_OR: u32 = 18;
    pub const BITWISE_XOR: u32 = 19;
    pub const INTDIV: u32 = 20;
    pub const LOGICAL_AND: u32 = 21;
    pub const LOGICAL_LEFT_SHIFT: u32 = 22;
    pub const LOGICAL_RIGHT_SHIFT: u32 = 23;
    pub const LOGICAL_OR: u32 = 24;
    pub const LOGICAL_XOR: u32 = 25;
    pub const MAXIMUM: u32 = 26;
    pub const MINIMUM: u32 = 27;
    pub const MUL: u32 = 28;
    pub const SUB: u32 = 30;
    pub const TABLE: u32 = 31;
    pub const ABS: u32 = 32;
    pub const BITWISE_NOT: u32 = 33;
    pub const CLZ: u32 = 35;
    pub const LOGICAL_NOT: u32 = 40;
    pub const NEGATE: u32 = 41;
    pub const SELECT: u32 = 45;
    pub const EQUAL: u32 = 46;
    pub const GREATER: u32 = 47;
    pub const GREATER_EQUAL: u32 = 48;
    pub const REDUCE_ALL: u32 = 49;
    pub const REDUCE_ANY: u32 = 50;
    pub const REDUCE_MAX: u32 = 51;
    pub const REDUCE_MIN: u32 = 52;
    pub const REDUCE_SUM: u32 = 54;
    pub const CONCAT: u32 = 55;
    pub const PAD: u32 = 56;
    pub const RESHAPE: u32 = 57;
    pub const REVERSE: u32 = 58;
    pub const SLICE: u32 = 59;
    pub const TILE: u32 = 60;
    pub const TRANSPOSE: u32 = 61;
    pub const GATHER: u32 = 62;
    pub const SCATTER: u32 = 63;
    pub const RESIZE: u32 = 64;
    pub const CAST: u32 = 65;
    pub const RESCALE: u32 = 66;
    pub const CONST: u32 = 67;
    pub const IDENTITY: u32 = 68;
    pub const COND_IF: u32 = 70;
    pub const WHILE_LOOP: u32 = 71;
    pub const VARIABLE: u32 = 72;
    pub const VARIABLE_WRITE: u32 = 73;
    pub const VARIABLE_READ: u32 = 74;
    pub const CONST_SHAPE: u32 = 75;
}

/// TOSA's name of operator number `op`.
#[must_use]
pub fn operator_name(op: u32) -> &'static str {
    usize::try_from(op)
        .ok()
        .and_then(|op| OPERATOR_NAMES.get(op).copied())
        .unwrap_or("an operator beyond the schema")
}

/// The number of an element type.
#[must_use]
pub const fn type_number(data_type: DataType) -> u32 {
    match data_type {
        DataType::Bool => 1,
        DataType::I4 => 2,
        DataType::I8 => 3,
        DataType::I16 => 4,
        DataType::I32 => 5,
        DataType::I48 => 6,
    }
}

/// The element type of this number, if it is one of the integer profile.
#[must_use]
pub fn data_type(number: u32) -> Option<DataType> {
    DataType::ALL
        .into_iter()
        .find(|&data_type| type_number(data_type) == number)
}

/// TOSA's operators by their number; an attribute's union number is the same.
const OPERATOR_NAMES: [&str; 101] = [
    "UNKNOWN",
    "ARGMAX",
    "AVG_POOL2D",
    "CONV2D",
    "CONV3D",
    "DEPTHWISE_CONV2D",
    "FFT2D",
    "MATMUL",
    "MAX_POOL2D",
    "RFFT2D",
    "TRANSPOSE_CONV2D",
    "CLAMP",
    "ERF",
    "SIGMOID",
    "TANH",
    "ADD",
    "ARITHMETIC_RIGHT_SHIFT",
    "BITWISE_AND",
    "BITWISE_OR",
    "BITWISE_XOR",
    "INTDIV",
    "LOGICAL_AND",
    "LOGICAL_LEFT_SHIFT",
    "LOGICAL_RIGHT_SHIFT",
    "LOGICAL_OR",
    "LOGICAL_XOR",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "POW",
    "SUB",
    "TABLE",
    "ABS",
    "BITWISE_NOT",
    "CEIL",
    "CLZ",
    "COS",
    "EXP",
    "FLOOR",
    "LOG",
    "LOGICAL_NOT",
    "NEGATE",
    "RECIPROCAL",
    "RSQRT",
    "SIN",
    "SELECT",
    "EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "REDUCE_ALL",
    "REDUCE_ANY",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "REDUCE_PRODUCT",
    "REDUCE_SUM",
    "CONCAT",
    "PAD",
    "RESHAPE",
    "REVERSE",
    "SLICE",
    "TILE",
    "TRANSPOSE",
    "GATHER",
    "SCATTER",
    "RESIZE",
    "CAST",
    "RESCALE",
    "CONST",
    "IDENTITY",
    "CUSTOM",
    "COND_IF",
    "WHILE_LOOP",
    "VARIABLE",
    "VARIABLE_WRITE",
    "VARIABLE_READ",
    "CONST_SHAPE",
    "MATMUL_T_BLOCK_SCALED",
    "CAST_FROM_BLOCK_SCALED",
    "CAST_TO_BLOCK_SCALED",
    "DIM",
    "CONCAT_SHAPE",
    "ADD_SHAPE",
    "SUB_SHAPE",
    "MUL_SHAPE",
    "SLICE_SHAPE",
    "EXP2_SHAPE",
    "LOG2_CEIL_SHAPE",
    "LOG2_FLOOR_SHAPE",
    "MAX_SHAPE",
    "MIN_SHAPE",
    "MOD_SHAPE",
    "DIV_CEIL_SHAPE",
    "DIV_FLOOR_SHAPE",
    "ASSERT_EQUAL_SHAPE",
    "CONV2D_BLOCK_SCALED",
    "MAX_POOL2D_ADAPTIVE",
    "AVG_POOL2D_ADAPTIVE",
    "RESHAPE_BLOCK_SCALED",
    "ROW_GATHER_BLOCK_SCALED",
    "ROW_GATHER",
    "MATMUL_T",
];
