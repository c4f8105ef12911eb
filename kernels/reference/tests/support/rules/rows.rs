//! Indices of GATHER and SCATTER outside their tensor, and rows that SCATTER writes twice.

use aivm_tosa::DataType;

use super::model::{I8, INT32, Model};
use super::{Rule, rule};

/// Two batches of three rows of two.
const VALUES: [i64; 12] = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121];

pub(super) fn rules() -> Vec<Rule> {
    let gather = Model::default()
        .input("v", I8, &[2, 3, 2])
        .input("i", INT32, &[2, 4])
        .output("y", I8, &[2, 4, 2])
        .operator("GATHER", vec![], &["v", "i"], &["y"]);
    let indices = [-1, 3, i64::from(i32::MIN), i64::from(i32::MAX), 1, 4, -2, 2];
    let gathered = [
        0, 1, 20, 21, 0, 1, 20, 21, 110, 111, 120, 121, 100, 101, 120, 121,
    ];
    let inputs = [(DataType::I8, &VALUES[..]), (DataType::I32, &indices[..])];
    let clamped = rule(
        "an index is clamped",
        &gather,
        &inputs,
        (DataType::I8, &gathered),
    );

    let scatter = Model::default()
        .input("v", I8, &[2, 3, 2])
        .input("i", INT32, &[2, 3])
        .input("x", I8, &[2, 3, 2])
        .output("y", I8, &[2, 3, 2])
        .operator("SCATTER", vec![], &["v", "i", "x"], &["y"]);
    let rows = [-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12];
    let scattered = |name, indices: [i64; 6], expected: [i64; 12]| {
        let inputs = [
            (DataType::I8, &VALUES[..]),
            (DataType::I32, &indices[..]),
            (DataType::I8, &rows[..]),
        ];
        rule(name, &scatter, &inputs, (DataType::I8, &expected))
    };
    vec![
        clamped,
        scattered(
            "an index is clamped",
            [-1, 3, 1, i64::from(i32::MAX), 1, i64::from(i32::MIN)],
            [-1, -2, -5, -6, -3, -4, -11, -12, -9, -10, -7, -8],
        ),
        // The second and third row of the first batch go to one place; in the second batch all, one by clamping.
        scattered(
            "the highest-numbered row stays",
            [2, 0, 0, 2, 2, 7],
            [-5, -6, 10, 11, -1, -2, 100, 101, 110, 111, -11, -12],
        ),
    ]
}
