//! The executor of one adapter: a device at a time, opened again when it was lost, with the models that lie on it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aivm_tosa::{Executor, ExecutorFault, ExecutorMetrics, FaultKind, Plan, Priced};

use crate::adapter::AdapterInfo;
use crate::cache::cache_folder;
use crate::counters::Counters;
use crate::device::Device;
use crate::inject::{Injected, Injection};
use crate::limits;
use crate::model::GpuModel;
use crate::models::Models;
use crate::observe::{BitFlip, Flips};
use crate::operands::{KERNELS_VARIABLE, Operands};
use crate::pipeline_cache::PipelineCache;
use crate::pipelines::Pipelines;
use crate::plan::{Dispatch, GpuPlan, PlanOptions};
use crate::staged::StagedPlan;
use crate::tuning;

/// How long a submission may take before its device counts as lost.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// How an executor uses its adapter. None of it changes an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuOptions {
    /// A submission that takes longer is a fault, and its device is not used again.
    pub deadline: Duration,
    /// Bytes of buffers above which models that no run uses are dropped, those used longest ago first.
    pub resident_bytes_max: u64,
    /// Compiled kernels above which those that no model uses are dropped, those used longest ago first.
    pub pipelines_max: usize,
    /// Where compiled kernels are kept between starts; `None`: nowhere.
    pub cache: Option<PathBuf>,
    /// How models become dispatches.
    pub plan: PlanOptions,
}

impl Default for GpuOptions {
    /// [`DEADLINE`], the limits of `limits.rs`, and the cache folder that the environment names.
    fn default() -> GpuOptions {
        GpuOptions {
            deadline: DEADLINE,
            resident_bytes_max: limits::RESIDENT_BYTES_MAX,
            pipelines_max: limits::PIPELINES_MAX,
            cache: cache_folder(),
            plan: PlanOptions::default(),
        }
    }
}

/// Runs models on one adapter.
///
/// A model that was prepared is a handle: its plan and its buffers lie on the device, keyed by the model's hash, are
/// dropped when others need the room, and are made again when it runs next. So it serves also after
/// [`Executor::recover`] opened a lost device again.
pub struct GpuExecutor {
    core: Arc<Core>,
}

/// What an executor shares with its models.
pub(crate) struct Core {
    name: String,
    adapter: AdapterInfo,
    options: GpuOptions,
    counters: Arc<Counters>,
    injection: Arc<Injection>,
    flips: Arc<Flips>,
    opened: RwLock<Arc<Opened>>,
}

/// A device with what was made on it.
pub(crate) struct Opened {
    device: Arc<Device>,
    pipelines: Arc<Pipelines>,
    models: Models,
    resident_bytes_max: u64,
    /// With the variant that linear operators get.
    plan: PlanOptions,
    flips: Arc<Flips>,
}

