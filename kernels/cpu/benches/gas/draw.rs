//! Random operators: for each of TOSA's integer operators a step of drawn types, shapes and parameters.

use aivm_tosa::DataType::{self, Bool, I4, I8, I16, I32, I48};

use crate::operators as op;
use crate::operators::Rescaling;
use crate::random::Choices;
use crate::step::Step;
use crate::windows::{self, Factors, Scaled, Side};

const INTEGERS: [DataType; 3] = [I8, I16, I32];
const WITH_BOOL: [DataType; 4] = [Bool, I8, I16, I32];
const NARROW: [DataType; 2] = [I8, I16];

/// The operators of one step, in the order of the specification.
pub(crate) const OPERATORS: [&str; 55] = [
    "ARGMAX",
    "AVG_POOL2D",
    "CONV2D",
    "CONV3D",
    "DEPTHWISE_CONV2D",
    "MATMUL",
    "MAX_POOL2D",
    "TRANSPOSE_CONV2D",
    "CLAMP",
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
    "SUB",
    "TABLE",
    "ABS",
    "BITWISE_NOT",
    "CLZ",
    "LOGICAL_NOT",
    "NEGATE",
    "SELECT",
    "EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "REDUCE_ALL",
    "REDUCE_ANY",
    "REDUCE_MAX",
    "REDUCE_MIN",
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
    "IDENTITY",
    // Linear operators with computed weights, which no plan can pack.
    "CONV2D*",
    "DEPTHWISE_CONV2D*",
    "TRANSPOSE_CONV2D*",
];

/// Most elements of a drawn tensor.
const ELEMENTS_MAX: usize = 1 << 21;

/// A step of `operator`, or `None` if the drawn sizes do not go together.
pub(crate) fn draw(operator: &'static str, c: &mut Choices<'_>) -> Option<Step> {
    match operator {
        "ADD" | "SUB" | "MAXIMUM" | "MINIMUM" | "INTDIV" | "EQUAL" | "GREATER"
        | "GREATER_EQUAL" => binary(operator, I32, c),
        "BITWISE_AND"
        | "BITWISE_OR"
        | "BITWISE_XOR"
        | "ARITHMETIC_RIGHT_SHIFT"
        | "LOGICAL_LEFT_SHIFT"
        | "LOGICAL_RIGHT_SHIFT" => {
            let data_type = c.one_of(&INTEGERS);
            binary(operator, data_type, c)
        }
        "LOGICAL_AND" | "LOGICAL_OR" | "LOGICAL_XOR" => binary(operator, Bool, c),
        "MUL" => {
            let (data_type, shift) = (c.one_of(&INTEGERS), c.below(64) as i64);
            let shapes = broadcasting(2, c);
            op::mul(
                data_type,
                &shapes,
                if c.once_in(2) { 0 } else { shift },
                c.once_in(8),
            )
        }
        "SELECT" => {
            let data_type = c.one_of(&WITH_BOOL);
            op::select(data_type, &broadcasting(3, c))
        }
        "ABS" | "CLZ" => op::unary(operator, I32, &c.shape(6, ELEMENTS_MAX)),
        "BITWISE_NOT" => op::unary(operator, c.one_of(&INTEGERS), &c.shape(6, ELEMENTS_MAX)),
        "LOGICAL_NOT" => op::unary(operator, Bool, &c.shape(6, ELEMENTS_MAX)),
        "IDENTITY" => {
            let data_type = c.one_of(&[Bool, I8, I16, I32, I48]);
            op::unary(operator, data_type, &c.shape(6, ELEMENTS_MAX))
        }
        "NEGATE" => op::negate(c.one_of(&INTEGERS), &c.shape(6, ELEMENTS_MAX), c.once_in(4)),
        "CLAMP" => op::clamp(c.one_of(&NARROW), &c.shape(6, ELEMENTS_MAX)),
        "CAST" => op::cast(
            c.one_of(&WITH_BOOL),
            c.one_of(&WITH_BOOL),
            &c.shape(6, ELEMENTS_MAX),
        ),
        "TABLE" => op::table(c.one_of(&NARROW), &c.shape(6, ELEMENTS_MAX), c.once_in(4)),
        "RESCALE" => {
            let how = Rescaling {
                from: c.one_of(&[I8, I16, I32, I48]),
                to: c.one_of(&INTEGERS),
                per_channel: c.once_in(2),
                double: c.once_in(3),
                shift: [None, Some(2 + c.below(61) as u8)][c.below(2)],
                late: c.once_in(6),
            };
            op::rescale(how, &c.shape(6, ELEMENTS_MAX))
        }
        "ARGMAX" => reduce(operator, &NARROW, c),
        "REDUCE_ALL" | "REDUCE_ANY" => reduce(operator, &[Bool], c),
        "REDUCE_MAX" | "REDUCE_MIN" => reduce(operator, &INTEGERS, c),
        "REDUCE_SUM" => reduce(operator, &[I32], c),
        "CONCAT" | "PAD" | "RESHAPE" | "REVERSE" | "SLICE" | "TILE" | "TRANSPOSE" => {
            movement(operator, c)
        }
        "GATHER" | "SCATTER" => {
            let data_type = c.one_of(&INTEGERS);
            let n = if c.once_in(2) { 1 } else { c.size(64) };
            let sides = [n, c.size(1 << 18), c.size(1 << 14), c.size(1 << 18)];
            if operator == "GATHER" {
                op::gather(data_type, sides)
            } else {
                op::scatter(data_type, sides)
            }
        }
        "RESIZE" => {
            let data_type = c.one_of(&NARROW);
            let axes = [scaled(c), scaled(c)];
            windows::resize(data_type, c.once_in(2), [small(c), c.size(256)], axes)
        }
        _ => linear(operator, c),
    }
}

