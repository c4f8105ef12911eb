//! Models with variables against the TOSA reference model, in every way: 50 runs in a row, and each run again from a
//! snapshot (`tests/oracle/stateful`, written by `tools/variable_cases.py`).

#[path = "support/executors.rs"]
mod executors;
#[path = "../../reference/tests/support/npy.rs"]
mod npy;

use std::path::Path;
use std::sync::Arc;

use aivm_tosa::{Executor, ModelLimits, PriceTable, Variables, load};

const STEPS: usize = 50;

/// The rows of a file, one for each run.
fn rows(folder: &Path, file: &str, count: usize) -> Option<Vec<Vec<u8>>> {
    let (shape, data) = npy::read(&std::fs::read(folder.join(file)).ok()?);
    assert_eq!(shape[0], count, "{}/{file}", folder.display());
    let row = (data.len() / count).max(1);
    Some(data.chunks(row).map(<[u8]>::to_vec).collect())
}

/// The bytes of each run on one side: those of its tensors, one after the other.
fn side(folder: &Path, kind: &str) -> Vec<Vec<u8>> {
    let mut runs = vec![Vec::new(); STEPS];
    for index in 0.. {
        let Some(tensor) = rows(folder, &format!("{kind}-{index}.npy"), STEPS) else {
            break;
        };
        for (run, row) in runs.iter_mut().zip(tensor) {
            run.extend(row);
        }
    }
    runs
}

#[test]
fn fifty_runs_in_a_row_and_each_from_its_snapshot_equal_the_reference_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/stateful");
    let entries = std::fs::read_dir(root).expect("the cases are in the repository");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 6, "{} cases", folders.len());
    let executors = executors::all();
    for folder in folders {
        let model = std::fs::read(folder.join("model.tosa")).expect("the case is whole");
        let model = load(&model, &ModelLimits::CHAIN, &PriceTable::V1).expect("it is valid");
        let model = Arc::new(model);
        let (inputs, outputs) = (side(&folder, "input"), side(&folder, "output"));
        let states = rows(&folder, "state.npy", STEPS + 1).expect("the case is whole");
        for (way, executor) in &executors {
            let name = format!("{}, {way}", folder.display());
            let plan = executor.prepare(&model).expect("it runs every model");
            let mut variables = plan.initial().clone();
            for run in 0..STEPS {
                assert!(variables.snapshot() == states[run], "{name}, state {run}");
                let mut output = vec![0xaa];
                let result = plan.step(&mut variables, &inputs[run], &mut output);
                assert_eq!(result, Ok(()), "{name}, run {run}");
                assert!(output[1..] == outputs[run][..], "{name}, run {run} differs");

                let start = Variables::restore(model.program(), &states[run]);
                let start = start.expect("the state is valid");
                let three = inputs[run].repeat(3);
                let mut output = Vec::new();
                let result = plan.run_cases_from(&start, 3, &three, &mut output);
                assert_eq!(result, Ok(()), "{name}, run {run}");
                // Cases are runs from the same values, not one after the other.
                assert!(output == outputs[run].repeat(3), "{name}, run {run}, cases");
                assert!(start.snapshot() == states[run], "{name}, run {run}: start");
            }
            assert!(variables.snapshot() == states[STEPS], "{name}, last state");
        }
    }
}
