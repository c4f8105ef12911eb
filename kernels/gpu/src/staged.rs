//! A prepared model with control flow, variables or late values: the host drives it case by case.
//!
//! `main` and each region have their own dispatches and buffers. Tensors stay on the device; the host reads back
//! conditions, late values, and at the end outputs and variables.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aivm_tosa::bytes::check_input;
use aivm_tosa::{
    ExecutorFault, Graph, Plan, Priced, RunError, VariableId, Variables, Verification,
};

use crate::buffer::Buffer;
use crate::device::Device;
use crate::limits::Account;
use crate::lower::{lower, lower_late, lower_region};
use crate::pipelines::Pipelines;
use crate::plan::PlanOptions;
use crate::prepared::Prepared;
use crate::program::{Action, Operand, Program};
use crate::run::Run;
use crate::scratch::Scratch;

/// Sets of buffers that are kept for later runs.
const FRAMES_KEPT: usize = 4;
/// Device bytes that a node with late values may take to be kept as it was lowered; a model has up to a thousand such.
const LATE_BYTES_MAX: u64 = 1 << 16;

/// A model on a device.
pub(crate) struct StagedPlan {
    pub(crate) model: Arc<Priced>,
    pub(crate) device: Arc<Device>,
    pub(crate) pipelines: Arc<Pipelines>,
    /// `main`, then the regions.
    pub(crate) graphs: Vec<Prepared>,
    initial: Variables,
    /// Most bytes that the host reads at once.
    staging_bytes: u64,
    /// Buffers that no run uses now.
    idle: Mutex<Vec<Frames>>,
}

/// The buffers of one run.
pub(crate) struct Frames {
    /// Of each graph. Regions do not run inside themselves.
    pub(crate) graphs: Vec<Scratch>,
    pub(crate) variables: Vec<Buffer>,
    pub(crate) staging: Buffer,
    /// Nodes with late values as they were lowered last, by graph and node.
    pub(crate) late: RefCell<BTreeMap<(usize, usize), Arc<Late>>>,
}

/// A node with late values, lowered with some.
pub(crate) struct Late {
    /// The bytes of each.
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) prepared: Prepared,
    pub(crate) scratch: Scratch,
}

impl Late {
    /// Whether it is kept for a run with the same values.
    pub(crate) fn is_kept(&self) -> bool {
        let words = self.prepared.slots.words.iter();
        let slots: u64 = words.map(|&words| 4 * u64::from(words)).sum();
        slots + self.prepared.constants.all_bytes() <= LATE_BYTES_MAX
    }
}

impl StagedPlan {
    /// Lowers `model`, compiles its kernels and uploads its constants. Nodes with late values are lowered again when
    /// they run.
    pub(crate) fn new(
        device: &Arc<Device>,
        pipelines: &Arc<Pipelines>,
        model: &Arc<Priced>,
        options: PlanOptions,
    ) -> Result<StagedPlan, ExecutorFault> {
        device.check()?;
        let limits = &device.limits;
        let program = model.program();
        let main = std::iter::once(lower(program.main(), limits, options));
        let regions = program.regions().iter();
        let programs = main.chain(regions.map(|region| lower_region(region, limits, options)));
        let (mut graphs, mut account) = (Vec::new(), Account::default());
        for (lowered, graph) in programs.zip(program.graphs()) {
            let lowered = lowered.map_err(|what| device.fault(what))?;
            let prepared = Prepared::new(device, pipelines, lowered, &mut account)?;
            check_late(device, pipelines, graph, &prepared.program)?;
            graphs.push(prepared);
        }
        let variables = program.variables().iter();
        let variables: u64 = variables.map(|v| v.bytes().next_multiple_of(4)).sum();
        let late = graphs.iter().map(late_bytes).max();
        let outputs = graphs[0].program.staged_bytes() + variables;
        let plan = StagedPlan {
            initial: Variables::initial(program),
            model: Arc::clone(model),
            device: Arc::clone(device),
            pipelines: Arc::clone(pipelines),
            graphs,
            staging_bytes: outputs.max(late.unwrap_or(0)).max(4),
            idle: Mutex::new(Vec::new()),
        };
        // A model whose buffers do not fit is refused now and not at its first run.
        let frames = plan.frames()?;
        plan.put_back(frames);
        Ok(plan)
    }

