//! Losses, lacks of memory and hangs at every stage: each run ends with the same bytes within the deadline, and the
//! adapter returns after its back-off.
//!
//! `AIVM_TROUBLES` sets how many strike on each adapter; `cargo xtask campaign faults` takes 1,000.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aivm_coprocessor::{BackendMetrics, Backoff, Coprocessor, ManualClock, Standing};
use aivm_gpu::{AdapterInfo, GpuExecutor, GpuOptions, Injected, Stage, Trouble};
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

/// A coprocessor on one adapter, with what the test knows of it.
struct Bench {
    gpu: Arc<GpuExecutor>,
    clock: Arc<ManualClock>,
    coprocessor: Coprocessor,
    models: [Known; 4],
}

impl Bench {
    fn new(adapter: &AdapterInfo) -> Bench {
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
        Bench {
            gpu,
            clock,
            coprocessor,
            models,
        }
    }

    /// The adapter's figures.
    fn adapter(&self) -> BackendMetrics {
        self.coprocessor.metrics().backends.swap_remove(0)
    }

    /// Runs a model, whose bytes must be those of the reference. How long it took.
    fn run(&self, model: usize, cases: u32, what: &str) -> Duration {
        let known = &self.models[model];
        let started = Instant::now();
        let output = self
            .coprocessor
            .run_cases(&known.hash, cases, known.input(cases));
        let took = started.elapsed();
        let output = output.expect("registered").expect("every run ends");
        assert!(output == known.output(cases), "{what}: other bytes");
        assert!(took < DEADLINE + SLACK, "{what}: {took:?}");
        took
    }

    /// Lets trouble strike in a run, and the adapter return. Whether it struck, and how long the run took.
    fn strike(&self, injected: Injected, model: usize, cases: u32) -> (bool, Duration) {
        let what = format!("{:?} at {:?}", injected.trouble, injected.stage);
        let before = (self.gpu.struck(), self.adapter());
        self.gpu.inject(Some(injected));
        let took = self.run(model, cases, &what);
        self.gpu.inject(None);
        let struck = self.gpu.struck() > before.0;
        // A loss or a hang sets the adapter aside, and nothing brings it back before its time.
        if struck && injected.trouble != Trouble::OutOfMemory {
            let aside = |standing| matches!(standing, Standing::SetAside { .. });
            assert!(aside(self.adapter().standing), "{what}");
            self.coprocessor.attend();
            assert!(aside(self.adapter().standing), "{what}: back too early");
        }
        // Past every wait the adapter is back, whatever happened, and runs the same model.
        self.clock.advance(BACKOFF.most);
        self.coprocessor.attend();
        let back = self.adapter();
        assert_eq!(back.standing, Standing::Usable, "{what}");
        if struck && injected.trouble != Trouble::OutOfMemory {
            assert_eq!(back.recoveries, before.1.recoveries + 1, "{what}");
        }
        self.run(model, cases, &what);
        assert_eq!(self.adapter().runs, back.runs + 1, "{what}: not back");
        (struck, took)
    }
}

#[test]
fn whatever_strikes_the_bytes_stay_and_the_adapter_returns() {
    let wanted = number("AIVM_TROUBLES", 90);
    for adapter in &adapters() {
        let bench = Bench::new(adapter);
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u32 % most
        };
        let mut tries = 0;
        let mut struck = [(0, Duration::ZERO); TROUBLES.len()];
        while bench.gpu.struck() < wanted {
            assert!(tries < 20 * wanted + 100, "they do not strike: {struck:?}");
            tries += 1;
            // What has struck least: each as often as any other.
            let kind = (0..TROUBLES.len()).min_by_key(|&kind| struck[kind].0);
            let kind = kind.expect("there are some");
            let (trouble, stage) = TROUBLES[kind];
            let injected = Injected {
                trouble,
                stage,
                after: random(3),
            };
            let (model, cases) = (random(4) as usize, 1 + random(CASES_MAX));
            let (hit, took) = bench.strike(injected, model, cases);
            if hit {
                struck[kind].0 += 1;
                struck[kind].1 = took.max(struck[kind].1);
            }
        }
        let metrics = bench.coprocessor.metrics();
        let [first, cpu, _] = &metrics.backends[..] else {
            panic!("three back ends")
        };
        assert_eq!(first.run_faults_by_kind[FaultKind::WrongAnswer as usize], 0);
        assert_eq!(first.failed_checks, 0);
        assert_eq!(
            first.runs + cpu.runs,
            2 * tries,
            "each on the adapter or the CPU"
        );
        let mut line = String::new();
        for ((trouble, stage), (times, took)) in TROUBLES.iter().zip(struck) {
            println!(
                "{}: {trouble:?} at {stage:?}: {times}, the longest run {took:?}",
                first.name
            );
            line += &format!(" {}_{}={times}", snake(trouble), snake(stage));
        }
        println!(
            "campaign: troubles={}{line} finished_on_the_cpu={} recoveries={} devices_opened={}",
            bench.gpu.struck(),
            cpu.runs,
            first.recoveries,
            first.executor.devices_opened,
        );
    }
}

/// A name of a variant as keys of a campaign have it.
fn snake(name: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
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
