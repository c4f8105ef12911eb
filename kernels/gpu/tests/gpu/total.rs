//! What TOSA leaves open has the result that `docs/semantics.md` gives, on every adapter.

#[path = "../../../reference/tests/support/rules.rs"]
mod rules;

use crate::support::executors;
use aivm_tosa::{Executor, RunError};

#[test]
fn every_rule_holds() {
    for executor in executors() {
        let mut wrong = Vec::new();
        let rules = rules::rules();
        assert!(rules.len() >= 30, "{} rules", rules.len());
        for rule in rules {
            let plan = executor.prepare(&rule.model);
            let plan = plan.unwrap_or_else(|fault| panic!("{}: {fault}", rule.name));
            if plan.run(&rule.input) != rule.expected.map_err(RunError::Status) {
                wrong.push(rule.name);
            }
        }
        assert!(wrong.is_empty(), "on {}: {wrong:?}", executor.name());
    }
}
