//! What an executor counts, over all devices that it opens one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aivm_tosa::ExecutorMetrics;

/// The live figures behind [`ExecutorMetrics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) submissions: AtomicU64,
    pub(crate) wait_us: AtomicU64,
    pub(crate) devices_opened: AtomicU64,
    pub(crate) devices_lost: AtomicU64,
    pub(crate) pipelines_created: AtomicU64,
    pub(crate) compile_us: AtomicU64,
    pub(crate) pipelines_evicted: AtomicU64,
    pub(crate) tune_us: AtomicU64,
    pub(crate) buffers_created: AtomicU64,
    pub(crate) buffer_bytes: AtomicU64,
    pub(crate) models_evicted: AtomicU64,
}

impl Counters {
    /// Adds one.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds a time.
    pub(crate) fn time(counter: &AtomicU64, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counter.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// Bytes of all buffers there are now.
    pub(crate) fn bytes(&self) -> u64 {
        self.buffer_bytes.load(Ordering::Relaxed)
    }

    /// A snapshot; `pipelines` and `models` are those there are now.
    pub(crate) fn snapshot(&self, pipelines: u64, models: u64) -> ExecutorMetrics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ExecutorMetrics {
            submissions: get(&self.submissions),
            wait_us: get(&self.wait_us),
            devices_opened: get(&self.devices_opened),
            devices_lost: get(&self.devices_lost),
            pipelines_created: get(&self.pipelines_created),
            compile_us: get(&self.compile_us),
            pipelines_evicted: get(&self.pipelines_evicted),
            pipelines_held: pipelines,
            tune_us: get(&self.tune_us),
            buffers_created: get(&self.buffers_created),
            buffer_bytes: get(&self.buffer_bytes),
            models_resident: models,
            models_evicted: get(&self.models_evicted),
        }
    }
}

/// Bytes that count as long as this lives.
#[derive(Debug)]
pub(crate) struct Held {
    counters: Arc<Counters>,
    bytes: u64,
}

impl Held {
    pub(crate) fn new(counters: &Arc<Counters>, bytes: u64) -> Held {
        counters.buffer_bytes.fetch_add(bytes, Ordering::Relaxed);
        Held {
            counters: Arc::clone(counters),
            bytes,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let counter = &self.counters.buffer_bytes;
        counter.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
