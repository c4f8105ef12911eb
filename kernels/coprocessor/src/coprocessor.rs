//! Registered models and the order in which back ends are tried.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use aivm_cpu::CpuExecutor;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{
    Executor, ExecutorFault, ModelLimits, Plan, PriceTable, Priced, Refusal, RunError,
};

use crate::Metrics;
use crate::metrics::Counters;

/// Runs registered models on the first healthy back end.
///
/// Shared by threads. Models stay registered, and prepared on every back end that ran them, until the
/// coprocessor is dropped.
pub struct Coprocessor {
    limits: ModelLimits,
    prices: PriceTable,
    /// In order of preference; the reference is last.
    backends: Vec<Backend>,
    models: RwLock<BTreeMap<[u8; 32], Arc<Model>>>,
}

/// A back end that could not start.
struct Missing(ExecutorFault);

impl Executor for Missing {
    fn name(&self) -> &str {
        &self.0.executor
    }

    fn prepare(&self, _model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Err(self.0.clone())
    }
}

struct Backend {
    executor: Arc<dyn Executor>,
    counters: Counters,
    /// Set once, after a fault in a run: the device is not trusted again. No effect on the reference.
    set_aside: AtomicBool,
}

struct Model {
    priced: Arc<Priced>,
    /// One slot a back end, filled when the model first runs there.
    plans: Vec<OnceLock<Result<Arc<dyn Plan>, ExecutorFault>>>,
}

impl Coprocessor {
    /// A coprocessor for a node: tries `accelerators` in this order, then the fast CPU executor and last the
    /// reference; it adds both.
    ///
    /// A CPU executor that cannot start (an instruction set is asked for that this machine lacks) stands in the
    /// metrics as one that prepares no model.
    #[must_use]
    pub fn new(
        accelerators: Vec<Arc<dyn Executor>>,
        limits: ModelLimits,
        prices: PriceTable,
    ) -> Coprocessor {
        let cpu: Arc<dyn Executor> = match CpuExecutor::new() {
            Ok(cpu) => Arc::new(cpu),
            Err(fault) => Arc::new(Missing(fault)),
        };
        let backends = accelerators.into_iter().chain([cpu]).collect();
        Coprocessor::with_back_ends(backends, limits, prices)
    }

    /// A coprocessor that tries these back ends in this order and no other but the reference, which it adds as the
    /// last: with none, every model runs on the reference.
    #[must_use]
    pub fn with_back_ends(
        backends: Vec<Arc<dyn Executor>>,
        limits: ModelLimits,
        prices: PriceTable,
    ) -> Coprocessor {
        let reference: Arc<dyn Executor> = Arc::new(ReferenceExecutor);
        let backends = backends
            .into_iter()
            .chain([reference])
            .map(|executor| Backend {
                executor,
                counters: Counters::default(),
                set_aside: AtomicBool::new(false),
            })
            .collect();
        Coprocessor {
            limits,
            prices,
            backends,
            models: RwLock::new(BTreeMap::new()),
        }
    }

    /// Validates and prices the model file `bytes` and makes it known by its hash. Registering it again
    /// changes nothing.
    ///
    /// # Errors
    /// The [`Refusal`] of the first rule that the file breaks; nothing is registered then.
    pub fn register(&self, bytes: &[u8]) -> Result<Arc<Priced>, Refusal> {
        let priced = Arc::new(aivm_tosa::load(bytes, &self.limits, &self.prices)?);
        let model = Model {
            priced: Arc::clone(&priced),
            plans: self.backends.iter().map(|_| OnceLock::new()).collect(),
        };
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let known = models
            .entry(priced.hash())
            .or_insert_with(|| Arc::new(model));
        Ok(Arc::clone(&known.priced))
    }

    /// The registered model whose file has this keccak-256 hash.
    #[must_use]
    pub fn model(&self, hash: &[u8; 32]) -> Option<Arc<Priced>> {
        self.find(hash).map(|model| Arc::clone(&model.priced))
    }

    /// Runs `cases` cases of a registered model; `input` and the result hold them one after the other.
    /// `None` if no model of this hash is registered.
    ///
    /// # Errors
    /// [`RunError::Status`] is deterministic; [`RunError::Fault`] means that even the reference failed.
    pub fn run_cases(
        &self,
        hash: &[u8; 32],
        cases: u32,
        input: &[u8],
    ) -> Option<Result<Vec<u8>, RunError>> {
        self.find(hash)
            .map(|model| self.run_model(&model, cases, input))
    }

