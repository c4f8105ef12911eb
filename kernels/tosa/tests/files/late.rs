//! Values that come late (EXT-DYNAMIC): where they may come from, and what the graph holds of them.

use crate::model::{I8, I16, INT32, Model, U8};
use crate::operator_types::valid;
use crate::single::Part::{Constant, Tensor};
use crate::single::{Single, single};
use aivm_tosa::operator::RescaleFactor;
use aivm_tosa::{
    DataType, ModelLimits, Node, Operator, PriceTable, Refusal, RefusalCode, Slot, load,
};

/// The last node under the limits of the tool.
fn node(model: &Model) -> Result<Node, Refusal> {
    let model = load(&model.file(), &ModelLimits::TOOL, &PriceTable::V1)?;
    Ok(model.graph().nodes().last().expect("a node").clone())
}

/// Makes an input of constant `place`.
fn late(single: Single, place: usize) -> Single {
    let Constant(data_type, shape, _) = single.inputs[place].clone() else {
        panic!("input {place} is no constant");
    };
    single.input(place, Tensor(data_type, shape))
}

fn slots(single: &Single) -> Vec<(Slot, DataType)> {
    let node = node(&single.model()).expect("late values are valid");
    let late = node.late.iter();
    late.map(|late| (late.slot, late.data_type)).collect()
}

#[test]
fn each_value_may_come_late() {
    for (name, place, slot, data_type) in [
        ("AVG_POOL2D", 1, Slot::InputZp, DataType::I8),
        ("AVG_POOL2D", 2, Slot::OutputZp, DataType::I8),
        ("CONV2D", 3, Slot::InputZp, DataType::I8),
        ("CONV2D", 4, Slot::WeightZp, DataType::I8),
        ("CONV3D", 3, Slot::InputZp, DataType::I8),
        ("CONV3D", 4, Slot::WeightZp, DataType::I8),
        ("DEPTHWISE_CONV2D", 3, Slot::InputZp, DataType::I8),
        ("DEPTHWISE_CONV2D", 4, Slot::WeightZp, DataType::I8),
        ("TRANSPOSE_CONV2D", 3, Slot::InputZp, DataType::I8),
        ("TRANSPOSE_CONV2D", 4, Slot::WeightZp, DataType::I8),
        ("MATMUL", 2, Slot::InputZp, DataType::I8),
        ("MATMUL", 3, Slot::WeightZp, DataType::I8),
        ("NEGATE", 1, Slot::InputZp, DataType::I8),
        ("NEGATE", 2, Slot::OutputZp, DataType::I8),
        ("TABLE", 1, Slot::Table, DataType::I8),
        ("PAD", 2, Slot::PadConst, DataType::Bool),
        ("RESCALE", 1, Slot::Multiplier, DataType::I32),
        ("RESCALE", 2, Slot::RescaleShift, DataType::I8),
        ("RESCALE", 3, Slot::InputZp, DataType::I8),
        ("RESCALE", 4, Slot::OutputZp, DataType::I8),
    ] {
        let model = late(valid(name), place);
        assert_eq!(slots(&model), [(slot, data_type)], "{name}");
        let refused = load(&model.model().file(), &ModelLimits::CHAIN, &PriceTable::V1);
        let code = refused.expect_err("it comes from outside").code;
        assert_eq!(code, RefusalCode::LateFromOutside, "{name}");
    }
    let mul = late(single("MUL", &[INT32; 3]), 2);
    assert_eq!(slots(&mul), [(Slot::MulShift, DataType::I8)]);
}

#[test]
fn what_may_only_be_0_is_not_read() {
    assert_eq!(slots(&late(single("MUL", &[I16, I16, INT32]), 2)), []);
    assert_eq!(slots(&late(single("MATMUL", &[I16, I16, 6]), 2)), []);
    assert_eq!(slots(&late(single("NEGATE", &[INT32, INT32]), 1)), []);
    let rescale = single("RESCALE", &[I16, INT32, I8, I8]);
    assert_eq!(slots(&late(rescale.clone(), 3)), []);
    let unsigned = late(rescale.field(3, U8(1)), 3);
    assert_eq!(slots(&unsigned), [(Slot::InputZp, DataType::I16)]);
}

#[test]
fn a_late_value_has_the_type_and_shape_of_a_constant() {
    for (part, code) in [
        (Tensor(I8, vec![2]), RefusalCode::OperandShape),
        (Tensor(I8, vec![]), RefusalCode::OperandRank),
        (Tensor(I16, vec![1]), RefusalCode::OperandType),
    ] {
        let model = single("MUL", &[INT32; 3]).input(2, part).model();
        assert_eq!(node(&model).expect_err("no shift").code, code);
    }
}

#[test]
fn factors_hold_what_is_constant() {
    let factors = |single: &Single| {
        let node = node(&single.model()).expect("late values are valid");
        let Operator::Rescale { factors, .. } = node.operator else {
            panic!("{}", node.operator.name());
        };
        factors.to_vec()
    };
    let factor = |multiplier, shift| RescaleFactor { multiplier, shift };
    let base = || single("RESCALE", &[I8, INT32, I8, I8]);
    assert_eq!(factors(&base()), [factor(1, 2)]);
    assert_eq!(factors(&late(base(), 1)), [factor(0, 2)]);
    assert_eq!(factors(&late(base(), 2)), [factor(1, 0)]);
    assert_eq!(factors(&late(late(base(), 1), 2)), []);
}

#[test]
fn the_constant_half_of_a_factor_is_checked() {
    let base = || single("RESCALE", &[I8, INT32, I8, I8]);
    let bad_shift = late(base(), 1).input(2, Constant(I8, vec![1], 63));
    let refusal = node(&bad_shift.model()).expect_err("a shift of 63");
    assert_eq!(refusal.code, RefusalCode::RescaleShift);
    let bad_multiplier = late(base(), 2).input(1, Constant(INT32, vec![1], -1));
    let refusal = node(&bad_multiplier.model()).expect_err("a multiplier of -1");
    assert_eq!(refusal.code, RefusalCode::RescaleMultiplier);
}

/// `y = x · x >> s`, where `s` is what `name` makes of the input `k`.
fn behind(name: &str, k: i32, inputs: &[&str]) -> Model {
    Model::default()
        .input("x", INT32, &[2])
        .input("k", k, &[1])
        .shape("one", &[1])
        .tensor("s", I8, &[1])
        .output("y", INT32, &[2])
        .operator(name, vec![], inputs, &["s"])
        .operator("MUL", vec![], &["x", "x", "s"], &["y"])
}

#[test]
fn on_chain_a_late_value_is_computed_in_the_graph() {
    let code = |model: &Model| {
        load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1)
            .err()
            .map(|refusal| {
                assert!(refusal.node.is_some(), "{refusal} says no place");
                refusal.code
            })
    };
    let outside = Some(RefusalCode::LateFromOutside);
    assert_eq!(code(&behind("IDENTITY", I8, &["k"])), outside);
    assert_eq!(code(&behind("RESHAPE", I8, &["k", "one"])), outside);
    assert_eq!(code(&behind("CAST", INT32, &["k"])), None);
}
