//! The table: every operator at several sizes and types, small, medium, larger than the second-level cache, with odd
//! numbers of channels and with one.

use aivm_tosa::DataType::{self, Bool, I4, I8, I16, I32, I48};

use crate::draw::OPERATORS;
use crate::operators as op;
use crate::operators::Rescaling;
use crate::step::Step;
use crate::windows::{self, Factors, Scaled, Side};

/// Shapes of tensors that operators over any shape are measured at.
const SHAPES: [&[usize]; 5] = [&[16], &[64, 64], &[1 << 20], &[149, 7, 13], &[100, 100, 1]];

/// All lines of the table for `operator`.
pub(crate) fn lines(operator: &'static str) -> Vec<Step> {
    let mut lines = Vec::new();
    match operator {
        "ADD" | "SUB" | "MAXIMUM" | "MINIMUM" | "INTDIV" | "EQUAL" | "GREATER"
        | "GREATER_EQUAL" => {
            binary(operator, &[I32], &mut lines);
        }
        "BITWISE_AND"
        | "BITWISE_OR"
        | "BITWISE_XOR"
        | "ARITHMETIC_RIGHT_SHIFT"
        | "LOGICAL_LEFT_SHIFT"
        | "LOGICAL_RIGHT_SHIFT" => binary(operator, &[I8, I16, I32], &mut lines),
        "LOGICAL_AND" | "LOGICAL_OR" | "LOGICAL_XOR" => binary(operator, &[Bool], &mut lines),
        _ => {
            for shape in SHAPES {
                over_shape(operator, shape, &mut lines);
            }
        }
    }
    over_sizes(operator, &mut lines);
    lines.into_iter().flatten().collect()
}

/// All operators that have lines.
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    OPERATORS
        .into_iter()
        .filter(|operator| !operator.ends_with('*'))
}

type Lines = Vec<Option<Step>>;

fn binary(operator: &'static str, types: &[DataType], lines: &mut Lines) {
    for &data_type in types {
        for shape in SHAPES {
            lines.push(op::binary(
                operator,
                data_type,
                &vec![shape.to_vec(); 2],
                false,
            ));
        }
        for [a, b] in [
            [[256, 64], [1, 64]],
            [[256, 64], [256, 1]],
            [[256, 64], [1, 1]],
            [[256, 1], [1, 64]],
        ] {
            lines.push(op::binary(
                operator,
                data_type,
                &[a.to_vec(), b.to_vec()],
                true,
            ));
        }
    }
}

/// Operators that take a tensor of any shape.
fn over_shape(operator: &'static str, shape: &[usize], lines: &mut Lines) {
    let rank = shape.len();
    let types: &[DataType] = match operator {
        "CLAMP" | "TABLE" | "ARGMAX" => &[I8, I16],
        "ABS" | "CLZ" | "REDUCE_SUM" => &[I32],
        "LOGICAL_NOT" | "REDUCE_ALL" | "REDUCE_ANY" => &[Bool],
        "IDENTITY" => &[I8, I32, I48],
        _ => &[I8, I16, I32],
    };
    for &data_type in types {
        match operator {
            "MUL" => {
                for shift in [0, 20, 40] {
                    lines.push(op::mul(data_type, &vec![shape.to_vec(); 2], shift, false));
                }
            }
            "SELECT" => lines.push(op::select(data_type, &vec![shape.to_vec(); 3])),
            "NEGATE" => lines.push(op::negate(data_type, shape, false)),
            "CLAMP" => lines.push(op::clamp(data_type, shape)),
            "CAST" => lines.extend([
                op::cast(data_type, Bool, shape),
                op::cast(data_type, I8, shape),
            ]),
            "TABLE" => lines.push(op::table(data_type, shape, false)),
            "RESCALE" => rescale(data_type, shape, lines),
            "ARGMAX" | "REDUCE_ALL" | "REDUCE_ANY" | "REDUCE_MAX" | "REDUCE_MIN" | "REDUCE_SUM" => {
                for axis in 0..rank {
                    lines.push(op::reduce(operator, data_type, shape, axis));
                }
            }
            "CONCAT" => lines.push(op::concat(data_type, shape, rank - 1, 2)),
            "PAD" => lines.push(op::pad(data_type, shape, &vec![[1, 1]; rank], false)),
            "RESHAPE" => lines.push(op::reshape(data_type, shape)),
            "REVERSE" => {
                for axis in 0..rank {
                    lines.push(op::reverse(data_type, shape, axis));
                }
            }
            "SLICE" => lines.push(op::slice(data_type, shape, &vec![1; rank], &vec![1; rank])),
            "TILE" => lines.push(op::tile(data_type, shape, &vec![2; rank])),
            "TRANSPOSE" => {
                let perms: Vec<usize> = (0..rank).rev().collect();
                lines.push(op::transpose(data_type, shape, &perms));
            }
            "ABS" | "BITWISE_NOT" | "CLZ" | "LOGICAL_NOT" | "IDENTITY" => {
                lines.push(op::unary(operator, data_type, shape));
            }
            _ => {}
        }
    }
}

