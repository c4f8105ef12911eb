//! Models with variables against the TOSA reference model: 50 runs in a row, and each run again from a snapshot
//! (`tests/oracle/stateful`, written by `tools/variable_cases.py`).

#[path = "support/npy.rs"]
mod npy;

use std::path::Path;
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, Plan, PriceTable, Priced, Variables, load};

const STEPS: usize = 50;

/// A model and what it must do.
struct Case {
    name: String,
    model: Arc<Priced>,
    plan: Arc<dyn Plan>,
    /// Inputs of each run, and its outputs.
    runs: Vec<(Vec<u8>, Vec<u8>)>,
    /// All variables before the first run and after each.
    states: Vec<Vec<u8>>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/stateful");
    let entries = std::fs::read_dir(root).expect("the cases are in the repository");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 6, "{} cases", folders.len());
    folders.iter().map(|folder| case(folder)).collect()
}

fn case(folder: &Path) -> Case {
    let read = |file: &str| std::fs::read(folder.join(file)).expect("the case is whole");
    let model = load(&read("model.tosa"), &ModelLimits::CHAIN, &PriceTable::V1);
    let model = Arc::new(model.unwrap_or_else(|refusal| panic!("{}: {refusal}", folder.display())));
    let rows = |file: &str, count: usize| {
        let (shape, data) = npy::read(&read(file));
        assert_eq!(shape[0], count, "{}/{file}", folder.display());
        let row = data.len() / count;
        data.chunks(row.max(1))
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    // The bytes of a run are those of its tensors, one after the other.
    let side = |kind: &str, tensors: usize| {
        let tensors: Vec<_> = (0..tensors)
            .map(|index| rows(&format!("{kind}-{index}.npy"), STEPS))
            .collect();
        (0..STEPS).map(move |run| {
            let parts: Vec<_> = tensors.iter().map(|rows| rows[run].clone()).collect();
            parts.concat()
        })
    };
    let graph = model.graph();
    let runs = side("input", graph.inputs().len()).zip(side("output", graph.outputs().len()));
    Case {
        name: folder.file_name().unwrap_or_default().display().to_string(),
        plan: ReferenceExecutor
            .prepare(&model)
            .expect("it runs every model"),
        runs: runs.collect(),
        states: rows("state.npy", STEPS + 1),
        model,
    }
}

#[test]
fn fifty_runs_in_a_row_equal_the_reference_model() {
    for case in cases() {
        let mut variables = case.plan.initial().clone();
        assert_eq!(
            variables.snapshot(),
            case.states[0],
            "{}, first values",
            case.name
        );
        for (run, (input, expected)) in case.runs.iter().enumerate() {
            let mut output = vec![0xaa];
            let result = case.plan.step(&mut variables, input, &mut output);
            assert_eq!(result, Ok(()), "{}, run {run}", case.name);
            assert_eq!(output[..1], [0xaa], "{}, run {run}: appends", case.name);
            assert!(
                output[1..] == expected[..],
                "{}, run {run} differs",
                case.name
            );
            assert!(
                variables.snapshot() == case.states[run + 1],
                "{}, state {run}",
                case.name
            );
        }
    }
}

#[test]
fn a_run_from_a_snapshot_is_the_same_run_and_leaves_the_snapshot() {
    for case in cases() {
        // Backwards, so that nothing can come from the run before.
        for (run, (input, expected)) in case.runs.iter().enumerate().rev() {
            let state = &case.states[run];
            let start =
                Variables::restore(case.model.program(), state).expect("the state is valid");
            let mut output = Vec::new();
            let two = [&input[..], &input[..]].concat();
            let result = case.plan.run_cases_from(&start, 2, &two, &mut output);
            assert_eq!(result, Ok(()), "{}, run {run}", case.name);
            // Two cases are two runs from the same values, not one after the other.
            assert!(
                output == [&expected[..], &expected[..]].concat(),
                "{}, run {run}",
                case.name
            );
            assert!(
                start.snapshot() == *state,
                "{}, run {run}: start changed",
                case.name
            );
        }
    }
}
