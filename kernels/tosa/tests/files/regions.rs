//! Control flow and variables: models, what is refused with which code, and what is accepted and becomes what.

mod control_flow;
mod variables;

use crate::model::{BOOL, Bytes, I32, INT32, Ints, Model, set};
use crate::refusals::Cases;
use aivm_tosa::{ModelLimits, PriceTable, Priced, Refusal, load};

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

pub(crate) fn add_to(cases: &mut Cases) {
    control_flow::add_to(cases);
    variables::add_to(cases);
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
