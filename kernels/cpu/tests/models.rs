//! Whole models against the outputs of the TOSA reference model, byte for byte, in every way.

#[path = "support/executors.rs"]
mod executors;
#[path = "../../reference/tests/support/npy.rs"]
mod npy;
#[path = "../../reference/tests/support/shared.rs"]
mod shared;

use std::path::Path;
use std::sync::Arc;

use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced, load};

fn model(file: &Path) -> Arc<Priced> {
    let bytes = std::fs::read(file).expect("the file is there");
    let model = load(&bytes, &ModelLimits::CHAIN, &PriceTable::V1);
    Arc::new(model.unwrap_or_else(|refusal| panic!("{}: {refusal}", file.display())))
}

#[test]
fn every_golden_model_equals_the_reference_model() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let files = std::fs::read_dir(&folder).expect("the folder can be read");
    let files = files.map(|entry| entry.expect("the folder can be read").path());
    let mut models: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ext| ext == "tosa"))
        .filter(|file| file.with_extension("output.npy").is_file())
        .collect();
    models.sort();
    assert!(models.len() >= 6, "{} models", models.len());
    for file in models {
        let read = |ext| {
            let file = std::fs::read(file.with_extension(ext));
            npy::read(&file.expect("a model has inputs and outputs"))
        };
        let (_, input) = read("input.npy");
        let (_, expected) = read("output.npy");
        let model = model(&file);
        let cases = expected.len() as u64 / model.output_bytes();
        for (way, executor) in executors::all() {
            let plan = executor.prepare(&model).expect("it runs every model");
            let output = plan.run_cases(cases as u32, &input);
            assert!(
                output.expect("the input is valid") == expected,
                "{}, {way}: differs",
                file.display()
            );
        }
    }
}

#[test]
fn a_thousand_digits_equal_the_reference_model() {
    let Some(folder) = shared::folder("models") else {
        return;
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let expected = std::fs::read(repository.join("tests/models/mnist_cnn.first1000.output.bin"));
    let expected = expected.expect("the outputs are in the repository");
    let images = std::fs::read(folder.join("mnist/t10k-first1000-images-idx3-ubyte"));
    let images = images.expect("the images are there");
    let input: Vec<u8> = images[16..].iter().map(|pixel| pixel ^ 0x80).collect();
    let model = model(&repository.join("examples/models/mnist_cnn.tosa"));
    for (way, executor) in executors::all() {
        let plan = executor.prepare(&model).expect("it runs every model");
        let output = plan.run_cases(1000, &input).expect("the input is valid");
        assert!(output == expected, "{way}: differs");
    }
}
