//! Rules of the operators, by chapter of the specification: for each the nearest model that is accepted and the
//! nearest that is refused.

use crate::model::{Field, I8, I16, I32, INT32, Ints};
use crate::operator_types::{COMBINATIONS, valid};
use crate::refusals::Cases;
use crate::single::Part::{Constant, Tensor};
use crate::single::{Single, single};
use crate::{layout_rules, window_rules};
use aivm_tosa::{ModelLimits, PriceTable, RefusalCode, load};

/// What is wrong or right, the model, and the code that refuses it.
pub(crate) type Rule = (&'static str, Single, Option<RefusalCode>);

/// Adds every refused case of this file.
pub(crate) fn add_to(cases: &mut Cases) {
    for (what, single, code) in rules() {
        if let Some(code) = code {
            cases.push(code, what, &single.model());
        }
    }
}

#[test]
fn the_nearest_models_that_keep_the_rules_are_accepted() {
    let mut accepted = 0;
    for (what, single, code) in rules() {
        if code.is_none() {
            let file = single.model().file();
            if let Err(refusal) = load(&file, &ModelLimits::CHAIN, &PriceTable::V1) {
                panic!("{} {what}: {refusal}", single.name);
            }
            accepted += 1;
        }
    }
    assert!(accepted > 30);
}

fn rules() -> Vec<Rule> {
    let mut rules = counts();
    rules.extend(axes());
    rules.extend(window_rules::windows());
    rules.extend(window_rules::transposed());
    rules.extend(window_rules::zero_points());
    rules.extend(elementwise());
    rules.extend(layout_rules::concat());
    rules.extend(layout_rules::data_layout());
    rules.extend(layout_rules::slice());
    rules.extend(layout_rules::scatter_gather());
    rules.extend(window_rules::resize());
    rules
}

pub(crate) fn ints(values: &[i32]) -> Field {
    Ints(values.to_vec())
}

/// One operand more and one less, on both sides, for every operator.
fn counts() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (name, _) in COMBINATIONS {
        let mut more = valid(name);
        more.outputs.push((INT32, vec![1]));
        let mut none = valid(name);
        none.outputs.clear();
        rules.push(("two outputs", more, Some(RefusalCode::OperandCount)));
        if *name == "CONCAT" {
            continue;
        }
        let mut less = valid(name);
        less.inputs.pop();
        let mut more = valid(name);
        more.inputs.push(Tensor(INT32, vec![1]));
        rules.push(("an input less", less, Some(RefusalCode::OperandCount)));
        rules.push(("an input more", more, Some(RefusalCode::OperandCount)));
    }
    rules
}

fn axes() -> Vec<Rule> {
    let mut rules = Vec::new();
    let along = COMBINATIONS.iter().map(|entry| entry.0).filter(|name| {
        name.starts_with("REDUCE") || ["ARGMAX", "CONCAT", "REVERSE"].contains(name)
    });
    for name in along {
        for axis in [2, -1] {
            let outside = valid(name).field(0, I32(axis));
            rules.push(("no such axis", outside, Some(RefusalCode::Axis)));
        }
        if name.starts_with("REDUCE") {
            rules.extend([
                (
                    "the last axis",
                    valid(name).field(0, I32(1)).output_shape(&[2, 1]),
                    None,
                ),
                (
                    "a side of 2",
                    valid(name).output_shape(&[2, 3]),
                    Some(RefusalCode::ReducedSide),
                ),
                (
                    "another side",
                    valid(name).output_shape(&[1, 2]),
                    Some(RefusalCode::OperandShape),
                ),
            ]);
        }
    }
    rules.extend([
        (
            "the last axis",
            valid("ARGMAX").field(0, I32(1)).output_shape(&[2]),
            None,
        ),
        (
            "keeps the axis",
            valid("ARGMAX").output_shape(&[1, 3]),
            Some(RefusalCode::OperandRank),
        ),
        (
            "the other axis",
            valid("ARGMAX").output_shape(&[2]),
            Some(RefusalCode::OperandShape),
        ),
    ]);
    rules
}

fn elementwise() -> Vec<Rule> {
    let mul = |types: &[i32; 3], shift| single("MUL", types).input(2, Constant(I8, vec![1], shift));
    let mut rules = vec![
        ("a shift of 63", mul(&[INT32; 3], 63), None),
        (
            "a shift of 64",
            mul(&[INT32; 3], 64),
            Some(RefusalCode::MulShift),
        ),
        (
            "a shift for i16",
            mul(&[I16, I16, INT32], 1),
            Some(RefusalCode::MulShift),
        ),
        (
            "shifts of rank 0",
            valid("MUL").input_shape(2, &[]),
            Some(RefusalCode::OperandRank),
        ),
        (
            "condition of 3 rows",
            valid("SELECT").input_shape(0, &[3, 1]),
            Some(RefusalCode::Broadcast),
        ),
        (
            "condition of rank 1",
            valid("SELECT").input_shape(0, &[1]),
            Some(RefusalCode::BroadcastRank),
        ),
        (
            "nobody has 3 columns",
            valid("SELECT").input_shape(2, &[1, 1]),
            Some(RefusalCode::BroadcastOutput),
        ),
        (
            "condition of 2 by 3",
            valid("SELECT").input_shape(0, &[2, 3]),
            None,
        ),
        (
            "CAST to another shape",
            valid("CAST").output_shape(&[3, 2]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "IDENTITY to another shape",
            valid("IDENTITY").output_shape(&[3, 2]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "a table of 255",
            valid("TABLE").input_shape(1, &[255]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "to another shape",
            valid("TABLE").output_shape(&[3, 2]),
            Some(RefusalCode::OperandShape),
        ),
    ];
    for name in [
        "LOGICAL_LEFT_SHIFT",
        "LOGICAL_RIGHT_SHIFT",
        "ARITHMETIC_RIGHT_SHIFT",
    ] {
        for (data_type, bits) in [(I8, 8), (I16, 16), (INT32, 32)] {
            let by = |amount| {
                single(name, &[data_type; 3]).input(1, Constant(data_type, vec![1, 3], amount))
            };
            rules.extend([
                ("the last bit", by(bits - 1), None),
                ("all bits", by(bits), Some(RefusalCode::ShiftAmount)),
                ("backwards", by(-1), Some(RefusalCode::ShiftAmount)),
            ]);
        }
    }
    let binary = COMBINATIONS
        .iter()
        .filter(|(name, types)| {
            types[0].len() == 3
                && matches!(valid(name).inputs[1], Tensor(..))
                && !["MATMUL", "CONCAT", "GATHER"].contains(name)
        })
        .map(|entry| entry.0);
    for name in binary {
        rules.extend([
            (
                "ranks",
                valid(name).input_shape(0, &[2]),
                Some(RefusalCode::BroadcastRank),
            ),
            (
                "sides",
                valid(name).input_shape(0, &[2, 2]),
                Some(RefusalCode::Broadcast),
            ),
            (
                "an output",
                valid(name).output_shape(&[2, 4]),
                Some(RefusalCode::BroadcastOutput),
            ),
        ]);
    }
    rules
}
