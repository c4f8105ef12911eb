//! One step of a plan, verified from what was seen of it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use aivm_reference::{Elements, recompute};
use aivm_tosa::observe::checked_by_sums;
use aivm_tosa::{
    DataType, ExecutorFault, Graph, NodeId, Observation, ObservedStep, Priced, TensorId, bytes,
};

use super::Disagreement;
use super::freivalds::{Folded, Sums};
use super::secret;

/// How a step is verified.
pub(super) struct StepCheck {
    step: ObservedStep,
    /// If its sums are shown.
    sums: Option<SumsCheck>,
    /// The nodes that are recomputed to get the output, ascending; that of the sums only if they are not shown.
    nodes: Vec<NodeId>,
    /// What they read of the graph's constants, decoded once; large ones are decoded each time.
    constants: BTreeMap<TensorId, Elements>,
}

/// Elements of a constant above which it is not kept decoded, in eight bytes each: operators that are recomputed rarely
/// have more.
const KEPT_ELEMENTS_MAX: u32 = 1 << 17;

struct SumsCheck {
    node: NodeId,
    sums: Sums,
    /// The nodes that are recomputed to get the node's input, ascending.
    before: Vec<NodeId>,
    /// Of constant weights; with the number of the rotation that it belongs to.
    folded: RwLock<Option<(u64, Arc<Folded>)>>,
}

impl StepCheck {
    pub(super) fn new(model: &Priced, step: &ObservedStep) -> StepCheck {
        let graph = model.graph();
        // A back end shows sums by the same rule. That they cannot wrap is what the check stands on, so it is asked again.
        let node = step.accumulators.filter(|&id| checked_by_sums(model, id));
        let sums = node.and_then(|id| {
            let node = &graph.nodes()[id.0 as usize];
            let inputs = node.inputs.iter().copied();
            let computed = inputs.filter(|&id| graph.constant(id).is_none());
            Some(SumsCheck {
                node: id,
                sums: Sums::of(graph, node)?,
                before: needed(graph, step, computed.collect(), None),
                folded: RwLock::default(),
            })
        });
        let shown = sums.as_ref().map(|own| own.node);
        let nodes = needed(graph, step, vec![step.output], shown);
        let before = sums.iter().flat_map(|own| &own.before);
        let all = nodes.iter().filter(|&&id| Some(id) != shown).chain(before);
        let read = all.flat_map(|id| &graph.nodes()[id.0 as usize].inputs);
        let constant = |&id: &TensorId| {
            let bytes = graph.constant(id).filter(|_| is_kept(graph, id))?;
            let elements = bytes::decode(graph.tensor(id).data_type, bytes);
            Some((id, Arc::new(elements)))
        };
        StepCheck {
            constants: read.filter_map(constant).collect(),
            step: step.clone(),
            sums,
            nodes,
        }
    }

    /// Multiplies constant weights with new random numbers, unless those of this rotation are there.
    pub(super) fn refresh(&self, model: &Priced, rotation: u64) -> Result<(), ExecutorFault> {
        let Some(own) = &self.sums else {
            return Ok(());
        };
        let current = own.current();
        if current.is_some_and(|(number, _)| number == rotation) {
            return Ok(());
        }
        let graph = model.graph();
        let inputs = &graph.nodes()[own.node.0 as usize].inputs;
        let constant = |&id: &TensorId| {
            let constant = graph.constant(id)?;
            Some(bytes::decode(graph.tensor(id).data_type, constant))
        };
        let Some(weight) = inputs.get(1).and_then(constant) else {
            return Ok(());
        };
        let bias = inputs.get(2).map(constant);
        let bias = match &bias {
            None => None,
            Some(Some(bias)) => Some(bias.as_slice()),
            Some(None) => return Ok(()),
        };
        let random = secret::residues(own.sums.output_channels)?;
        let folded = Arc::new(own.sums.fold(random, &weight, bias));
        let mut current = own.folded.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some((rotation, folded));
        Ok(())
    }

