//! Control flow and variables: what is refused with which code, and what is accepted and becomes what.

use crate::model::{BOOL, Bytes, I8, I32, INT32, Ints, Model, U8, add, set};
use crate::refusals::Cases;
use aivm_tosa::{
    ModelLimits, Operator, PriceTable, Priced, Refusal, RefusalCode, RegionId, VariableId,
    Variables, load,
};

fn read(model: &Model) -> Result<Priced, Refusal> {
    load(&model.file(), &ModelLimits::CHAIN, &PriceTable::V1)
}

/// A region: `out = operator(x)`, i32 `[2]`.
fn branch(operator: &str) -> Model {
    Model::default()
        .input("x", INT32, &[2])
        .output("out", INT32, &[2])
        .operator(operator, vec![], &["x"], &["out"])
}

/// `y = if c { clz(x) } else { x }`.
pub(crate) fn choice() -> Model {
    Model::default()
        .input("c", BOOL, &[1, 1])
        .input("x", INT32, &[2])
        .output("y", INT32, &[2])
        .control_flow("COND_IF", ["then", "else"], &["c", "x"], &["y"])
        .region("then", branch("CLZ"))
        .region("else", branch("IDENTITY"))
}

/// A region: `out = n > 0`.
fn positive() -> Model {
    Model::default()
        .input("n", INT32, &[1])
        .input("x", INT32, &[2])
        .output("out", BOOL, &[1])
        .constant("zero", INT32, &[1], &[0; 4])
        .operator("GREATER", vec![], &["n", "zero"], &["out"])
}

/// A region: `n - 1, x + n`.
fn step() -> Model {
    Model::default()
        .input("n", INT32, &[1])
        .input("x", INT32, &[2])
        .output("less", INT32, &[1])
        .output("sum", INT32, &[2])
        .constant("one", INT32, &[1], &[1, 0, 0, 0])
        .operator("SUB", vec![], &["n", "one"], &["less"])
        .operator("ADD", vec![], &["x", "n"], &["sum"])
}

/// `while n > 0 { (n, x) = (n - 1, x + n) }`.
pub(crate) fn counting() -> Model {
    Model::default()
        .input("n", INT32, &[1])
        .input("x", INT32, &[2])
        .output("left", INT32, &[1])
        .output("y", INT32, &[2])
        .control_flow("WHILE_LOOP", ["cond", "body"], &["n", "x"], &["left", "y"])
        .region("cond", positive())
        .region("body", step())
}

/// `acc = acc + x; y = acc`, i32 `[2]`, from `[1, 2]`.
pub(crate) fn accumulator() -> Model {
    Model::default()
        .input("x", INT32, &[2])
        .variable("v", "acc", INT32, &[2], &[1, 0, 0, 0, 2, 0, 0, 0])
        .tensor("old", INT32, &[2])
        .output("y", INT32, &[2])
        .operator("VARIABLE", vec![], &[], &["v"])
        .operator("VARIABLE_READ", vec![], &["v"], &["old"])
        .operator("ADD", vec![], &["old", "x"], &["y"])
        .operator("VARIABLE_WRITE", vec![], &["y"], &["v"])
}

/// The region `name` of `model`.
fn region<'m>(model: &'m mut Model, name: &str) -> &'m mut Model {
    let mut regions = model.regions.iter_mut();
    &mut regions
        .find(|region| region.0 == name)
        .expect("it is there")
        .1
}

fn changed(mut model: Model, change: impl FnOnce(&mut Model)) -> Model {
    change(&mut model);
    model
}

/// `model` with another type or shape of the tensor named `tensor`.
fn retyped(model: &mut Model, tensor: &str, data_type: i32, shape: &[i32]) {
    let has_name = |field: &(u16, crate::model::Field)| matches!(field, (0, crate::model::Text(name)) if name == tensor);
    let mut tensors = model.tensors.iter_mut();
    let table = tensors.find(|table| table.iter().any(has_name));
    let table = table.expect("it is there");
    set(table, 1, Ints(shape.to_vec()));
    set(table, 2, I32(data_type));
}

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

