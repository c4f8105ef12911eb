//! What a coprocessor counts. Local figures: none of them reaches state.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of the counts of a [`crate::Coprocessor`], back ends in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// One entry a back end; the reference is last.
    pub backends: Vec<BackendMetrics>,
}

/// The counts of one back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendMetrics {
    /// The executor's name.
    pub name: String,
    /// Runs it answered.
    pub runs: u64,
    /// Models it could not prepare; each went to the next back end.
    pub prepare_faults: u64,
    /// Runs in which it failed; each was finished by the next back end.
    pub run_faults: u64,
    /// Whether it was set aside after a fault.
    pub set_aside: bool,
}

/// The live counters behind [`BackendMetrics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) runs: AtomicU64,
    pub(crate) prepare_faults: AtomicU64,
    pub(crate) run_faults: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, name: &str, set_aside: bool) -> BackendMetrics {
        BackendMetrics {
            name: name.to_owned(),
            runs: self.runs.load(Ordering::Relaxed),
            prepare_faults: self.prepare_faults.load(Ordering::Relaxed),
            run_faults: self.run_faults.load(Ordering::Relaxed),
            set_aside,
        }
    }
}
