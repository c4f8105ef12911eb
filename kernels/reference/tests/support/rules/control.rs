//! Loops that do not end, and variables that have no first value.

use aivm_tosa::{DataType, RunStatus};

use super::model::{INT32, Model, Table};
use super::{Rule, loaded, rule};

pub(super) fn rules() -> Vec<Rule> {
    let limit = aivm_tosa::ModelLimits::TOOL.loop_iterations;
    let name = "a loop at its limit is a status";
    let at_limit = i64::from(limit);
    let over = Rule {
        name,
        model: loaded(name, &countdown()),
        input: (limit + 1).to_le_bytes().to_vec(),
        expected: Err(RunStatus::IterationLimit { limit }),
    };
    vec![
        rule(
            name,
            &countdown(),
            &[(DataType::I32, &[at_limit])],
            (DataType::I32, &[0]),
        ),
        over,
        unset_variable(),
    ]
}

/// `while x > 0 { x -= 1 }`.
fn countdown() -> Model {
    let scalar = |model: Model, name: &str| model.tensor(name, INT32, &[1]);
    let mut condition = scalar(Model::default(), "x0").constant("zero", INT32, &[1], &[0; 4]);
    condition.inputs = vec!["x0".to_owned()];
    let condition = condition.output("more", super::model::BOOL, &[1]).operator(
        "GREATER",
        vec![],
        &["x0", "zero"],
        &["more"],
    );
    let mut body = scalar(Model::default(), "x1").constant("one", INT32, &[1], &[1, 0, 0, 0]);
    body.inputs = vec!["x1".to_owned()];
    let body = body
        .output("less", INT32, &[1])
        .operator("SUB", vec![], &["x1", "one"], &["less"]);
    Model::default()
        .input("x", INT32, &[1])
        .output("y", INT32, &[1])
        .control_flow("WHILE_LOOP", ["condition", "body"], &["x"], &["y"])
        .region("condition", condition)
        .region("body", body)
}

/// `y = v + x; v = y` for a variable without a value in the file.
fn unset_variable() -> Rule {
    let mut model = Model::default()
        .input("x", INT32, &[2])
        .variable("v", "state", INT32, &[2], &[0; 8])
        .operator("VARIABLE", vec![], &[], &["v"])
        .tensor("before", INT32, &[2])
        .operator("VARIABLE_READ", vec![], &["v"], &["before"])
        .output("y", INT32, &[2])
        .operator("ADD", vec![], &["before", "x"], &["y"]);
    for tensor in &mut model.tensors {
        let is_variable = |tensor: &Table| tensor.iter().any(|(slot, _)| *slot == 6);
        if is_variable(tensor) {
            tensor.retain(|(slot, _)| *slot != 3);
        }
    }
    let name = "a variable without a first value is 0";
    rule(
        name,
        &model,
        &[(DataType::I32, &[5, -6])],
        (DataType::I32, &[5, -6]),
    )
}
