//! Random small graphs of all operators: the CPU in every way against the reference, bit for bit.
//!
//! A failure names its seed; `AIVM_RANDOM_SEED` runs that graph alone, `AIVM_RANDOM_GRAPHS` another number of graphs.

#[path = "support/executors.rs"]
mod executors;
use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_cases::{Choices, graph, input};
use aivm_cpu::CpuExecutor;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, Plan, PriceTable, Priced, RunError, load};

const GRAPHS: u64 = 2_000;

/// What two steps in a row give, with the variables after them, and two cases in one run.
type Outcome = (Vec<Result<Vec<u8>, RunError>>, Vec<u8>);

fn outcome(plan: &dyn Plan, inputs: &[Vec<u8>; 2]) -> Outcome {
    let mut variables = plan.initial().clone();
    let mut results = Vec::new();
    for input in inputs {
        let mut output = Vec::new();
        let result = plan.step(&mut variables, input, &mut output);
        results.push(result.map(|()| output));
    }
    results.push(plan.run_cases(2, &inputs.concat()));
    (results, variables.snapshot())
}

/// Compares all ways on one graph; gives the operators that it uses, or `None` if it is refused.
fn compare(seed: u64, executors: &[(String, CpuExecutor)]) -> Option<Vec<&'static str>> {
    let model = match load(&graph(seed), &ModelLimits::TOOL, &PriceTable::V1) {
        Ok(model) => Arc::new(model),
        Err(refusal) => {
            println!("seed {seed} is refused: {refusal}");
            return None;
        }
    };
    let mut choices = Choices::new(!seed);
    let inputs = [input(&model, &mut choices), input(&model, &mut choices)];
    let reference = ReferenceExecutor.prepare(&model);
    let expected = outcome(&*reference.expect("it runs every model"), &inputs);
    for (way, executor) in executors {
        let plan = executor.prepare(&model).expect("it runs every model");
        let got = outcome(&*plan, &inputs);
        assert!(
            got == expected,
            "AIVM_RANDOM_SEED={seed}, {way}: differs in {:?} of {:?}",
            differences(&model, &got, &expected),
            names(&model),
        );
    }
    Some(names(&model))
}

/// The outputs of the first step that differ.
fn differences(model: &Priced, got: &Outcome, expected: &Outcome) -> Vec<String> {
    let (Ok(got), Ok(expected)) = (&got.0[0], &expected.0[0]) else {
        return vec![format!(
            "{:?} {:?}",
            got.0[0].is_ok(),
            expected.0[0].is_ok()
        )];
    };
    let mut start = 0;
    let mut different = Vec::new();
    for &id in model.graph().outputs() {
        let tensor = model.graph().tensor(id);
        let end = start + tensor.bytes() as usize;
        if got[start..end] != expected[start..end] {
            let (name, data_type) = (&tensor.name, tensor.data_type);
            different.push(format!("{name} {data_type}{}", tensor.shape));
        }
        start = end;
    }
    different
}

/// The operators of a model; "late" where values come late.
fn names(model: &Priced) -> Vec<&'static str> {
    let mut names = Vec::new();
    for node in model.program().graphs().flat_map(|graph| graph.nodes()) {
        names.push(node.operator.name());
        if !node.late.is_empty() {
            names.push("late");
        }
    }
    names
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn random_graphs_equal_the_reference() {
    let executors = executors::all();
    if let Some(seed) = number("AIVM_RANDOM_SEED") {
        println!("{:?}", compare(seed, &executors));
        return;
    }
    let graphs = number("AIVM_RANDOM_GRAPHS").unwrap_or(GRAPHS);
    let mut used: BTreeMap<&str, u64> = BTreeMap::new();
    let mut refused = 0;
    for seed in 0..graphs {
        match compare(seed, &executors) {
            None => refused += 1,
            Some(names) => {
                for name in names {
                    *used.entry(name).or_default() += 1;
                }
            }
        }
    }
    println!("{used:?}, {refused} refused");
    assert!(refused * 50 <= graphs, "{refused} graphs were refused");
    // All operators, and late values.
    assert_eq!(used.len(), 56 + 1, "{used:?}");
}
