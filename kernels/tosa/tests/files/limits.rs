//! Each limit of [`ModelLimits`] and of a price, on both sides.

use crate::model::{self, I8, I16, INT32, Model, Table, U8, add};
use crate::operator_types::valid;
use crate::regions::{accumulator, counting};
use crate::single::{Part, Single};
use aivm_tosa::{ModelLimits, PriceTable, RefusalCode, load};

/// Loads `model` with a limit set to `fits`, which must pass, and to `fits − 1`, which must not.
fn both_sides(model: &Model, code: RefusalCode, fits: u64, set: fn(&mut ModelLimits, u64)) {
    let file = model.file();
    for (value, expected) in [(fits, None), (fits - 1, Some(code))] {
        let mut limits = ModelLimits::CHAIN;
        set(&mut limits, value);
        let result = load(&file, &limits, &PriceTable::V1);
        assert_eq!(
            result.as_ref().err().map(|refusal| refusal.code),
            expected,
            "{result:?}"
        );
    }
}

#[test]
fn each_limit_holds_on_both_sides() {
    let model = add().constant("k", INT32, &[3], &[0; 12]).shape("s", &[7]);
    let file_bytes = model.file().len() as u64;
    both_sides(&model, RefusalCode::FileBytes, file_bytes, |l, n| {
        l.file_bytes = n
    });
    both_sides(&model, RefusalCode::TensorCount, 5, |l, n| {
        l.tensors = n as u32
    });
    both_sides(&model, RefusalCode::NodeCount, 3, |l, n| l.nodes = n as u32);
    both_sides(&model, RefusalCode::ConstantBytes, 12, |l, n| {
        l.constant_bytes = n
    });
    both_sides(&model, RefusalCode::ActivationBytes, 24, |l, n| {
        l.activation_bytes = n
    });
    both_sides(&model, RefusalCode::BorderBytes, 16, |l, n| {
        l.border_bytes = n
    });
    let named = Model::default().input("a name", INT32, &[2]);
    let named = named
        .output("out", INT32, &[2])
        .operator("CLZ", vec![], &["a name"], &["out"]);
    both_sides(&named, RefusalCode::NameBytes, 6, |l, n| {
        l.name_bytes = n as u32
    });
}

#[test]
fn limits_count_over_all_regions() {
    let both = |model: &Model, code, fits, set| both_sides(model, code, fits, set);
    let loops = counting();
    both(&loops, RefusalCode::RegionCount, 2, |l, n| {
        l.regions = n as u32
    });
    both(&loops, RefusalCode::NestingLevel, 1, |l, n| {
        l.nesting = n as u32
    });
    // Four tensors in `main`, four in the condition, five in the body.
    both(&loops, RefusalCode::TensorCount, 13, |l, n| {
        l.tensors = n as u32
    });
    both(&loops, RefusalCode::NodeCount, 6, |l, n| l.nodes = n as u32);
    both(&loops, RefusalCode::ConstantBytes, 8, |l, n| {
        l.constant_bytes = n
    });
    // 12 bytes of inputs in each, 12 of outputs in `main` and in the body, 1 in the condition.
    both(&loops, RefusalCode::ActivationBytes, 61, |l, n| {
        l.activation_bytes = n
    });
    let two = accumulator().variable("w", "other", I8, &[3], &[]);
    both(&two, RefusalCode::VariableCount, 2, |l, n| {
        l.variables = n as u32
    });
    // Three tensors and a variable of 8 bytes, a variable of 3.
    both(&two, RefusalCode::ActivationBytes, 35, |l, n| {
        l.activation_bytes = n
    });
    both(&two, RefusalCode::BorderBytes, 8, |l, n| l.border_bytes = n);
}

#[test]
fn weights_count_once_for_each_convolution_that_reads_them() {
    let set: fn(&mut ModelLimits, u64) = |l, n| l.weight_bytes = n;
    let weight_bytes = |single: &Single| match &single.inputs[1] {
        Part::Tensor(_, shape) => shape.iter().product::<i32>() as u64,
        _ => panic!("the weight of {} is a tensor", single.name),
    };
    for name in ["CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D"] {
        let single = valid(name);
        let bytes = weight_bytes(&single);
        both_sides(&single.model(), RefusalCode::WeightBytes, bytes, set);
    }
    let once = valid("CONV2D");
    let (data_type, shape) = &once.outputs[0];
    let twice = once.model().output("again", *data_type, shape).operator(
        "CONV2D",
        once.attribute.clone(),
        &["i0", "i1", "i2", "i3", "i4"],
        &["again"],
    );
    let bytes = 2 * weight_bytes(&once);
    both_sides(&twice, RefusalCode::WeightBytes, bytes, set);
}

#[test]
fn activations_above_the_limit_are_refused_at_the_operator_that_passes_it() {
    let mut model = Model::default().input("t0", INT32, &[2]);
    for index in 1..=9 {
        let (from, to) = (format!("t{}", index - 1), format!("t{index}"));
        model = model.output(&to, INT32, &[2]);
        model = model.operator("CLZ", vec![], &[&from], &[&to]);
    }
    let limits = ModelLimits {
        activation_bytes: 32,
        ..ModelLimits::CHAIN
    };
    let refusal = load(&model.file(), &limits, &PriceTable::V1).expect_err("80 bytes");
    assert_eq!(
        (refusal.code, refusal.node),
        (RefusalCode::ActivationBytes, Some(3))
    );
}

/// Many RESCALEs that name a few long lists of factors in every combination.
pub(crate) fn combinations(lists: usize, channels: i32) -> Model {
    let mut model =
        Model::default()
            .input("x", I16, &[channels])
            .constant("zero", I16, &[1], &[0; 2]);
    let names = |letter: char| (0..lists).map(move |list| format!("{letter}{list}"));
    for name in names('m') {
        model = model.constant(&name, I16, &[channels], &vec![1; 2 * channels as usize]);
    }
    for name in names('s') {
        model = model.constant(&name, I8, &[channels], &vec![2; channels as usize]);
    }
    for multiplier in names('m') {
        for shift in names('s') {
            let attribute: Table = vec![(1, model::I32(1)), (2, U8(1))];
            let output = format!("y{multiplier}{shift}");
            model = model.output(&output, I16, &[channels]);
            let inputs = ["x", &multiplier, &shift, "zero", "zero"];
            model = model.operator("RESCALE", attribute, &inputs, &[&output]);
        }
    }
    model
}

#[test]
fn factors_of_shared_constants_are_held_to_three_times_the_file() {
    let read = |model: Model| load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1);
    read(combinations(2, 1000)).expect("what is resolved stays small");
    let refusal = read(combinations(12, 4000)).expect_err("144 lists of 32,000 bytes");
    assert_eq!(refusal.code, RefusalCode::ResolvedBytes);
    assert!(refusal.node.is_some());
}
