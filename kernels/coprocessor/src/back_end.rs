//! One back end of a coprocessor: runs models on it, judges its faults, and brings it back.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aivm_tosa::{Executor, ExecutorFault, FaultKind, Plan, Priced, RunError};

use crate::check::{CheckPolicy, Checked, Checker, Rotation};
use crate::clock::Clock;
use crate::health::{Backoff, Health, Pause};
use crate::metrics::{BackendMetrics, Counters, Skip};

/// An executor with its standing and its counts.
pub(crate) struct BackEnd {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) counters: Counters,
    health: Health,
}

/// One model on one back end.
#[derive(Default)]
pub(crate) struct Slot {
    prepared: Mutex<Prepared>,
    pause: Mutex<Pause>,
}

#[derive(Default)]
enum Prepared {
    #[default]
    Not,
    Ready(Ready),
    /// It never runs there.
    Refused(ExecutorFault),
}

#[derive(Clone)]
struct Ready {
    plan: Arc<dyn Plan>,
    checker: Arc<Checker>,
}

/// How much is checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    pub(crate) policy: CheckPolicy,
    pub(crate) rotation: Arc<Rotation>,
}

/// When what failed is tried again, and by which clock.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) backoff: Backoff,
}

/// Cases of a model to run.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) model: &'a Arc<Priced>,
    pub(crate) slot: &'a Slot,
    pub(crate) checks: &'a Checks,
    pub(crate) cases: u32,
    pub(crate) input: &'a [u8],
}

impl BackEnd {
    pub(crate) fn new(executor: Arc<dyn Executor>) -> BackEnd {
        BackEnd {
            executor,
            counters: Counters::default(),
            health: Health::default(),
        }
    }

    /// Runs `work` if neither the back end nor the model on it is set aside. `None` if another back end has to.
    pub(crate) fn offer(
        &self,
        recovery: &Recovery,
        work: Work<'_>,
    ) -> Option<Result<Vec<u8>, RunError>> {
        let now = recovery.clock.now();
        let Some(epoch) = self.health.epoch() else {
            self.counters.skip(Skip::SetAside);
            return None;
        };
        if !lock(&work.slot.pause).allows(work.cases, now) {
            self.counters.skip(Skip::ModelPaused);
            return None;
        }
        match self.run(work) {
            Ok(output) => Some(Ok(output)),
            Err(Failed { cases, error }) => match error {
                RunError::Status(_) => Some(Err(error)),
                RunError::Fault(fault) => {
                    self.judge(recovery, epoch, work.slot, cases, &fault);
                    None
                }
            },
        }
    }

    /// Runs `work` whatever happened before.
    pub(crate) fn must(&self, work: Work<'_>) -> Result<Vec<u8>, RunError> {
        self.run(work).map_err(|failed| failed.error)
    }

    fn run(&self, work: Work<'_>) -> Result<Vec<u8>, Failed> {
        let ready = self.ready(work).map_err(|fault| Failed {
            cases: 0,
            error: fault.into(),
        })?;
        let started = Instant::now();
        let answer = self
            .caught(|| {
                let policy = work.checks.policy;
                ready
                    .checker
                    .run(&*ready.plan, policy, work.cases, work.input)
            })
            .unwrap_or_else(|fault| Err(fault.into()))
            .and_then(|checked| self.accept(checked));
        if let Err(RunError::Fault(fault)) = &answer {
            self.counters.run_fault(fault.kind);
        } else {
            self.counters.ran(work.cases, started.elapsed());
            lock(&work.slot.pause).succeed(work.cases);
        }
        answer.map_err(|error| Failed {
            cases: work.cases,
            error,
        })
    }

    /// The outputs of a run in which no check failed.
    fn accept(&self, checked: Checked) -> Result<Vec<u8>, RunError> {
        let failures = checked.rejected.len() as u64;
        self.counters.checked(checked.checks, failures);
        match checked.rejected.first() {
            None => Ok(checked.output),
            Some(rejection) => {
                let what = format!("self-check: {rejection}");
                let (name, kind) = (self.executor.name(), FaultKind::WrongAnswer);
                Err(ExecutorFault::new(name, kind, what).into())
            }
        }
    }

