//! A back end that failed returns after its back-off and a trial; one that gave a wrong answer does not.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aivm_coprocessor::{BackendMetrics, Backoff, Coprocessor, ManualClock, Skip, Standing};
use aivm_tosa::{
    Executor, ExecutorFault, FaultKind, ModelLimits, Plan, PriceTable, Priced, RunError, Variables,
};

const MODEL: &[u8] = include_bytes!("../../../examples/models/mnist_cnn.tosa");
const DIGIT_BYTES: usize = 784;
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_secs(8),
};

/// What a test tells the back end to do.
#[derive(Default)]
struct Script {
    /// Runs of at least as many cases fault.
    run: Mutex<Option<(u32, FaultKind)>>,
    prepare: Mutex<Option<FaultKind>>,
    recover: Mutex<Option<FaultKind>>,
    recoveries: AtomicU32,
}

struct Scripted(Arc<Script>);

struct ScriptedPlan {
    script: Arc<Script>,
    inner: Arc<dyn Plan>,
}

fn outcome(kind: Option<FaultKind>) -> Result<(), ExecutorFault> {
    kind.map_or(Ok(()), |kind| {
        Err(ExecutorFault::new("scripted", kind, kind.name()))
    })
}

impl Executor for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        outcome(*self.0.prepare.lock().unwrap())?;
        Ok(Arc::new(ScriptedPlan {
            script: Arc::clone(&self.0),
            inner: aivm_reference::ReferenceExecutor.prepare(model)?,
        }))
    }

    fn recover(&self) -> Result<(), ExecutorFault> {
        self.0.recoveries.fetch_add(1, Ordering::Relaxed);
        outcome(*self.0.recover.lock().unwrap())
    }
}

impl Plan for ScriptedPlan {
    fn initial(&self) -> &Variables {
        self.inner.initial()
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        match *self.script.run.lock().unwrap() {
            Some((least, kind)) if cases >= least => Ok(outcome(Some(kind))?),
            _ => self.inner.run_cases_from(start, cases, input, output),
        }
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.run_cases_from(variables, 1, input, output)
    }
}

struct Bench {
    script: Arc<Script>,
    clock: Arc<ManualClock>,
    coprocessor: Coprocessor,
    hash: [u8; 32],
}

impl Bench {
    fn new() -> Bench {
        let script = Arc::new(Script::default());
        let clock = Arc::new(ManualClock::default());
        let scripted: Arc<dyn Executor> = Arc::new(Scripted(Arc::clone(&script)));
        let coprocessor = Coprocessor::new(vec![scripted], ModelLimits::CHAIN, PriceTable::V1)
            .with_backoff(BACKOFF)
            .with_clock(Arc::clone(&clock) as _);
        let hash = coprocessor.register(MODEL).expect("valid").hash();
        Bench {
            script,
            clock,
            coprocessor,
            hash,
        }
    }

    /// Runs `cases` cases; the bytes are always the same. Whether the scripted back end gave them.
    fn run(&self, cases: u32) -> bool {
        let input: Vec<u8> = (0..cases as usize * DIGIT_BYTES)
            .map(|i| (i * 31 % 251) as u8)
            .collect();
        let runs = self.scripted().runs;
        let output = self.coprocessor.run_cases(&self.hash, cases, &input);
        let output = output.expect("registered").expect("it always runs");
        let model = self.coprocessor.model(&self.hash).expect("registered");
        let plan = aivm_reference::ReferenceExecutor.prepare(&model).unwrap();
        assert_eq!(output, plan.run_cases(cases, &input).unwrap());
        self.scripted().runs > runs
    }

    /// Moves the clock on and tries what is due.
    fn after(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.coprocessor.attend();
    }

    fn scripted(&self) -> BackendMetrics {
        self.coprocessor.metrics().backends.swap_remove(0)
    }

    fn runs_fault(&self, fault: Option<(u32, FaultKind)>) {
        *self.script.run.lock().unwrap() = fault;
    }
}

