//! Steps of a plan that can be seen while it runs: which dispatches they are, and the raw sums of those that are checked
//! by their sums.
//!
//! A linear operator with a RESCALE behind it never stores its sums. They are computed by a second dispatch, of that
//! operator alone, on a copy of the step's input: so the kernel that is checked is the one that runs unchecked at other
//! times, and the sums prove what its output must be ([ADR 8](../../../docs/adr/0008-sums-from-a-second-dispatch.md)).

mod flip;
mod recorder;
mod view;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aivm_tosa::observe::checked_by_sums;
use aivm_tosa::{
    ExecutorFault, Graph, Node, NodeId, ObservedStep, Operator, Priced, Selected, TensorId,
};

pub(crate) use flip::Flips;
pub use flip::{BitFlip, FlipPlace};
pub(crate) use recorder::Recorder;
pub(crate) use view::View;

use crate::device::Device;
use crate::limits::Account;
use crate::lower::lower_late;
use crate::pipelines::Pipelines;
use crate::plan::PlanOptions;
use crate::prepared::Prepared;
use crate::program::{Operand, Output, Program};
use crate::scratch::Scratch;

/// Most bytes that one submission copies of the steps that are seen, unless a single case needs more.
const SEEN_BYTES: u64 = 64 << 20;

/// The steps of a plan that can be seen.
pub(crate) struct Steps {
    /// What callers are told of each.
    pub(crate) described: Vec<ObservedStep>,
    groups: Vec<Group>,
}

/// A step: dispatches in a row, of which the last one completes a tensor.
struct Group {
    dispatches: Range<usize>,
    inputs: Vec<Part>,
    output: Part,
    /// Dispatches after which nothing reads the output; more than there are if it is an output of the graph.
    needed_until: usize,
    sums: Sums,
}

/// A tensor in the buffer of a value.
#[derive(Clone, Copy)]
struct Part {
    value: usize,
    words: u32,
    bytes: usize,
}

/// Where the raw sums of a step come from.
enum Sums {
    /// It has none, or they are not shown.
    None,
    /// They are its output.
    Output,
    /// A second dispatch.
    Apart(Box<Apart>),
}

/// A linear operator alone, for one case.
struct Apart {
    prepared: Prepared,
    scratch: Scratch,
    /// Its input in the plan, and in its own program.
    input: (Part, usize),
    /// The sums in its own program.
    sums: Part,
}

impl Steps {
    /// Finds the steps of `program`, which `model`'s graph was lowered to, and prepares the operators whose sums are
    /// shown.
    ///
    /// # Errors
    /// What keeps them from running on this device.
    pub(crate) fn new(
        device: &Arc<Device>,
        pipelines: &Pipelines,
        model: &Priced,
        program: &Program,
        options: PlanOptions,
    ) -> Result<Steps, ExecutorFault> {
        let graph = model.graph();
        let places = Places::of(graph, program);
        let mut steps = Steps {
            described: Vec::new(),
            groups: Vec::new(),
        };
        let mut begin = 0;
        for (index, step) in program.steps.iter().enumerate() {
            let Some(tensor) = step.tensor else { continue };
            let dispatches = begin..index + 1;
            begin = index + 1;
            let inputs = places.read(program, dispatches.clone());
            let nodes = places
                .nodes(&inputs, tensor)
                .map_err(|what| device.fault(what))?;
            let parts = inputs.iter().map(|id| (*id, places.part(*id)));
            let parts: BTreeMap<TensorId, Part> = parts.collect();
            let linear: Vec<NodeId> = nodes
                .iter()
                .copied()
                .filter(|&id| checked_by_sums(model, id))
                .collect();
            let sums = match linear[..] {
                [id] if graph.nodes()[id.0 as usize].outputs[0] == tensor => Sums::Output,
                [id] => places.input_of(&parts, id).map_or(Ok(Sums::None), |part| {
                    let apart = Apart::new(device, pipelines, graph, id, part, options);
                    apart.map(|apart| Sums::Apart(Box::new(apart)))
                })?,
                _ => Sums::None,
            };
            steps.described.push(ObservedStep {
                nodes,
                inputs: inputs.clone(),
                output: tensor,
                accumulators: match sums {
                    Sums::None => None,
                    _ => linear.first().copied(),
                },
            });
            steps.groups.push(Group {
                dispatches,
                inputs: parts.into_values().collect(),
                output: places.part(tensor),
                needed_until: needed_until(program, index),
                sums,
            });
        }
        Ok(steps)
    }

    /// How many cases from `first` on, at most `most`, one submission shows the selected steps of.
    pub(crate) fn cases_shown(&self, selected: &[Selected], first: u32, most: u32) -> u32 {
        let mut bytes = 0;
        let later = selected.iter().filter(|of| of.case >= first);
        for of in later.take_while(|of| of.case - first < most) {
            bytes += self.groups.get(of.step).map_or(0, Group::bytes);
            if bytes > SEEN_BYTES {
                return (of.case - first).max(1);
            }
        }
        most
    }
}

impl Group {
    /// Bytes of all that is seen of it in one case.
    fn bytes(&self) -> u64 {
        let sums = match &self.sums {
            Sums::Apart(apart) => apart.sums.words,
            _ => 0,
        };
        let inputs: u64 = self.inputs.iter().map(|part| u64::from(part.words)).sum();
        4 * (inputs + u64::from(self.output.words) + u64::from(sums))
    }
}

