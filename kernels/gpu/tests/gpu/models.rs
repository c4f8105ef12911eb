//! The shared models on every adapter: all golden cases byte for byte, alone and in batches.

use std::collections::BTreeSet;

use aivm_gpu::GpuExecutor;
use aivm_tosa::{Executor, Operator};

use crate::support::{adapters, executors, kernels, model, npy_data, shared};

/// Runs the golden cases of a model as one batch and one by one.
fn golden_cases(name: &str) {
    let files =
        ["tosa", "input.npy", "output.npy"].map(|part| shared(&format!("models/{name}.{part}")));
    let [Some(bytes), Some(input), Some(output)] = files else {
        return;
    };
    let (input, output) = (npy_data(&input), npy_data(&output));
    let model = model(&bytes);
    let input_bytes = model.graph().input_bytes() as usize;
    let output_bytes = model.graph().output_bytes() as usize;
    let cases = input.len() / input_bytes;
    assert!(cases > 1 && output.len() == cases * output_bytes);
    for executor in executors() {
        let plan = executor.prepare(&model).expect("the model fits");
        let batch = plan.run_cases(cases as u32, input).expect("the batch runs");
        assert!(batch == output, "{name} on {}, batch", executor.name());
        for (case, (input, output)) in input
            .chunks(input_bytes)
            .zip(output.chunks(output_bytes))
            .enumerate()
        {
            let alone = plan.run(input).expect("the case runs");
            assert!(
                alone == output,
                "{name} on {}, case {case}",
                executor.name()
            );
        }
    }
}

/// One submission a case and one for a full batch, also where each case gets its own dispatches; several where a model
/// is more work than one may be, with the same bytes.
#[test]
fn usual_models_take_one_submission() {
    for name in ["ad01", "kws_dscnn", "mnist_cnn", "resnet8"] {
        let Some(bytes) = shared(&format!("models/{name}.tosa")) else {
            return;
        };
        let model = model(&bytes);
        let input = vec![3; 3 * model.graph().input_bytes() as usize];
        for mut adapter in adapters() {
            let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
            for (cases, submissions) in [(1, 1), (64, 1), (65, 2)] {
                let taken = executor.submissions(&model, cases);
                assert_eq!(taken, Ok(submissions), "{name}, {cases} cases");
            }
            let known = executor
                .prepare(&model)
                .map(|plan| plan.run_cases(3, &input));
            adapter.limits.work_max = 100_000;
            let limited = GpuExecutor::open(&adapter).expect("the adapter opens");
            let taken = limited.submissions(&model, 3).expect("it fits");
            assert!(taken > 3 || name != "resnet8", "{name}: {taken}");
            let given = limited
                .prepare(&model)
                .map(|plan| plan.run_cases(3, &input));
            assert!(known.is_ok() && given == known, "{name}");
        }
    }
}

#[test]
fn mnist_cnn_gives_the_golden_bytes() {
    golden_cases("mnist_cnn");
}

#[test]
fn resnet8_gives_the_golden_bytes() {
    golden_cases("resnet8");
}

/// Each dispatch names the nodes that it does, the last of which gives its tensor; together they do all that compute.
#[test]
fn every_node_belongs_to_a_dispatch() {
    for name in ["ad01", "kws_dscnn", "mnist_cnn", "resnet8"] {
        let Some(bytes) = shared(&format!("models/{name}.tosa")) else {
            return;
        };
        let model = model(&bytes);
        let nodes = model.graph().nodes();
        let computes = |&node: &usize| !matches!(nodes[node].operator, Operator::Reshape);
        let computing: BTreeSet<usize> = (0..nodes.len()).filter(computes).collect();
        for executor in executors() {
            let mut done = BTreeSet::new();
            for dispatch in executor.dispatches(&model).expect("the model fits") {
                let last = &nodes[dispatch.nodes[dispatch.nodes.len() - 1]];
                let gives = |tensor| last.outputs.contains(&tensor);
                assert!(dispatch.tensor.is_none_or(gives), "{name}: {dispatch:?}");
                done.extend(dispatch.nodes.into_iter().filter(computes));
            }
            assert_eq!(done, computing, "{name}");
        }
    }
}

/// Their goldens lie in this repository, because those of the shared folder are LiteRT's, which differ by one level.
#[test]
fn a_thousand_digits_give_the_golden_bytes() {
    let expected = include_bytes!("../../../../tests/models/mnist_cnn.first1000.output.bin");
    let files = ["mnist_cnn.tosa", "mnist/t10k-first1000-images-idx3-ubyte"]
        .map(|name| shared(&format!("models/{name}")));
    let [Some(bytes), Some(images)] = files else {
        return;
    };
    // The model takes pixel − 128.
    let input: Vec<u8> = images[16..]
        .iter()
        .map(|pixel| pixel.wrapping_sub(128))
        .collect();
    let model = model(&bytes);
    for executor in executors() {
        let plan = executor.prepare(&model).expect("the model fits");
        let answers = plan.run_cases(1000, &input).expect("the digits run");
        assert!(answers == expected, "digits on {}", executor.name());
    }
}

/// How many dispatches a model takes at most.
#[test]
fn models_take_few_dispatches() {
    for (name, most) in [
        ("ad01", 10),
        ("kws_dscnn", 13),
        ("mnist_cnn", 8),
        ("resnet8", 13),
    ] {
        let Some(bytes) = shared(&format!("models/{name}.tosa")) else {
            return;
        };
        let model = model(&bytes);
        for executor in executors() {
            let kernels = kernels(&executor, &model);
            assert!(
                kernels.len() <= most,
                "{name}: {}, {kernels:#?}",
                kernels.len()
            );
        }
    }
}
