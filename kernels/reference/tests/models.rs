//! Whole models against the outputs of the TOSA reference model, byte for byte.

#[path = "support/npy.rs"]
mod npy;
#[path = "support/shared.rs"]
mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, Plan, PriceTable, load};

fn plan(model: &[u8]) -> Arc<dyn Plan> {
    let model = load(model, &ModelLimits::CHAIN, &PriceTable::V1).expect("the model is valid");
    ReferenceExecutor
        .prepare(&Arc::new(model))
        .expect("the reference runs every model")
}

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file)
}

/// Runs all cases of `name.input.npy` and compares with `name.output.npy`.
fn compare_cases(name: &str) {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let read = |file: String| std::fs::read(folder.join(file)).expect("the file is there");
    let (input_shape, input) = npy::read(&read(format!("{name}.input.npy")));
    let (output_shape, expected) = npy::read(&read(format!("{name}.output.npy")));
    assert_eq!(input_shape[0], output_shape[0]);
    let plan = plan(&read(format!("{name}.tosa")));
    let output = plan.run_cases(input_shape[0] as u32, &input);
    assert!(
        output.expect("the input is valid") == expected,
        "{name} differs"
    );
}

/// All models of the shared folder.
const MODELS: [&str; 6] = [
    "ad01",
    "hello_world",
    "kws_dscnn",
    "mnist_cnn",
    "resnet8",
    "strww",
];

#[test]
fn no_model_of_the_shared_folder_is_left_out() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let models = paths.filter(|path| path.extension().is_some_and(|end| end == "tosa"));
    let mut names: Vec<_> = models
        .filter_map(|path| Some(path.file_stem()?.display().to_string()))
        .collect();
    names.sort();
    assert_eq!(names, MODELS);
}

#[test]
fn ad01_cases_equal_the_reference_model() {
    compare_cases("ad01");
}

#[test]
fn hello_world_cases_equal_the_reference_model() {
    compare_cases("hello_world");
}

#[test]
fn kws_dscnn_cases_equal_the_reference_model() {
    compare_cases("kws_dscnn");
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
fn strww_cases_equal_the_reference_model() {
    compare_cases("strww");
}

/// The first thousand digits of the MNIST test set, as the model's input.
fn thousand_digits(folder: &Path) -> Vec<u8> {
    let images = std::fs::read(folder.join("mnist/t10k-first1000-images-idx3-ubyte"));
    let images = images.expect("the images are there");
    let pixels = &images[16..];
    assert_eq!(pixels.len(), 1000 * 28 * 28);
    pixels.iter().map(|pixel| pixel ^ 0x80).collect() // pixel − 128, as i8
}

#[test]
fn a_thousand_digits_equal_the_reference_model() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let expected = std::fs::read(repository("tests/models/mnist_cnn.first1000.output.bin"));
    let expected = expected.expect("the outputs are in the repository");
    let model = std::fs::read(repository("examples/models/mnist_cnn.tosa"));
    let plan = plan(&model.expect("the model is in the repository"));
    let output = plan.run_cases(1000, &thousand_digits(&folder));
    let output = output.expect("the input is valid");
    assert!(output == expected, "outputs differ");

    // LiteRT's reference kernels agree but for 10 of 10,000 values, each one level apart
    // (docs/semantics.md, "Where other runtimes differ").
    let litert = litert_outputs(&folder);
    let apart = output.iter().zip(&litert).filter(|(a, b)| a != b);
    let levels = apart.map(|(&a, &b)| (a as i8).abs_diff(b as i8));
    assert_eq!(levels.collect::<Vec<_>>(), [1; 10]);
}

#[test]
fn a_thousand_digits_equal_litert_when_dense_layers_round_once() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let model = std::fs::read(repository("tests/models/mnist_cnn_single_round.tosa"));
    let plan = plan(&model.expect("the model is in the repository"));
    let output = plan.run_cases(1000, &thousand_digits(&folder));
    assert!(
        output.expect("the input is valid") == litert_outputs(&folder),
        "outputs differ"
    );
}

/// What LiteRT's reference kernels give for the thousand digits: 10 scores each.
fn litert_outputs(folder: &Path) -> Vec<u8> {
    let file = std::fs::read(folder.join("mnist/mnist_cnn.output.npy"));
    let (shape, outputs) = npy::read(&file.expect("the outputs are there"));
    assert_eq!(shape, [1000, 10]);
    outputs
}

#[test]
fn the_sixteen_digits_of_the_example_are_recognised() {
    let digits = std::fs::read(repository("examples/models/mnist_digits16.bin"));
    let digits = digits.expect("the digits are in the repository");
    let (pixels, labels) = digits.split_at(16 * 784);
    let input: Vec<u8> = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
    let model = std::fs::read(repository("examples/models/mnist_cnn.tosa"));
    let plan = plan(&model.expect("the model is in the repository"));
    let output = plan.run_cases(16, &input).expect("the input is valid");
    let classes = output.chunks_exact(10).map(|scores| {
        let largest = (0..10).max_by_key(|&class| scores[class] as i8);
        largest.unwrap_or_default() as u8
    });
    assert_eq!(classes.collect::<Vec<_>>(), labels);
}
