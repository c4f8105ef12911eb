//! One case of a model that the host drives: records dispatches and copies, and submits when it has to know a value.

use std::ops::Range;
use std::sync::Arc;

use aivm_tosa::{ExecutorFault, Node, RegionId, RunError, RunStatus, VariableId, Variables, bytes};

use crate::layout::push_padded;
use crate::limits::Account;
use crate::lower::lower_late;
use crate::plan::PlanOptions;
use crate::prepared::Prepared;
use crate::program::{Action, Control, Operand, Output};
use crate::scratch::Scratch;
use crate::staged::{Frames, Late, StagedPlan};

/// Part of a buffer: buffer, offset and length in bytes.
type Part<'a> = (&'a wgpu::Buffer, u64, u64);

/// A case under way.
pub(crate) struct Run<'a> {
    plan: &'a StagedPlan,
    frames: &'a Frames,
    /// What is recorded and not submitted yet.
    encoder: wgpu::CommandEncoder,
    /// What that costs.
    work: u64,
    /// What is submitted and was not waited for yet.
    submitted: Vec<wgpu::SubmissionIndex>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(plan: &'a StagedPlan, frames: &'a Frames) -> Result<Run<'a>, ExecutorFault> {
        Ok(Run {
            plan,
            frames,
            encoder: encoder(plan)?,
            work: 0,
            submitted: Vec::new(),
        })
    }

    /// Writes the inputs and the variables of the case.
    pub(crate) fn begin(&self, variables: &Variables, input: &[u8]) -> Result<(), ExecutorFault> {
        let queue = &self.plan.device.queue;
        let prepared = &self.plan.graphs[0];
        self.plan.device.guarded(|| {
            let mut padded = Vec::new();
            let mut rest = input;
            for place in &prepared.program.inputs {
                let (own, behind) = rest.split_at(place.bytes);
                rest = behind;
                padded.clear();
                push_padded(&mut padded, own);
                let slot = &self.frames.graphs[0].slots[prepared.slots.of_value[place.value]];
                queue.write_buffer(slot, 0, &padded);
            }
            for (buffer, id) in self.frames.variables.iter().zip(0..) {
                padded.clear();
                push_padded(&mut padded, variables.get(VariableId(id)));
                queue.write_buffer(buffer, 0, &padded);
            }
        })
    }

    /// Reads the outputs of `main`, which are appended to `output`, and hands out the variables.
    pub(crate) fn end(
        mut self,
        output: &mut Vec<u8>,
        mut set: impl FnMut(VariableId, &[u8]),
    ) -> Result<(), ExecutorFault> {
        let (plan, frames) = (self.plan, self.frames);
        let program = &plan.graphs[0].program;
        let mut parts = Vec::new();
        for output in &program.outputs {
            if let Output::Value { value, .. } = output {
                parts.push(self.part(0, Operand::Value(*value)));
            }
        }
        let variables = plan.model.program().variables();
        for (buffer, variable) in frames.variables.iter().zip(variables) {
            parts.push((buffer, 0, variable.bytes().next_multiple_of(4)));
        }
        let staged = self.read(&parts)?;
        let mut values = staged.iter();
        for place in &program.outputs {
            match place {
                Output::Constant(bytes) => output.extend_from_slice(bytes),
                Output::Value { bytes, .. } => {
                    output.extend(values.next().into_iter().flat_map(|value| &value[..*bytes]));
                }
            }
        }
        for ((value, variable), id) in values.zip(variables).zip(0..) {
            set(VariableId(id), &value[..variable.bytes() as usize]);
        }
        Ok(())
    }

    /// Runs a graph whose inputs lie in its buffers. Regions run inside; validation bounds how deep.
    ///
    /// # Errors
    /// [`RunStatus::IterationLimit`], and faults of the device.
    pub(crate) fn graph(&mut self, index: usize) -> Result<(), RunError> {
        let plan = self.plan;
        let prepared = &plan.graphs[index];
        let scratch = &self.frames.graphs[index];
        let mut done = 0;
        for control in &prepared.program.controls {
            self.dispatch(prepared, scratch, done..control.before)?;
            done = control.before;
            self.control(index, control)?;
        }
        let rest = done..prepared.program.steps.len();
        Ok(self.dispatch(prepared, scratch, rest)?)
    }

    /// Records some steps, and submits what was recorded before them if both are too much work for one submission.
    fn dispatch(
        &mut self,
        prepared: &Prepared,
        scratch: &Scratch,
        steps: Range<usize>,
    ) -> Result<(), ExecutorFault> {
        if steps.is_empty() {
            return Ok(());
        }
        let work_max = self.plan.device.limits.work_max;
        for part in prepared.program.submissions(steps, work_max) {
            let all = &prepared.program.steps[part.clone()];
            let work: u64 = all.iter().map(|step| step.work).sum();
            if self.work > 0 && self.work + work > work_max {
                let recorded = std::mem::replace(&mut self.encoder, encoder(self.plan)?);
                let submitted = self.plan.device.submit(|| vec![recorded.finish()])?;
                self.submitted.extend(submitted);
                self.work = 0;
            }
            scratch.dispatch(prepared, part, 1, &mut self.encoder);
            self.work += work;
        }
        Ok(())
    }

    fn control(&mut self, index: usize, control: &Control) -> Result<(), RunError> {
        let frames = self.frames;
        match control.action {
            Action::Branch(regions) => {
                let condition = self.part(index, control.inputs[0]);
                let region = regions[usize::from(!self.truth(condition)?)];
                self.enter(region, index, &control.inputs[1..]);
                self.leave(region, index, &control.outputs)
            }
            Action::Loop { condition, body } => {
                // The outputs hold the list between rounds.
                for (&from, &to) in control.inputs.iter().zip(&control.outputs) {
                    let to = self.part(index, Operand::Value(to));
                    self.copy(self.part(index, from), to);
                }
                self.rounds(condition, body, index, &control.outputs)
            }
            Action::ReadVariable(variable) => {
                let to = self.part(index, Operand::Value(control.outputs[0]));
                self.copy((&frames.variables[variable.0 as usize], 0, to.2), to);
                Ok(())
            }
            Action::WriteVariable(variable) => {
                let from = self.part(index, control.inputs[0]);
                self.copy(from, (&frames.variables[variable.0 as usize], 0, from.2));
                Ok(())
            }
            Action::Late { node, values } => {
                let (late, inputs) = control.inputs.split_at(values);
                let to = self.part(index, Operand::Value(control.outputs[0]));
                Ok(self.late((index, node), late, inputs, to)?)
            }
        }
    }

    /// WHILE_LOOP. The condition may hold as often as the body may run; once more is a status.
    fn rounds(
        &mut self,
        condition: RegionId,
        body: RegionId,
        index: usize,
        list: &[usize],
    ) -> Result<(), RunError> {
        let limit = self.plan.model.loop_iterations();
        let values: Vec<Operand> = list.iter().copied().map(Operand::Value).collect();
        let mut round = 0;
        loop {
            self.enter(condition, index, &values);
            let inner = graph_of(condition);
            self.graph(inner)?;
            let holds = self.plan.graphs[inner].program.results[0];
            if !self.truth(self.part(inner, holds))? {
                return Ok(());
            }
            if round == limit {
                return Err(RunStatus::IterationLimit { limit }.into());
            }
            self.enter(body, index, &values);
            self.leave(body, index, list)?;
            round += 1;
        }
    }

    /// Copies what a region is given into its buffers.
    fn enter(&mut self, region: RegionId, outer: usize, from: &[Operand]) {
        let inner = graph_of(region);
        let plan = self.plan;
        for (&from, to) in from.iter().zip(&plan.graphs[inner].program.inputs) {
            let to = self.part(inner, Operand::Value(to.value));
            self.copy(self.part(outer, from), to);
        }
    }

    /// Runs a region and copies its results out of its buffers.
    fn leave(&mut self, region: RegionId, outer: usize, to: &[usize]) -> Result<(), RunError> {
        let inner = graph_of(region);
        let plan = self.plan;
        self.graph(inner)?;
        for (&from, &to) in plan.graphs[inner].program.results.iter().zip(to) {
            let to = self.part(outer, Operand::Value(to));
            self.copy(self.part(inner, from), to);
        }
        Ok(())
    }

    /// Reads the late values of a node and records it as lowered with them, with its result copied `to` the place of its
    /// output.
    fn late(
        &mut self,
        (index, node): (usize, usize),
        late: &[Operand],
        inputs: &[Operand],
        to: Part<'_>,
    ) -> Result<(), ExecutorFault> {
        let parts: Vec<Part<'_>> = late.iter().map(|&id| self.part(index, id)).collect();
        let values = self.read(&parts)?;
        let cache = &self.frames.late;
        let known = cache.borrow().get(&(index, node)).cloned();
        let lowered = match known.filter(|known| known.values == values) {
            Some(known) => known,
            None => {
                let lowered = Arc::new(self.lowered(index, node, values)?);
                if lowered.is_kept() {
                    cache
                        .borrow_mut()
                        .insert((index, node), Arc::clone(&lowered));
                }
                lowered
            }
        };
        // Its buffers live as long as what is recorded needs them.
        let (prepared, scratch) = (&lowered.prepared, &lowered.scratch);
        for (&from, to) in inputs.iter().zip(&prepared.program.inputs) {
            let to = part(prepared, scratch, Operand::Value(to.value));
            self.copy(self.part(index, from), to);
        }
        self.dispatch(prepared, scratch, 0..prepared.program.steps.len())?;
        let from = part(prepared, scratch, prepared.program.results[0]);
        self.copy(from, to);
        Ok(())
    }

    /// A node lowered with these late values.
    fn lowered(
        &self,
        index: usize,
        node: usize,
        values: Vec<Vec<u8>>,
    ) -> Result<Late, ExecutorFault> {
        let plan = self.plan;
        let device = &plan.device;
        let graph = match index.checked_sub(1) {
            None => plan.model.program().main(),
            Some(region) => &plan.model.program().regions()[region],
        };
        let node: &Node = &graph.nodes()[node];
        let operator = node.settle(|id| {
            let tensor = graph.tensor(id);
            let place = node.late.iter().position(|late| late.tensor == id);
            let value = place.and_then(|place| values.get(place));
            let value = value.map_or(&[][..], |value| &value[..tensor.bytes() as usize]);
            bytes::decode(tensor.data_type, value)
        });
        let program = lower_late(
            graph,
            node,
            operator.into_owned(),
            &device.limits,
            PlanOptions::default(),
        )
        .map_err(|what| device.fault(what))?;
        let prepared = Prepared::new(device, &plan.pipelines, program, &mut Account::default())?;
        let scratch = Scratch::new(&prepared, 1)?;
        Ok(Late {
            values,
            prepared,
            scratch,
        })
    }

    /// The value of a tensor of one bool.
    fn truth(&mut self, (buffer, offset, _): Part<'_>) -> Result<bool, ExecutorFault> {
        let values = self.read(&[(buffer, offset, 4)])?;
        Ok(values[0][0] != 0)
    }

    /// Submits what is recorded and reads parts of buffers behind it.
    fn read(&mut self, parts: &[Part<'_>]) -> Result<Vec<Vec<u8>>, ExecutorFault> {
        let staging = &self.frames.staging;
        let mut end = 0;
        for &(buffer, offset, bytes) in parts {
            self.encoder
                .copy_buffer_to_buffer(buffer, offset, staging, end, bytes);
            end += bytes;
        }
        let recorded = std::mem::replace(&mut self.encoder, encoder(self.plan)?);
        let work = || vec![recorded.finish()];
        let earlier = std::mem::take(&mut self.submitted);
        self.work = 0;
        self.plan
            .device
            .submit_and_read(earlier, staging, work, |staged| {
                let mut rest = staged;
                let split = |&(_, _, bytes): &Part<'_>| {
                    let (own, behind) = rest.split_at(bytes as usize);
                    rest = behind;
                    own.to_vec()
                };
                parts.iter().map(split).collect()
            })
    }

    fn copy(&mut self, from: Part<'_>, to: Part<'_>) {
        debug_assert_eq!(from.2, to.2);
        self.encoder
            .copy_buffer_to_buffer(from.0, from.1, to.0, to.1, to.2);
    }

    /// Where an operand of a graph lies.
    fn part(&self, index: usize, operand: Operand) -> Part<'a> {
        part(
            &self.plan.graphs[index],
            &self.frames.graphs[index],
            operand,
        )
    }
}

/// Index of a region among the graphs: `main` is the first.
fn graph_of(region: RegionId) -> usize {
    region.0 as usize + 1
}

fn encoder(plan: &StagedPlan) -> Result<wgpu::CommandEncoder, ExecutorFault> {
    let device = &plan.device;
    let descriptor = wgpu::CommandEncoderDescriptor::default();
    device.guarded(|| device.device.create_command_encoder(&descriptor))
}

fn part<'a>(prepared: &'a Prepared, scratch: &'a Scratch, operand: Operand) -> Part<'a> {
    let (buffer, offset) = scratch.source(prepared, operand);
    let bytes = match operand {
        Operand::Constant(constant) => prepared.constants.bytes(constant),
        Operand::Value(value) => u64::from(prepared.program.values[value]) * 4,
    };
    (buffer, offset, bytes)
}
