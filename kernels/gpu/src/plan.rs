//! A prepared model: dispatches, resident constants, and a run of them in one submission, or in several if that would be
//! too much work.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use aivm_tosa::bytes::check_input;
use aivm_tosa::{
    ExecutorFault, Observation, Observed, ObservedStep, Plan, Priced, RunError, Selected, TensorId,
    Variables, Verification,
};

use crate::adapter::AdapterLimits;
use crate::buffer::Buffer;
use crate::device::Device;
use crate::layout::push_padded;
use crate::limits::Account;
use crate::lower::lower;
use crate::observe::{BitFlip, Flips, Recorder, Steps, View};
use crate::operands::Operands;
use crate::pipelines::Pipelines;
use crate::prepared::Prepared;
use crate::program::{Output, Step};
use crate::scratch::Scratch;

/// Most cases that run together.
const CASES_MAX: u32 = 64;
/// Bytes of values that cases that run together may take, unless a single case needs more.
const SCRATCH_BYTES: u64 = 256 << 20;
/// Sets of buffers that are kept for later runs.
const SCRATCHES_KEPT: usize = 4;
/// Bytes of a buffer of what self-checks see above which it is not kept for the next run.
const OBSERVED_KEPT: u64 = 4 << 20;

/// How models become dispatches. The bits do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Whether several operators may share a dispatch.
    pub fused: bool,
    /// Where the kernels of linear operators read their operands.
    pub operands: Operands,
}

impl Default for PlanOptions {
    /// Fused, operands as suits the adapter.
    fn default() -> PlanOptions {
        PlanOptions {
            fused: true,
            operands: Operands::Suited,
        }
    }
}

/// What one dispatch of a plan does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Its kernel's name; of a generated one those of its operators.
    pub kernel: String,
    /// Indices of the nodes whose work it does, or has a part in, in their order. Nodes that only give elements another
    /// name are in no dispatch.
    pub nodes: Vec<usize>,
    /// The tensor that it writes; none if that is an intermediate value of an operator.
    pub tensor: Option<TensorId>,
    /// Whether it reads operands from uniform buffers.
    pub uniform_operands: bool,
}

/// A plain model on a device.
pub(crate) struct GpuPlan {
    model: Arc<Priced>,
    pipelines: Arc<Pipelines>,
    prepared: Prepared,
    /// What self-checks see of a run.
    steps: Steps,
    /// Of the executor; those that wait are made in the next run.
    flips: Arc<Flips>,
    /// Most cases that run together on this device.
    cases_max: u32,
    /// The steps of each submission. Several only where one case alone is too much work for one.
    submissions: Vec<Range<usize>>,
    /// Buffers that no run uses now.
    idle: Mutex<Vec<Scratch>>,
    /// Of the last run in which self-checks looked at steps: where what they see is staged.
    observed: Mutex<Option<Buffer>>,
    /// A plain model has none.
    no_variables: Variables,
}

impl GpuPlan {
    /// Lowers `model`, compiles its kernels and uploads its constants. `options` say which variant linear operators get.
    pub(crate) fn new(
        device: &Arc<Device>,
        pipelines: &Arc<Pipelines>,
        flips: &Arc<Flips>,
        model: &Arc<Priced>,
        options: PlanOptions,
    ) -> Result<GpuPlan, ExecutorFault> {
        device.check()?;
        let program =
            lower(model.graph(), &device.limits, options).map_err(|what| device.fault(what))?;
        let (staged, work) = (program.staged_bytes(), program.work());
        let submissions = program.submissions(0..program.steps.len(), device.limits.work_max);
        let prepared = Prepared::new(device, pipelines, program, &mut Account::default())?;
        let steps = Steps::new(device, pipelines, model, &prepared.program, options)?;
        let cases_max = cases_max(&device.limits, &prepared.slots.words, staged, work)
            .map_err(|what| device.fault(what))?;
        let plan = GpuPlan {
            no_variables: Variables::initial(model.program()),
            model: Arc::clone(model),
            pipelines: Arc::clone(pipelines),
            flips: Arc::clone(flips),
            prepared,
            steps,
            cases_max,
            submissions,
            idle: Mutex::new(Vec::new()),
            observed: Mutex::new(None),
        };
        // A model whose buffers do not fit is refused now and not at its first run.
        let scratch = Scratch::new(&plan.prepared, 1)?;
        plan.put_back(scratch);
        Ok(plan)
    }

