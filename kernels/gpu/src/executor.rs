//! The executor of one adapter.

use std::sync::Arc;
use std::time::Duration;

use aivm_tosa::{Executor, ExecutorFault, Plan, Priced};

use crate::adapter::AdapterInfo;
use crate::device::Device;
use crate::observe::{BitFlip, Flips};
use crate::pipelines::Pipelines;
use crate::plan::{Dispatch, GpuPlan, Operands, PlanOptions};
use crate::staged::StagedPlan;

/// How long a submission may take before its device counts as lost.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Runs models on one adapter.
pub struct GpuExecutor {
    device: Arc<Device>,
    pipelines: Arc<Pipelines>,
    options: PlanOptions,
    flips: Arc<Flips>,
}

impl GpuExecutor {
    /// Opens `adapter` with all its limits.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open(adapter: &AdapterInfo) -> Result<GpuExecutor, ExecutorFault> {
        GpuExecutor::open_with_deadline(adapter, DEADLINE)
    }

    /// As [`GpuExecutor::open`]; a submission that takes longer than `deadline` is a fault, and the device is not
    /// used again.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open_with_deadline(
        adapter: &AdapterInfo,
        deadline: Duration,
    ) -> Result<GpuExecutor, ExecutorFault> {
        let device = Arc::new(Device::open(adapter, deadline)?);
        Ok(GpuExecutor {
            device,
            pipelines: Arc::default(),
            options: PlanOptions::default(),
            flips: Arc::default(),
        })
    }

    /// The same executor that plans models otherwise: for tests and for checks of what it computes.
    #[must_use]
    pub fn with_options(self, options: PlanOptions) -> GpuExecutor {
        GpuExecutor { options, ..self }
    }

    /// Destroys the device, as a driver reset would: for tests of the fallback. Runs under way and later ones fault.
    pub fn destroy_device(&self) {
        self.device.destroy();
    }

    /// Turns over bits on the device in the next run of a plain model on this executor, in whatever thread: for tests of
    /// self-checks. Flips of cases and steps that the run does not have are dropped. They take the place of flips that
    /// still wait.
    pub fn flip_bits(&self, flips: Vec<BitFlip>) {
        self.flips.set(flips);
    }

    /// What a run of `model`, which is plain, dispatches, in order.
    ///
    /// # Errors
    /// If it is not plain, and as [`Executor::prepare`].
    pub fn dispatches(&self, model: &Arc<Priced>) -> Result<Vec<Dispatch>, ExecutorFault> {
        Ok(self.plan(model)?.dispatches())
    }

    pub(crate) fn plan(&self, model: &Arc<Priced>) -> Result<GpuPlan, ExecutorFault> {
        if !model.program().is_plain() {
            return Err(self.device.fault("the model is not one list of dispatches"));
        }
        let (device, pipelines) = (&self.device, &self.pipelines);
        GpuPlan::new(device, pipelines, &self.flips, model, self.options)
    }

    /// As [`GpuExecutor::plan`], with operands in buffers of that kind.
    pub(crate) fn plan_with(
        &self,
        model: &Arc<Priced>,
        operands: Operands,
    ) -> Result<GpuPlan, ExecutorFault> {
        let options = PlanOptions {
            operands,
            ..self.options
        };
        let (device, pipelines) = (&self.device, &self.pipelines);
        GpuPlan::new(device, pipelines, &self.flips, model, options)
    }

    /// Whether linear operators read uniform buffers on this adapter.
    pub(crate) fn suits_uniform_operands(&self) -> bool {
        self.device.suits_uniform_operands()
    }
}

impl Executor for GpuExecutor {
    fn name(&self) -> &str {
        self.device.name()
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        if model.program().is_plain() {
            return Ok(Arc::new(self.plan(model)?));
        }
        let plan = StagedPlan::new(&self.device, &self.pipelines, model, self.options)?;
        Ok(Arc::new(plan))
    }
}
