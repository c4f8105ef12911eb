//! Whether a back end, or one model on it, may be asked now: set aside after a fault, tried again after a back-off
//! that doubles, quarantined for good after a wrong answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long what failed is left alone: `first`, then twice as long after each further failure, `most` at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// The longest. What then worked for this long starts anew with `first`.
    pub most: Duration,
}

impl Default for Backoff {
    /// From one second to ten minutes: a driver's reset takes seconds, a machine's lack of memory minutes.
    fn default() -> Backoff {
        Backoff {
            first: Duration::from_secs(1),
            most: Duration::from_secs(600),
        }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row.
    fn after(&self, failures: u32) -> Duration {
        let times = 1u32.checked_shl(failures.saturating_sub(1));
        let delay = times.and_then(|times| self.first.checked_mul(times));
        delay.map_or(self.most, |delay| delay.min(self.most))
    }
}

/// How a back end stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Asked in its turn.
    Usable,
    /// Not asked for `left`, then tried.
    SetAside {
        /// Until it is tried again.
        left: Duration,
        /// Failures in a row.
        failures: u32,
        /// The last of them.
        reason: String,
    },
    /// Being tried: it opens its device and proves itself. Not asked meanwhile.
    Trying,
    /// It gave a wrong answer: never asked again.
    Quarantined {
        /// What was wrong.
        reason: String,
    },
}

impl Standing {
    /// Its name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Standing::Usable => "usable",
            Standing::SetAside { .. } => "set_aside",
            Standing::Trying => "trying",
            Standing::Quarantined { .. } => "quarantined",
        }
    }
}

/// The standing of one back end.
#[derive(Debug, Default)]
pub(crate) struct Health {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// Counts its returns. A fault of a run that began before the last one says nothing about it now.
    epoch: u64,
    /// In a row: it did not work for long in between.
    failures: u32,
    /// When it became usable.
    usable_since: Duration,
    /// The last failure.
    reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Usable,
    SetAside {
        until: Duration,
    },
    Trying,
    Quarantined,
}

impl Health {
    /// The epoch of a run that begins now, if it may.
    pub(crate) fn epoch(&self) -> Option<u64> {
        let state = self.lock();
        (state.phase == Phase::Usable).then_some(state.epoch)
    }

    /// After a fault at `now` of a run of `epoch`.
    pub(crate) fn set_aside(&self, epoch: u64, now: Duration, backoff: &Backoff, reason: &str) {
        let mut state = self.lock();
        if state.phase == Phase::Usable && state.epoch == epoch {
            if now.saturating_sub(state.usable_since) > backoff.most {
                state.failures = 0;
            }
            state.fail(now, backoff, reason);
        }
    }

    /// Whether the caller is to try the back end now: it was set aside and its time has come. Only one caller is told so.
    pub(crate) fn begin_trial(&self, now: Duration) -> bool {
        let mut state = self.lock();
        let due = matches!(state.phase, Phase::SetAside { until } if now >= until);
        if due {
            state.phase = Phase::Trying;
        }
        due
    }

    /// What came of the trial that [`Health::begin_trial`] began.
    pub(crate) fn end_trial(&self, now: Duration, backoff: &Backoff, outcome: Result<(), &str>) {
        let mut state = self.lock();
        if state.phase != Phase::Trying {
            return;
        }
        match outcome {
            Ok(()) => {
                state.phase = Phase::Usable;
                state.epoch += 1;
                state.usable_since = now;
            }
            Err(reason) => state.fail(now, backoff, reason),
        }
    }

    /// For good, whatever the standing was. Whether it was not quarantined before.
    pub(crate) fn quarantine(&self, reason: &str) -> bool {
        let mut state = self.lock();
        let first = state.phase != Phase::Quarantined;
        if first {
            state.phase = Phase::Quarantined;
            state.reason = reason.to_owned();
        }
        first
    }

    pub(crate) fn standing(&self, now: Duration) -> Standing {
        let state = self.lock();
        match state.phase {
            Phase::Usable => Standing::Usable,
            Phase::Trying => Standing::Trying,
            Phase::SetAside { until } => Standing::SetAside {
                left: until.saturating_sub(now),
                failures: state.failures,
                reason: state.reason.clone(),
            },
            Phase::Quarantined => Standing::Quarantined {
                reason: state.reason.clone(),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, now: Duration, backoff: &Backoff, reason: &str) {
        self.failures = self.failures.saturating_add(1);
        reason.clone_into(&mut self.reason);
        self.phase = Phase::SetAside {
            until: now + backoff.after(self.failures),
        };
    }
}

/// One model on one back end: left alone for a while after a fault, from the number of cases on that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pause {
    /// In a row.
    failures: u32,
    /// Runs of as many cases or more wait; 0 is the preparation, so every run does.
    from_cases: u32,
    until: Duration,
}

impl Pause {
    /// Whether a run of `cases` cases may be tried at `now`.
    pub(crate) fn allows(&self, cases: u32, now: Duration) -> bool {
        self.failures == 0 || cases < self.from_cases || now >= self.until
    }

