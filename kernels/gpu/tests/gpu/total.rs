//! What TOSA leaves open has the result that `docs/semantics.md` gives, on every adapter.

#[path = "../../../reference/tests/support/rules.rs"]
mod rules;

use crate::oracle::falls_back;
use crate::support::executors;
use aivm_tosa::{Executor, RunError};

#[test]
fn every_rule_of_a_supported_operator_holds() {
    for executor in executors() {
        let (mut ran, mut wrong) = (0, Vec::new());
        for rule in rules::rules() {
            let plan = match executor.prepare(&rule.model) {
                Ok(plan) => plan,
                Err(_) if falls_back(&rule.model) => continue,
                Err(fault) => panic!("{}: {fault}", rule.name),
            };
            ran += 1;
            if plan.run(&rule.input) != rule.expected.map_err(RunError::Status) {
                wrong.push(rule.name);
            }
        }
        assert!(wrong.is_empty(), "on {}: {wrong:?}", executor.name());
        assert!(ran >= 30, "{ran} rules ran");
    }
}