    /// Runs one case, as [`Coprocessor::run_cases`].
    ///
    /// # Errors
    /// As [`Coprocessor::run_cases`].
    pub fn infer(&self, hash: &[u8; 32], input: &[u8]) -> Option<Result<Vec<u8>, RunError>> {
        self.run_cases(hash, 1, input)
    }

    /// What happened so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let backends = self.backends.iter().map(|backend| {
            backend.counters.snapshot(
                backend.executor.name(),
                backend.set_aside.load(Ordering::Acquire),
            )
        });
        Metrics {
            backends: backends.collect(),
        }
    }

    fn find(&self, hash: &[u8; 32]) -> Option<Arc<Model>> {
        self.models
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
            .cloned()
    }

    fn run_model(&self, model: &Model, cases: u32, input: &[u8]) -> Result<Vec<u8>, RunError> {
        let (others, reference) = self.backends.split_at(self.backends.len() - 1);
        for (backend, plan) in others.iter().zip(&model.plans) {
            if backend.set_aside.load(Ordering::Acquire) {
                continue;
            }
            match backend.run(&model.priced, plan, cases, input) {
                Err(RunError::Fault(_)) => {}
                answer => return answer,
            }
        }
        reference[0].run(&model.priced, &model.plans[others.len()], cases, input)
    }
}

impl Backend {
    /// Runs `work`. A panic in it, of a driver or of what stands before it, is a fault like any other. What it may
    /// leave half done is the back end's own: a plan that is dropped, or a run after which no other follows.
    fn caught<T>(&self, work: impl FnOnce() -> T) -> Result<T, ExecutorFault> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
            let text = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            ExecutorFault {
                executor: self.executor.name().to_owned(),
                what: format!("panic: {}", text.unwrap_or("without a text")),
            }
        })
    }

    /// Runs the model here, preparing it first if need be. A model that cannot be prepared leaves the back end
    /// usable for others; a fault in a run sets the back end aside.
    fn run(
        &self,
        model: &Arc<Priced>,
        plan: &OnceLock<Result<Arc<dyn Plan>, ExecutorFault>>,
        cases: u32,
        input: &[u8],
    ) -> Result<Vec<u8>, RunError> {
        let prepared = plan.get_or_init(|| {
            let prepared = self
                .caught(|| self.executor.prepare(model))
                .unwrap_or_else(Err);
            if prepared.is_err() {
                Counters::add(&self.counters.prepare_faults);
            }
            prepared
        });
        let plan = prepared
            .as_ref()
            .map_err(|fault| RunError::Fault(fault.clone()))?;
        let answer = self
            .caught(|| plan.run_cases(cases, input))
            .unwrap_or_else(|fault| Err(RunError::Fault(fault)));
        if matches!(answer, Err(RunError::Fault(_))) {
            Counters::add(&self.counters.run_faults);
            self.set_aside.store(true, Ordering::Release);
        } else {
            Counters::add(&self.counters.runs);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &[u8] = include_bytes!("../../../examples/models/mnist_cnn.tosa");

    #[test]
    fn without_the_cpu_executor_the_reference_answers_and_the_metrics_say_so() {
        let missing = Missing(ExecutorFault {
            executor: "cpu".to_owned(),
            what: "this machine has no neon".to_owned(),
        });
        let limits = ModelLimits::CHAIN;
        let missing: Vec<Arc<dyn Executor>> = vec![Arc::new(missing)];
        let alone = Coprocessor::with_back_ends(missing, limits, PriceTable::V1);
        let usual = Coprocessor::new(Vec::new(), limits, PriceTable::V1);
        let mut outputs = Vec::new();
        for coprocessor in [&alone, &usual] {
            let hash = coprocessor.register(MODEL).expect("it is valid").hash();
            let output = coprocessor.infer(&hash, &[3; 784]).expect("registered");
            outputs.push(output.expect("the input is valid"));
        }
        assert_eq!(outputs[0], outputs[1]);
        let [cpu, reference] = &alone.metrics().backends[..] else {
            panic!("two back ends")
        };
        assert_eq!((&*cpu.name, cpu.prepare_faults, cpu.runs), ("cpu", 1, 0));
        assert_eq!(reference.runs, 1);
        let [cpu, reference] = &usual.metrics().backends[..] else {
            panic!("two back ends")
        };
        assert!(cpu.name.starts_with("cpu:"), "{}", cpu.name);
        assert_eq!((cpu.runs, reference.runs), (1, 0));
    }
}
