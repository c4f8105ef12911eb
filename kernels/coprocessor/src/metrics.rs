//! What a coprocessor counts. Local figures: none of them reaches state.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aivm_tosa::{ExecutorMetrics, FaultKind};

use crate::health::Standing;

/// A snapshot of the counts of a [`crate::Coprocessor`], back ends in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// One entry a back end; the reference is last.
    pub backends: Vec<BackendMetrics>,
}

/// The counts of one back end. Times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendMetrics {
    /// The executor's name.
    pub name: String,
    /// How it stands now.
    pub standing: Standing,
    /// Runs it answered.
    pub runs: u64,
    /// Cases in them.
    pub cases: u64,
    /// Time they took.
    pub run_us: u64,
    /// Models it prepared.
    pub prepared: u64,
    /// Time that took.
    pub prepare_us: u64,
    /// Faults, by kind in the order of [`FaultKind::ALL`], while a model was prepared. Each run went to the next back end.
    pub prepare_faults_by_kind: [u64; FaultKind::ALL.len()],
    /// Faults, by kind, in runs. Each run was finished by the next back end.
    pub run_faults_by_kind: [u64; FaultKind::ALL.len()],
    /// Runs that passed it by, by reason in the order of [`Skip::ALL`].
    pub skips: [u64; Skip::ALL.len()],
    /// Steps of its runs that were verified; of models with control flow, cases.
    pub checks: u64,
    /// Those of them that were wrong: the back end is quarantined after the first.
    pub failed_checks: u64,
    /// Times it came back after it was set aside.
    pub recoveries: u64,
    /// Times it was tried and was not fit yet.
    pub failed_recoveries: u64,
    /// What the executor counts itself.
    pub executor: ExecutorMetrics,
}

impl BackendMetrics {
    /// Times a model could not be prepared.
    #[must_use]
    pub fn prepare_faults(&self) -> u64 {
        self.prepare_faults_by_kind.iter().sum()
    }

    /// Runs in which it failed.
    #[must_use]
    pub fn run_faults(&self) -> u64 {
        self.run_faults_by_kind.iter().sum()
    }

    /// Whether it is asked in its turn.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.standing == Standing::Usable
    }
}

/// Why a run passed a back end by without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The back end is set aside, being tried, or quarantined.
    SetAside,
    /// The model waits after a fault there.
    ModelPaused,
    /// The model does not run there.
    ModelRefused,
}

impl Skip {
    /// Every reason.
    pub const ALL: [Skip; 3] = [Skip::SetAside, Skip::ModelPaused, Skip::ModelRefused];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Skip::SetAside => "set_aside",
            Skip::ModelPaused => "model_paused",
            Skip::ModelRefused => "model_refused",
        }
    }
}

/// The live counters behind [`BackendMetrics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    runs: AtomicU64,
    cases: AtomicU64,
    run_us: AtomicU64,
    prepared: AtomicU64,
    prepare_us: AtomicU64,
    prepare_faults: [AtomicU64; FaultKind::ALL.len()],
    run_faults: [AtomicU64; FaultKind::ALL.len()],
    skips: [AtomicU64; Skip::ALL.len()],
    checks: AtomicU64,
    failed_checks: AtomicU64,
    recoveries: AtomicU64,
    failed_recoveries: AtomicU64,
}

impl Counters {
    pub(crate) fn ran(&self, cases: u32, took: Duration) {
        add(&self.runs, 1);
        add(&self.cases, u64::from(cases));
        add(&self.run_us, microseconds(took));
    }

    pub(crate) fn prepared(&self, took: Duration) {
        add(&self.prepared, 1);
        add(&self.prepare_us, microseconds(took));
    }

    pub(crate) fn prepare_fault(&self, kind: FaultKind) {
        add(&self.prepare_faults[kind as usize], 1);
    }

    pub(crate) fn run_fault(&self, kind: FaultKind) {
        add(&self.run_faults[kind as usize], 1);
    }

    pub(crate) fn skip(&self, reason: Skip) {
        add(&self.skips[reason as usize], 1);
    }

    pub(crate) fn checked(&self, checks: u64, failed: u64) {
        add(&self.checks, checks);
        add(&self.failed_checks, failed);
    }

    pub(crate) fn recovered(&self, fit: bool) {
        let counter = if fit {
            &self.recoveries
        } else {
            &self.failed_recoveries
        };
        add(counter, 1);
    }

    pub(crate) fn snapshot(
        &self,
        name: &str,
        standing: Standing,
        executor: ExecutorMetrics,
    ) -> BackendMetrics {
        BackendMetrics {
            name: name.to_owned(),
            standing,
            runs: get(&self.runs),
            cases: get(&self.cases),
            run_us: get(&self.run_us),
            prepared: get(&self.prepared),
            prepare_us: get(&self.prepare_us),
            prepare_faults_by_kind: std::array::from_fn(|kind| get(&self.prepare_faults[kind])),
            run_faults_by_kind: std::array::from_fn(|kind| get(&self.run_faults[kind])),
            skips: std::array::from_fn(|reason| get(&self.skips[reason])),
            checks: get(&self.checks),
            failed_checks: get(&self.failed_checks),
            recoveries: get(&self.recoveries),
            failed_recoveries: get(&self.failed_recoveries),
            executor,
        }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
