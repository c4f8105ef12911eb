//! One wrong instruction in the JIT is seen by the rows of random modules, within as many as every test run has:
//! `cargo test --release -p aivm-lockstep --features planted-bug --test planted_bug`.
#![cfg(feature = "planted-bug")]

use aivm_lockstep::{examine, smith};

#[test]
fn random_modules_notice_it() {
    let differs = |seed: &u64| {
        let module = smith::module(*seed);
        examine(&module, *seed, &smith::LIMITS, 20_000).is_err()
    };
    let seed = (0..2_000).find(differs);
    println!("noticed with seed {seed:?}");
    assert!(seed.is_some(), "2,000 modules ran alike");
}
