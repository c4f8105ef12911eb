//! What TOSA leaves open has the result that `docs/semantics.md` gives, in every way that the CPU back end runs.

#[path = "support/executors.rs"]
mod executors;
#[path = "../../reference/tests/support/rules.rs"]
mod rules;

use aivm_tosa::{Executor, RunError};

#[test]
fn every_rule_holds() {
    let executors = executors::all();
    let (mut ran, mut wrong) = (0, Vec::new());
    for rule in rules::rules() {
        let expected = rule.expected.map_err(RunError::Status);
        for (way, executor) in &executors {
            let plan = executor.prepare(&rule.model);
            let plan = plan.expect("it runs every model");
            ran += 1;
            if plan.run(&rule.input) != expected {
                wrong.push(format!("{}, {way}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(ran >= 60 * executors.len(), "{ran} runs");
}
