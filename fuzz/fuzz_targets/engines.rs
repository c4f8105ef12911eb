//! Any bytes as the choices of a generator of modules: the interpreter, the JIT and wasmi agree on each.
//!
//! `fuzz/run.sh engines`, or with a nightly compiler and its address sanitizer `cargo +nightly fuzz run engines`.
#![no_main]

use aivm_lockstep::{examine, smith};
use libfuzzer_sys::fuzz_target;

/// Ink of one call: some thousands of instructions, so that many modules a second are seen.
const INK: u64 = 10_000;

fuzz_target!(|choices: &[u8]| {
    let Some(module) = smith::module_of_bytes(choices) else {
        return;
    };
    if let Err(disagreement) = examine(&module, 0, &smith::LIMITS, INK) {
        panic!("{disagreement:?}");
    }
});
