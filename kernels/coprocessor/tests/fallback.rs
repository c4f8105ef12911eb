//! A back end that fails never changes an answer: the next one finishes the call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aivm_coprocessor::{Accelerators, Coprocessor, ManualClock};
use aivm_gpu::GpuExecutor;
use aivm_tosa::{
    Executor, ExecutorFault, FaultKind, ModelLimits, Plan, PriceTable, Priced, RunError, RunStatus,
    Variables,
};

const MODEL: &[u8] = include_bytes!("../../../examples/models/mnist_cnn.tosa");
const DIGIT_BYTES: usize = 784;

/// Its clock stands still: what is set aside stays so.
fn coprocessor(accelerators: Vec<Arc<dyn Executor>>) -> Coprocessor {
    Coprocessor::new(accelerators, ModelLimits::CHAIN, PriceTable::V1)
        .with_clock(Arc::new(ManualClock::default()))
}

/// `cases` inputs of varied bytes.
fn input(cases: usize) -> Vec<u8> {
    (0..cases * DIGIT_BYTES)
        .map(|i| (i * 31 % 251) as u8)
        .collect()
}

/// What the reference gives.
fn expected(cases: u32) -> Vec<u8> {
    let model = aivm_tosa::load(MODEL, &ModelLimits::CHAIN, &PriceTable::V1);
    let model = Arc::new(model.expect("the model is valid"));
    let plan = aivm_reference::ReferenceExecutor.prepare(&model);
    plan.expect("it runs every model")
        .run_cases(cases, &input(cases as usize))
        .expect("runs")
}

/// Fails to prepare, or fails in every run from the `healthy_runs`-th on.
struct Failing {
    prepares: bool,
    healthy_runs: u32,
}

struct FailingPlan {
    inner: Arc<dyn Plan>,
    healthy_runs: u32,
    runs: AtomicU32,
}

fn fault(kind: FaultKind, what: &str) -> ExecutorFault {
    ExecutorFault::new("failing", kind, what)
}

impl Executor for Failing {
    fn name(&self) -> &str {
        "failing"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        if !self.prepares {
            return Err(fault(FaultKind::Unsupported, "too large for this device"));
        }
        let inner = aivm_reference::ReferenceExecutor.prepare(model)?;
        Ok(Arc::new(FailingPlan {
            inner,
            healthy_runs: self.healthy_runs,
            runs: AtomicU32::new(0),
        }))
    }
}

