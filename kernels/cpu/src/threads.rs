//! The threads of an executor: where parallel work runs, and how one case is shared among them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};

use rayon::ThreadPool;

/// Threads beside the caller's that help with one case, at most: steps are cut into few shares.
const HELPERS_MAX: usize = 7;

/// Where parallel work runs.
#[derive(Clone)]
pub(crate) struct Threads {
    pool: Pool,
    team: Arc<Team>,
}

/// The threads that share a case. Apart from those that run whole cases: a case would wait for another caller's batch.
#[derive(Default)]
struct Team {
    /// Started when first used; None if threads cannot be started.
    pool: OnceLock<Option<ThreadPool>>,
    /// Held while they share a case.
    busy: Mutex<()>,
}

#[derive(Clone)]
enum Pool {
    /// On the caller's thread only.
    One,
    /// On rayon's global pool.
    Global,
    Own(Arc<ThreadPool>),
}

impl Threads {
    /// `count` threads, or those of rayon's global pool.
    ///
    /// # Errors
    /// If threads cannot be started.
    pub(crate) fn new(count: Option<usize>) -> Result<Threads, rayon::ThreadPoolBuildError> {
        let pool = match count {
            Some(0 | 1) => Pool::One,
            None if rayon::current_num_threads() == 1 => Pool::One,
            None => Pool::Global,
            Some(count) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
                Pool::Own(Arc::new(pool?))
            }
        };
        Ok(Threads {
            pool,
            team: Arc::default(),
        })
    }

    pub(crate) fn count(&self) -> usize {
        match &self.pool {
            Pool::One => 1,
            Pool::Global => rayon::current_num_threads(),
            Pool::Own(pool) => pool.current_num_threads(),
        }
    }

    /// Runs `work` where its parallel parts find the pool.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Pool::Own(pool) => pool.install(work),
            Pool::One | Pool::Global => work(),
        }
    }

    /// Runs one case, `case(parallel)`, with other threads awake for its parallel steps.
    ///
    /// A step takes tens of microseconds, and so does waking a thread: helpers are woken once and look for work until
    /// the case ends. Only one case at a time has helpers, so that none waits for those of another; a case that finds
    /// them taken runs on its caller's thread alone.
    pub(crate) fn share_case<T: Send>(&self, case: impl FnOnce(bool) -> T + Send) -> T {
        let helpers = (self.count() - 1).min(HELPERS_MAX);
        if helpers == 0 {
            return case(false);
        }
        let _busy = match self.team.busy.try_lock() {
            Ok(guard) => guard,
            // A case that panicked has left nothing behind.
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => return case(false),
        };
        let pool = self.team.pool.get_or_init(|| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(helpers + 1);
            pool.build().ok()
        });
        let Some(pool) = pool else {
            return case(false);
        };
        let end = End(AtomicBool::new(false));
        pool.scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| end.help());
            }
            // Dropped also when the case panics: helpers must not look for work for ever.
            let _ended = Ended(&end);
            case(true)
        })
    }
}

/// Whether a case has ended.
struct End(AtomicBool);

impl End {
    /// Takes on work of the pool until the case has ended.
    fn help(&self) {
        while !self.0.load(Ordering::Acquire) {
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                std::hint::spin_loop();
            }
        }
    }
}

/// Says that the case has ended when it goes out of scope.
struct Ended<'a>(&'a End);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn two() -> Threads {
        Threads::new(Some(2)).expect("two threads start")
    }

    #[test]
    fn a_case_has_helpers_and_one_inside_it_has_none() {
        let threads = two();
        let (outer, inner) = threads.share_case(|outer| {
            let inner = threads.share_case(|inner| inner);
            (outer, inner)
        });
        assert_eq!((outer, inner), (true, false));
        assert!(threads.share_case(|parallel| parallel));
        let one = Threads::new(Some(1)).expect("nothing to start");
        assert!(!one.share_case(|parallel| parallel));
    }

    #[test]
    fn helpers_take_on_parallel_work() {
        let threads = two();
        // Each side waits for the other: without a helper neither would end.
        let both = std::sync::Barrier::new(2);
        let sides = threads.share_case(|_| rayon::join(|| both.wait(), || both.wait()));
        assert_ne!(sides.0.is_leader(), sides.1.is_leader());
    }

    #[test]
    fn helpers_end_when_a_case_panics() {
        let threads = two();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            threads.share_case(|_| panic!("in the middle of a case"))
        }));
        assert!(panicked.is_err());
        assert!(threads.share_case(|parallel| parallel));
    }
}
