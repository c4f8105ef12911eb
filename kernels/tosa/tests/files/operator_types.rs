//! Every operator takes exactly the types of the integer profile with EXT-INT16 and EXT-INT4.

use crate::model::{BOOL, I4, I8, I16, I48, INT32};
use crate::single::single;
use aivm_tosa::{ModelLimits, PriceTable, RefusalCode, load};

/// Operators with their combinations, as `single` takes them: "Supported Data Types" of TOSA 1.0.2.
pub(crate) const COMBINATIONS: &[(&str, &[&[i32]])] = &[
    ("ARGMAX", &[&[I8, INT32], &[I16, INT32]]),
    ("AVG_POOL2D", &[&[I8, I8, INT32], &[I16, I16, INT32]]),
    ("CONV2D", CONVOLUTION),
    ("CONV3D", CONVOLUTION),
    ("DEPTHWISE_CONV2D", CONVOLUTION),
    ("MATMUL", &[&[I8, I8, INT32], &[I16, I16, I48]]),
    ("MAX_POOL2D", &[&[I8, I8], &[I16, I16]]),
    ("TRANSPOSE_CONV2D", CONVOLUTION),
    ("CLAMP", &[&[I8, I8], &[I16, I16]]),
    ("ADD", BINARY_I32),
    ("ARITHMETIC_RIGHT_SHIFT", BINARY),
    ("BITWISE_AND", BINARY),
    ("BITWISE_OR", BINARY),
    ("BITWISE_XOR", BINARY),
    ("INTDIV", BINARY_I32),
    ("LOGICAL_AND", BINARY_BOOL),
    ("LOGICAL_LEFT_SHIFT", BINARY),
    ("LOGICAL_RIGHT_SHIFT", BINARY),
    ("LOGICAL_OR", BINARY_BOOL),
    ("LOGICAL_XOR", BINARY_BOOL),
    ("MAXIMUM", BINARY_I32),
    ("MINIMUM", BINARY_I32),
    (
        "MUL",
        &[&[I8, I8, INT32], &[I16, I16, INT32], &[INT32, INT32, INT32]],
    ),
    ("SUB", BINARY_I32),
    ("TABLE", &[&[I8, I8, I8], &[I16, I16, INT32]]),
    ("ABS", &[&[INT32, INT32]]),
    ("BITWISE_NOT", UNARY),
    ("CLZ", &[&[INT32, INT32]]),
    ("LOGICAL_NOT", &[&[BOOL, BOOL]]),
    ("NEGATE", UNARY),
    (
        "SELECT",
        &[
            &[BOOL, BOOL, BOOL, BOOL],
            &[BOOL, I8, I8, I8],
            &[BOOL, I16, I16, I16],
            &[BOOL, INT32, INT32, INT32],
        ],
    ),
    ("EQUAL", COMPARISON),
    ("GREATER", COMPARISON),
    ("GREATER_EQUAL", COMPARISON),
    ("REDUCE_ALL", &[&[BOOL, BOOL]]),
    ("REDUCE_ANY", &[&[BOOL, BOOL]]),
    ("REDUCE_MAX", UNARY),
    ("REDUCE_MIN", UNARY),
    ("REDUCE_SUM", &[&[INT32, INT32]]),
    ("CONCAT", BINARY_LAYOUT),
    ("PAD", BINARY_LAYOUT),
    ("RESHAPE", LAYOUT),
    ("REVERSE", LAYOUT),
    ("SLICE", LAYOUT),
    ("TILE", LAYOUT),
    ("TRANSPOSE", LAYOUT),
    (
        "GATHER",
        &[&[I8, INT32, I8], &[I16, INT32, I16], &[INT32, INT32, INT32]],
    ),
    (
        "SCATTER",
        &[
            &[I8, INT32, I8, I8],
            &[I16, INT32, I16, I16],
            &[INT32, INT32, INT32, INT32],
        ],
    ),
    ("RESIZE nearest", &[&[I8, I8], &[I16, I16]]),
    ("RESIZE bilinear", &[&[I8, INT32], &[I16, I48]]),
    (
        "CAST",
        &[
            &[BOOL, I8],
            &[BOOL, I16],
            &[BOOL, INT32],
            &[I8, BOOL],
            &[I8, I16],
            &[I8, INT32],
            &[I16, BOOL],
            &[I16, I8],
            &[I16, INT32],
            &[INT32, BOOL],
            &[INT32, I8],
            &[INT32, I16],
        ],
    ),
    (
        "RESCALE",
        &[
            &[I8, INT32, I8, I8],
            &[I8, INT32, I8, I16],
            &[I8, INT32, I8, INT32],
            &[I16, INT32, I8, I8],
            &[I16, INT32, I8, I16],
            &[I16, INT32, I8, INT32],
            &[INT32, INT32, I8, I8],
            &[INT32, INT32, I8, I16],
            &[INT32, INT32, I8, INT32],
            &[I8, I16, I8, I8],
            &[I8, I16, I8, I16],
            &[I8, I16, I8, INT32],
            &[I16, I16, I8, I8],
            &[I16, I16, I8, I16],
            &[I16, I16, I8, INT32],
            &[INT32, I16, I8, I8],
            &[INT32, I16, I8, I16],
            &[INT32, I16, I8, INT32],
            &[I48, I16, I8, I8],
            &[I48, I16, I8, I16],
            &[I48, I16, I8, INT32],
        ],
    ),
    (
        "IDENTITY",
        &[
            &[BOOL, BOOL],
            &[I4, I4],
            &[I8, I8],
            &[I16, I16],
            &[INT32, INT32],
            &[I48, I48],
        ],
    ),
];