impl Plan for FailingPlan {
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
        if self.runs.fetch_add(1, Ordering::Relaxed) < self.healthy_runs {
            self.inner.run_cases_from(start, cases, input, output)
        } else {
            Err(RunError::Fault(fault(FaultKind::Lost, "device lost")))
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

#[test]
fn a_back_end_that_fails_in_a_run_is_set_aside_and_the_run_finishes() {
    let faulty = Arc::new(Failing {
        prepares: true,
        healthy_runs: 1,
    });
    let coprocessor = coprocessor(vec![faulty]);
    let hash = coprocessor
        .register(MODEL)
        .expect("the model is valid")
        .hash();
    for _ in 0..3 {
        let output = coprocessor
            .run_cases(&hash, 2, &input(2))
            .expect("registered")
            .expect("runs");
        assert_eq!(output, expected(2));
    }
    let metrics = coprocessor.metrics();
    let [failing, cpu, reference] = &metrics.backends[..] else {
        panic!("three back ends")
    };
    assert_eq!(
        (failing.runs, failing.run_faults(), failing.usable()),
        (1, 1, false)
    );
    assert_eq!((cpu.runs, cpu.usable()), (2, true));
    assert_eq!((reference.runs, reference.usable()), (0, true));
}

#[test]
fn a_model_that_cannot_be_prepared_runs_elsewhere_and_the_back_end_stays() {
    let coprocessor = coprocessor(vec![Arc::new(Failing {
        prepares: false,
        healthy_runs: 0,
    })]);
    let hash = coprocessor
        .register(MODEL)
        .expect("the model is valid")
        .hash();
    for _ in 0..2 {
        assert_eq!(
            coprocessor
                .infer(&hash, &input(1))
                .expect("registered")
                .expect("runs"),
            expected(1)
        );
    }
    let metrics = coprocessor.metrics();
    assert_eq!(
        (
            metrics.backends[0].prepare_faults(),
            metrics.backends[0].usable()
        ),
        (1, true)
    );
    assert_eq!(metrics.backends[1].runs, 2);
}

/// Panics where it is told to.
struct Panicking {
    prepares: bool,
}

struct PanickingPlan(Variables);

impl Executor for Panicking {
    fn name(&self) -> &str {
        "panicking"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        assert!(self.prepares, "the driver could not compile");
        Ok(Arc::new(PanickingPlan(Variables::initial(model.program()))))
    }
}

impl Plan for PanickingPlan {
    fn initial(&self) -> &Variables {
        &self.0
    }

    fn run_cases_from(
        &self,
        _start: &Variables,
        _cases: u32,
        _input: &[u8],
        _output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        panic!("the driver went away")
    }

    fn step(
        &self,
        _variables: &mut Variables,
        _input: &[u8],
        _output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        panic!("the driver went away")
    }
}

#[test]
fn a_back_end_that_panics_falls_back_like_one_that_faults() {
    for (prepares, prepare_faults, run_faults) in [(false, 1, 0), (true, 0, 1)] {
        let coprocessor = coprocessor(vec![Arc::new(Panicking { prepares })]);
        let hash = coprocessor
            .register(MODEL)
            .expect("the model is valid")
            .hash();
        for _ in 0..2 {
            let output = coprocessor
                .run_cases(&hash, 2, &input(2))
                .expect("registered")
                .expect("runs");
            assert_eq!(output, expected(2));
        }
        let metrics = coprocessor.metrics();
        let [panicking, cpu, reference] = &metrics.backends[..] else {
            panic!("three back ends")
        };
        assert_eq!(
            (
                panicking.prepare_faults(),
                panicking.run_faults(),
                panicking.usable()
            ),
            (prepare_faults, run_faults, false)
        );
        assert_eq!((cpu.runs, reference.runs), (2, 0));
    }
}

#[test]
fn a_deterministic_refusal_is_an_answer_and_not_a_fault() {
    let healthy = Arc::new(Failing {
        prepares: true,
        healthy_runs: u32::MAX,
    });
    let coprocessor = coprocessor(vec![healthy]);
    let hash = coprocessor
        .register(MODEL)
        .expect("the model is valid")
        .hash();
    let refused = coprocessor.infer(&hash, &[0; 783]).expect("registered");
    assert_eq!(
        refused,
        Err(RunError::Status(RunStatus::InputLength {
            expected: 784,
            actual: 783
        }))
    );
    assert!(coprocessor.metrics().backends[0].usable());
}

#[test]
fn an_unknown_hash_is_no_model() {
    assert!(coprocessor(Vec::new()).infer(&[7; 32], &input(1)).is_none());
    assert!(coprocessor(Vec::new()).model(&[7; 32]).is_none());
}

/// The first usable adapter, or `None` with the reason printed (a failure where skips are not allowed).
fn adapter() -> Option<Arc<GpuExecutor>> {
    let found = Accelerators::discover();
    let first = found.usable.into_iter().next();
    if first.is_none() {
        let reason = format!("no usable GPU adapter; rejected: {:?}", found.rejected);
        assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "{reason}");
        println!("skipped: {reason}");
    }
    first
}

#[test]
fn a_gpu_lost_between_runs_leaves_the_bytes_as_they_were() {
    let Some(gpu) = adapter() else { return };
    let coprocessor = coprocessor(vec![Arc::clone(&gpu) as Arc<dyn Executor>]);
    let hash = coprocessor
        .register(MODEL)
        .expect("the model is valid")
        .hash();
    let before = coprocessor
        .infer(&hash, &input(1))
        .expect("registered")
        .expect("runs");
    gpu.destroy_device();
    let after = coprocessor
        .infer(&hash, &input(1))
        .expect("registered")
        .expect("runs");
    assert_eq!((&before, &after), (&expected(1), &expected(1)));
    let metrics = coprocessor.metrics();
    assert_eq!(
        (
            metrics.backends[0].runs,
            metrics.backends[0].usable(),
            metrics.backends[1].runs
        ),
        (1, false, 1)
    );
}

#[test]
fn a_gpu_lost_in_the_middle_of_a_run_leaves_the_bytes_as_they_were() {
    let Some(gpu) = adapter() else { return };
    let coprocessor = coprocessor(vec![Arc::clone(&gpu) as Arc<dyn Executor>]);
    let hash = coprocessor
        .register(MODEL)
        .expect("the model is valid")
        .hash();
    const CASES: u32 = 64;
    let (expected, input) = (expected(CASES), input(CASES as usize));
    std::thread::scope(|scope| {
        let runs = scope.spawn(|| {
            // Runs until one of them has met the loss: every one has the same bytes.
            loop {
                let output = coprocessor
                    .run_cases(&hash, CASES, &input)
                    .expect("registered")
                    .expect("runs");
                assert_eq!(output, expected);
                if coprocessor.metrics().backends[1].runs > 0 {
                    break;
                }
            }
        });
        while coprocessor.metrics().backends[0].runs == 0 {
            std::thread::yield_now();
        }
        gpu.destroy_device();
        runs.join().expect("no run fails");
    });
    assert!(!coprocessor.metrics().backends[0].usable());
}