impl GpuExecutor {
    /// Opens `adapter` with all its limits.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open(adapter: &AdapterInfo) -> Result<GpuExecutor, ExecutorFault> {
        GpuExecutor::open_with(adapter, GpuOptions::default())
    }

    /// As [`GpuExecutor::open`], with another deadline.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open_with_deadline(
        adapter: &AdapterInfo,
        deadline: Duration,
    ) -> Result<GpuExecutor, ExecutorFault> {
        let options = GpuOptions {
            deadline,
            ..GpuOptions::default()
        };
        GpuExecutor::open_with(adapter, options)
    }

    /// As [`GpuExecutor::open`], with other options.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open_with(
        adapter: &AdapterInfo,
        options: GpuOptions,
    ) -> Result<GpuExecutor, ExecutorFault> {
        let (counters, injection, flips) = Default::default();
        let opened = Opened::new(adapter, &options, &counters, &injection, &flips, None)?;
        let core = Core {
            name: opened.device.name().to_owned(),
            adapter: adapter.clone(),
            options,
            counters,
            injection,
            flips,
            opened: RwLock::new(Arc::new(opened)),
        };
        Ok(GpuExecutor {
            core: Arc::new(core),
        })
    }

    /// Destroys the device, as a driver reset would: for tests of the fallback. Runs under way and later ones fault, until
    /// [`Executor::recover`].
    pub fn destroy_device(&self) {
        self.core.opened().device.destroy();
    }

    /// Arms trouble that strikes once, or disarms what is armed: for tests of the fallback.
    pub fn inject(&self, trouble: Option<Injected>) {
        self.core.injection.arm(trouble);
    }

    /// How often injected trouble struck.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.core.injection.struck()
    }

    /// Opens a device again if the last one was lost, without testing it: [`Executor::recover`] does both. Models that
    /// were prepared are loaded again when they run.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn reopen(&self) -> Result<(), ExecutorFault> {
        let core = &self.core;
        if core.opened().device.check().is_ok() {
            return Ok(());
        }
        let fresh = Opened::new(
            &core.adapter,
            &core.options,
            &core.counters,
            &core.injection,
            &core.flips,
            Some(self.operands()),
        )?;
        let mut opened = core.opened.write().unwrap_or_else(PoisonError::into_inner);
        *opened = Arc::new(fresh);
        Ok(())
    }

    /// Turns over bits on the device in the next run of a plain model on this executor, in whatever thread: for tests of
    /// self-checks. Flips of cases and steps that the run does not have are dropped. They take the place of flips that
    /// still wait.
    pub fn flip_bits(&self, flips: Vec<BitFlip>) {
        self.core.flips.set(flips);
    }

    /// What a run of `model`, which is plain, dispatches, in order.
    ///
    /// # Errors
    /// If it is not plain, and as [`Executor::prepare`].
    pub fn dispatches(&self, model: &Arc<Priced>) -> Result<Vec<Dispatch>, ExecutorFault> {
        Ok(self.plan(model)?.dispatches())
    }

    /// Into how many submissions a run of `cases` cases of `model`, which is plain, is cut.
    ///
    /// # Errors
    /// As [`GpuExecutor::dispatches`].
    pub fn submissions(&self, model: &Arc<Priced>, cases: u32) -> Result<u64, ExecutorFault> {
        Ok(self.plan(model)?.submissions(cases))
    }

    /// A plan of a plain model that is not kept among the models on the device.
    pub(crate) fn plan(&self, model: &Arc<Priced>) -> Result<GpuPlan, ExecutorFault> {
        let opened = self.core.opened();
        opened.plain(model, opened.plan)
    }

    /// As [`GpuExecutor::plan`], with operands in buffers of that kind.
    pub(crate) fn plan_with(
        &self,
        model: &Arc<Priced>,
        operands: Operands,
    ) -> Result<GpuPlan, ExecutorFault> {
        let opened = self.core.opened();
        let options = PlanOptions {
            operands,
            ..opened.plan
        };
        opened.plain(model, options)
    }

    /// Which variant of kernels linear operators get on this adapter: neither [`Operands::Suited`] nor
    /// [`Operands::Measured`].
    #[must_use]
    pub fn operands(&self) -> Operands {
        self.core.opened().plan.operands
    }

    /// Writes compiled kernels to the cache folder.
    pub(crate) fn save_pipelines(&self) {
        self.core.opened().pipelines.save();
    }
}

impl Executor for GpuExecutor {
    fn name(&self) -> &str {
        &self.core.name
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        // What does not fit is refused now and not at its first run.
        let plan = self.core.opened().load(model)?;
        Ok(Arc::new(GpuModel::new(&self.core, model, &*plan)))
    }

    /// Opens the device again if it was lost, and runs every known-answer test.
    fn recover(&self) -> Result<(), ExecutorFault> {
        self.reopen()?;
        let tests = self.known_answer_tests().into_iter();
        match tests.into_iter().find(|test| !test.passed) {
            None => Ok(()),
            Some(test) => {
                let kind = test.fault.unwrap_or(FaultKind::WrongAnswer);
                let what = format!(
                    "known-answer test of {} failed: {}",
                    test.kernel, test.detail
                );
                Err(ExecutorFault::new(self.name(), kind, what))
            }
        }
    }

