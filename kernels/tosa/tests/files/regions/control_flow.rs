//! COND_IF, WHILE_LOOP and the regions that they run.

use super::{branch, changed, choice, counting, read, region, retyped};
use crate::model::{BOOL, Bytes, I8, INT32, Model, add, set};
use crate::refusals::Cases;
use aivm_tosa::{ModelLimits, Operator, PriceTable, RefusalCode, RegionId, load};

/// A region of another shape on both sides.
fn wide() -> Model {
    changed(branch("CLZ"), |region| {
        retyped(region, "x", INT32, &[3]);
        retyped(region, "out", INT32, &[3]);
    })
}

/// `depth` COND_IFs, each in a region of the one before.
fn nested(depth: u32) -> Model {
    let inner = |level: u32| {
        let region = Model::default()
            .input("x", INT32, &[2])
            .output("y", INT32, &[2]);
        if level == depth {
            return region.operator("CLZ", vec![], &["x"], &["y"]);
        }
        let name = format!("r{}", level + 1);
        region.constant("c", BOOL, &[], &[1]).control_flow(
            "COND_IF",
            [&name, &name],
            &["c", "x"],
            &["y"],
        )
    };
    (1..=depth).fold(inner(0), |model, level| {
        model.region(&format!("r{level}"), inner(level))
    })
}

/// COND_IF with `count` inputs.
fn many(count: usize) -> Model {
    let names: Vec<String> = (0..count).map(|index| format!("x{index}")).collect();
    let mut inputs = vec!["c"];
    inputs.extend(names.iter().map(String::as_str));
    let mut model = Model::default().input("c", BOOL, &[]);
    let mut region = Model::default();
    for name in &names {
        model = model.input(name, INT32, &[2]);
        region = region.input(name, INT32, &[2]);
    }
    let region = region
        .output("out", INT32, &[2])
        .operator("CLZ", vec![], &["x0"], &["out"]);
    model
        .output("y", INT32, &[2])
        .control_flow("COND_IF", ["r", "r"], &inputs, &["y"])
        .region("r", region)
}

pub(super) fn add_to(cases: &mut Cases) {
    cond_if_cases(cases);
    while_loop_cases(cases);
    region_cases(cases);
}

fn cond_if_cases(cases: &mut Cases) {
    let with = |change: fn(&mut Model)| changed(choice(), change);
    let region_with =
        |name: &'static str, other: Model| changed(choice(), |model| *region(model, name) = other);
    let gives_more = changed(branch("CLZ"), |region| region.outputs.push("x".into()));
    let takes_more = branch("CLZ").input("extra", INT32, &[2]);
    let cast = Model::default()
        .input("x", INT32, &[2])
        .output("out", I8, &[2])
        .operator("CAST", vec![], &["x"], &["out"]);
    for (code, what, model) in [
        (
            RefusalCode::ConditionType,
            "an i8 condition",
            with(|m| retyped(m, "c", I8, &[1, 1])),
        ),
        (
            RefusalCode::ConditionSize,
            "two conditions",
            with(|m| retyped(m, "c", BOOL, &[1, 2])),
        ),
        (
            RefusalCode::ThenGraphInputs,
            "a wide branch",
            region_with("then", wide()),
        ),
        (
            RefusalCode::ThenGraphInputs,
            "one input more",
            region_with("then", takes_more.clone()),
        ),
        (
            RefusalCode::ThenGraphOutputs,
            "another type",
            region_with("then", cast.clone()),
        ),
        (
            RefusalCode::ThenGraphOutputs,
            "one output more",
            region_with("then", gives_more.clone()),
        ),
        (
            RefusalCode::ElseGraphInputs,
            "a wide branch",
            region_with("else", wide()),
        ),
        (
            RefusalCode::ElseGraphInputs,
            "one input more",
            region_with("else", takes_more),
        ),
        (
            RefusalCode::ElseGraphOutputs,
            "another type",
            region_with("else", cast),
        ),
        (
            RefusalCode::ElseGraphOutputs,
            "one output more",
            region_with("else", gives_more),
        ),
    ] {
        cases.push(code, what, &model);
    }
    let none = Model::default()
        .output("y", INT32, &[2])
        .control_flow("COND_IF", ["then", "then"], &[], &["y"])
        .region("then", branch("CLZ"));
    cases.push(RefusalCode::OperandCount, "no condition", &none);
    let shape = choice().shape("s", &[1]);
    let shape = shape.control_flow("COND_IF", ["then", "else"], &["c", "s"], &["y"]);
    let shape = changed(shape, |model| {
        model.operators.remove(0);
    });
    cases.push(RefusalCode::OperandKind, "a shape as input", &shape);
}

fn while_loop_cases(cases: &mut Cases) {
    let with = |name: &'static str, change: fn(&mut Model)| {
        changed(counting(), |model| change(region(model, name)))
    };
    let left_is_wide = changed(counting(), |model| retyped(model, "left", INT32, &[2]));
    let left_alone = changed(counting(), |model| {
        model.operators.clear();
        *model = model
            .clone()
            .control_flow("WHILE_LOOP", ["cond", "body"], &["n", "x"], &["left"]);
    });
    let truth = |shape: &'static [i32]| {
        move |region: &mut Model| {
            region.operators.clear();
            region.tensors.clear();
            region.inputs.clear();
            *region = region
                .clone()
                .input("n", INT32, &[1])
                .input("x", INT32, &[2])
                .constant(
                    "out",
                    BOOL,
                    shape,
                    &vec![0; shape.iter().product::<i32>() as usize],
                );
        }
    };
    let two_truths = changed(counting(), |model| truth(&[2])(region(model, "cond")));
    for (code, what, model) in [
        (RefusalCode::LoopOutputs, "another shape", left_is_wide),
        (RefusalCode::LoopOutputs, "one less", left_alone),
        (
            RefusalCode::CondGraphInputs,
            "another shape",
            with("cond", |r| retyped(r, "x", INT32, &[3])),
        ),
        (
            RefusalCode::BodyGraphInputs,
            "another type",
            with("body", |r| retyped(r, "x", I8, &[2])),
        ),
        (
            RefusalCode::BodyGraphOutputs,
            "another order",
            with("body", |r| r.outputs.reverse()),
        ),
        (
            RefusalCode::CondGraphOutputType,
            "an i32",
            with("cond", |r| r.outputs = vec!["zero".into()]),
        ),
        (RefusalCode::CondGraphOutputSize, "two bools", two_truths),
        (
            RefusalCode::CondGraphOutputSize,
            "two outputs",
            with("cond", |r| r.outputs.push("zero".into())),
        ),
        (
            RefusalCode::CondGraphOutputSize,
            "no output",
            with("cond", |r| r.outputs.clear()),
        ),
    ] {
        cases.push(code, what, &model);
    }
}

