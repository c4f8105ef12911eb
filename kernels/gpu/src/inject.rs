//! Trouble on demand, for tests of what happens then: a lost device, a lack of memory, a hang, at a chosen moment.
//!
//! Where nothing is armed a stage costs one load of an atomic.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A moment in the life of a model on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A device buffer is about to be made: of constants, parameters, values or outputs.
    Allocation,
    /// A kernel is about to be compiled.
    Compilation,
    /// Work is recorded and about to be submitted.
    BeforeSubmission,
    /// Work is submitted and not waited for.
    AfterSubmission,
    /// Work is done, its outputs are about to be read.
    BeforeReading,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The device is destroyed, as by a driver reset.
    LoseDevice,
    /// The device says that it has no memory. After a submission there is nothing left that could: nothing happens then.
    OutOfMemory,
    /// The submission never signals that it is done: whoever waits does so until the deadline. Only behind
    /// [`Stage::AfterSubmission`].
    Hang,
}

/// Trouble to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected {
    /// What goes wrong.
    pub trouble: Trouble,
    /// When.
    pub stage: Stage,
    /// How often that moment passes well before.
    pub after: u32,
}

/// What is armed on an executor.
#[derive(Debug, Default)]
pub(crate) struct Injection {
    armed: AtomicBool,
    what: Mutex<Option<Injected>>,
    struck: AtomicU64,
}

thread_local! {
    /// That the work which this thread guards met an injected lack of memory.
    static NO_MEMORY: Cell<bool> = const { Cell::new(false) };
}

impl Injection {
    /// Arms trouble, once, or disarms.
    pub(crate) fn arm(&self, what: Option<Injected>) {
        let mut armed = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        *armed = what;
        self.armed.store(what.is_some(), Ordering::Release);
    }

    /// How often trouble struck.
    pub(crate) fn struck(&self) -> u64 {
        self.struck.load(Ordering::Relaxed)
    }

    /// The trouble of a stage that is reached now.
    pub(crate) fn reach(&self, stage: Stage) -> Option<Trouble> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        self.strike(stage)
    }

    #[cold]
    fn strike(&self, stage: Stage) -> Option<Trouble> {
        let mut armed = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        let injected = armed.as_mut().filter(|injected| injected.stage == stage)?;
        if injected.after > 0 {
            injected.after -= 1;
            return None;
        }
        let trouble = injected.trouble;
        *armed = None;
        self.armed.store(false, Ordering::Release);
        self.struck.fetch_add(1, Ordering::Relaxed);
        Some(trouble)
    }
}

/// Notes a lack of memory for the work that this thread guards.
pub(crate) fn note_no_memory() {
    NO_MEMORY.set(true);
}

/// Whether one was noted since the last time.
pub(crate) fn take_no_memory() -> bool {
    NO_MEMORY.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_strikes_once_at_its_stage_after_as_many_passes() {
        let injection = Injection::default();
        assert_eq!(injection.reach(Stage::Allocation), None);
        injection.arm(Some(Injected {
            trouble: Trouble::LoseDevice,
            stage: Stage::Allocation,
            after: 1,
        }));
        assert_eq!(injection.reach(Stage::Compilation), None);
        assert_eq!(injection.reach(Stage::Allocation), None);
        let struck = injection.reach(Stage::Allocation);
        assert_eq!(struck, Some(Trouble::LoseDevice));
        assert_eq!(injection.reach(Stage::Allocation), None);
        assert_eq!(injection.struck(), 1);
    }
}
