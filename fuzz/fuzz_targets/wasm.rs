//! Any bytes as a contract: refused, or run by the interpreter, the JIT and wasmi, which agree.
//!
//! `fuzz/run.sh wasm`, or with a nightly compiler and its address sanitizer `cargo +nightly fuzz run wasm`.
#![no_main]

use aivm_lockstep::{examine, mutants};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Ink of one call: some thousands of instructions, so that many files a second are seen.
const INK: u64 = 10_000;

// Most changes keep a module a module; some are any bytes.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mutant = match seed % 8 {
        0 => None,
        _ => mutants::mutate(&data[..size], seed.into()),
    };
    match mutant {
        Some(mutant) if mutant.len() <= max_size => {
            data[..mutant.len()].copy_from_slice(&mutant);
            mutant.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

fuzz_target!(|file: &[u8]| {
    if let Err(disagreement) = examine(file, 0, &mutants::LIMITS, INK) {
        panic!("{disagreement:?}");
    }
});