    /// The model's plan, and what checks its runs. Threads that ask at once wait for one preparation.
    fn ready(&self, work: Work<'_>) -> Result<Ready, ExecutorFault> {
        let mut prepared = lock(&work.slot.prepared);
        match &*prepared {
            Prepared::Ready(ready) => return Ok(ready.clone()),
            Prepared::Refused(fault) => {
                self.counters.skip(Skip::ModelRefused);
                return Err(fault.clone());
            }
            Prepared::Not => {}
        }
        let started = Instant::now();
        let made = self
            .caught(|| {
                let plan = self.executor.prepare(work.model)?;
                let checker = Checker::new(work.model, &*plan, &work.checks.rotation)?;
                let checker = Arc::new(checker);
                Ok(Ready { plan, checker })
            })
            .unwrap_or_else(Err);
        match made {
            Ok(ready) => {
                self.counters.prepared(started.elapsed());
                *prepared = Prepared::Ready(ready.clone());
                Ok(ready)
            }
            Err(fault) => {
                self.counters.prepare_fault(fault.kind);
                Err(fault)
            }
        }
    }

    /// What a fault with `cases` cases (0: the preparation) means for later calls.
    fn judge(
        &self,
        recovery: &Recovery,
        epoch: u64,
        slot: &Slot,
        cases: u32,
        fault: &ExecutorFault,
    ) {
        let now = recovery.clock.now();
        match fault.kind {
            FaultKind::Unsupported => *lock(&slot.prepared) = Prepared::Refused(fault.clone()),
            FaultKind::OutOfMemory => lock(&slot.pause).fail(cases, now, &recovery.backoff),
            FaultKind::Lost | FaultKind::Deadline => {
                self.health
                    .set_aside(epoch, now, &recovery.backoff, &fault.what);
                // It may be the model that brings the device down: it waits on its own too, longer each time, so that the
                // device serves others in between.
                lock(&slot.pause).fail(0, now, &recovery.backoff);
            }
            FaultKind::WrongAnswer => self.quarantine(&fault.what),
        }
    }

    /// Never asks this back end again.
    pub(crate) fn quarantine(&self, reason: &str) {
        if self.health.quarantine(reason) {
            // Whether anybody reads it or not, the call goes on: `eprintln` would panic.
            let _ = writeln!(
                std::io::stderr(),
                "back end {} gave a wrong answer and is not used any more: {reason}",
                self.executor.name()
            );
        }
    }

    /// Whether the caller has to [`BackEnd::try_again`] now.
    pub(crate) fn begin_trial(&self, now: Duration) -> bool {
        self.health.begin_trial(now)
    }

    /// Recovers the executor. Only after [`BackEnd::begin_trial`].
    pub(crate) fn try_again(&self, recovery: &Recovery) {
        let outcome = self.caught(|| self.executor.recover()).unwrap_or_else(Err);
        let now = recovery.clock.now();
        match outcome {
            Ok(()) => {
                self.counters.recovered(true);
                self.health.end_trial(now, &recovery.backoff, Ok(()));
            }
            Err(fault) => {
                self.counters.recovered(false);
                if fault.kind == FaultKind::WrongAnswer {
                    self.quarantine(&fault.what);
                }
                let reason = Err(fault.what.as_str());
                self.health.end_trial(now, &recovery.backoff, reason);
            }
        }
    }

    pub(crate) fn metrics(&self, now: Duration) -> BackendMetrics {
        self.counters.snapshot(
            self.executor.name(),
            self.health.standing(now),
            self.executor.metrics(),
        )
    }

    /// Runs `work`. A panic in it, of a driver or of what stands before it, is a fault like any other. What it may
    /// leave half done is the back end's own: a plan that is dropped, or a run after which no other follows.
    fn caught<T>(&self, work: impl FnOnce() -> T) -> Result<T, ExecutorFault> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
            let text = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let what = format!("panic: {}", text.unwrap_or("without a text"));
            ExecutorFault::new(self.executor.name(), FaultKind::Lost, what)
        })
    }
}

/// A run without an output.
struct Failed {
    /// 0 if it was not prepared.
    cases: u32,
    error: RunError,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
