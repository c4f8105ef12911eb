//! Two small models with most of the operators, from onnxruntime's quantisation in both forms.

use std::path::Path;

use crate::digits::{golden, imported, run};

/// Five of each of 16 cases.
const OUTPUTS: usize = 80;

/// Equal levels of the model's outputs and a golden file, and the furthest that two are apart.
fn compare(name: &str, outputs: &str) -> (usize, u8) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let model = imported(&folder.join(format!("{name}.onnx"))).expect("it is imported");
    let (input, theirs) = (
        golden(&format!("{name}.input")),
        golden(&format!("{outputs}.output")),
    );
    let ours = run(&model, 16, &input);
    assert_eq!((ours.len(), theirs.len()), (OUTPUTS, OUTPUTS));
    let levels = ours
        .iter()
        .zip(&theirs)
        .map(|(&a, &b)| (a as i8).abs_diff(b as i8));
    let furthest = levels.clone().max().expect("there are outputs");
    let equal = levels.filter(|&level| level == 0).count();
    println!("{outputs}: {equal} of {OUTPUTS} levels equal, at most {furthest} apart");
    (equal, furthest)
}

/// The averages keep their scale here, so that a third of them (389 of 1,152) are halves exactly. TOSA rounds
/// these up, onnxruntime to even, and the layers behind carry that on. Where onnxruntime is given averages
/// whose halves went up, what follows agrees.
#[test]
fn most_operators_in_qdq_form() {
    let (equal, furthest) = compare("small_qdq", "small_qdq.halves_up");
    assert!(16 * equal >= 15 * OUTPUTS, "{equal} of {OUTPUTS} are equal");
    assert!(furthest <= 1, "{furthest} levels apart");
    let (equal, furthest) = compare("small_qdq", "small_qdq");
    assert!(4 * equal >= 3 * OUTPUTS, "{equal} of {OUTPUTS} are equal");
    assert!(furthest <= 2, "{furthest} levels apart");
}

/// Here the averages change their scale and none is a half; padding makes their numbers of places differ.
#[test]
fn most_operators_in_q_operator_form() {
    assert_eq!(compare("small_qop", "small_qop"), (OUTPUTS, 0));
}
