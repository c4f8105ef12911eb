//! The residual networks on random pictures, beside onnxruntime's outputs.

use crate::digits::{class, golden, imported, run};

const CLASSES: usize = 10;

/// Compares the outputs level by level.
fn compare(name: &str) {
    let Some(folder) = crate::shared::folder("models") else {
        return;
    };
    let model =
        imported(&folder.join("onnx").join(format!("{name}.onnx"))).expect("it is imported");
    let (input, theirs) = (
        golden("resnet8_cifar.input"),
        golden(&format!("{name}.output")),
    );
    let cases = theirs.len() / CLASSES;
    let ours = run(&model, cases as u32, &input);
    let levels = ours
        .iter()
        .zip(&theirs)
        .map(|(&a, &b)| (a as i8).abs_diff(b as i8));
    let furthest = levels.clone().max().expect("there are outputs");
    let equal_levels = levels.filter(|&level| level == 0).count();
    let pairs = ours.chunks_exact(CLASSES).zip(theirs.chunks_exact(CLASSES));
    let equal = pairs
        .filter(|(ours, theirs)| class(ours) == class(theirs))
        .count();
    println!(
        "{name}: {equal} of {cases} classes equal, {equal_levels} of {} levels equal, at most {furthest} apart",
        theirs.len()
    );
    assert!(equal >= cases - 1, "{equal} of {cases} classes are equal");
    assert!(furthest <= 3, "{furthest} levels apart");
}

#[test]
fn residual_networks_with_signed_activations() {
    compare("resnet8_cifar_qdq_s8s8_pc");
}

#[test]
fn residual_networks_with_unsigned_activations() {
    compare("resnet8_cifar_qdq_u8s8_pc");
}
