//! One wrong instruction in the JIT is seen by the rows of random modules, within as many as every test run has:
//! `cargo test --release -p aivm-lockstep --features planted-bug --test planted_bug`. That the fuzzer sees it too is for
//! `fuzz/run.sh planted-bug` to show.
#![cfg(feature = "planted-bug")]

use std::fs;
use std::path::Path;

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

/// Or the fuzzer, which is to find the bug, would be shown it.
#[test]
fn no_seed_of_the_fuzz_target_shows_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/engines");
    let entries = fs::read_dir(folder).expect("seeds of the repository");
    for path in entries.map(|entry| entry.expect("an entry of the folder").path()) {
        let bytes = fs::read(&path).expect("a seed");
        let module = smith::module_of_bytes(&bytes).expect("a seed is long enough");
        let examined = examine(&module, 0, &smith::LIMITS, 10_000);
        assert!(examined.is_ok(), "{}", path.display());
    }
}