#[test]
fn a_lost_device_returns_after_its_back_off() {
    for kind in [FaultKind::Lost, FaultKind::Deadline] {
        let bench = Bench::new();
        assert!(bench.run(1));
        bench.runs_fault(Some((0, kind)));
        assert!(!bench.run(1));
        bench.runs_fault(None);
        assert!(!bench.run(1), "set aside");
        bench.after(1);
        assert!(!bench.run(1), "not yet");
        assert_eq!(bench.script.recoveries.load(Ordering::Relaxed), 0);
        // The device is not back yet: the next wait is twice as long.
        *bench.script.recover.lock().unwrap() = Some(FaultKind::Lost);
        bench.after(1);
        assert_eq!(bench.script.recoveries.load(Ordering::Relaxed), 1);
        *bench.script.recover.lock().unwrap() = None;
        bench.after(3);
        assert!(!bench.run(1), "four seconds from then");
        bench.after(1);
        assert!(bench.run(1), "back");
        let metrics = bench.scripted();
        assert_eq!((metrics.recoveries, metrics.failed_recoveries), (1, 1));
        assert_eq!(metrics.run_faults_by_kind[kind as usize], 1);
        assert_eq!(metrics.skips[Skip::SetAside as usize], 3);
        assert_eq!(metrics.standing, Standing::Usable);
    }
}

#[test]
fn a_run_starts_the_trial_in_the_background() {
    let bench = Bench::new();
    bench.runs_fault(Some((0, FaultKind::Lost)));
    assert!(!bench.run(1));
    bench.runs_fault(None);
    bench.clock.advance(BACKOFF.first);
    // The run that finds the time come does not wait for the trial, or may find it done already.
    bench.run(1);
    while !bench.scripted().usable() {
        std::thread::yield_now();
    }
    assert!(bench.run(1));
    assert_eq!(bench.script.recoveries.load(Ordering::Relaxed), 1);
}

#[test]
fn a_lack_of_memory_holds_back_the_sizes_that_met_it_and_no_more() {
    let bench = Bench::new();
    bench.runs_fault(Some((8, FaultKind::OutOfMemory)));
    assert!(bench.run(4));
    assert!(!bench.run(8));
    assert!(bench.run(7), "fewer cases still run there");
    bench.runs_fault(None);
    assert!(!bench.run(16), "more would need more");
    bench.after(2);
    assert!(bench.run(16), "tried again later");
    assert!(bench.run(8));
    let metrics = bench.scripted();
    assert_eq!(
        metrics.run_faults_by_kind[FaultKind::OutOfMemory as usize],
        1
    );
    assert_eq!(metrics.skips[Skip::ModelPaused as usize], 1);
    assert_eq!(metrics.recoveries, 0, "the back end itself stayed usable");
}

#[test]
fn a_model_that_found_no_memory_is_prepared_again_later() {
    let bench = Bench::new();
    *bench.script.prepare.lock().unwrap() = Some(FaultKind::OutOfMemory);
    assert!(!bench.run(1));
    *bench.script.prepare.lock().unwrap() = None;
    assert!(!bench.run(1));
    bench.after(2);
    assert!(bench.run(1));
    assert_eq!(bench.scripted().prepare_faults(), 1);
}

#[test]
fn a_model_that_does_not_fit_is_asked_once() {
    let bench = Bench::new();
    *bench.script.prepare.lock().unwrap() = Some(FaultKind::Unsupported);
    assert!(!bench.run(1));
    *bench.script.prepare.lock().unwrap() = None;
    bench.after(1_000);
    assert!(!bench.run(1));
    let metrics = bench.scripted();
    assert_eq!(metrics.prepare_faults(), 1);
    assert_eq!(metrics.skips[Skip::ModelRefused as usize], 1);
    assert!(metrics.usable());
}

#[test]
fn a_wrong_answer_quarantines_for_good() {
    let found_in_a_run = Bench::new();
    found_in_a_run.runs_fault(Some((0, FaultKind::WrongAnswer)));
    assert!(!found_in_a_run.run(1));
    let found_in_a_trial = Bench::new();
    found_in_a_trial.runs_fault(Some((0, FaultKind::Lost)));
    *found_in_a_trial.script.recover.lock().unwrap() = Some(FaultKind::WrongAnswer);
    assert!(!found_in_a_trial.run(1));
    found_in_a_trial.after(2);
    let found_by_the_caller = Bench::new();
    found_by_the_caller.coprocessor.quarantine(0, "a wrong sum");
    for bench in [found_in_a_run, found_in_a_trial, found_by_the_caller] {
        bench.runs_fault(None);
        *bench.script.recover.lock().unwrap() = None;
        bench.after(1_000_000);
        assert!(!bench.run(1));
        assert!(matches!(
            bench.scripted().standing,
            Standing::Quarantined { .. }
        ));
    }
}

#[test]
fn neither_the_reference_nor_what_is_not_there_can_be_quarantined() {
    let bench = Bench::new();
    for place in 2..5 {
        bench.coprocessor.quarantine(place, "a mistake");
    }
    assert!(bench.coprocessor.metrics().backends[2].usable());
}