/// Operators over windows, and MATMUL.
fn linear(operator: &'static str, c: &mut Choices<'_>) -> Option<Step> {
    let (name, constant) = match operator.strip_suffix('*') {
        Some(name) => (name, false),
        None => (operator, true),
    };
    let f = factors(constant, c);
    let n = small(c);
    match name {
        "CONV2D" => windows::convolution(f, n, &[side(c), side(c)], [c.size(512), c.size(512)]),
        "CONV3D" => windows::convolution(
            f,
            n,
            &[side(c), side(c), side(c)],
            [c.size(128), c.size(128)],
        ),
        "DEPTHWISE_CONV2D" => {
            let m = small(c);
            windows::depthwise(f, n, [side(c), side(c)], [c.size(512), m])
        }
        "TRANSPOSE_CONV2D" => {
            windows::transpose_conv2d(f, n, [side(c), side(c)], [c.size(256), c.size(256)])
        }
        "MATMUL" => {
            let (data_type, constant) = (c.one_of(&NARROW), c.once_in(2));
            windows::matmul(
                data_type,
                [n, c.size(4096), c.size(4096), c.size(4096)],
                constant,
            )
        }
        "AVG_POOL2D" | "MAX_POOL2D" => {
            let sides = [side(c), side(c)].map(|side| Side {
                dilation: 1,
                ..side
            });
            windows::pool(name, c.one_of(&NARROW), n, sides, c.size(1024))
        }
        _ => None,
    }
}

/// Shapes that broadcast: half of the time all the same.
fn broadcasting(count: usize, c: &mut Choices<'_>) -> Vec<Vec<usize>> {
    let whole = c.shape(6, ELEMENTS_MAX);
    if c.once_in(2) {
        return vec![whole; count];
    }
    let shape = |_| {
        whole
            .iter()
            .map(|&side| if c.once_in(3) { 1 } else { side })
            .collect()
    };
    (0..count).map(shape).collect()
}

fn binary(operator: &'static str, data_type: DataType, c: &mut Choices<'_>) -> Option<Step> {
    let shapes = broadcasting(2, c);
    op::binary(operator, data_type, &shapes, c.once_in(3))
}

fn reduce(operator: &'static str, types: &[DataType], c: &mut Choices<'_>) -> Option<Step> {
    let (data_type, shape) = (c.one_of(types), c.shape(6, ELEMENTS_MAX));
    let axis = c.below(shape.len());
    op::reduce(operator, data_type, &shape, axis)
}

fn movement(operator: &'static str, c: &mut Choices<'_>) -> Option<Step> {
    let data_type = c.one_of(&WITH_BOOL);
    let shape = c.shape(6, ELEMENTS_MAX);
    let axis = c.below(shape.len());
    match operator {
        "CONCAT" => op::concat(data_type, &shape, axis, c.size(64)),
        "RESHAPE" => op::reshape(data_type, &shape),
        "REVERSE" => op::reverse(data_type, &shape, axis),
        "PAD" => {
            let mut amount = || if c.once_in(2) { 0 } else { c.size(4096) };
            let amounts: Vec<_> = shape.iter().map(|_| [amount(), amount()]).collect();
            op::pad(data_type, &shape, &amounts, c.once_in(8))
        }
        "SLICE" => {
            let mut amount = || if c.once_in(2) { 0 } else { c.size(256) };
            let start: Vec<_> = shape.iter().map(|_| amount()).collect();
            let behind: Vec<_> = shape.iter().map(|_| amount()).collect();
            op::slice(data_type, &shape, &start, &behind)
        }
        "TILE" => {
            let times: Vec<_> = shape
                .iter()
                .map(|_| if c.once_in(2) { 1 } else { c.size(4096) })
                .collect();
            op::tile(data_type, &shape, &times)
        }
        "TRANSPOSE" => {
            let mut perms: Vec<usize> = (0..shape.len()).collect();
            for place in 1..perms.len() {
                perms.swap(place, c.below(place + 1));
            }
            op::transpose(data_type, &shape, &perms)
        }
        _ => None,
    }
}

/// Mostly 1.
fn small(c: &mut Choices<'_>) -> usize {
    if c.once_in(4) { c.size(32) } else { 1 }
}

fn side(c: &mut Choices<'_>) -> Side {
    let kernel = if c.once_in(3) { 1 } else { c.size(64) };
    let mut step = || if c.once_in(2) { 1 } else { c.size(16) };
    let (stride, dilation) = (step(), step());
    let mut pad = || if c.once_in(2) { 0 } else { c.below(kernel) };
    let pad = [pad(), pad()];
    Side {
        out: c.size(512),
        kernel,
        stride,
        dilation,
        pad,
    }
}

fn factors(constant: bool, c: &mut Choices<'_>) -> Factors {
    let (input, weight) = c.one_of(&[(I8, I8), (I8, I8), (I8, I4), (I16, I8)]);
    Factors {
        input,
        weight,
        constant,
        bias: c.once_in(2),
        weight_zp: if c.once_in(4) { 3 } else { 0 },
    }
}

fn scaled(c: &mut Choices<'_>) -> Scaled {
    Scaled {
        side: c.size(512),
        numerator: c.size(256),
        denominator: c.size(64),
    }
}