const CONVOLUTION: &[&[i32]] = &[
    &[I8, I8, INT32, INT32],
    &[I8, I4, INT32, INT32],
    &[I16, I8, I48, I48],
];
const BINARY: &[&[i32]] = &[&[I8, I8, I8], &[I16, I16, I16], &[INT32, INT32, INT32]];
const BINARY_I32: &[&[i32]] = &[&[INT32, INT32, INT32]];
const BINARY_BOOL: &[&[i32]] = &[&[BOOL, BOOL, BOOL]];
const BINARY_LAYOUT: &[&[i32]] = &[
    &[BOOL, BOOL, BOOL],
    &[I8, I8, I8],
    &[I16, I16, I16],
    &[INT32, INT32, INT32],
];
const UNARY: &[&[i32]] = &[&[I8, I8], &[I16, I16], &[INT32, INT32]];
const COMPARISON: &[&[i32]] = &[&[INT32, INT32, BOOL]];
const LAYOUT: &[&[i32]] = &[&[BOOL, BOOL], &[I8, I8], &[I16, I16], &[INT32, INT32]];

/// The model of `name` with its first combination of types.
pub(crate) fn valid(name: &str) -> crate::single::Single {
    let entry = COMBINATIONS.iter().find(|entry| entry.0 == name);
    single(name, entry.expect("an operator").1[0])
}

#[test]
fn each_operator_takes_its_types_and_no_others() {
    let mut accepted = 0;
    for (name, combinations) in COMBINATIONS {
        let places = combinations[0].len() as u32;
        for number in 0..6_i32.pow(places) {
            let types: Vec<i32> = (0..places)
                .map(|place| number / 6_i32.pow(place) % 6 + 1)
                .collect();
            let file = single(name, &types).model().file();
            match load(&file, &ModelLimits::CHAIN, &PriceTable::V1) {
                Ok(_) => {
                    accepted += 1;
                    assert!(combinations.contains(&&types[..]), "{name} takes {types:?}");
                }
                Err(refusal) => {
                    assert!(
                        !combinations.contains(&&types[..]),
                        "{name} refuses {types:?}: {refusal}"
                    );
                    let by_type = [
                        RefusalCode::OperandType,
                        RefusalCode::AccumulatorType,
                        RefusalCode::RescaleI48,
                    ];
                    assert!(
                        by_type.contains(&refusal.code),
                        "{name}, {types:?}: {refusal}"
                    );
                }
            }
        }
    }
    let listed: usize = COMBINATIONS.iter().map(|entry| entry.1.len()).sum();
    assert_eq!(accepted, listed);
}
