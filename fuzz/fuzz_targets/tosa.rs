//! Any bytes as a `.tosa` file: priced or refused, with the place of what is wrong.
//!
//! `fuzz/run.sh tosa`, or with a nightly compiler and its address sanitizer `cargo +nightly fuzz run tosa`.
#![no_main]

use aivm_tosa::{ModelLimits, PriceTable, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    for limits in [&ModelLimits::CHAIN, &ModelLimits::TOOL] {
        match load(file, limits, &PriceTable::V1) {
            Ok(model) => assert!(model.gas() > 0),
            Err(refusal) => assert!(!refusal.to_string().is_empty()),
        }
    }
});
