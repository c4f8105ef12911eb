//! Registered models and the order in which back ends are tried.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use aivm_cpu::CpuExecutor;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{
    Executor, ExecutorFault, ModelLimits, Plan, PriceTable, Priced, Refusal, RunError,
};

use crate::back_end::{BackEnd, Checks, Recovery, Slot, Work};
use crate::check::CheckPolicy;
use crate::clock::{Clock, SystemClock};
use crate::health::Backoff;
use crate::metrics::Metrics;

/// Runs registered models on the first healthy back end.
///
/// Shared by threads. Models stay registered, and prepared on every back end that ran them, until the
/// coprocessor is dropped.
///
/// A back end that faults is set aside for a while that doubles with each failure ([`Backoff`]), then recovers and
/// proves itself by known answers in the background before it is asked again. A lack of memory holds back only the
/// model and the sizes that met it. A share of what accelerators do is verified ([`CheckPolicy`]); a back end that gave
/// a wrong answer is never asked again, and the next one finishes the call with the right bytes.
pub struct Coprocessor {
    limits: ModelLimits,
    prices: PriceTable,
    /// In order of preference; the reference is last.
    backends: Vec<Arc<BackEnd>>,
    models: RwLock<BTreeMap<[u8; 32], Arc<Model>>>,
    recovery: Recovery,
    checks: Checks,
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

struct Model {
    priced: Arc<Priced>,
    /// One a back end.
    slots: Vec<Slot>,
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
        let backends = backends.into_iter().chain([reference]);
        Coprocessor {
            limits,
            prices,
            backends: backends.map(|b| Arc::new(BackEnd::new(b))).collect(),
            models: RwLock::new(BTreeMap::new()),
            recovery: Recovery {
                clock: Arc::new(SystemClock::default()),
                backoff: Backoff::default(),
            },
            checks: Checks::default(),
        }
    }

    /// Sets how much of what accelerators do is checked.
    #[must_use]
    pub fn with_checks(mut self, policy: CheckPolicy) -> Coprocessor {
        self.checks.policy = policy;
        self
    }

    /// Sets how long what failed is left alone.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Coprocessor {
        self.recovery.backoff = backoff;
        self
    }

    /// Sets the clock that back-off runs by.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Coprocessor {
        self.recovery.clock = clock;
        self
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
            slots: self.backends.iter().map(|_| Slot::default()).collect(),
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
        let now = self.recovery.clock.now();
        let backends = self.backends.iter().map(|backend| backend.metrics(now));
        Metrics {
            backends: backends.collect(),
        }
    }

    /// Never asks the back end of this place in [`Metrics::backends`] again: one of its answers was found to be wrong.
    /// A place that is none, or that of the reference, changes nothing.
    pub fn quarantine(&self, place: usize, reason: &str) {
        if place + 1 < self.backends.len() {
            self.backends[place].quarantine(reason);
        }
    }

    /// Tries each back end again whose back-off has passed, and returns when all are done. A run does the same in the
    /// background.
    pub fn attend(&self) {
        let now = self.recovery.clock.now();
        for backend in &self.backends {
            if backend.begin_trial(now) {
                backend.try_again(&self.recovery);
            }
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
        let work = |place: usize| Work {
            model: &model.priced,
            slot: &model.slots[place],
            checks: &self.checks,
            cases,
            input,
        };
        let (reference, others) = self
            .backends
            .split_last()
            .unwrap_or_else(|| unreachable!("the reference is always there"));
        for (place, backend) in others.iter().enumerate() {
            if backend.begin_trial(self.recovery.clock.now()) {
                self.try_in_background(backend);
            }
            if let Some(answer) = backend.offer(&self.recovery, work(place)) {
                return answer;
            }
        }
        reference.must(work(others.len()))
    }

    /// Opening a device and proving it takes seconds: no run waits for that.
    fn try_in_background(&self, backend: &Arc<BackEnd>) {
        let (own, recovery) = (Arc::clone(backend), self.recovery.clone());
        let name = "aivm-recover".to_owned();
        let thread = std::thread::Builder::new().name(name);
        if thread.spawn(move || own.try_again(&recovery)).is_err() {
            // No thread is to be had: the run waits after all.
            backend.try_again(&self.recovery);
        }
    }
}

#[cfg(test)]
mod tests {
    use aivm_tosa::FaultKind;

    use super::*;

    const MODEL: &[u8] = include_bytes!("../../../examples/models/mnist_cnn.tosa");

    #[test]
    fn without_the_cpu_executor_the_reference_answers_and_the_metrics_say_so() {
        let missing = Missing(ExecutorFault::new(
            "cpu",
            FaultKind::Unsupported,
            "this machine has no neon",
        ));
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
        assert_eq!((&*cpu.name, cpu.prepare_faults(), cpu.runs), ("cpu", 1, 0));
        assert_eq!(reference.runs, 1);
        let [cpu, reference] = &usual.metrics().backends[..] else {
            panic!("two back ends")
        };
        assert!(cpu.name.starts_with("cpu:"), "{}", cpu.name);
        assert_eq!((cpu.runs, reference.runs), (1, 0));
    }
}
