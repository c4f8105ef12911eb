//! The rules of `docs/semantics.md` for what TOSA leaves open, on whole graphs.

#[allow(dead_code, reason = "written for the tests of kernels/tosa")]
#[path = "../../tosa/tests/files/model.rs"]
mod model;

use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, load};
use model::{I8, I32, INT32, Ints, Model, U8};

/// Runs one case of i32 or i8 inputs, given as bytes.
fn run(model: &Model, input: &[u8]) -> Vec<u8> {
    let model = load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1);
    let model = Arc::new(model.expect("the model is valid"));
    let plan = ReferenceExecutor
        .prepare(&model)
        .expect("it runs every model");
    plan.run(input).expect("the input is valid")
}

fn bytes(values: &[i32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[test]
fn add_and_sub_wrap() {
    let binary = |name| {
        let model = Model::default()
            .input("a", INT32, &[2])
            .input("b", INT32, &[2]);
        model
            .output("c", INT32, &[2])
            .operator(name, vec![], &["a", "b"], &["c"])
    };
    let input = bytes(&[i32::MAX, i32::MIN, 1, i32::MIN]);
    assert_eq!(run(&binary("ADD"), &input), bytes(&[i32::MIN, 0]));
    let input = bytes(&[i32::MIN, 0, 1, i32::MIN]);
    assert_eq!(run(&binary("SUB"), &input), bytes(&[i32::MAX, i32::MIN]));
}

#[test]
fn reduce_sum_wraps() {
    let model = Model::default()
        .input("a", INT32, &[3])
        .output("b", INT32, &[1]);
    let model = model.operator("REDUCE_SUM", vec![(0, I32(0))], &["a"], &["b"]);
    assert_eq!(run(&model, &bytes(&[i32::MAX, i32::MAX, 3])), bytes(&[1]));
}

#[test]
fn conv2d_accumulators_wrap() {
    // 33,026 products of 255 · 255 leave i32; the bias brings the sum round once more.
    const TAPS: i32 = 33_026;
    let model = |bias: i32| {
        let attribute = vec![
            (0, Ints(vec![0; 4])),
            (1, Ints(vec![1; 2])),
            (2, Ints(vec![1; 2])),
            (4, I32(INT32)),
        ];
        Model::default()
            .input("x", I8, &[1, 1, 1, TAPS])
            .constant("w", I8, &[1, 1, 1, TAPS], &[127; TAPS as usize])
            .constant("b", INT32, &[1], &bias.to_le_bytes())
            .constant("z", I8, &[1], &[128])
            .output("y", INT32, &[1, 1, 1, 1])
            .operator("CONV2D", attribute, &["x", "w", "b", "z", "z"], &["y"])
    };
    let input = vec![127; TAPS as usize];
    let sum = i64::from(TAPS) * 255 * 255;
    assert!(sum > i64::from(i32::MAX));
    assert_eq!(run(&model(0), &input), bytes(&[sum as i32]));
    let shifted = (sum + i64::from(i32::MIN)) as i32;
    assert_eq!(run(&model(i32::MIN), &input), bytes(&[shifted]));
}

#[test]
fn avg_pool2d_of_extremes() {
    let side = 64;
    let attribute = vec![
        (0, Ints(vec![side; 2])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![0; 4])),
        (3, I32(INT32)),
    ];
    let model = Model::default()
        .input("x", I8, &[1, side, side, 1])
        .constant("zx", I8, &[1], &[127])
        .constant("zy", I8, &[1], &[128])
        .output("y", I8, &[1, 1, 1, 1])
        .operator("AVG_POOL2D", attribute, &["x", "zx", "zy"], &["y"]);
    // Every element is −128 − 127; with the output's zero point −128 the average saturates.
    assert_eq!(run(&model, &vec![128; (side * side) as usize]), [128]);
    assert_eq!(run(&model, &vec![127; (side * side) as usize]), [128]);
}

#[test]
fn rescale_wraps_before_it_saturates() {
    let model = Model::default()
        .input("x", INT32, &[3])
        .constant("m", INT32, &[1], &i32::MAX.to_le_bytes())
        .constant("s", I8, &[1], &[2])
        .constant("zx", INT32, &[1], &[0; 4])
        .constant("zy", I8, &[1], &[10])
        .output("y", I8, &[3])
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1))],
            &["x", "m", "s", "zx", "zy"],
            &["y"],
        );
    let values = [2, i32::MAX, 16];
    let expected = values.map(|value| {
        let scaled = (i64::from(value) * i64::from(i32::MAX) + 2) >> 2;
        let moved = (scaled as i32).wrapping_add(10);
        moved.clamp(-128, 127) as i8 as u8
    });
    // The second product keeps low bits that are negative, the third becomes −4 + 10.
    assert_eq!(expected, [127, 128, 6]);
    assert_eq!(run(&model, &bytes(&values)), expected);
}