    fn metrics(&self) -> ExecutorMetrics {
        let opened = self.core.opened();
        let counters = &self.core.counters;
        counters.snapshot(opened.pipelines.len(), opened.models.len())
    }
}

impl Core {
    /// That this executor cannot run a model.
    pub(crate) fn fault(&self, what: &str) -> ExecutorFault {
        ExecutorFault::new(self.name.as_str(), FaultKind::Unsupported, what)
    }

    /// The device of now.
    pub(crate) fn opened(&self) -> Arc<Opened> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&opened)
    }
}

impl Opened {
    /// `known` is the variant that linear operators got on an earlier device of the executor.
    fn new(
        adapter: &AdapterInfo,
        options: &GpuOptions,
        counters: &Arc<Counters>,
        injection: &Arc<Injection>,
        flips: &Arc<Flips>,
        known: Option<Operands>,
    ) -> Result<Opened, ExecutorFault> {
        let device = Arc::new(Device::open(
            adapter,
            options.deadline,
            counters,
            injection,
        )?);
        let folder = options.cache.clone();
        let cache = folder.and_then(|folder| PipelineCache::open(&device, adapter, folder));
        let pipelines = Arc::new(Pipelines::new(options.pipelines_max, cache));
        let operands = match known {
            Some(known) => known,
            None => {
                let variable = std::env::var_os(KERNELS_VARIABLE);
                let wanted = options.plan.operands.or_variable(variable.as_deref());
                let wanted = wanted.map_err(|what| device.fault(what))?;
                let folder = options.cache.as_deref();
                tuning::settled(wanted, &device, adapter, &pipelines, folder)?
            }
        };
        Ok(Opened {
            device,
            pipelines,
            models: Models::default(),
            resident_bytes_max: options.resident_bytes_max,
            plan: PlanOptions {
                operands,
                ..options.plan
            },
            flips: Arc::clone(flips),
        })
    }

    /// The plan of `model`, made now if it is not on the device. If memory lacks, other models go and it is made once
    /// more.
    pub(crate) fn load(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        self.device.check()?;
        self.models.get(model.hash(), || {
            let mut plan = self.make(model);
            let no_memory = |fault: &ExecutorFault| fault.kind == FaultKind::OutOfMemory;
            if plan.as_ref().is_err_and(no_memory) && self.make_room(model, 0) > 0 {
                plan = self.make(model);
            }
            let plan = plan?;
            self.keep_to_limit(model);
            self.pipelines.save();
            Ok(plan)
        })
    }

    fn make(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        if model.program().is_plain() {
            return Ok(Arc::new(self.plain(model, self.plan)?));
        }
        let plan = StagedPlan::new(&self.device, &self.pipelines, model, self.plan)?;
        Ok(Arc::new(plan))
    }

    fn plain(&self, model: &Arc<Priced>, options: PlanOptions) -> Result<GpuPlan, ExecutorFault> {
        if !model.program().is_plain() {
            return Err(self.device.fault("the model is not one list of dispatches"));
        }
        let (device, pipelines) = (&self.device, &self.pipelines);
        GpuPlan::new(device, pipelines, &self.flips, model, options)
    }

    /// Drops models other than `model` until the buffers fit.
    pub(crate) fn keep_to_limit(&self, model: &Priced) {
        self.make_room(model, self.resident_bytes_max);
    }

    /// Drops idle models other than `model`, down to `bytes_max` bytes of buffers. How many it dropped.
    pub(crate) fn make_room(&self, model: &Priced, bytes_max: u64) -> u64 {
        let counters = self.device.counters();
        let dropped = self.models.evict(counters, bytes_max, &model.hash());
        if dropped > 0 {
            self.pipelines.evict(counters);
        }
        dropped
    }
}