fn region_cases(cases: &mut Cases) {
    let calls = |region: &str| {
        Model::default()
            .input("x", INT32, &[2])
            .output("y", INT32, &[2])
            .constant("c", BOOL, &[], &[1])
            .control_flow("COND_IF", [region, region], &["c", "x"], &["y"])
    };
    for (code, what, model) in [
        (
            RefusalCode::UndefinedRegion,
            "nowhere",
            calls("r").region("q", branch("CLZ")),
        ),
        (RefusalCode::UndefinedRegion, "no name", calls("")),
        (
            RefusalCode::UnusedRegion,
            "nobody uses it",
            add().region("r", branch("CLZ")),
        ),
        (
            RefusalCode::UnusedRegion,
            "used by one that nobody uses",
            add().region("q", calls("r")).region("r", branch("CLZ")),
        ),
        (RefusalCode::RecursiveRegion, "main itself", calls("main")),
        (
            RefusalCode::RecursiveRegion,
            "a region itself",
            calls("r").region("r", calls("r")),
        ),
        (
            RefusalCode::RecursiveRegion,
            "main from a region",
            calls("r").region("r", calls("main")),
        ),
        (
            RefusalCode::RecursiveRegion,
            "a cycle of three",
            calls("p")
                .region("p", calls("q"))
                .region("q", calls("r"))
                .region("r", calls("p")),
        ),
        (
            RefusalCode::DuplicateRegion,
            "r twice",
            calls("r")
                .region("r", branch("CLZ"))
                .region("r", branch("CLZ")),
        ),
        (RefusalCode::NestingLevel, "7 deep", nested(7)),
    ] {
        cases.push(code, what, &model);
    }
    cases.push(RefusalCode::TensorListLevel, "65 inputs", &many(65));
}

#[test]
fn regions_are_numbered_in_file_order_without_main() {
    let model = read(&choice()).expect("it is valid");
    let expected = Operator::CondIf {
        then_region: RegionId(0),
        else_region: RegionId(1),
    };
    assert_eq!(model.graph().nodes()[0].operator, expected);
    assert_eq!(model.graph().nodes()[0].inputs.len(), 2);
    let names: Vec<_> = model
        .program()
        .regions()
        .iter()
        .map(|region| region.nodes()[0].operator.name())
        .collect();
    assert_eq!(names, ["CLZ", "IDENTITY"]);
    let model = read(&counting()).expect("it is valid");
    let expected = Operator::WhileLoop {
        cond_region: RegionId(0),
        body_region: RegionId(1),
    };
    assert_eq!(model.graph().nodes()[0].operator, expected);
}

#[test]
fn a_region_may_stand_before_main() {
    let mut root = choice().root();
    let regions = root.iter_mut().find(|field| field.0 == 1);
    let Some((_, crate::model::Tables(regions))) = regions else {
        panic!("there are regions");
    };
    regions.swap(0, 1);
    let model = load(
        &crate::model::file(&root),
        &ModelLimits::CHAIN,
        &PriceTable::V1,
    );
    let model = model.expect("it is valid");
    assert_eq!(model.graph().inputs().len(), 2);
    let expected = Operator::CondIf {
        then_region: RegionId(0),
        else_region: RegionId(1),
    };
    assert_eq!(model.graph().nodes()[0].operator, expected);
}

#[test]
fn levels_of_control_flow_hold_on_the_accepted_side() {
    let model = read(&nested(6)).expect("6 deep is allowed");
    // Each stands behind what it uses: the innermost comes first.
    let order: Vec<_> = model
        .program()
        .callees_first()
        .iter()
        .map(|id| id.0)
        .collect();
    assert_eq!(order, [5, 4, 3, 2, 1, 0]);
    read(&many(64)).expect("64 inputs are allowed");
}

#[test]
fn what_a_region_takes_may_repeat_the_data_of_a_constant() {
    let repeats = changed(choice(), |model| {
        let input = &mut region(model, "then").tensors[0];
        set(input, 3, Bytes(vec![0; 8]));
    });
    read(&repeats).expect("official writers do so");
    for (bytes, expected) in [
        (7, RefusalCode::ConstantLength),
        (16, RefusalCode::ConstantLength),
    ] {
        let wrong = changed(choice(), |model| {
            let input = &mut region(model, "then").tensors[0];
            set(input, 3, Bytes(vec![0; bytes]));
        });
        assert_eq!(read(&wrong).expect_err("another length").code, expected);
    }
    let in_main = changed(choice(), |model| {
        set(&mut model.tensors[1], 3, Bytes(vec![0; 8]))
    });
    assert_eq!(
        read(&in_main).expect_err("main's inputs have no data").code,
        RefusalCode::DataWithoutConst
    );
}
