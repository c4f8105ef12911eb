//! The oracle's one-operator graphs on every adapter: outputs of the TOSA reference model, byte for byte.

use std::path::PathBuf;

use crate::support::{adapters, executors, model, unfused_executors};
use aivm_gpu::{AdapterLimits, GpuExecutor};
use aivm_tosa::{Executor, Plan};

struct Case {
    name: String,
    model: Vec<u8>,
    input: Vec<u8>,
    output: Vec<u8>,
}

/// The cases of `tests/oracle`, by name.
fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let entries = std::fs::read_dir(folder).expect("the oracle folder exists");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        // Models with variables are for another test.
        .filter(|path| path.is_dir() && !path.ends_with("stateful"))
        .collect();
    folders.sort();
    let read = |folder: &PathBuf, file: &str| {
        std::fs::read(folder.join(file)).expect("an oracle case has three files")
    };
    let case = |folder: &PathBuf| Case {
        name: folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned(),
        model: read(folder, "model.tosa"),
        input: read(folder, "input.bin"),
        output: read(folder, "output.bin"),
    };
    folders.iter().map(case).collect()
}

/// Runs a case alone and in a batch; false if a byte differs.
fn right(plan: &dyn Plan, case: &Case, input_bytes: usize) -> bool {
    let cases = (case.input.len() / input_bytes) as u32;
    let batch = plan.run_cases(cases, &case.input);
    let alone: Result<Vec<Vec<u8>>, _> = case
        .input
        .chunks(input_bytes)
        .map(|input| plan.run(input))
        .collect();
    let batch = batch.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let alone = alone.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    batch == case.output && alone.concat() == case.output
}

#[test]
fn every_oracle_case_gives_its_bytes_alone_and_in_a_batch() {
    let cases = cases();
    assert!(cases.len() >= 330, "{} oracle cases", cases.len());
    for executor in executors().into_iter().chain(unfused_executors()) {
        let mut wrong = Vec::new();
        for case in &cases {
            let model = model(&case.model);
            let plan = executor.prepare(&model);
            let plan = plan.unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
            if !right(&*plan, case, model.graph().input_bytes() as usize) {
                wrong.push(case.name.as_str());
            }
        }
        assert!(wrong.is_empty(), "on {}: {wrong:?}", executor.name());
    }
}

/// Runs every case on each adapter as if it had other limits. What does not fit them is a fault that says `refused`;
/// the others, at least `ran_min`, give the right bytes.
fn right_or_refused(limit: impl Fn(&mut AdapterLimits), refused: &str, ran_min: usize) {
    let cases = cases();
    for mut adapter in adapters() {
        limit(&mut adapter.limits);
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        let (mut ran, mut wrong) = (0, Vec::new());
        for case in &cases {
            let model = model(&case.model);
            match executor.prepare(&model) {
                Ok(plan) => {
                    ran += 1;
                    if !right(&*plan, case, model.graph().input_bytes() as usize) {
                        wrong.push(case.name.as_str());
                    }
                }
                Err(fault) => assert!(fault.what.contains(refused), "{}: {fault}", case.name),
            }
        }
        assert!(wrong.is_empty(), "on {}: {wrong:?}", executor.name());
        assert!(ran >= ran_min, "{ran} of {} ran", cases.len());
        assert!(ran < cases.len(), "none was refused");
    }
}

/// Grids get rows, batches are split.
#[test]
fn a_grid_of_several_rows_gives_the_same_bytes() {
    let few = |limits: &mut AdapterLimits| limits.workgroups_max = 2;
    right_or_refused(few, "too many for this adapter", 100);
}

/// Each step is a submission of its own or more, each case runs alone.
#[test]
fn little_work_a_submission_gives_the_same_bytes() {
    let little = |limits: &mut AdapterLimits| limits.work_max = 4000;
    right_or_refused(little, "rounds of loops in one step", 200);
}
