//! Damaged model files that are accepted all the same: prepared and run in every way without a panic, with the
//! reference's results.
//!
//! A flipped bit in an attribute, a shape or a constant makes graphs that no generator thinks of.

#[path = "../../tosa/tests/files/damage.rs"]
mod damage;
#[path = "support/executors.rs"]
mod executors;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aivm_cases::{Choices, input};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, load};
use damage::{Random, flip};

/// Damaged copies of each model, or `AIVM_MUTATIONS` of all together.
const COPIES: usize = 40;

/// What a model may cost to be run here: some 20 ms on one core.
const GAS_MAX: u64 = 2_000_000;

/// The small models of the repository.
fn models() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).expect("the models are in the repository") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "tosa") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn damaged_models_that_are_accepted_run_as_on_the_reference() {
    let models = models();
    assert!(models.len() >= 200, "{} models", models.len());
    let copies = std::env::var("AIVM_MUTATIONS").map_or(COPIES, |all| {
        let all: usize = all.parse().expect("a number");
        all.div_ceil(models.len())
    });
    let executors = executors::all();
    let mut random = Random(1);
    let mut ran = 0_u64;
    for (number, path) in models.iter().enumerate() {
        let file = std::fs::read(path).expect("the file is there");
        for copy in 0..copies {
            let mut damaged = file.clone();
            for _ in 0..1 + random.below(3) {
                flip(&mut damaged, random.below(file.len()), &mut random);
            }
            let Ok(model) = load(&damaged, &ModelLimits::TOOL, &PriceTable::V1) else {
                continue;
            };
            if model.gas() > GAS_MAX {
                continue;
            }
            let model = Arc::new(model);
            let input = input(&model, &mut Choices::of(&[number as u64, copy as u64]));
            let reference = ReferenceExecutor.prepare(&model);
            let expected = reference.expect("it runs every model").run(&input);
            for (way, executor) in &executors {
                let plan = executor.prepare(&model).expect("it runs every model");
                assert!(
                    plan.run(&input) == expected,
                    "{}, copy {copy}, {way}: differs",
                    path.display()
                );
            }
            ran += 1;
        }
    }
    println!("campaign: damaged_models_run={ran}");
    assert!(ran >= models.len() as u64, "{ran} models ran");
}