    /// Verifies what was seen of the step in a case whose inputs are `input`.
    pub(super) fn verify(
        &self,
        model: &Priced,
        input: &[u8],
        seen: &Observation<'_>,
    ) -> Result<(), Disagreement> {
        let graph = model.graph();
        let mut known = self.constants.clone();
        for (&id, &bytes) in self.step.inputs.iter().zip(&seen.inputs) {
            if given(graph, id, input).is_some_and(|given| given != bytes) {
                return Err(Disagreement::Input);
            }
            known.insert(id, elements(graph.tensor(id).data_type, bytes)?);
        }
        if let (Some(own), Some(sums)) = (&self.sums, seen.accumulators) {
            own.verify(graph, sums, &mut known)?;
        }
        let sums = self.sums.as_ref();
        let lacks_sums = sums.is_some_and(|own| !known.contains_key(&own.output(graph)));
        let nodes = if lacks_sums {
            &self.step.nodes
        } else {
            &self.nodes
        };
        recompute(graph, nodes, &mut known);
        let output = graph.tensor(self.step.output);
        let mut expected = Vec::with_capacity(seen.output.len());
        bytes::encode(output.data_type, &known[&self.step.output], &mut expected);
        match expected == seen.output {
            true => Ok(()),
            false => Err(Disagreement::Output),
        }
    }
}

impl SumsCheck {
    /// Verifies the sums; then they are known.
    fn verify(
        &self,
        graph: &Graph,
        sums: &[u8],
        known: &mut BTreeMap<TensorId, Elements>,
    ) -> Result<(), Disagreement> {
        recompute(graph, &self.before, known);
        let node = &graph.nodes()[self.node.0 as usize];
        let output = self.output(graph);
        let sums = elements(graph.tensor(output).data_type, sums)?;
        let value = |id: TensorId| -> Elements {
            match (known.get(&id), graph.constant(id)) {
                (Some(elements), _) => Arc::clone(elements),
                (None, Some(constant)) => {
                    Arc::new(bytes::decode(graph.tensor(id).data_type, constant))
                }
                (None, None) => unreachable!("what a node reads is known before it"),
            }
        };
        let folded = match self.current() {
            Some((_, folded)) => folded,
            // Weights that the graph computes.
            None => {
                let Ok(random) = secret::residues(self.sums.output_channels) else {
                    return Ok(()); // the reference computes the node then
                };
                let bias = node.inputs.get(2).map(|&id| value(id));
                let bias = bias.as_ref().map(|bias| bias.as_slice());
                Arc::new(self.sums.fold(random, &value(node.inputs[1]), bias))
            }
        };
        let checked = self.sums.check(&folded, &value(node.inputs[0]), &sums);
        checked.map_err(|position| Disagreement::Sums { position })?;
        known.insert(output, sums);
        Ok(())
    }

    /// The tensor of the sums.
    fn output(&self, graph: &Graph) -> TensorId {
        graph.nodes()[self.node.0 as usize].outputs[0]
    }

    fn current(&self) -> Option<(u64, Arc<Folded>)> {
        let current = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

/// Whether a tensor is a constant, also by another name, that is kept decoded.
fn is_kept(graph: &Graph, id: TensorId) -> bool {
    graph.tensor(id).shape.elements() <= KEPT_ELEMENTS_MAX && graph.constant(id).is_some()
}

/// The nodes of `step` that give `wanted` from its inputs, constants and the output of the node `shown`, ascending.
/// [`recompute`] passes over `shown` itself, whose output is known.
fn needed(
    graph: &Graph,
    step: &ObservedStep,
    wanted: Vec<TensorId>,
    shown: Option<NodeId>,
) -> Vec<NodeId> {
    let (mut nodes, mut wanted) = (Vec::new(), wanted);
    while let Some(id) = wanted.pop() {
        let given = step.inputs.contains(&id) || graph.tensor(id).constant.is_some();
        if given || id != step.output && is_kept(graph, id) {
            continue;
        }
        let writes = |node: &&NodeId| graph.nodes()[node.0 as usize].outputs.contains(&id);
        let Some(&node) = step.nodes.iter().find(writes) else {
            continue;
        };
        if !nodes.contains(&node) {
            nodes.push(node);
            if Some(node) != shown {
                wanted.extend(&graph.nodes()[node.0 as usize].inputs);
            }
        }
    }
    nodes.sort_unstable();
    nodes
}

/// The bytes that a tensor was given, if it is an input of the graph.
fn given<'a>(graph: &Graph, id: TensorId, input: &'a [u8]) -> Option<&'a [u8]> {
    let index = graph.inputs().iter().position(|&own| own == id)?;
    let bytes = |&id: &TensorId| graph.tensor(id).bytes() as usize;
    let first = graph.inputs()[..index].iter().map(bytes).sum::<usize>();
    Some(&input[first..first + bytes(&id)])
}

/// The elements of a tensor that was on a device.
fn elements(data_type: DataType, seen: &[u8]) -> Result<Elements, Disagreement> {
    let elements = bytes::decode(data_type, seen);
    let values = data_type.min()..=data_type.max();
    match elements.iter().all(|element| values.contains(element)) {
        true => Ok(Arc::new(elements)),
        false => Err(Disagreement::Value),
    }
}