    fn frames(&self) -> Result<Frames, ExecutorFault> {
        let device = &self.device;
        let graphs = self.graphs.iter().map(|graph| Scratch::new(graph, 1));
        let graphs = graphs.collect::<Result<_, _>>()?;
        if self.staging_bytes > device.limits.buffer_bytes_max {
            let (bytes, most) = (self.staging_bytes, device.limits.buffer_bytes_max);
            return Err(device.fault(format!(
                "outputs of {bytes} bytes exceed the adapter's {most}"
            )));
        }
        let variables = self.model.program().variables();
        for variable in variables {
            device.check_buffer(variable.bytes())?;
        }
        device.guarded(|| Frames {
            graphs,
            variables: variables
                .iter()
                .map(|variable| {
                    let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
                    let size = variable.bytes().next_multiple_of(4);
                    device.create_buffer("variable", size, usage)
                })
                .collect(),
            late: RefCell::default(),
            staging: device.create_buffer(
                "staging",
                self.staging_bytes,
                wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            ),
        })
    }

    fn take(&self) -> Result<Frames, ExecutorFault> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let frames = idle.pop();
        drop(idle);
        frames.map_or_else(|| self.frames(), Ok)
    }

    fn put_back(&self, frames: Frames) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < FRAMES_KEPT {
            idle.push(frames);
        }
    }

    /// Runs one case and appends its outputs. Gives the values that the variables have then.
    fn case(
        &self,
        start: &Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<Variables, RunError> {
        let frames = self.take()?;
        let mut run = Run::new(self, &frames)?;
        run.begin(start, input)?;
        run.graph(0)?;
        let mut variables = start.clone();
        run.end(output, |id: VariableId, value| {
            variables.get_mut(id).copy_from_slice(value);
        })?;
        // Only buffers of a run that succeeded are used again.
        self.put_back(frames);
        Ok(variables)
    }
}

/// That the nodes with late values can run: prepares them as if these were zeros, and drops them again. Their kernels
/// stay compiled.
fn check_late(
    device: &Arc<Device>,
    pipelines: &Pipelines,
    graph: &Graph,
    program: &Program,
) -> Result<(), ExecutorFault> {
    for control in &program.controls {
        if let Action::Late { node, .. } = control.action {
            let node = &graph.nodes()[node];
            let zeros = |id| vec![0; graph.tensor(id).shape.elements() as usize];
            let operator = node.settle(zeros).into_owned();
            let lowered = lower_late(
                graph,
                node,
                operator,
                &device.limits,
                PlanOptions::default(),
            );
            let lowered = lowered
                .map_err(|what| device.fault(format!("{}: {what}", node.operator.name())))?;
            let account = &mut Account::default();
            let prepared = Prepared::new(device, pipelines, lowered, account)?;
            Scratch::new(&prepared, 1)?;
        }
    }
    Ok(())
}

/// Most bytes of late values that one node of a graph reads.
fn late_bytes(prepared: &Prepared) -> u64 {
    let program = &prepared.program;
    let bytes = |operand: &Operand| match operand {
        Operand::Value(value) => 4 * u64::from(program.values[*value]),
        Operand::Constant(constant) => prepared.constants.bytes(*constant),
    };
    let late = program.controls.iter().map(|control| match control.action {
        Action::Late { values, .. } => control.inputs[..values].iter().map(bytes).sum(),
        _ => 0,
    });
    late.max().unwrap_or(0)
}

impl Plan for StagedPlan {
    fn initial(&self) -> &Variables {
        &self.initial
    }

    fn verification(&self) -> Verification<'_> {
        Verification::Whole
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        let graph = self.model.graph();
        check_input(graph, cases, input)?;
        self.device.check()?;
        let before = output.len();
        let bytes = graph.input_bytes() as usize;
        for case in 0..cases as usize {
            let own = &input[case * bytes..(case + 1) * bytes];
            if let Err(error) = self.case(start, own, output) {
                output.truncate(before);
                return Err(error);
            }
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        check_input(self.model.graph(), 1, input)?;
        self.device.check()?;
        let before = output.len();
        match self.case(variables, input, output) {
            Ok(values) => {
                *variables = values;
                Ok(())
            }
            Err(error) => {
                output.truncate(before);
                Err(error)
            }
        }
    }
}
