//! Damaged and hostile ONNX files: never a panic, never a long wait, never more heap than the limits say.

#[path = "../../../tosa/tests/files/damage.rs"]
mod damage;
#[path = "../../../tosa/tests/files/heap.rs"]
mod heap;
mod hostile;
mod mutated;

use std::cell::Cell;
use std::time::Duration;

use aivm_import::{ImportError, ImportLimits, ImportOptions, Imported, import};

thread_local! {
    /// The most time that an import took on this thread.
    static SLOWEST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// No import of the tests takes more time of its thread.
const CPU_MAX: Duration = Duration::from_secs(1);

/// The time that this thread has run, however busy the machine is. `None` where the system does not count it.
fn cpu_time() -> Option<Duration> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = counts.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Imports `file` and checks the peak of the heap, which [`ImportLimits`] states.
fn import_bounded(file: &[u8]) -> Result<Imported, ImportError> {
    let started = cpu_time();
    let (result, peak) =
        heap::peak_of(|| import(file, &ImportOptions::default(), &ImportLimits::TOOL));
    let ended = cpu_time();
    let bound = 24 * file.len() + (192 << 20);
    assert!(
        peak <= bound,
        "{peak} bytes of heap for a file of {}",
        file.len()
    );
    if let (Some(started), Some(ended)) = (started, ended) {
        let took = ended.saturating_sub(started);
        SLOWEST.set(SLOWEST.get().max(took));
        assert!(took < CPU_MAX, "{took:?} for a file of {}", file.len());
    }
    result
}
