//! Every case of `tests/oracle` (written by `tools/oracle_cases.py` with the TOSA reference model), in every way.

#[path = "support/executors.rs"]
mod executors;

use std::path::Path;
use std::sync::Arc;

use aivm_tosa::{Executor, ModelLimits, PriceTable, load};

#[test]
fn every_case_equals_the_reference_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let folders = std::fs::read_dir(root).expect("the cases are in the repository");
    let mut folders: Vec<_> = folders
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|folder| folder.join("output.bin").is_file())
        .collect();
    folders.sort();
    assert!(folders.len() >= 135, "{} cases", folders.len());
    let executors = executors::all();
    let mut failures = Vec::new();
    for folder in folders {
        let read = |file: &str| std::fs::read(folder.join(file)).expect("a case has three files");
        let name = folder.file_name().unwrap_or_default().display().to_string();
        let model = match load(&read("model.tosa"), &ModelLimits::TOOL, &PriceTable::V1) {
            Ok(model) => Arc::new(model),
            Err(refusal) => {
                failures.push(format!("{name}: {refusal}"));
                continue;
            }
        };
        let (input, expected) = (read("input.bin"), read("output.bin"));
        let cases = expected.len() as u64 / model.output_bytes();
        for (way, executor) in &executors {
            let plan = executor.prepare(&model).expect("it runs every model");
            match plan.run_cases(cases as u32, &input) {
                Ok(output) if output == expected => {}
                Ok(output) => {
                    let first = output.iter().zip(&expected).position(|(a, b)| a != b);
                    failures.push(format!("{name}, {way}: differs at byte {first:?}"));
                }
                Err(error) => failures.push(format!("{name}, {way}: {error}")),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