fn variable_cases(cases: &mut Cases) {
    let operators = |last: &[(&str, &[&str], &[&str])]| {
        let model = changed(accumulator(), |model| model.operators.truncate(3));
        last.iter().fold(model, |model, (name, inputs, outputs)| {
            model.operator(name, vec![], inputs, outputs)
        })
    };
    for (code, what, model) in [
        (
            RefusalCode::DuplicateVariable,
            "two tensors",
            accumulator().variable("w", "acc", INT32, &[2], &[1, 0, 0, 0, 2, 0, 0, 0]),
        ),
        (
            RefusalCode::DuplicateVariable,
            "VARIABLE twice",
            operators(&[("VARIABLE", &[], &["v"])]),
        ),
        (
            RefusalCode::OperandKind,
            "VARIABLE of a tensor",
            operators(&[("VARIABLE", &[], &["y"])]),
        ),
        (
            RefusalCode::OperandCount,
            "VARIABLE of nothing",
            operators(&[("VARIABLE", &[], &[])]),
        ),
        (
            RefusalCode::OperandKind,
            "a tensor is read",
            operators(&[("VARIABLE_READ", &["x"], &["y"])]),
        ),
        (
            RefusalCode::OperandKind,
            "a tensor is written",
            operators(&[("VARIABLE_WRITE", &["y"], &["x"])]),
        ),
        (
            RefusalCode::OperandKind,
            "ADD takes a variable",
            operators(&[("ADD", &["v", "x"], &["y"])]),
        ),
        (
            RefusalCode::OperandKind,
            "ADD writes a variable",
            operators(&[("ADD", &["y", "x"], &["v"])]),
        ),
        (
            RefusalCode::OperandCount,
            "nothing is written",
            operators(&[("VARIABLE_WRITE", &[], &["v"])]),
        ),
        (
            RefusalCode::OperandCount,
            "read to nowhere",
            operators(&[("VARIABLE_READ", &["v"], &[])]),
        ),
        (
            RefusalCode::VariableMismatch,
            "another shape is read",
            changed(accumulator(), |m| retyped(m, "old", INT32, &[1])),
        ),
        (
            RefusalCode::VariableMismatch,
            "another type is written",
            operators(&[])
                .tensor("z", I8, &[2])
                .operator("CAST", vec![], &["y"], &["z"])
                .operator("VARIABLE_WRITE", vec![], &["z"], &["v"]),
        ),
        (
            RefusalCode::OperandKind,
            "a variable as output",
            changed(accumulator(), |m| m.outputs.push("v".into())),
        ),
        (
            RefusalCode::OperandKind,
            "a variable as input",
            changed(accumulator(), |m| m.inputs.push("v".into())),
        ),
        (
            RefusalCode::ConstantLength,
            "a first value too short",
            changed(accumulator(), |m| {
                set(&mut m.tensors[1], 3, Bytes(vec![0; 7]))
            }),
        ),
        (
            RefusalCode::VariableDeclaration,
            "another first value in a region",
            gate(&[1, 0, 0, 0, 3, 0, 0, 0]),
        ),
        (
            RefusalCode::VariableDeclaration,
            "no first value in a region",
            gate(&[]),
        ),
        (
            RefusalCode::VariableDeclaration,
            "another shape in a region",
            changed(gate(&[]), |m| retyped(region(m, "r"), "v", INT32, &[3])),
        ),
        (
            RefusalCode::ResolvedBytes,
            "a gigabyte without a first value",
            add().variable("v", "large", I8, &[1 << 30], &[]),
        ),
    ] {
        cases.push(code, what, &model);
    }
}

/// An accumulator in a region, whose declaration there has the first value `data`.
pub(crate) fn gate(data: &[u8]) -> Model {
    let mut inside = accumulator();
    set(&mut inside.tensors[1], 3, Bytes(data.to_vec()));
    Model::default()
        .input("c", BOOL, &[1])
        .input("x", INT32, &[2])
        .variable("held", "acc", INT32, &[2], &[1, 0, 0, 0, 2, 0, 0, 0])
        .output("y", INT32, &[2])
        .control_flow("COND_IF", ["r", "r"], &["c", "x"], &["y"])
        .region("r", inside)
}

