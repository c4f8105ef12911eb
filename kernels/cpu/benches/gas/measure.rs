//! Times of models: the shortest of several runs of a prepared plan, in CPU time of this process, so that other work on
//! the machine counts as little as it can.

use std::sync::Arc;
use std::time::Duration;

use aivm_cpu::{CpuExecutor, CpuOptions};
use aivm_tosa::{Executor, ModelLimits, Plan, PriceTable, Priced, load};

use crate::step::{Case, Step, border_bytes};

/// How long a measurement may take.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Runs are repeated until a sample takes this long.
    pub sample: Duration,
    /// Samples end after this much time, and after the tenth.
    pub total: Duration,
}

impl Effort {
    pub(crate) const QUICK: Effort = Effort {
        sample: Duration::from_micros(60),
        total: Duration::from_millis(8),
    };
    pub(crate) const CAREFUL: Effort = Effort {
        sample: Duration::from_micros(400),
        total: Duration::from_millis(120),
    };
}

/// Samples of a measurement at most.
const SAMPLES_MAX: usize = 24;

/// CPU time of this process so far.
#[cfg(unix)]
fn now() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Time since the first call, where there is no clock of a process.
#[cfg(not(unix))]
fn now() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// Nanoseconds that `work` takes.
pub(crate) fn nanoseconds(work: impl FnOnce()) -> f64 {
    let start = now();
    work();
    (now() - start).as_nanos() as f64
}

/// A model that can run, and what it cost to make it so.
pub(crate) struct Ready {
    plan: Arc<dyn Plan>,
    input: Vec<u8>,
    pub model: Arc<Priced>,
    pub file_bytes: usize,
    /// Nanoseconds.
    pub load: f64,
    pub prepare: f64,
}

/// The executor that is measured: one thread.
pub(crate) fn executor() -> CpuExecutor {
    let options = CpuOptions {
        threads: Some(1),
        ..CpuOptions::from_environment().expect("an instruction set of this machine")
    };
    CpuExecutor::with_options(options).expect("an executor")
}

impl Ready {
    pub(crate) fn new(case: &Case, executor: &dyn Executor) -> Result<Ready, String> {
        let file = case.model.file();
        let mut model = None;
        let loading =
            nanoseconds(|| model = Some(load(&file, &ModelLimits::TOOL, &PriceTable::V1)));
        let model = model
            .expect("it was loaded")
            .map_err(|refusal| format!("{refusal}"))?;
        let model = Arc::new(model);
        let mut plan = None;
        let prepare = nanoseconds(|| plan = Some(executor.prepare(&model)));
        let plan = plan
            .expect("it was prepared")
            .map_err(|fault| format!("{fault}"))?;
        let mut input = Vec::new();
        for (index, &(data_type, elements, fill)) in case.inputs.iter().enumerate() {
            input.extend(border_bytes(data_type, elements, fill, index as u64));
        }
        Ok(Ready {
            plan,
            input,
            model,
            file_bytes: file.len(),
            load: loading,
            prepare,
        })
    }

    /// Nanoseconds of one run.
    pub(crate) fn time(&self, effort: Effort) -> f64 {
        let mut output = Vec::new();
        let mut run = |times: usize| {
            nanoseconds(|| {
                for _ in 0..times {
                    output.clear();
                    let result =
                        self.plan
                            .run_cases_from(self.plan.initial(), 1, &self.input, &mut output);
                    result.expect("it runs");
                }
            })
        };
        let first = run(1).max(1.0);
        let (sample, total) = (
            effort.sample.as_nanos() as f64,
            effort.total.as_nanos() as f64,
        );
        let times = ((sample / first) as usize).clamp(1, 1 << 16);
        let (mut spent, mut shortest) = (first, if first > total { first } else { f64::INFINITY });
        let mut samples = 0;
        while samples < SAMPLES_MAX && (spent < total || samples == 0) {
            let sample = run(times);
            spent += sample;
            samples += 1;
            shortest = shortest.min(sample / times as f64);
        }
        shortest
    }

    /// Gas of one run.
    pub(crate) fn gas(&self) -> f64 {
        self.model.gas() as f64
    }
}

/// What was found about a step or a graph: nanoseconds per gas.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Of one more node of the kind (or one more repetition of the graph's pattern).
    pub marginal: f64,
    /// Of the smallest model with it.
    pub whole: f64,
    /// Nanoseconds and gas of one more.
    pub node_ns: f64,
    pub node_gas: f64,
    /// Of the larger model: reading and preparing it.
    pub load_per_byte: f64,
    pub prepare_per_gas: f64,
}

impl Figure {
    /// What counts.
    pub(crate) fn worst(&self) -> f64 {
        self.marginal.max(self.whole)
    }
}

/// Gas of what a model has more, below which the rounding of whole models would count.
const GAS_MIN: f64 = 10.0;

/// Compares a model with a larger one that has `more` times more of what is measured.
pub(crate) fn compare(
    (small, large): (&Case, &Case),
    more: usize,
    executor: &dyn Executor,
    effort: Effort,
) -> Result<Figure, String> {
    let (small, large) = (Ready::new(small, executor)?, Ready::new(large, executor)?);
    let (less, time) = (small.time(effort), large.time(effort));
    let gas = large.gas() - small.gas();
    // What is lost in the noise of the rest says nothing.
    let difference = if time - less > 0.1 * time && gas >= GAS_MIN {
        time - less
    } else {
        0.0
    };
    Ok(Figure {
        marginal: difference / gas.max(1e-9),
        whole: less / small.gas(),
        node_ns: difference / more as f64,
        node_gas: gas / more as f64,
        load_per_byte: large.load / large.file_bytes as f64,
        prepare_per_gas: large.prepare / large.gas(),
    })
}

/// Measures a step: copies of it in one model against one.
pub(crate) fn measure(
    step: &Step,
    executor: &dyn Executor,
    effort: Effort,
) -> Result<Figure, String> {
    let one = step.copies(1, 1);
    let priced = load(&one.model.file(), &ModelLimits::TOOL, &PriceTable::V1)
        .map_err(|refusal| format!("{refusal}"))?;
    // As many as take a few times what the rest of the model does, within the memory that models may use.
    let copies = (4 * priced.gas() / node_gas(&priced).max(1)).clamp(2, 256) as usize;
    let copies = copies.min((400 << 20) / (3 * step.bytes()).max(1)).max(2);
    compare(
        (&step.copies(1, copies), &step.copies(copies, copies)),
        copies - 1,
        executor,
        effort,
    )
}

/// The price of the nodes of a model, without its base charge and borders.
fn node_gas(model: &Priced) -> u64 {
    let nodes = 0..model.graph().nodes().len() as u32;
    nodes
        .map(|node| model.cost(aivm_tosa::NodeId(node)).1)
        .sum::<u64>()
        / 1000
}
