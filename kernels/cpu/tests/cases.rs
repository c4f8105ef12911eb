//! Many cases in one run are as many single runs; a run that ends with a status leaves everything as it was.

#[path = "support/executors.rs"]
mod executors;

use std::path::Path;
use std::sync::Arc;

use aivm_cases::model::{BOOL, INT32, Model};
use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced, RunError, RunStatus, load};

fn repository(file: &str) -> Arc<Priced> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bytes = std::fs::read(root.join(file)).expect("the model is in the repository");
    Arc::new(load(&bytes, &ModelLimits::CHAIN, &PriceTable::V1).expect("it is valid"))
}

#[test]
fn many_cases_are_as_many_single_runs() {
    let files = [
        "examples/models/mnist_cnn.tosa",
        "tests/oracle/stateful/loop/model.tosa",
        "tests/oracle/conv2d_rescaled_and_read/model.tosa",
    ];
    for file in files {
        let model = repository(file);
        let bytes = model.input_bytes() as usize;
        let mut state = 1_u32;
        let input = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        let mut input: Vec<u8> = input.take(1024 * bytes).collect();
        if file.contains("loop") {
            // Its input is how often it goes round.
            for count in input.chunks_exact_mut(4) {
                count[1..].fill(0);
            }
        }
        // What the ways give alike, one of them gives case by case.
        let (_, executor) = executors::all().pop().expect("there is a portable one");
        let plan = executor.prepare(&model).expect("it runs every model");
        let single = input
            .chunks_exact(bytes)
            .map(|input| plan.run(input).expect("the input is valid"));
        let single: Vec<_> = single.collect();
        for (way, executor) in executors::all() {
            let plan = executor.prepare(&model).expect("it runs every model");
            for cases in [0, 1, 7, 64, 1024] {
                let together = plan.run_cases(cases as u32, &input[..cases * bytes]);
                assert!(
                    together.expect("the input is valid") == single[..cases].concat(),
                    "{file}, {way}, {cases} cases"
                );
            }
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
    let model = load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1);
    Arc::new(model.expect("it is valid"))
}

#[test]
fn a_loop_at_its_limit_is_a_status_and_leaves_output_and_variables() {
    let model = endless();
    let limit = model.loop_iterations();
    let enough = (1_000_000 - limit as i32).to_le_bytes();
    let too_far = (1_000_000 - limit as i32 - 1).to_le_bytes();
    let status = RunError::Status(RunStatus::IterationLimit { limit });
    for (way, executor) in executors::all() {
        let plan = executor.prepare(&model).expect("it runs every model");
        let mut variables = plan.initial().clone();
        let mut output = vec![1];
        let result = plan.step(&mut variables, &too_far, &mut output);
        assert_eq!(result, Err(status.clone()), "{way}");
        assert_eq!(
            (variables.snapshot(), &output[..]),
            (vec![7, 0, 0, 0], &[1][..])
        );
        let both = [enough, too_far].concat();
        let result = plan.run_cases_from(plan.initial(), 2, &both, &mut output);
        assert_eq!(
            (result, &output[..]),
            (Err(status.clone()), &[1][..]),
            "{way}"
        );
        // The plan is as good as before.
        let result = plan.step(&mut variables, &enough, &mut output);
        assert_eq!(result, Ok(()), "{way}");
        assert_eq!(output[1..], 1_000_000_i32.to_le_bytes());
        assert_eq!(variables.snapshot(), enough);
    }
}

#[test]
fn large_chains_are_shared_among_threads_with_the_same_bits() {
    let (rows, columns) = (1100, 1001);
    let model = Model::default()
        .input("x", INT32, &[rows, columns])
        .input("row", INT32, &[1, columns])
        .input("column", INT32, &[rows, 1])
        .tensor("a", INT32, &[rows, columns])
        .output("b", INT32, &[rows, columns])
        .tensor("c", INT32, &[rows, columns])
        .output("d", BOOL, &[rows, columns])
        .operator("ADD", vec![], &["x", "row"], &["a"])
        .operator("SUB", vec![], &["a", "column"], &["b"])
        .operator("CLZ", vec![], &["b"], &["c"])
        .operator("GREATER", vec![], &["c", "a"], &["d"]);
    let model = load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1);
    let model = Arc::new(model.expect("it is valid"));
    let mut state = 1_u32;
    let input = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> (state % 32)).to_le_bytes()
    });
    let input: Vec<u8> = input
        .take(model.input_bytes() as usize / 4)
        .flatten()
        .collect();
    let reference = aivm_reference::ReferenceExecutor.prepare(&model);
    let expected = reference.expect("it runs every model").run(&input);
    for (way, executor) in executors::all() {
        let plan = executor.prepare(&model).expect("it runs every model");
        assert!(plan.run(&input) == expected, "{way} differs");
    }
}

#[test]
fn inputs_of_another_length_are_a_status() {
    let model = repository("examples/models/mnist_cnn.tosa");
    for (way, executor) in executors::all() {
        let plan = executor.prepare(&model).expect("it runs every model");
        let status = RunStatus::InputLength {
            expected: 784,
            actual: 783,
        };
        assert_eq!(plan.run(&[0; 783]), Err(RunError::Status(status)), "{way}");
    }
}
