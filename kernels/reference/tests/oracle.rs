//! Every case of `tests/oracle` (written by `tools/oracle_cases.py` with the TOSA reference model), and that no
//! operator is without one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{DataType, Executor, ModelLimits, Operator, PriceTable, Priced, load};

/// The folders of cases, by name.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let entries = std::fs::read_dir(root).expect("the cases are in the repository");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    // Models with variables have a layout and a test of their own.
    let mut folders: Vec<_> = paths.filter(|path| !path.ends_with("stateful")).collect();
    folders.sort();
    folders
}

fn model(folder: &Path) -> Result<Arc<Priced>, String> {
    let file = std::fs::read(folder.join("model.tosa")).expect("a case has three files");
    let model = load(&file, &ModelLimits::CHAIN, &PriceTable::V1);
    model.map(Arc::new).map_err(|refusal| refusal.to_string())
}

#[test]
fn every_case_equals_the_reference_model() {
    let folders = folders();
    assert!(folders.len() >= 330, "{} cases", folders.len());
    let mut failures = Vec::new();
    for folder in folders {
        let read = |file: &str| std::fs::read(folder.join(file)).expect("a case has three files");
        let name = folder.file_name().unwrap_or_default().display().to_string();
        let model = match model(&folder) {
            Ok(model) => model,
            Err(refusal) => {
                failures.push(format!("{name}: {refusal}"));
                continue;
            }
        };
        let (input, expected) = (read("input.bin"), read("output.bin"));
        let cases = input.len() as u64 / model.graph().input_bytes();
        let plan = ReferenceExecutor
            .prepare(&model)
            .expect("it runs every model");
        match plan.run_cases(cases as u32, &input) {
            Ok(output) if output == expected => {}
            Ok(output) => {
                let first = output.iter().zip(&expected).position(|(a, b)| a != b);
                failures.push(format!("{name}: differs at byte {first:?}"));
            }
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// TOSA's names of the operators that cases must use; variables have cases in `tests/oracle/stateful`.
const OPERATORS: [&str; 54] = [
    "ABS",
    "ADD",
    "ARGMAX",
    "ARITHMETIC_RIGHT_SHIFT",
    "AVG_POOL2D",
    "BITWISE_AND",
    "BITWISE_NOT",
    "BITWISE_OR",
    "BITWISE_XOR",
    "CAST",
    "CLAMP",
    "CLZ",
    "CONCAT",
    "COND_IF",
    "CONV2D",
    "CONV3D",
    "DEPTHWISE_CONV2D",
    "EQUAL",
    "GATHER",
    "GREATER",
    "GREATER_EQUAL",
    "IDENTITY",
    "INTDIV",
    "LOGICAL_AND",
    "LOGICAL_LEFT_SHIFT",
    "LOGICAL_NOT",
    "LOGICAL_OR",
    "LOGICAL_RIGHT_SHIFT",
    "LOGICAL_XOR",
    "MATMUL",
    "MAXIMUM",
    "MAX_POOL2D",
    "MINIMUM",
    "MUL",
    "NEGATE",
    "PAD",
    "REDUCE_ALL",
    "REDUCE_ANY",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "REDUCE_SUM",
    "RESCALE",
    "RESHAPE",
    "RESIZE",
    "REVERSE",
    "SCATTER",
    "SELECT",
    "SLICE",
    "SUB",
    "TABLE",
    "TILE",
    "TRANSPOSE",
    "TRANSPOSE_CONV2D",
    "WHILE_LOOP",
];

#[test]
fn every_operator_and_extension_has_two_cases_or_more() {
    let mut cases: Vec<BTreeSet<String>> = Vec::new();
    for folder in folders() {
        let model = model(&folder).expect("the model is valid");
        let mut shown = BTreeSet::new();
        for graph in model.program().graphs() {
            for node in graph.nodes() {
                shown.insert(node.operator.name().to_owned());
                let ids = node.inputs.iter().chain(&node.outputs);
                for tensor in ids.map(|&id| graph.tensor(id)) {
                    match tensor.data_type {
                        DataType::I4 => shown.insert("EXT-INT4".to_owned()),
                        DataType::I48 => shown.insert("EXT-INT16".to_owned()),
                        _ => false,
                    };
                }
                if !node.late.is_empty() {
                    shown.insert("EXT-DYNAMIC".to_owned());
                }
                if let Operator::Rescale { rounding, .. } = &node.operator
                    && *rounding == aivm_tosa::RescaleRounding::Double
                {
                    shown.insert("EXT-DOUBLEROUND".to_owned());
                }
            }
        }
        cases.push(shown);
    }
    let extensions = ["EXT-INT4", "EXT-INT16", "EXT-DYNAMIC", "EXT-DOUBLEROUND"];
    for what in OPERATORS.iter().chain(&extensions) {
        let count = cases.iter().filter(|shown| shown.contains(*what)).count();
        assert!(count >= 2, "{what} has {count} cases");
    }
    let known: BTreeSet<_> = OPERATORS.iter().chain(&extensions).copied().collect();
    for shown in cases.iter().flatten() {
        assert!(known.contains(shown.as_str()), "{shown} is not in the list");
    }
}
