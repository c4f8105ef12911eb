//! Variables: declared, read and written, in `main` and in regions.

use super::{accumulator, changed, gate, read, region, retyped};
use crate::model::{BOOL, Bytes, I8, I32, INT32, Model, U8, add, set};
use crate::refusals::Cases;
use aivm_tosa::{Operator, RefusalCode, VariableId, Variables};

pub(super) fn add_to(cases: &mut Cases) {
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
