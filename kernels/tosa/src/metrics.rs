//! What an executor counts. Local figures: none of them reaches state, gas or a hash.

/// Counts and times of one executor since it was made; what it does not do stays 0.
///
/// Plain integers, so that any exporter can carry them. Times are in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutorMetrics {
    /// Pieces of work given to the device, each waited for.
    pub submissions: u64,
    /// Time in which a thread waited for its work.
    pub wait_us: u64,
    /// Devices opened: 1, and one more for each that was lost and opened again.
    pub devices_opened: u64,
    /// Devices lost, those past the deadline included.
    pub devices_lost: u64,
    /// Kernels compiled.
    pub pipelines_created: u64,
    /// Time taken to compile them, over all threads.
    pub compile_us: u64,
    /// Compiled kernels dropped because others were used later.
    pub pipelines_evicted: u64,
    /// Compiled kernels there are now.
    pub pipelines_held: u64,
    /// Time taken to choose tile shapes by timing them.
    pub tune_us: u64,
    /// Device buffers made.
    pub buffers_created: u64,
    /// Bytes of all buffers there are now: weights, tables, parameters and those of runs.
    pub buffer_bytes: u64,
    /// Models whose weights are on the device now.
    pub models_resident: u64,
    /// Models whose buffers were dropped to make room for others.
    pub models_evicted: u64,
}

impl ExecutorMetrics {
    /// Every figure with its name and whether it only grows.
    #[must_use]
    pub fn figures(&self) -> [(&'static str, Figure, u64); 13] {
        use Figure::{Count, Level};
        [
            ("submissions", Count, self.submissions),
            ("wait_us", Count, self.wait_us),
            ("devices_opened", Count, self.devices_opened),
            ("devices_lost", Count, self.devices_lost),
            ("pipelines_created", Count, self.pipelines_created),
            ("compile_us", Count, self.compile_us),
            ("pipelines_evicted", Count, self.pipelines_evicted),
            ("pipelines_held", Level, self.pipelines_held),
            ("tune_us", Count, self.tune_us),
            ("buffers_created", Count, self.buffers_created),
            ("buffer_bytes", Level, self.buffer_bytes),
            ("models_resident", Level, self.models_resident),
            ("models_evicted", Count, self.models_evicted),
        ]
    }
}

/// How a figure moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// It only grows.
    Count,
    /// It is what is there now.
    Level,
}
