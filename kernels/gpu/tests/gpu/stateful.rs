//! Models that the host drives: variables over 50 runs as the TOSA reference model gave them, the limit of loops, and
//! random control flow, variables and late values against the reference, on every adapter.

#[path = "../../../reference/tests/support/npy.rs"]
mod npy;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aivm_gpu::GpuExecutor;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{
    Executor, ModelLimits, Plan, PriceTable, Priced, RunError, RunStatus, Variables, load,
};

use crate::choices::Choices;
use crate::generator::Generator;
use crate::model::{BOOL, I8, I16, INT32, Model};
use crate::support::{adapters, executors};

const STEPS: usize = 50;
const GRAPHS: u64 = 150;

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
    fifty_runs(&executors());
}

/// As if each submission took little work: the host submits between steps and does not wait.
#[test]
fn fifty_runs_in_many_submissions_equal_the_reference_model() {
    let limited = adapters().into_iter().map(|mut adapter| {
        adapter.limits.work_max = 2048;
        GpuExecutor::open(&adapter).expect("the adapter opens")
    });
    fifty_runs(&limited.collect::<Vec<_>>());
}

fn fifty_runs(executors: &[GpuExecutor]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/stateful");
    let entries = std::fs::read_dir(root).expect("the cases are in the repository");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 6, "{} cases", folders.len());
    for executor in executors {
        for folder in &folders {
            let name = format!("{}, {}", folder.display(), executor.name());
            let model = std::fs::read(folder.join("model.tosa")).expect("the case is whole");
            let model = crate::support::model(&model);
            let (inputs, outputs) = (side(folder, "input"), side(folder, "output"));
            let states = rows(folder, "state.npy", STEPS + 1).expect("the case is whole");
            let plan = executor.prepare(&model);
            let plan = plan.unwrap_or_else(|fault| panic!("{name}: {fault}"));
            let mut variables = plan.initial().clone();
            for run in 0..STEPS {
                assert!(variables.snapshot() == states[run], "{name}, state {run}");
                let mut output = vec![0xaa];
                let result = plan.step(&mut variables, &inputs[run], &mut output);
                assert_eq!(result, Ok(()), "{name}, run {run}");
                assert!(output[1..] == outputs[run][..], "{name}, run {run} differs");

                let start = Variables::restore(model.program(), &states[run]);
                let start = start.expect("the state is valid");
                let mut output = Vec::new();
                let result = plan.run_cases_from(&start, 2, &inputs[run].repeat(2), &mut output);
                assert_eq!(result, Ok(()), "{name}, run {run}");
                // Cases are runs from the same values, not one after the other.
                assert!(output == outputs[run].repeat(2), "{name}, run {run}, cases");
            }
            assert!(variables.snapshot() == states[STEPS], "{name}, last state");
        }
    }
}

/// Counts from the input up to 1,000,000, and writes a variable before.
fn endless() -> Arc<Priced> {
    let condition = Model::default()
        .input("i", INT32, &[1])
        .constant("limit", INT32, &[1], &1_000_000_i32.to_le_bytes())
        .output("holds", BOOL, &[1])
        .operator("GREATER", vec![], &["limit", "i"], &["holds"]);
    let body = Model::default()
        .input("j", INT32, &[1])
        .constant("one", INT32, &[1], &1_i32.to_le_bytes())
        .output("next", INT32, &[1])
        .operator("ADD", vec![], &["j", "one"], &["next"]);
    let model = Model::default()
        .input("x", INT32, &[1])
        .variable("v", "last", INT32, &[1], &[7, 0, 0, 0])
        .output("y", INT32, &[1])
        .operator("VARIABLE", vec![], &[], &["v"])
        .operator("VARIABLE_WRITE", vec![], &["x"], &["v"])
        .control_flow("WHILE_LOOP", ["c", "b"], &["x"], &["y"])
        .region("c", condition)
        .region("b", body);
    crate::support::model(&model.file())
}

#[test]
fn a_loop_at_its_limit_is_a_status_and_leaves_output_and_variables() {
    let model = endless();
    let limit = model.loop_iterations();
    let enough = (1_000_000 - limit as i32).to_le_bytes();
    let too_far = (1_000_000 - limit as i32 - 1).to_le_bytes();
    let status = Err(RunError::Status(RunStatus::IterationLimit { limit }));
    for executor in executors() {
        let plan = executor.prepare(&model).expect("it runs");
        let mut variables = plan.initial().clone();
        let mut output = vec![1];
        let result = plan.step(&mut variables, &too_far, &mut output);
        assert_eq!(result, status, "{}", executor.name());
        assert_eq!(variables.snapshot(), [7, 0, 0, 0]);
        assert_eq!(output, [1]);
        let both = [enough, too_far].concat();
        let result = plan.run_cases_from(plan.initial(), 2, &both, &mut output);
        assert_eq!((result, &output[..]), (status.clone(), &[1][..]));
        let result = plan.step(&mut variables, &enough, &mut output);
        assert_eq!(result, Ok(()), "{}", executor.name());
        assert_eq!(output[1..], 1_000_000_i32.to_le_bytes());
        assert_eq!(variables.snapshot(), enough);
    }
}

/// The file of the graph that follows from a seed: any operators, of which many are control flow.
fn graph(seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(seed), "t", 0);
    let shape = generator.any_shape();
    let data_type = generator.choices.one_of(&[I8, I8, I16, INT32, BOOL]);
    generator.input(data_type, &shape);
    for _ in 0..generator.choices.number(1, 5) {
        generator.step();
    }
    generator.control();
    generator.step();
    generator.finish().file()
}

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

#[test]
fn random_graphs_with_regions_variables_and_late_values_give_the_bytes_of_the_reference() {
    for executor in executors() {
        let mut ran = BTreeMap::new();
        let mut staged = 0;
        for seed in 0..GRAPHS {
            let Ok(model) = load(&graph(seed), &ModelLimits::TOOL, &PriceTable::V1) else {
                continue;
            };
            let model = Arc::new(model);
            let mut choices = Choices::new(!seed);
            let inputs = [0, 1].map(|_| aivm_cases::input(&model, &mut choices));
            let reference = ReferenceExecutor.prepare(&model).expect("it runs all");
            let plan = executor
                .prepare(&model)
                .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            let (given, known) = (outcome(&*plan, &inputs), outcome(&*reference, &inputs));
            assert!(given == known, "seed {seed} on {}", executor.name());
            staged += u32::from(!model.program().is_plain());
            for graph in model.program().graphs() {
                for node in graph.nodes() {
                    *ran.entry(node.operator.name()).or_insert(0) += 1;
                    *ran.entry("late").or_insert(0) += node.late.len();
                }
            }
        }
        println!("{staged} staged, {ran:?}");
        let names = [
            "COND_IF",
            "WHILE_LOOP",
            "VARIABLE_READ",
            "VARIABLE_WRITE",
            "late",
        ];
        assert!(names.iter().all(|name| ran.get(name) > Some(&4)), "{ran:?}");
    }
}
