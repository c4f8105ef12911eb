//! Every case of `tests/oracle` (written by `tools/oracle_cases.py` with the TOSA reference model).

use std::path::Path;
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, load};

#[test]
fn every_case_equals_the_reference_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .expect("the cases are in the repository")
        .map(|entry| entry.expect("the folder can be read").path())
        // Models with variables have a test of their own.
        .filter(|path| !path.ends_with("stateful"))
        .collect();
    folders.sort();
    assert!(folders.len() >= 135, "{} cases", folders.len());
    let mut failures = Vec::new();
    for folder in folders {
        let read = |file: &str| std::fs::read(folder.join(file)).expect("a case has three files");
        let name = folder.file_name().unwrap_or_default().display().to_string();
        let model = match load(&read("model.tosa"), &ModelLimits::CHAIN, &PriceTable::V1) {
            Ok(model) => Arc::new(model),
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
