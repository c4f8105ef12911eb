//! Every refusal has a module that meets it: each limit on both sides, each rule, and sentences that name the place.

mod every;
mod limits;
mod rules;

use std::collections::BTreeSet;

use aivm_core::Limits;
use aivm_wasm::{Refusal, RefusalCode, Rules, ValidatedModule, validate};

/// Validates a module in text form under the limits of contracts.
fn check(wat: &str, rules: Rules) -> Result<ValidatedModule, Refusal> {
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    validate(&bytes, &Limits::CONTRACT, rules)
}

#[test]
fn every_code_has_a_case() {
    let mut covered: BTreeSet<RefusalCode> = BTreeSet::new();
    covered.extend(limits::cases().iter().map(|case| case.code));
    covered.extend(rules::cases().iter().map(|case| case.code));
    covered.extend(rules::binary_cases().iter().map(|case| case.code));
    let all: BTreeSet<RefusalCode> = RefusalCode::ALL.iter().copied().collect();
    assert_eq!(covered, all);
}

#[test]
fn names_of_codes_are_distinct() {
    let names: BTreeSet<_> = RefusalCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), RefusalCode::ALL.len());
}
