//! A prepared model as its user holds it: what lies on the device is found, or loaded again, at each run. So it outlives
//! a lost device, and its buffers may make room for other models.

use std::sync::Arc;

use aivm_tosa::{
    FaultKind, Observation, Observed, ObservedStep, Plan, Priced, RunError, Selected, Variables,
    Verification,
};

use crate::executor::Core;

/// A model of an executor.
pub(crate) struct GpuModel {
    core: Arc<Core>,
    model: Arc<Priced>,
    initial: Variables,
    /// What its runs show; `None`: they can only be verified whole.
    steps: Option<Vec<ObservedStep>>,
}

impl GpuModel {
    /// A handle of `model`, of which `plan` was made on the device.
    pub(crate) fn new(core: &Arc<Core>, model: &Arc<Priced>, plan: &dyn Plan) -> GpuModel {
        let steps = match plan.verification() {
            Verification::Steps(observed) => Some(observed.steps().to_vec()),
            Verification::None | Verification::Whole => None,
        };
        GpuModel {
            steps,
            core: Arc::clone(core),
            initial: Variables::initial(model.program()),
            model: Arc::clone(model),
        }
    }

    /// Runs `work` with what lies on the device. If memory lacks, other models go and it runs once more: it leaves
    /// everything as it was when it fails.
    fn on_device<T>(
        &self,
        mut work: impl FnMut(&dyn Plan) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let opened = self.core.opened();
        let mut answer = work(&*opened.load(&self.model)?);
        let no_memory =
            matches!(&answer, Err(RunError::Fault(fault)) if fault.kind == FaultKind::OutOfMemory);
        if no_memory && opened.make_room(&self.model, 0) > 0 {
            answer = work(&*opened.load(&self.model)?);
        }
        // A run of more cases than before made buffers.
        opened.keep_to_limit(&self.model);
        answer
    }
}

impl Plan for GpuModel {
    fn initial(&self) -> &Variables {
        &self.initial
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.on_device(|plan| plan.run_cases_from(start, cases, input, output))
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.on_device(|plan| plan.step(variables, input, output))
    }

    fn verification(&self) -> Verification<'_> {
        match self.steps {
            Some(_) => Verification::Steps(self),
            None => Verification::Whole,
        }
    }
}

impl Observed for GpuModel {
    fn steps(&self) -> &[ObservedStep] {
        self.steps.as_deref().unwrap_or_default()
    }

    fn run_observed(
        &self,
        cases: u32,
        input: &[u8],
        selected: &[Selected],
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), RunError> {
        // Not once more if memory lacks: what was seen cannot be taken back.
        let opened = self.core.opened();
        let plan = opened.load(&self.model)?;
        let answer = match plan.verification() {
            Verification::Steps(observed) if observed.steps() == self.steps() => {
                observed.run_observed(cases, input, selected, output, see)
            }
            // A model is lowered the same way each time on the same adapter.
            _ => Err(self.core.fault("the steps of a model changed").into()),
        };
        opened.keep_to_limit(&self.model);
        answer
    }
}
