//! The threads of an executor: where parallel work runs, and how one case is shared among them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};

use rayon::ThreadPool;

/// Threads beside the caller's that help with one case, at most: steps are cut into few shares.
const HELPERS_MAX: usize = 7;

/// How often helpers look for work in vain before they sleep: some 200 µs, so that the next case finds them awake.
const LOOKS_MAX: u32 = 4096;

/// Where parallel work runs.
#[derive(Clone)]
pub(crate) struct Threads {
    pool: Pool,
    team: Arc<Team>,
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

    /// Runs one case on the caller's thread, with other threads awake for its parallel steps.
    ///
    /// A step takes tens of microseconds, and so does waking a thread: helpers are woken once and look for work until
    /// a while after the case. Only one case at a time has helpers, so that none waits for those of another; a case
    /// that finds them taken runs on its caller's thread alone.
    pub(crate) fn share_case<T>(&self, case: impl FnOnce(Sharing<'_>) -> T) -> T {
        let helpers = (self.count() - 1).min(HELPERS_MAX);
        if helpers == 0 {
            return case(Sharing::Alone);
        }
        let _busy = match self.team.busy.try_lock() {
            Ok(guard) => guard,
            // A case that panicked has left nothing behind.
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => return case(Sharing::Alone),
        };
        let start = || rayon::ThreadPoolBuilder::new().num_threads(helpers).build();
        let Some(pool) = self.team.pool.get_or_init(|| start().ok()) else {
            return case(Sharing::Alone);
        };
        self.team.watch.begin(pool, helpers);
        let _end = End(&self.team.watch);
        case(Sharing::Team(pool))
    }
}

/// The threads that share a case. Apart from those that run whole cases: a case would wait for another caller's batch.
#[derive(Default)]
struct Team {
    /// Started when first used; None if threads cannot be started.
    pool: OnceLock<Option<ThreadPool>>,
    /// Held while they share a case.
    busy: Mutex<()>,
    watch: Arc<Watch>,
}

/// What keeps helpers awake.
#[derive(Default)]
struct Watch {
    /// Whether a case is under way.
    case: AtomicBool,
    /// Helpers that look for work.
    awake: AtomicUsize,
}

impl Watch {
    fn begin(self: &Arc<Watch>, pool: &ThreadPool, helpers: usize) {
        self.case.store(true, Ordering::Release);
        // A helper that leaves just now is woken by the first step that has work for it.
        for _ in self.awake.load(Ordering::Acquire)..helpers {
            self.awake.fetch_add(1, Ordering::AcqRel);
            let watch = Arc::clone(self);
            pool.spawn(move || watch.help());
        }
    }

    /// Takes on work of the pool until a while after the last case.
    fn help(&self) {
        let mut looks = 0;
        while looks < LOOKS_MAX {
            looks += 1;
            if rayon::yield_now() == Some(rayon::Yield::Executed)
                || self.case.load(Ordering::Acquire)
            {
                looks = 0;
            }
            std::hint::spin_loop();
        }
        self.awake.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Says that the case has ended when it goes out of scope, also when it panics.
struct End<'a>(&'a Watch);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.case.store(false, Ordering::Release);
    }
}

/// Whether work may be shared, and with whom.
#[derive(Clone, Copy, Debug)]
pub enum Sharing<'a> {
    /// It runs on the caller's thread.
    Alone,
    /// With the threads of the pool that the caller belongs to, or of rayon's global one.
    Pool,
    /// With the threads of a pool that the caller does not belong to.
    Team(&'a ThreadPool),
}

