//! Losses, lacks of memory and hangs at every stage: each run ends with the same bytes within the deadline, and the
//! adapter returns after its back-off.
//!
//! `AIVM_TROUBLES` sets how many strike on each adapter; `cargo xtask campaign faults` takes 1,000.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aivm_coprocessor::{Backoff, Coprocessor, ManualClock};
use aivm_gpu::{GpuExecutor, GpuOptions, Injected, Stage, Trouble};
use aivm_tosa::{Executor, ExecutorFault, ExecutorMetrics, FaultKind, Plan, Priced};

use crate::support::{CASES_MAX, FILES, Known, LIMITS, PRICES, adapters, number};

/// Of a submission; a hang takes as long.
const DEADLINE: Duration = Duration::from_millis(500);
/// What a run may take besides: loading the model again, and the CPU. This machine may be busy.
const SLACK: Duration = Duration::from_secs(20);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    most: Duration::from_secs(4),
};

const TROUBLES: [(Trouble, Stage); 9] = [
    (Trouble::LoseDevice, Stage::Allocation),
    (Trouble::LoseDevice, Stage::Compilation),
    (Trouble::LoseDevice, Stage::BeforeSubmission),
    (Trouble::LoseDevice, Stage::AfterSubmission),
    (Trouble::LoseDevice, Stage::BeforeReading),
    (Trouble::OutOfMemory, Stage::Allocation),
    (Trouble::OutOfMemory, Stage::Compilation),
    (Trouble::OutOfMemory, Stage::BeforeSubmission),
    (Trouble::Hang, Stage::AfterSubmission),
];

/// An adapter whose recovery opens the device and leaves the known answers out: they take seconds, and have tests.
struct Quick(Arc<GpuExecutor>);

impl Executor for Quick {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        self.0.prepare(model)
    }

    fn recover(&self) -> Result<(), ExecutorFault> {
        self.0.reopen()
    }

    fn metrics(&self) -> ExecutorMetrics {
        self.0.metrics()
    }
}

#[test]
fn whatever_strikes_the_bytes_stay_and_the_adapter_returns() {
    let wanted = number("AIVM_TROUBLES", 100);
    for adapter in &adapters() {
        // No room for a second model and kernel: each run allocates and compiles, so that these stages are reached.
        let options = GpuOptions {
            deadline: DEADLINE,
            resident_bytes_max: 0,
            pipelines_max: 1,
            cache: None,
            ..GpuOptions::default()
        };
        let gpu = GpuExecutor::open_with(adapter, options).expect("the adapter opens");
        let gpu = Arc::new(gpu);
        let clock = Arc::new(ManualClock::default());
        let quick: Arc<dyn Executor> = Arc::new(Quick(Arc::clone(&gpu)));
        let coprocessor = Coprocessor::new(vec![quick], LIMITS, PRICES)
            .with_backoff(BACKOFF)
            .with_clock(Arc::clone(&clock) as _);
        let models = FILES.map(|file| Known::new(&coprocessor.register(file).expect("valid")));
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u32 % most
        };
        let (mut runs, mut longest) = (0, Duration::ZERO);
        let mut struck = [0u64; TROUBLES.len()];
        while gpu.struck() < wanted {
            assert!(
                runs < 20 * wanted + 100,
                "troubles do not strike: {struck:?}"
            );
            let kind = runs as usize % TROUBLES.len();
            let (trouble, stage) = TROUBLES[kind];
            let known = &models[random(4) as usize];
            let cases = 1 + random(CASES_MAX);
            let before = gpu.struck();
            gpu.inject(Some(Injected {
                trouble,
                stage,
                after: random(3),
            }));
            let started = Instant::now();
            let output = coprocessor.run_cases(&known.hash, cases, known.input(cases));
            let took = started.elapsed();
            let output = output.expect("registered").expect("every run ends");
            assert!(output == known.output(cases), "{trouble:?} at {stage:?}");
            assert!(
                took < DEADLINE + SLACK,
                "{trouble:?} at {stage:?}: {took:?}"
            );
            longest = longest.max(took);
            struck[kind] += gpu.struck() - before;
            gpu.inject(None);
            runs += 1;
            // Past every wait the adapter is back, whatever happened.
            clock.advance(BACKOFF.most);
            coprocessor.attend();
            assert!(coprocessor.metrics().backends[0].usable());
        }
        assert!(
            wanted < 100 || struck.iter().all(|&struck| struck > 0),
            "{struck:?}"
        );
        let metrics = coprocessor.metrics();
        let [first, cpu, _] = &metrics.backends[..] else {
            panic!("three back ends")
        };
        let known = &models[0];
        for _ in 0..2 {
            let output = coprocessor.run_cases(&known.hash, 1, known.input(1));
            let output = output.expect("registered").expect("it runs");
            assert_eq!(output, known.output(1));
        }
        assert_eq!(coprocessor.metrics().backends[0].runs, first.runs + 2);
        assert_eq!(first.run_faults_by_kind[FaultKind::WrongAnswer as usize], 0);
        assert_eq!(first.failed_checks, 0);
        assert_eq!(
            first.runs + cpu.runs,
            runs,
            "each on the adapter or the CPU"
        );
        println!(
            "{}: {struck:?} by trouble, the longest run {longest:?}",
            first.name
        );
        println!(
            "campaign: troubles={} runs={runs} finished_on_the_cpu={} recoveries={} devices_opened={}",
            gpu.struck(),
            cpu.runs,
            first.recoveries,
            first.executor.devices_opened,
        );
    }
}

#[test]
fn a_model_above_the_limits_of_the_adapter_runs_on_the_cpu() {
    for mut adapter in adapters() {
        adapter.limits.binding_bytes_max = 64;
        adapter.limits.buffer_bytes_max = 64;
        let gpu: Arc<dyn Executor> = Arc::new(GpuExecutor::open(&adapter).expect("it opens"));
        let coprocessor = Coprocessor::new(vec![gpu], LIMITS, PRICES);
        let known = Known::new(&coprocessor.register(FILES[3]).expect("valid"));
        for cases in [1, CASES_MAX] {
            let output = coprocessor.run_cases(&known.hash, cases, known.input(cases));
            let output = output.expect("registered").expect("it runs");
            assert_eq!(output, known.output(cases));
        }
        let metrics = coprocessor.metrics();
        let [first, cpu, _] = &metrics.backends[..] else {
            panic!("three back ends")
        };
        let kind = FaultKind::Unsupported as usize;
        assert_eq!(first.prepare_faults_by_kind[kind], 1);
        assert_eq!((first.runs, cpu.runs, first.usable()), (0, 2, true));
    }
}
