//! Whole models against the outputs of the TOSA reference model, byte for byte.

#[path = "support/shared.rs"]
mod shared;

use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, Plan, PriceTable, load};

fn plan(model: &[u8]) -> Arc<dyn Plan> {
    let model = load(model, &ModelLimits::CHAIN, &PriceTable::V1).expect("the model is valid");
    ReferenceExecutor
        .prepare(&Arc::new(model))
        .expect("the reference runs every model")
}

/// Runs all cases of `name.input.npy` and compares with `name.output.npy`.
fn compare_cases(name: &str) {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let read = |file: String| std::fs::read(folder.join(file)).expect("the file is there");
    let (input_shape, input) = shared::npy(&read(format!("{name}.input.npy")));
    let (output_shape, expected) = shared::npy(&read(format!("{name}.output.npy")));
    assert_eq!(input_shape[0], output_shape[0]);
    let plan = plan(&read(format!("{name}.tosa")));
    let output = plan.run_cases(input_shape[0] as u32, &input);
    assert!(output.expect("the input is valid") == expected, "{name} differs");
}

#[test]
fn mnist_cnn_cases_equal_the_reference_model() {
    compare_cases("mnist_cnn");
}

#[test]
fn resnet8_cases_equal_the_reference_model() {
    compare_cases("resnet8");
}

#[test]
fn a_thousand_digits_equal_the_reference_model() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let read = |file: &str| std::fs::read(folder.join(file)).expect("the file is there");
    let images = read("mnist/t10k-first1000-images-idx3-ubyte");
    let (shape, expected) = shared::npy(&read("mnist/mnist_cnn.output.npy"));
    let pixels = &images[16..];
    assert_eq!(pixels.len(), 1000 * 28 * 28);
    assert_eq!(shape, [1000, 10]);
    let input: Vec<u8> = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
    let output = plan(&read("mnist_cnn.tosa")).run_cases(1000, &input);
    assert!(output.expect("the input is valid") == expected, "outputs differ");
}