    /// A fault at `now` with `cases` cases.
    pub(crate) fn fail(&mut self, cases: u32, now: Duration, backoff: &Backoff) {
        // Threads that fail at the same time count as one, so that they do not drive each other's wait up.
        if self.failures == 0 || cases < self.from_cases || now >= self.until {
            self.failures = self.failures.saturating_add(1);
        }
        self.from_cases = if now < self.until {
            self.from_cases.min(cases)
        } else {
            cases
        };
        self.until = self.until.max(now + backoff.after(self.failures));
    }

    /// A run of `cases` cases that worked.
    pub(crate) fn succeed(&mut self, cases: u32) {
        if self.failures > 0 && cases >= self.from_cases {
            *self = Pause::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(1),
        most: Duration::from_secs(5),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_wait_doubles_up_to_its_most() {
        let waits = [1, 2, 3, 4, 40, u32::MAX].map(|failures| BACKOFF.after(failures).as_secs());
        assert_eq!(waits, [1, 2, 4, 5, 5, 5]);
    }

    #[test]
    fn a_back_end_returns_when_its_time_has_come_and_its_trial_succeeds() {
        let health = Health::default();
        let epoch = health.epoch().expect("usable at first");
        health.set_aside(epoch, at(10), &BACKOFF, "lost");
        assert_eq!(health.epoch(), None);
        assert!(!health.begin_trial(at(10)));
        assert!(health.begin_trial(at(11)));
        assert!(!health.begin_trial(at(11)), "one trial at a time");
        assert_eq!(health.standing(at(11)), Standing::Trying);
        health.end_trial(at(12), &BACKOFF, Err("still lost"));
        let Standing::SetAside { left, failures, .. } = health.standing(at(12)) else {
            panic!("set aside")
        };
        assert_eq!((left, failures), (at(2), 2));
        assert!(health.begin_trial(at(14)));
        health.end_trial(at(14), &BACKOFF, Ok(()));
        assert_eq!(health.epoch(), Some(epoch + 1));
        // A run of before the return says nothing about the device of now.
        health.set_aside(epoch, at(15), &BACKOFF, "late");
        assert_eq!(health.standing(at(15)), Standing::Usable);
        health.set_aside(epoch + 1, at(15), &BACKOFF, "again");
        let Standing::SetAside { left, failures, .. } = health.standing(at(15)) else {
            panic!("set aside")
        };
        assert_eq!((left, failures), (at(4), 3));
    }

    #[test]
    fn what_worked_for_long_starts_anew() {
        let health = Health::default();
        for (epoch, now) in [(0, 100), (1, 110)] {
            health.set_aside(epoch, at(now), &BACKOFF, "lost");
            assert!(health.begin_trial(at(now + 1)));
            health.end_trial(at(now + 1), &BACKOFF, Ok(()));
        }
        health.set_aside(2, at(116), &BACKOFF, "lost");
        let Standing::SetAside { failures, .. } = health.standing(at(116)) else {
            panic!("set aside")
        };
        assert_eq!(failures, 2, "usable since 111 only");
    }

    #[test]
    fn a_quarantined_back_end_never_returns() {
        let health = Health::default();
        assert!(health.quarantine("a wrong sum"));
        assert!(!health.quarantine("another"), "it was already");
        health.set_aside(0, at(1), &BACKOFF, "lost");
        assert!(!health.begin_trial(at(1_000_000)));
        let reason = "a wrong sum".to_owned();
        assert_eq!(health.standing(at(2)), Standing::Quarantined { reason });
        // Neither does one whose trial was under way.
        let health = Health::default();
        health.set_aside(0, at(0), &BACKOFF, "lost");
        assert!(health.begin_trial(at(1)));
        health.quarantine("a wrong sum");
        health.end_trial(at(2), &BACKOFF, Ok(()));
        assert_eq!(health.epoch(), None);
    }

    #[test]
    fn a_pause_holds_for_the_sizes_that_failed_and_grows() {
        let mut pause = Pause::default();
        assert!(pause.allows(64, at(0)));
        pause.fail(16, at(0), &BACKOFF);
        assert!(pause.allows(15, at(0)) && !pause.allows(16, at(0)) && !pause.allows(64, at(0)));
        pause.succeed(8);
        assert!(!pause.allows(16, at(0)), "fewer cases say nothing");
        pause.fail(4, at(0), &BACKOFF);
        assert!(!pause.allows(4, at(1)), "two failures: two seconds");
        assert!(pause.allows(64, at(2)));
        pause.fail(64, at(2), &BACKOFF);
        assert!(pause.allows(4, at(2)) && !pause.allows(64, at(5)) && pause.allows(64, at(6)));
        pause.succeed(64);
        pause.fail(0, at(7), &BACKOFF);
        assert!(!pause.allows(1, at(7)) && pause.allows(1, at(8)));
    }
}