    /// The dispatches of a run, in order.
    pub(crate) fn dispatches(&self) -> Vec<Dispatch> {
        let steps = self.prepared.program.steps.iter();
        let dispatch = |step: &Step| Dispatch {
            kernel: step.kernel.name.to_string(),
            nodes: step.nodes.clone(),
            tensor: step.tensor,
            uniform_operands: step.kernel.uniforms != 0,
        };
        steps.map(dispatch).collect()
    }

    /// Into how many submissions a run of `cases` cases is cut.
    pub(crate) fn submissions(&self, cases: u32) -> u64 {
        u64::from(cases.div_ceil(self.cases_max)) * self.submissions.len() as u64
    }

    fn take_scratch(&self, cases: u32) -> Result<Scratch, ExecutorFault> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = (0..idle.len())
            .filter(|&i| idle[i].cases >= cases)
            .min_by_key(|&i| idle[i].cases);
        match fits {
            Some(index) => Ok(idle.swap_remove(index)),
            None => {
                drop(idle);
                let capacity = cases.next_power_of_two().min(self.cases_max);
                Scratch::new(&self.prepared, capacity)
            }
        }
    }

    fn put_back(&self, scratch: Scratch) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == SCRATCHES_KEPT
            && let Some(smallest) = (0..idle.len()).min_by_key(|&i| idle[i].cases)
        {
            idle.swap_remove(smallest);
        }
        idle.push(scratch);
    }

    /// Runs `cases` cases and appends their outputs; `selected` steps are shown to `see`.
    fn run(
        &self,
        cases: u32,
        input: &[u8],
        selected: &[Selected],
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), RunError> {
        let graph = self.model.graph();
        check_input(graph, cases, input)?;
        self.prepared.device.check()?;
        let flips = self.flips.take();
        let before = output.len();
        output.reserve(graph.output_bytes() as usize * cases as usize);
        let case_bytes = graph.input_bytes() as usize;
        let mut first = 0;
        while first < cases {
            let most = (cases - first).min(self.cases_max);
            let now = self.steps.cases_shown(selected, first, most);
            let part = &input[first as usize * case_bytes..][..now as usize * case_bytes];
            let view = self.view((first, now), selected, &flips);
            let done =
                view.and_then(|view| self.run_together((first, now), part, view, output, see));
            if let Err(fault) = done {
                output.truncate(before);
                return Err(fault.into());
            }
            first += now;
        }
        Ok(())
    }

    /// What is seen and flipped in the run of `now` cases from `first` on; nearly always nothing.
    fn view(
        &self,
        (first, now): (u32, u32),
        selected: &[Selected],
        flips: &[BitFlip],
    ) -> Result<Option<View<'_>>, ExecutorFault> {
        let here = |case: u32| (first..first + now).contains(&case);
        let steps = self.steps.described.len();
        let selected = selected
            .iter()
            .filter(|of| here(of.case) && of.step < steps);
        let selected = selected.map(|of| Selected {
            case: of.case - first,
            ..*of
        });
        let flips = flips.iter().filter(|of| here(of.case) && of.step < steps);
        let flips = flips.map(|of| BitFlip {
            case: of.case - first,
            ..*of
        });
        let (selected, flips): (Vec<_>, Vec<_>) = (selected.collect(), flips.collect());
        if selected.is_empty() && flips.is_empty() {
            return Ok(None);
        }
        View::new(
            &self.steps,
            &self.prepared,
            &self.pipelines,
            now,
            &selected,
            &flips,
        )
        .map(Some)
    }

    /// Runs up to `cases_max` cases together and appends their outputs.
    fn run_together(
        &self,
        (first, cases): (u32, u32),
        input: &[u8],
        view: Option<View<'_>>,
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), ExecutorFault> {
        let prepared = &self.prepared;
        let device = &prepared.device;
        let scratch = self.take_scratch(cases)?;
        // What is seen is staged behind the outputs.
        let larger = view
            .as_ref()
            .map(|view| self.take_observed(view.staged_bytes));
        let larger = larger.transpose()?;
        let staging = larger.as_ref().unwrap_or(&scratch.staging);
        let mut uploads = Some(|| self.upload(&scratch, cases, input));
        // Each is encoded while the device is at those before.
        let mut work = |steps: &Range<usize>| {
            if let Some(upload) = uploads.take() {
                upload();
            }
            self.encode(&scratch, steps, cases, view.as_ref(), staging)
        };
        let (last, earlier) = self
            .submissions
            .split_last()
            .ok_or_else(|| device.fault("a program without submissions"))?;
        let earlier = earlier.iter().map(|steps| device.submit(|| work(steps)));
        let earlier = earlier.collect::<Result<Vec<_>, _>>()?;
        let earlier = earlier.into_iter().flatten();
        let read = |staged: &[u8]| {
            self.collect(staged, cases, output);
            if let Some(view) = &view {
                view.show(staged, first, see);
            }
        };
        device.submit_and_read(earlier, staging, || work(last), read)?;
        // Only buffers of a run that succeeded are used again.
        self.put_back(scratch);
        if let Some(larger) = larger.filter(|larger| larger.size() <= OBSERVED_KEPT) {
            let mut kept = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(larger);
        }
        Ok(())
    }

    /// A buffer that the host can read, of `bytes` bytes or more.
    fn take_observed(&self, bytes: u64) -> Result<Buffer, ExecutorFault> {
        let kept = self
            .observed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(kept) = kept.filter(|kept| kept.size() >= bytes) {
            return Ok(kept);
        }
        let device = &self.prepared.device;
        let rounded = bytes.next_power_of_two().max(4);
        let bytes = rounded.min(device.limits.buffer_bytes_max).max(bytes);
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        device.guarded(|| device.create_buffer("observed", bytes, usage))
    }

    /// Writes the inputs of all cases to their buffers.
    fn upload(&self, scratch: &Scratch, cases: u32, input: &[u8]) {
        let prepared = &self.prepared;
        let case_bytes = input.len() / cases as usize;
        let mut first = 0;
        for place in &prepared.program.inputs {
            let mut bytes = Vec::with_capacity(place.bytes.next_multiple_of(4) * cases as usize);
            for case in input.chunks_exact(case_bytes) {
                push_padded(&mut bytes, &case[first..first + place.bytes]);
            }
            first += place.bytes;
            let slot = &scratch.slots[prepared.slots.of_value[place.value]];
            prepared.device.queue.write_buffer(slot, 0, &bytes);
        }
    }

    /// The dispatches of some steps; behind the last step copies of the outputs to the staging buffer, one output after
    /// the other. Several parts if what is seen is too much work besides.
    fn encode(
        &self,
        scratch: &Scratch,
        steps: &Range<usize>,
        cases: u32,
        view: Option<&View<'_>>,
        staging: &wgpu::Buffer,
    ) -> Vec<wgpu::CommandBuffer> {
        let prepared = &self.prepared;
        let mut recorder = Recorder::new(&prepared.device);
        let all = prepared.program.steps.len();
        let (own, last) = (steps.clone(), steps.end == all);
        match view {
            None => scratch.dispatch(prepared, own, cases, &mut recorder.encoder),
            Some(view) => view.dispatch(prepared, scratch, own, cases, staging, &mut recorder),
        }
        if !last {
            return recorder.finish();
        }
        let mut offset = 0;
        for output in &prepared.program.outputs {
            if let Output::Value { value, .. } = output {
                let slot = &scratch.slots[prepared.slots.of_value[*value]];
                let size = u64::from(prepared.program.values[*value]) * 4 * u64::from(cases);
                let encoder = &mut recorder.encoder;
                encoder.copy_buffer_to_buffer(slot, 0, staging, offset, size);
                offset += size;
            }
        }
        recorder.finish()
    }

    /// Appends the outputs, case by case, from the staged bytes.
    fn collect(&self, staged: &[u8], cases: u32, output: &mut Vec<u8>) {
        let prepared = &self.prepared;
        for case in 0..cases as usize {
            let mut offset = 0;
            for place in &prepared.program.outputs {
                match place {
                    Output::Constant(bytes) => output.extend_from_slice(bytes),
                    Output::Value { value, bytes } => {
                        let stride = prepared.program.values[*value] as usize * 4;
                        let first = offset + case * stride;
                        output.extend_from_slice(&staged[first..first + bytes]);
                        offset += stride * cases as usize;
                    }
                }
            }
        }
    }
}

