//! Two small models with most of the operators, from onnxruntime's quantisation in both forms.

use std::path::Path;

use crate::digits::{golden, imported, run};

/// ONNX rounds ties to even and TOSA up. Averages of 2×2 places tie every fourth time, and the layers behind them
/// carry that on.
fn compare(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let model = imported(&folder.join(format!("{name}.onnx"))).expect("it is imported");
    let (input, theirs) = (
        golden(&format!("{name}.input")),
        golden(&format!("{name}.output")),
    );
    let ours = run(&model, 16, &input);
    assert_eq!(ours.len(), theirs.len());
    let levels = ours
        .iter()
        .zip(&theirs)
        .map(|(&a, &b)| (a as i8).abs_diff(b as i8));
    let furthest = levels.clone().max().expect("there are outputs");
    let equal = levels.filter(|&level| level == 0).count();
    println!(
        "{name}: {equal} of {} levels equal, at most {furthest} apart",
        theirs.len()
    );
    assert!(furthest <= 2, "{furthest} levels apart");
    assert!(
        4 * equal >= 3 * theirs.len(),
        "{equal} of {} are equal",
        theirs.len()
    );
}

#[test]
fn most_operators_in_qdq_form() {
    compare("small_qdq");
}

#[test]
fn most_operators_in_q_operator_form() {
    compare("small_qop");
}