impl Sharing<'_> {
    /// How many of at most `most` shares to cut work into.
    pub(crate) fn shares(self, most: usize) -> usize {
        match self {
            Sharing::Alone => 1,
            Sharing::Pool | Sharing::Team(_) => most,
        }
    }

    /// Runs both parts, which may share their work in turn; the second on another thread if one is free.
    pub(crate) fn join(
        self,
        first: impl FnOnce(Sharing<'_>) + Send,
        second: impl FnOnce(Sharing<'_>) + Send,
    ) {
        match self {
            Sharing::Alone => {
                first(self);
                second(self);
            }
            Sharing::Pool => {
                rayon::join(|| first(Sharing::Pool), || second(Sharing::Pool));
            }
            Sharing::Team(pool) => {
                let offered = Offered::new(second);
                pool.in_place_scope(|scope| {
                    scope.spawn(|_| offered.take_on(Sharing::Pool));
                    first(self);
                    // Nobody may have come for it.
                    offered.take_on(self);
                    offered.wait();
                });
            }
        }
    }
}

/// Work that whoever comes first does.
struct Offered<F> {
    work: Mutex<Option<F>>,
    done: AtomicBool,
}

impl<F: FnOnce(Sharing<'_>)> Offered<F> {
    fn new(work: F) -> Offered<F> {
        Offered {
            work: Mutex::new(Some(work)),
            done: AtomicBool::new(false),
        }
    }

    fn take_on(&self, sharing: Sharing<'_>) {
        let work = self
            .work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(work) = work {
            let _done = Done(&self.done);
            work(sharing);
        }
    }

    /// Waits without sleeping: the rest is short, and waking up is not. On a busy machine the other thread may want
    /// this processor, so it is offered now and then.
    fn wait(&self) {
        let mut rounds = 0_u32;
        while !self.done.load(Ordering::Acquire) {
            rounds = rounds.wrapping_add(1);
            if rounds.is_multiple_of(1024) {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// Says that work has ended when it goes out of scope, also when it panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn two() -> Threads {
        Threads::new(Some(2)).expect("two threads start")
    }

    fn has_helpers(sharing: Sharing<'_>) -> bool {
        matches!(sharing, Sharing::Team(_))
    }

    #[test]
    fn a_case_has_helpers_and_one_inside_it_has_none() {
        let threads = two();
        let (outer, inner) = threads.share_case(|outer| {
            let inner = threads.share_case(has_helpers);
            (has_helpers(outer), inner)
        });
        assert_eq!((outer, inner), (true, false));
        assert!(threads.share_case(has_helpers));
        let one = Threads::new(Some(1)).expect("nothing to start");
        assert!(!one.share_case(has_helpers));
    }

    #[test]
    fn helpers_take_on_parallel_work() {
        let threads = two();
        // Each side waits for the other: without a helper neither would end.
        let both = std::sync::Barrier::new(2);
        let leaders = AtomicUsize::new(0);
        let side = |_: Sharing<'_>| {
            let leader = both.wait().is_leader();
            leaders.fetch_add(usize::from(leader), Ordering::Relaxed);
        };
        threads.share_case(|sharing| sharing.join(side, side));
        assert_eq!(leaders.into_inner(), 1);
    }

    #[test]
    fn what_no_helper_comes_for_the_caller_does() {
        let threads = two();
        let ran = AtomicUsize::new(0);
        let count = |_: Sharing<'_>| {
            ran.fetch_add(1, Ordering::Relaxed);
        };
        threads.share_case(|sharing| {
            let Sharing::Team(pool) = sharing else {
                panic!("no helpers")
            };
            // The only helper is held until all is done.
            let (held, hold) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
            pool.in_place_scope(|scope| {
                scope.spawn(|_| {
                    held.wait();
                    hold.wait();
                });
                held.wait();
                let offered = Offered::new(count);
                offered.take_on(sharing);
                offered.wait();
                hold.wait();
            });
        });
        assert_eq!(ran.into_inner(), 1);
    }

    #[test]
    fn a_panic_on_either_side_comes_through_and_helpers_are_there_again() {
        let threads = two();
        let fine = |_: Sharing<'_>| ();
        let fails = |_: Sharing<'_>| panic!("in the middle of a case");
        let panicked = |case: &dyn Fn(Sharing<'_>)| {
            catch_unwind(AssertUnwindSafe(|| threads.share_case(case))).is_err()
        };
        for _ in 0..100 {
            assert!(panicked(&|sharing| sharing.join(fails, fine)));
            assert!(panicked(&|sharing| sharing.join(fine, fails)));
            assert!(panicked(&|_| panic!("outside a step")));
            assert!(threads.share_case(has_helpers));
        }
    }

    #[test]
    fn helpers_sleep_after_a_while() {
        let threads = two();
        threads.share_case(|sharing| sharing.join(|_| (), |_| ()));
        let watch = &threads.team.watch;
        let asleep = || watch.awake.load(Ordering::Acquire) == 0;
        let waited = (0..60_000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            asleep()
        });
        assert!(waited);
    }
}
