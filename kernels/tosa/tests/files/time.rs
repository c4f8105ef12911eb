//! The time that a thread has run, for tests of how long damaged files may take.

use std::cell::Cell;
use std::time::Duration;

/// No file of the tests takes more time of its thread.
const CPU_MAX: Duration = Duration::from_secs(1);

thread_local! {
    static SLOWEST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The time that this thread has run, however busy the machine is. `None` where the system does not count it.
fn cpu_time() -> Option<Duration> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = counts.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// What `work` on `file` gives, in less than a second.
pub(crate) fn bounded<T>(file: &[u8], work: impl FnOnce() -> T) -> T {
    let started = cpu_time();
    let result = work();
    if let (Some(started), Some(ended)) = (started, cpu_time()) {
        let took = ended.saturating_sub(started);
        SLOWEST.set(SLOWEST.get().max(took));
        assert!(took < CPU_MAX, "{took:?} for a file of {}", file.len());
    }
    result
}

/// The most time that a file took on this thread.
pub(crate) fn slowest() -> Duration {
    SLOWEST.get()
}
