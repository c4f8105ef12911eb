//! Chains of element-wise operators: which dispatches they become, and random ones against the reference.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced, load};

use crate::choices::Choices;
use crate::generator::Generator;
use crate::model::{BOOL, I8, I16, INT32, Model};
use crate::support::{executors, kernels, model};

const GRAPHS: u64 = 100;
pub(crate) const CASES: u32 = 3;

/// The dispatches of an oracle case on the first adapter.
fn dispatches(case: &str) -> Option<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let file = std::fs::read(folder.join(case).join("model.tosa")).expect("an oracle case");
    let executor = executors().into_iter().next()?;
    Some(kernels(&executor, &model(&file)))
}

#[test]
fn operators_with_one_reader_share_a_dispatch() {
    let Some(residual) = dispatches("chain_residual") else {
        return;
    };
    assert_eq!(residual, ["rescale+rescale+add+rescale+clamp"]);
    let exponentials = dispatches("chain_exponentials").expect("an adapter");
    let names = "rescale+sub+rescale+table+arithmetic_right_shift+mul+rescale";
    assert_eq!(exponentials, [names]);
}

/// The difference is an output, so it is computed alone; the product of a tensor with itself is read once by each.
#[test]
fn an_output_ends_a_chain() {
    if let Some(choices) = dispatches("chain_choices") {
        let names = ["mul+sub", "greater+cast+logical_xor+maximum+select+cast"];
        assert_eq!(choices, names);
    }
}

/// t = |x|, u = CLZ(t), y = t + u; the graph's outputs are y and `more`.
fn read_twice(more: &[&str]) -> Option<Vec<String>> {
    let mut file = Model::default()
        .input("x", INT32, &[5])
        .tensor("t", INT32, &[5])
        .tensor("u", INT32, &[5])
        .output("y", INT32, &[5])
        .operator("ABS", vec![], &["x"], &["t"])
        .operator("CLZ", vec![], &["t"], &["u"])
        .operator("ADD", vec![], &["t", "u"], &["y"]);
    file.outputs
        .extend(more.iter().map(|&name| name.to_owned()));
    let executor = executors().into_iter().next()?;
    Some(kernels(&executor, &model(&file.file())))
}

#[test]
fn a_result_stays_in_the_chain_that_alone_reads_it_several_times() {
    if let Some(names) = read_twice(&[]) {
        assert_eq!(names, ["abs+clz+add"]);
    }
    if let Some(names) = read_twice(&["t"]) {
        assert_eq!(names, ["abs", "clz+add"]);
    }
    // What reads t beside the last reader is needed elsewhere.
    if let Some(names) = read_twice(&["u"]) {
        assert_eq!(names, ["abs", "clz", "add"]);
    }
}

#[test]
fn a_chain_beyond_the_limits_is_split() {
    let Some(long) = dispatches("chain_long") else {
        return;
    };
    let operators: Vec<usize> = long.iter().map(|name| name.split('+').count()).collect();
    assert_eq!(operators, [16, 16, 3]);
    // Twelve sums of thirteen tensors, of which a kernel reads seven.
    let many = dispatches("chain_many_operands").expect("an adapter");
    let operators = many.iter().map(|name| name.split('+').count());
    assert_eq!(operators.sum::<usize>(), 12);
    assert!((2..=4).contains(&many.len()), "{many:?}");
}

#[test]
fn random_chains_give_the_bytes_of_the_reference() {
    for executor in executors() {
        let (mut ran, mut lengths) = (BTreeSet::new(), BTreeSet::new());
        for seed in 0..GRAPHS {
            let model = load(&graph(seed), &ModelLimits::TOOL, &PriceTable::V1);
            let model = Arc::new(model.unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}")));
            if !model.program().is_plain() {
                continue;
            }
            let input = input(&model, &mut Choices::new(!seed));
            let reference = ReferenceExecutor.prepare(&model).expect("it runs all");
            let plan = executor
                .prepare(&model)
                .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            assert!(
                plan.run_cases(CASES, &input) == reference.run_cases(CASES, &input),
                "seed {seed} on {}",
                executor.name()
            );
            for name in kernels(&executor, &model) {
                lengths.insert(name.split('+').count());
                ran.extend(name.split('+').map(str::to_owned));
            }
        }
        assert_eq!(ran.len(), 28, "{ran:?}");
        assert!(lengths.len() >= 8, "{lengths:?}");
    }
}

/// The file of the graph that follows from a seed.
fn graph(seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(seed), "t", 0);
    let data_type = generator.choices.one_of(&[BOOL, I8, I16, INT32]);
    let shape = generator.any_shape();
    generator.input(data_type, &shape);
    for _ in 0..generator.choices.number(1, 24) {
        // Mostly the newest value that is no parameter, so that chains are long.
        let values = generator.values.iter().filter(|value| !value.constant);
        let values: Vec<_> = values.cloned().collect();
        let back = match generator.choices.percent(70) {
            true => 0,
            false => generator.choices.bits() as usize % values.len(),
        };
        let value = values[values.len() - 1 - back].clone();
        generator.element_wise(&value);
    }
    generator.finish().file()
}

/// Random values for all inputs of all cases.
pub(crate) fn input(model: &Priced, choices: &mut Choices) -> Vec<u8> {
    (0..CASES)
        .flat_map(|_| aivm_cases::input(model, choices))
        .collect()
}