impl Plan for GpuPlan {
    fn initial(&self) -> &Variables {
        &self.no_variables
    }

    fn verification(&self) -> Verification<'_> {
        Verification::Steps(self)
    }

    fn run_cases_from(
        &self,
        _start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.run(cases, input, &[], output, &mut |_| ())
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

impl Observed for GpuPlan {
    fn steps(&self) -> &[ObservedStep] {
        &self.steps.described
    }

    fn run_observed(
        &self,
        cases: u32,
        input: &[u8],
        selected: &[Selected],
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), RunError> {
        self.run(cases, input, selected, output, see)
    }
}

/// How many cases fit into the device's buffers and bindings, the memory that a run may take and the work of a
/// submission, if one case takes slots of `slot_words` words, `staged` bytes of its outputs, and `work`.
fn cases_max(
    limits: &AdapterLimits,
    slot_words: &[u32],
    staged: u64,
    work: u64,
) -> Result<u32, String> {
    let slot_bytes = |&words: &u32| u64::from(words) * 4;
    let largest = slot_words.iter().map(slot_bytes).max().unwrap_or(4).max(4);
    let all = slot_words.iter().map(slot_bytes).sum::<u64>() + staged;
    // The staging buffer is copied to and mapped, never bound.
    let by_staging = limits.buffer_bytes_max / staged.max(1);
    let by_binding = limits.bound_bytes_max() / largest;
    if by_staging == 0 {
        let most = limits.buffer_bytes_max;
        return Err(format!(
            "outputs of {staged} bytes exceed the adapter's {most}"
        ));
    }
    let by_memory = (SCRATCH_BYTES / all.max(1)).max(1);
    let by_work = (limits.work_max / work.max(1)).max(1);
    let cases = by_binding
        .min(by_staging)
        .min(by_memory)
        .min(by_work)
        .min(u64::from(CASES_MAX))
        .min(u64::from(limits.workgroups_max));
    Ok(cases as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AdapterLimits = AdapterLimits {
        buffer_bytes_max: 1 << 30,
        binding_bytes_max: 1 << 27,
        workgroups_max: 65_535,
        invocations_max: 256,
        storage_buffers_max: 8,
        work_max: 1000,
        #[cfg(feature = "cooperative-matrix")]
        cooperative: None,
    };

    #[test]
    fn small_cases_share_a_submission_up_to_its_most() {
        assert_eq!(cases_max(&LIMITS, &[256, 16], 64, 1), Ok(CASES_MAX));
        assert_eq!(cases_max(&LIMITS, &[], 0, 0), Ok(CASES_MAX));
    }

    #[test]
    fn cases_that_run_together_are_no_more_work_than_a_submission() {
        for (work, cases) in [(15, CASES_MAX), (100, 10), (101, 9), (1000, 1), (1001, 1)] {
            assert_eq!(cases_max(&LIMITS, &[64], 4, work), Ok(cases), "{work}");
        }
    }

    #[test]
    fn a_slot_of_all_cases_fits_a_binding() {
        assert_eq!(cases_max(&LIMITS, &[1 << 20], 4, 1), Ok(32));
    }

    #[test]
    fn staged_outputs_of_all_cases_fit_a_buffer() {
        let small = AdapterLimits {
            buffer_bytes_max: 1 << 20,
            ..LIMITS
        };
        assert_eq!(cases_max(&small, &[64], 1 << 18, 1), Ok(4));
        assert_eq!(cases_max(&small, &[64], 1 << 20, 1), Ok(1));
        assert!(cases_max(&small, &[64], (1 << 20) + 4, 1).is_err());
    }

    #[test]
    fn staged_outputs_count_in_the_memory_of_a_submission() {
        // A value of 1 MiB that is 63 outputs.
        assert_eq!(cases_max(&LIMITS, &[1 << 18], 63 << 20, 1), Ok(4));
    }
}
