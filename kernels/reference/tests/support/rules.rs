//! The rules of `docs/semantics.md` for what TOSA leaves open, as data: small models, inputs, and what every back end
//! must give. Expected values come from Rust's own wrapping arithmetic or are written out.

#[path = "rules/arithmetic.rs"]
mod arithmetic;
#[path = "rules/control.rs"]
mod control;
#[path = "rules/late.rs"]
mod late;
#[path = "rules/products.rs"]
mod products;
#[path = "rules/rows.rs"]
mod rows;
#[path = "rules/scaling.rs"]
mod scaling;

use std::sync::Arc;

use aivm_cases::model::{self, Model};
use aivm_tosa::{DataType, ModelLimits, PriceTable, Priced, RunStatus, bytes, load};

/// One case of a rule. It runs once, from the model's initial variables.
pub(crate) struct Rule {
    /// The rule's name in `docs/semantics.md`; several cases may show one rule.
    pub name: &'static str,
    /// The model, loaded with [`ModelLimits::TOOL`]: late values come straight from inputs.
    pub model: Arc<Priced>,
    /// Its input.
    pub input: Vec<u8>,
    /// Its output, or the status of the run.
    pub expected: Result<Vec<u8>, RunStatus>,
}

/// Every case of every rule.
pub(crate) fn rules() -> Vec<Rule> {
    [
        arithmetic::rules(),
        products::rules(),
        rows::rules(),
        scaling::rules(),
        late::rules(),
        control::rules(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case from values of the inputs and the output, each list of one type.
fn rule(
    name: &'static str,
    model: &Model,
    inputs: &[(DataType, &[i64])],
    output: (DataType, &[i64]),
) -> Rule {
    let encode = |lists: &[(DataType, &[i64])]| {
        let mut encoded = Vec::new();
        for (data_type, values) in lists {
            bytes::encode(*data_type, values, &mut encoded);
        }
        encoded
    };
    Rule {
        name,
        model: loaded(name, model),
        input: encode(inputs),
        expected: Ok(encode(&[output])),
    }
}

fn loaded(name: &str, model: &Model) -> Arc<Priced> {
    let model = load(&model.file(), &ModelLimits::TOOL, &PriceTable::V1);
    Arc::new(model.unwrap_or_else(|refusal| panic!("{name}: {refusal}")))
}

/// The number of a type in the schema.
fn number(data_type: DataType) -> i32 {
    match data_type {
        DataType::Bool => model::BOOL,
        DataType::I4 => model::I4,
        DataType::I8 => model::I8,
        DataType::I16 => model::I16,
        DataType::I32 => model::INT32,
        DataType::I48 => model::I48,
    }
}

/// Pairs of values of `data_type`: every two of its edges, and as many from a fixed sequence.
fn pairs(data_type: DataType) -> (Vec<i64>, Vec<i64>) {
    let (min, max) = (data_type.min(), data_type.max());
    let edges = [
        min,
        min + 1,
        -33,
        -7,
        -2,
        -1,
        0,
        1,
        2,
        8,
        16,
        31,
        32,
        64,
        max - 1,
        max,
    ];
    let edges = edges.map(|edge| edge.clamp(min, max));
    let mut pairs: Vec<(i64, i64)> = Vec::new();
    for a in edges {
        pairs.extend(edges.map(|b| (a, b)));
    }
    let mut state = 1_u64;
    let mut next = || {
        // Knuth's multiplier of MMIX; the upper bits are the random ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        min + ((state >> 16) % (max - min + 1) as u64) as i64
    };
    for _ in 0..256 {
        pairs.push((next(), next()));
    }
    pairs.into_iter().unzip()
}
