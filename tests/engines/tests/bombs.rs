//! The families of bombs: there are as many as are asked for, each is what it claims to be, the engines agree on it, and
//! what is behind a limit is refused for that limit.

use std::collections::BTreeSet;

use aivm_core::Limits;
use aivm_lockstep::{bombs, examine};
use aivm_wasm::{Rules, validate};

/// Ink of a call: enough for what a bomb of a kilobyte does once.
const INK: u64 = 20_000;

#[test]
fn there_are_a_hundred_families_of_different_names() {
    let names: BTreeSet<&str> = bombs::all().iter().map(|bomb| bomb.name).collect();
    assert_eq!(names.len(), bombs::all().len());
    assert!(names.len() >= 100, "only {}", names.len());
}

#[test]
fn every_family_is_a_contract_at_every_size() {
    for bomb in bombs::all() {
        let mut last = 0;
        for bytes in [1 << 10, 8 << 10, 60 << 10, 124 << 10] {
            let module = bomb.of_bytes(bytes);
            if let Err(refusal) = validate(&module, &Limits::CONTRACT, Rules::Contract) {
                panic!("{} of {bytes} bytes: {refusal}", bomb.name);
            }
            assert!(module.len() >= last, "{} shrinks", bomb.name);
            last = module.len();
        }
    }
}

#[test]
fn the_engines_agree_on_every_family() {
    for bomb in bombs::all() {
        let module = bomb.of_bytes(2 << 10);
        if let Err(difference) = examine(&module, 0, &Limits::CONTRACT, INK) {
            panic!("{}: {}", bomb.name, difference.0);
        }
    }
}

#[test]
fn what_is_behind_a_limit_is_refused_for_it() {
    for refused in bombs::refused() {
        match validate(&refused.bytes, &Limits::CONTRACT, Rules::Contract) {
            Ok(_) => panic!("{} is accepted", refused.name),
            Err(refusal) => assert_eq!(refusal.code, refused.code, "{}: {refusal}", refused.name),
        }
    }
}
