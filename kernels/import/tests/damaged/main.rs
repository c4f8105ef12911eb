//! Damaged and hostile ONNX files: never a panic, never a long wait, never more heap than the limits say.

mod hostile;
mod mutated;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use aivm_import::{ImportError, ImportLimits, ImportOptions, Imported, import};

/// Counts the heap bytes of each thread.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
    /// The most time that an import took on this thread.
    static SLOWEST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn count(bytes: i64) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

#[allow(unsafe_code)]
// SAFETY: every call goes unchanged to the system's allocator, which keeps the contract; counting
// neither allocates nor unwinds (`const` thread locals without destructor).
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: `pointer` came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    let before = HELD.get();
    PEAK.set(before);
    let started = cpu_time();
    let result = import(file, &ImportOptions::default(), &ImportLimits::TOOL);
    let ended = cpu_time();
    let peak = (PEAK.get() - before) as usize;
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
