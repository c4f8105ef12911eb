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
    /// With the threads of a pool that the caller does not belong to.
    Team(&'a ThreadPool),
}

impl Sharing<'_> {
    /// How many of at most `most` shares to cut work into.
    pub(crate) fn shares(self, most: usize) -> usize {
        match self {
            Sharing::Alone => 1,
            Sharing::Team(_) => most,
        }
    }

    /// Does `work` for each of `parts`, on the caller's thread and on those that are free: each takes the next part
    /// when it has done one, so that a thread that is slow, or not there, takes fewer.
    pub(crate) fn each<P>(
        self,
        mut parts: impl Iterator<Item = P> + Send,
        work: &(impl Fn(P) + Sync),
    ) {
        let Sharing::Team(pool) = self else {
            return parts.for_each(work);
        };
        let Some(first) = parts.next() else { return };
        let parts = Parts {
            left: Mutex::new(parts),
            taken: AtomicUsize::new(0),
        };
        let take_on = || {
            while let Some((part, _under_way)) = parts.take() {
                work(part);
            }
        };
        pool.in_place_scope(|scope| {
            for _ in 0..pool.current_num_threads() {
                scope.spawn(|_| take_on());
            }
            work(first);
            take_on();
            parts.wait();
        });
    }
}

/// Parts of work, each for whoever takes it.
struct Parts<I> {
    left: Mutex<I>,
    /// Parts that are under way.
    taken: AtomicUsize,
}

impl<I: Iterator> Parts<I> {
    /// The next part; it is under way until the second value goes out of scope.
    fn take(&self) -> Option<(I::Item, UnderWay<'_>)> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let part = left.next()?;
        // Counted before the next one can be found missing.
        self.taken.fetch_add(1, Ordering::AcqRel);
        Some((part, UnderWay(&self.taken)))
    }

    /// Waits for parts under way, without sleeping: the rest is short, and waking up is not. On a busy machine the
    /// other thread may want this processor, so it is offered now and then.
    fn wait(&self) {
        let mut rounds = 0_u32;
        while self.taken.load(Ordering::Acquire) > 0 {
            rounds = rounds.wrapping_add(1);
            if rounds.is_multiple_of(1024) {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// Says that a part has ended when it goes out of scope, also when it panics.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
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
        // Each part waits for the other: without a helper neither would end.
        let both = std::sync::Barrier::new(2);
        let leaders = AtomicUsize::new(0);
        let side = |_| {
            let leader = both.wait().is_leader();
            leaders.fetch_add(usize::from(leader), Ordering::Relaxed);
        };
        threads.share_case(|sharing| sharing.each(0..2, &side));
        assert_eq!(leaders.into_inner(), 1);
    }

    #[test]
    fn every_part_is_done_once_also_when_no_helper_comes() {
        let threads = two();
        let ran = [const { AtomicUsize::new(0) }; 100];
        let count = |part: usize| {
            ran[part].fetch_add(1, Ordering::Relaxed);
        };
        threads.share_case(|sharing| {
            let Sharing::Team(pool) = sharing else {
                panic!("no helpers")
            };
            sharing.each(0..100, &count);
            sharing.each(0..1, &count);
            sharing.each(0..0, &count);
            Sharing::Alone.each(0..100, &count);
            // The only helper is held until all is done.
            let (held, hold) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
            pool.in_place_scope(|scope| {
                scope.spawn(|_| {
                    held.wait();
                    hold.wait();
                });
                held.wait();
                let parts = Parts {
                    left: Mutex::new(0..100),
                    taken: AtomicUsize::new(0),
                };
                while let Some((part, _under_way)) = parts.take() {
                    count(part);
                }
                parts.wait();
                hold.wait();
            });
        });
        let ran = ran.map(AtomicUsize::into_inner);
        assert_eq!(ran[0], 4);
        assert!(ran[1..].iter().all(|&times| times == 3), "{ran:?}");
    }

    #[test]
    fn a_panic_on_any_thread_comes_through_and_helpers_are_there_again() {
        let threads = two();
        let panicked = |case: &dyn Fn(Sharing<'_>)| {
            catch_unwind(AssertUnwindSafe(|| threads.share_case(case))).is_err()
        };
        for failing in 0..100 {
            let fails = |part| assert_ne!(part, failing, "in the middle of a case");
            assert!(panicked(&|sharing| sharing.each(0..100, &fails)));
            assert!(panicked(&|_| panic!("outside a step")));
            assert!(threads.share_case(has_helpers));
        }
    }

    #[test]
    fn helpers_sleep_after_a_while() {
        let threads = two();
        threads.share_case(|sharing| sharing.each(0..2, &|_| ()));
        let watch = &threads.team.watch;
        let asleep = || watch.awake.load(Ordering::Acquire) == 0;
        let waited = (0..60_000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            asleep()
        });
        assert!(waited);
    }
}