impl Apart {
    fn new(
        device: &Arc<Device>,
        pipelines: &Pipelines,
        graph: &Graph,
        id: NodeId,
        input: Part,
        options: PlanOptions,
    ) -> Result<Apart, ExecutorFault> {
        let node = &graph.nodes()[id.0 as usize];
        let program = lower_late(graph, node, node.operator.clone(), &device.limits, options)
            .map_err(|what| device.fault(what))?;
        // What checks need does not count as the model's.
        let prepared = Prepared::new(device, pipelines, program, &mut Account::default())?;
        let scratch = Scratch::new(&prepared, 1)?;
        let program = &prepared.program;
        let ([own], &[Operand::Value(sums)]) = (&program.inputs[..], &program.results[..]) else {
            return Err(device.fault("a linear operator has one input and one result"));
        };
        Ok(Apart {
            input: (input, own.value),
            sums: Part {
                value: sums,
                words: program.values[sums],
                bytes: graph.tensor(node.outputs[0]).bytes() as usize,
            },
            scratch,
            prepared,
        })
    }
}

/// Dispatches after which nothing reads what dispatch `index` completes.
fn needed_until(program: &Program, index: usize) -> usize {
    let value = program.steps[index].output;
    let is_output =
        |output: &Output| matches!(output, Output::Value { value: own, .. } if *own == value);
    if program.outputs.iter().any(is_output) {
        return usize::MAX;
    }
    let reads = |step: &crate::program::Step| step.operands.contains(&Operand::Value(value));
    let last = program.steps.iter().rposition(reads);
    last.unwrap_or(index).max(index) + 1
}

/// Which tensors lie in which values, and which nodes give them.
struct Places<'a> {
    graph: &'a Graph,
    /// Of each value, its tensor: also of other names and shapes.
    tensor: BTreeMap<usize, TensorId>,
    value: BTreeMap<TensorId, Part>,
    writer: BTreeMap<TensorId, NodeId>,
}

impl<'a> Places<'a> {
    fn of(graph: &'a Graph, program: &Program) -> Places<'a> {
        let inputs = graph.inputs().iter().zip(&program.inputs);
        let inputs = inputs.map(|(&id, input)| (input.value, id));
        let steps = program.steps.iter();
        let steps = steps.filter_map(|step| Some((step.output, step.tensor?)));
        let tensor: BTreeMap<usize, TensorId> = inputs.chain(steps).collect();
        let part = |(&value, &id): (&usize, &TensorId)| {
            let part = Part {
                value,
                words: program.values[value],
                bytes: graph.tensor(id).bytes() as usize,
            };
            (id, part)
        };
        let nodes = (0..).zip(graph.nodes());
        let writers = nodes.flat_map(|(index, node)| {
            let outputs = node.outputs.iter();
            outputs.map(move |&id| (id, NodeId(index)))
        });
        Places {
            graph,
            value: tensor.iter().map(part).collect(),
            tensor,
            writer: writers.collect(),
        }
    }

    fn part(&self, id: TensorId) -> Part {
        self.value[&id]
    }

    /// The tensors that dispatches read, besides what they give each other, ascending.
    fn read(&self, program: &Program, dispatches: Range<usize>) -> Vec<TensorId> {
        let steps = &program.steps[dispatches];
        let operands = steps.iter().flat_map(|step| &step.operands);
        let tensors = operands.filter_map(|operand| match operand {
            Operand::Value(value) => self.tensor.get(value).copied(),
            Operand::Constant(_) => None,
        });
        let mut read: Vec<TensorId> = tensors.collect();
        read.sort_unstable();
        read.dedup();
        read
    }

    /// The nodes that give `output` from `inputs` and constants, ascending.
    fn nodes(&self, inputs: &[TensorId], output: TensorId) -> Result<Vec<NodeId>, String> {
        let (mut nodes, mut wanted) = (Vec::new(), vec![output]);
        while let Some(id) = wanted.pop() {
            if inputs.contains(&id) || self.graph.tensor(id).constant.is_some() {
                continue;
            }
            let name = &self.graph.tensor(id).name;
            let node = self
                .writer
                .get(&id)
                .ok_or_else(|| format!("a step needs {name} and does not read it"))?;
            if !nodes.contains(node) {
                nodes.push(*node);
                wanted.extend(&self.node(*node).inputs);
            }
        }
        nodes.sort_unstable();
        Ok(nodes)
    }

    /// Where the input of a linear node with constant weights lies, if the step reads it.
    fn input_of(&self, parts: &BTreeMap<TensorId, Part>, id: NodeId) -> Option<Part> {
        let node = self.node(id);
        let rest = &node.inputs[1..];
        let constant = |id: &TensorId| self.graph.constant(*id).is_some();
        let mut input = node.inputs[0];
        loop {
            if let Some(part) = parts.get(&input) {
                return rest.iter().all(constant).then_some(*part);
            }
            // The same elements under another name.
            let writer = self.node(*self.writer.get(&input)?);
            match writer.operator {
                Operator::Reshape | Operator::Identity => input = writer.inputs[0],
                _ => return None,
            }
        }
    }

    fn node(&self, id: NodeId) -> &'a Node {
        &self.graph.nodes()[id.0 as usize]
    }
}
