//! The 1,000 digits of MNIST through each import, beside onnxruntime's answers.

use std::path::Path;
use std::sync::Arc;

use aivm_import::{ImportError, ImportLimits, ImportOptions, Imported, import};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable};

const DIGITS: usize = 1000;
const PIXELS: usize = 28 * 28;
const CLASSES: usize = 10;

pub(crate) fn imported(file: &Path) -> Result<Imported, ImportError> {
    let bytes = std::fs::read(file).expect("the model is there");
    import(&bytes, &ImportOptions::default(), &ImportLimits::TOOL)
}

/// The outputs of all cases.
pub(crate) fn run(model: &Imported, cases: u32, input: &[u8]) -> Vec<u8> {
    let priced =
        aivm_tosa::load(&model.tosa, &ModelLimits::CHAIN, &PriceTable::V1).expect("it was checked");
    let plan = ReferenceExecutor
        .prepare(&Arc::new(priced))
        .expect("the reference takes every model");
    plan.run_cases(cases, input)
        .expect("the input has the model's length")
}

/// The index of the first largest output.
pub(crate) fn class(output: &[u8]) -> u8 {
    let value = |at: u8| i8::from_le_bytes([output[usize::from(at)]]);
    (0..CLASSES as u8)
        .rev()
        .max_by_key(|&at| value(at))
        .expect("ten classes")
}

/// A file of `tools/onnx_goldens.py`.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name);
    std::fs::read(path).expect("onnxruntime's answers are in the repository")
}

fn compare(name: &str) {
    let Some(folder) = crate::shared::folder("models") else {
        return;
    };
    let model =
        imported(&folder.join("onnx").join(format!("{name}.onnx"))).expect("it is imported");
    let border = &model.metadata.inputs[0];
    // A pixel p means p / 255, and the model's input has the scale 1 / 255.
    assert!((0.003_921_5..0.003_921_6).contains(&border.scales[0]));
    let images =
        std::fs::read(folder.join("mnist/t10k-first1000-images-idx3-ubyte")).expect("images");
    let labels =
        std::fs::read(folder.join("mnist/t10k-first1000-labels-idx1-ubyte")).expect("labels");
    let pixels = &images[16..];
    assert_eq!(pixels.len(), DIGITS * PIXELS);
    let stored = |&pixel: &u8| (i64::from(pixel) + border.zero_point).clamp(-128, 127) as i8 as u8;
    let input: Vec<u8> = pixels.iter().map(stored).collect();
    let output = run(&model, DIGITS as u32, &input);
    let answers: Vec<u8> = output.chunks_exact(CLASSES).map(class).collect();
    let right = |answers: &[u8]| {
        let pairs = answers.iter().zip(&labels[8..]);
        pairs.filter(|(answer, label)| answer == label).count()
    };
    let equal = |theirs: &[u8]| answers.iter().zip(theirs).filter(|(a, b)| a == b).count();
    // As users run it; on the CPU that made the file, its sums saturate.
    let theirs = golden(&format!("{name}.classes"));
    println!(
        "{name}: {} of {DIGITS} as onnxruntime; right: {}, onnxruntime {}",
        equal(&theirs),
        right(&answers),
        right(&theirs)
    );
    assert!(
        equal(&theirs) >= 990,
        "{} of {DIGITS} answers are equal",
        equal(&theirs)
    );
    assert!(right(&answers).abs_diff(right(&theirs)) <= 3);
    if name.contains("qdq") {
        let exact = golden(&format!("{name}.exact.classes"));
        println!(
            "{name}: {} of {DIGITS} as onnxruntime node by node",
            equal(&exact)
        );
        assert!(
            equal(&exact) >= 999,
            "{} of {DIGITS} answers are equal",
            equal(&exact)
        );
    }
}

#[test]
fn qdq_with_signed_activations() {
    compare("mnist_cnn_qdq_s8s8_pc");
}

#[test]
fn qdq_with_unsigned_activations() {
    compare("mnist_cnn_qdq_u8s8_pc");
}

#[test]
fn q_operators_with_unsigned_activations() {
    compare("mnist_cnn_qop_u8s8_pc");
}

#[test]
fn a_float_model_is_refused_with_advice() {
    let Some(folder) = crate::shared::folder("models") else {
        return;
    };
    let error = imported(&folder.join("onnx/mnist_cnn_f32.onnx")).expect_err("it is not quantised");
    assert!(matches!(error, ImportError::NotQuantised(_)));
    assert!(error.to_string().contains("quantize_static"), "{error}");
}