pub(crate) fn add_to(cases: &mut Cases) {
    cond_if_cases(cases);
    while_loop_cases(cases);
    region_cases(cases);
    variable_cases(cases);
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
fn a_region_without_inputs_and_outputs_may_write_a_variable() {
    let writes = Model::default()
        .variable("v", "acc", INT32, &[1], &[])
        .constant("k", INT32, &[1], &[7, 0, 0, 0])
        .operator("VARIABLE_WRITE", vec![], &["k"], &["v"]);
    let model = Model::default()
        .input("c", BOOL, &[1])
        .variable("v", "acc", INT32, &[1], &[0; 4])
        .output("y", INT32, &[1])
        .control_flow("COND_IF", ["r", "r"], &["c"], &[])
        .operator("VARIABLE_READ", vec![], &["v"], &["y"])
        .region("r", writes);
    let model = read(&model).expect("it is valid");
    assert_eq!(model.program().variables().len(), 1);
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

#[test]
fn variables_have_their_first_values_and_are_no_tensors() {
    let model = read(&accumulator()).expect("it is valid");
    let program = model.program();
    assert_eq!(program.variables().len(), 1);
    assert_eq!(program.variables()[0].name, "acc");
    assert_eq!(
        Variables::initial(program).snapshot(),
        [1, 0, 0, 0, 2, 0, 0, 0]
    );
    let names: Vec<_> = model
        .graph()
        .tensors()
        .iter()
        .map(|tensor| &*tensor.name)
        .collect();
    assert_eq!(names, ["x", "old", "y"]);
    let operators: Vec<_> = model
        .graph()
        .nodes()
        .iter()
        .map(|node| node.operator.clone())
        .collect();
    let expected = [
        Operator::VariableRead(VariableId(0)),
        Operator::Add,
        Operator::VariableWrite(VariableId(0)),
    ];
    assert_eq!(operators, expected);
}

#[test]
fn a_variable_without_a_first_value_begins_as_zeros() {
    let model = changed(accumulator(), |model| {
        set(&mut model.tensors[1], 3, Bytes(vec![]))
    });
    let model = read(&model).expect("it is valid");
    assert_eq!(Variables::initial(model.program()).snapshot(), [0; 8]);
}

#[test]
fn regions_share_a_variable_by_its_name() {
    let model = read(&gate(&[1, 0, 0, 0, 2, 0, 0, 0])).expect("it is valid");
    assert_eq!(model.program().variables().len(), 1);
}

#[test]
fn tosa_opt_spells_variable_reads_and_writes_as_identity() {
    let mut model = accumulator();
    model.operators.remove(0);
    for index in [0, 2] {
        set(&mut model.operators[index], 0, I32(68));
    }
    let named = read(&accumulator()).expect("it is valid");
    let spelled = read(&model).expect("it is valid");
    assert_eq!(named.program(), spelled.program());
    // IDENTITY stands for nothing else.
    set(&mut model.operators[1], 0, I32(68));
    assert_eq!(
        read(&model).expect_err("the attribute is ADD's").code,
        RefusalCode::AttributeMismatch
    );
    set(&mut model.operators[0], 1, U8(72));
    assert_eq!(
        read(&model).expect_err("the attribute is VARIABLE's").code,
        RefusalCode::AttributeMismatch
    );
}

#[test]
fn stateful_oracle_models_are_accepted() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/stateful");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the cases are in the repository") {
        let path = entry
            .expect("the folder can be read")
            .path()
            .join("model.tosa");
        let Ok(file) = std::fs::read(&path) else {
            continue; // the README
        };
        let model = load(&file, &ModelLimits::CHAIN, &PriceTable::V1);
        model.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        count += 1;
    }
    assert_eq!(count, 6);
}