fn rescale(to: DataType, shape: &[usize], lines: &mut Lines) {
    for from in [I8, I32, I48] {
        for (per_channel, double) in [(false, false), (true, false), (false, true)] {
            // More factors than that take more memory than models may use.
            if per_channel && shape.last().is_none_or(|&channels| channels > 1 << 16) {
                continue;
            }
            let how = Rescaling {
                from,
                to,
                per_channel,
                double,
                shift: None,
                late: false,
            };
            lines.push(op::rescale(how, shape));
        }
    }
}

/// Operators of windows, products and rows, which have their own sizes.
fn over_sizes(operator: &'static str, lines: &mut Lines) {
    let i16_by_i8 = Factors {
        input: I16,
        ..Factors::I8
    };
    let by_i4 = Factors {
        weight: I4,
        ..Factors::I8
    };
    let computed = Factors {
        constant: false,
        ..Factors::I8
    };
    let square = |out, kernel| [Side::plain(out, kernel); 2];
    match operator {
        "CONV2D" => {
            for f in [Factors::I8, i16_by_i8, by_i4, computed] {
                for (out, kernel, channels) in CONVOLUTIONS {
                    lines.push(windows::convolution(f, 1, &square(out, kernel), channels));
                }
            }
        }
        "CONV3D" => {
            for f in [Factors::I8, i16_by_i8] {
                for (out, kernel, channels) in [
                    (1, 1, [1, 1]),
                    (8, 3, [16, 16]),
                    (6, 3, [3, 5]),
                    (16, 2, [1, 1]),
                ] {
                    lines.push(windows::convolution(
                        f,
                        1,
                        &[Side::plain(out, kernel); 3],
                        channels,
                    ));
                }
            }
        }
        "DEPTHWISE_CONV2D" => {
            for f in [Factors::I8, i16_by_i8, by_i4, computed] {
                for (out, kernel, channels) in [
                    (1, 1, [1, 1]),
                    (16, 3, [64, 1]),
                    (64, 3, [128, 1]),
                    (33, 3, [13, 1]),
                    (33, 5, [1, 1]),
                    (16, 3, [8, 4]),
                ] {
                    lines.push(windows::depthwise(f, 1, square(out, kernel), channels));
                }
            }
        }
        "TRANSPOSE_CONV2D" => {
            for f in [Factors::I8, i16_by_i8] {
                for (out, kernel, channels) in CONVOLUTIONS {
                    lines.push(windows::transpose_conv2d(
                        f,
                        1,
                        square(out, kernel),
                        channels,
                    ));
                }
            }
        }
        "MATMUL" => {
            for data_type in [I8, I16] {
                for sides in [
                    [1, 1, 1, 1],
                    [1, 64, 64, 64],
                    [1, 256, 256, 256],
                    [1, 1, 1024, 1024],
                    [1, 1024, 1024, 1],
                    [64, 1, 64, 1],
                    [1, 33, 17, 29],
                    [1, 1, 1, 65_536],
                ] {
                    lines.push(windows::matmul(data_type, sides, false));
                }
            }
        }
        "AVG_POOL2D" | "MAX_POOL2D" => {
            for data_type in [I8, I16] {
                for (out, kernel, c) in [
                    (1, 1, 1),
                    (16, 2, 64),
                    (64, 3, 128),
                    (33, 3, 13),
                    (64, 2, 1),
                    (8, 32, 4),
                ] {
                    lines.push(windows::pool(
                        operator,
                        data_type,
                        1,
                        square(out, kernel),
                        c,
                    ));
                }
            }
        }
        "GATHER" | "SCATTER" => {
            for data_type in [I8, I32] {
                for sides in [
                    [1, 1, 1, 1],
                    [1, 1024, 64, 512],
                    [1, 65_536, 1, 65_536],
                    [1, 65_536, 16, 65_536],
                ] {
                    lines.push(match operator {
                        "GATHER" => op::gather(data_type, sides),
                        _ => op::scatter(data_type, sides),
                    });
                }
            }
        }
        "RESIZE" => {
            for data_type in [I8, I16] {
                for bilinear in [false, true] {
                    for (side, numerator, c) in
                        [(1, 1, 1), (32, 2, 64), (32, 4, 3), (64, 8, 1), (128, 4, 8)]
                    {
                        let axis = Scaled {
                            side,
                            numerator,
                            denominator: 1,
                        };
                        lines.push(windows::resize(data_type, bilinear, [1, c], [axis; 2]));
                    }
                }
            }
        }
        _ => {}
    }
}

/// Output side, kernel side, channels of input and output.
const CONVOLUTIONS: [(usize, usize, [usize; 2]); 7] = [
    (1, 1, [1, 1]),
    (16, 3, [32, 32]),
    (32, 1, [64, 64]),
    (64, 3, [16, 16]),
    (17, 3, [13, 11]),
    (64, 3, [1, 1]),
    (1, 1, [1024, 1024]),
];
