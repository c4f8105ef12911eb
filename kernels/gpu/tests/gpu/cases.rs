//! The random cases of `aivm-cases`, which the determinism bench runs, reach every kernel.

use std::collections::BTreeSet;

use aivm_cases::plan::shapes;

use crate::support::{executors, kernels};

/// Enough for that, few enough for seconds; a million are a campaign.
const CASES: u64 = 40_000;

#[test]
fn random_cases_dispatch_every_kernel_and_every_element_wise_operator() {
    let Some(executor) = executors().into_iter().next() else {
        return;
    };
    let mut ran = BTreeSet::new();
    for shape in shapes(CASES) {
        let model = shape.model(1).expect("a valid model");
        if model.program().is_plain() {
            for name in kernels(&executor, &model) {
                ran.extend(name.split('+').map(str::to_owned));
            }
        }
    }
    let files = aivm_shaders::kernels::ALL.iter();
    let files = files.map(|kernel| &*kernel.name);
    // Blocks are named otherwise and run only where they suit.
    let frames = aivm_shaders::kernels::FRAMES.iter();
    let frames = frames.map(|frame| frame.name);
    let functions = aivm_shaders::chain::Function::NAMES;
    let all = files.chain(frames).chain(functions);
    let missing: Vec<&str> = all.filter(|&name| !ran.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {ran:?}");
}
