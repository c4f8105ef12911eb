//! What an engine counts about itself. Local figures: none of them reaches a receipt or state.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of an engine's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Code prepared: validated, metered and lowered.
    pub codes_prepared: u64,
    /// Code whose native form was found on disk instead of compiled.
    pub codes_from_folder: u64,
    /// Compiles that failed; these contracts run interpreted in every mode.
    pub compile_failures: u64,
    /// Calls in mode jit or compare that ran interpreted only, because there is no compiled code.
    pub interpreted_for_lack_of_code: u64,
    /// Calls that were repeated, or stood, interpreted after a fault of compiled code.
    pub compiled_faults: u64,
    /// Calls on which both engines were compared to the end.
    pub compared: u64,
    /// Calls in mode compare that touched too much memory in host calls to be compared.
    pub too_large_to_compare: u64,
}

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) codes_prepared: Counter,
    pub(crate) codes_from_folder: Counter,
    pub(crate) compile_failures: Counter,
    pub(crate) interpreted_for_lack_of_code: Counter,
    pub(crate) compiled_faults: Counter,
    pub(crate) compared: Counter,
    pub(crate) too_large_to_compare: Counter,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Metrics {
        Metrics {
            codes_prepared: self.codes_prepared.get(),
            codes_from_folder: self.codes_from_folder.get(),
            compile_failures: self.compile_failures.get(),
            interpreted_for_lack_of_code: self.interpreted_for_lack_of_code.get(),
            compiled_faults: self.compiled_faults.get(),
            compared: self.compared.get(),
            too_large_to_compare: self.too_large_to_compare.get(),
        }
    }
}

/// A count that threads share.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
