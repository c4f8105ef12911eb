//! What TOSA leaves open has one result: every rule of `docs/semantics.md` on whole graphs.

#[path = "support/rules.rs"]
mod rules;

use std::collections::BTreeSet;
use std::path::Path;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, RunError};

#[test]
fn every_rule_holds() {
    let rules = rules::rules();
    assert!(rules.len() >= 60, "{} cases", rules.len());
    for rule in rules {
        let plan = ReferenceExecutor.prepare(&rule.model);
        let plan = plan.expect("the reference runs every model");
        let expected = rule.expected.map_err(RunError::Status);
        assert!(plan.run(&rule.input) == expected, "{} differs", rule.name);
    }
}

#[test]
fn every_rule_is_in_the_table_of_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/semantics.md");
    let page = std::fs::read_to_string(page).expect("the page is in the repository");
    let names: BTreeSet<_> = rules::rules().iter().map(|rule| rule.name).collect();
    for name in &names {
        assert!(page.contains(&format!("rule “{name}”")), "no row {name:?}");
    }
    // And back: what the page names has its cases.
    for part in page.split("rule “").skip(1) {
        let name = part.split_once('”').map_or(part, |(name, _)| name);
        assert!(names.contains(name), "no case of {name:?}");
    }
}
