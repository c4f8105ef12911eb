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
}

struct SumsCheck {
    node: NodeId,
    sums: Sums,
    /// Of constant weights; with the number of the rotation that it belongs to.
    folded: RwLock<Option<(u64, Arc<Folded>)>>,
}

impl StepCheck {
    pub(super) fn new(model: &Priced, step: &ObservedStep) -> StepCheck {
        let graph = model.graph();
        // A back end shows sums by the same rule. That they cannot wrap is what the check stands on, so it is asked again.
        let node = step.accumulators.filter(|&id| checked_by_sums(model, id));
        let sums = node.and_then(|node| {
            Some(SumsCheck {
                node,
                sums: Sums::of(graph, &graph.nodes()[node.0 as usize])?,
                folded: RwLock::default(),
            })
        });
        StepCheck {
            step: step.clone(),
            sums,
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
        let constant = |id: &TensorId| {
            let tensor = graph.tensor(*id);
            let constant = tensor.constant.as_ref()?;
            Some(bytes::decode(tensor.data_type, constant))
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
        let mut known = BTreeMap::new();
        for (&id, &bytes) in self.step.inputs.iter().zip(&seen.inputs) {
            if given(graph, id, input).is_some_and(|given| given != bytes) {
                return Err(Disagreement::Input);
            }
            known.insert(id, elements(graph.tensor(id).data_type, bytes)?);
        }
        if let (Some(own), Some(sums)) = (&self.sums, seen.accumulators) {
            self.verify_sums(graph, own, sums, &mut known)?;
        }
        recompute(graph, &self.step.nodes, &mut known);
        let output = graph.tensor(self.step.output);
        let mut expected = Vec::with_capacity(seen.output.len());
        bytes::encode(output.data_type, &known[&self.step.output], &mut expected);
        match expected == seen.output {
            true => Ok(()),
            false => Err(Disagreement::Output),
        }
    }

    /// Verifies the sums; then they are known.
    fn verify_sums(
        &self,
        graph: &Graph,
        own: &SumsCheck,
        sums: &[u8],
        known: &mut BTreeMap<TensorId, Elements>,
    ) -> Result<(), Disagreement> {
        let before = self.step.nodes.iter().take_while(|&&id| id < own.node);
        recompute(graph, &before.copied().collect::<Vec<_>>(), known);
        let node = &graph.nodes()[own.node.0 as usize];
        let output = node.outputs[0];
        let sums = elements(graph.tensor(output).data_type, sums)?;
        let value = |id: TensorId| -> Elements {
            let tensor = graph.tensor(id);
            match (known.get(&id), &tensor.constant) {
                (Some(elements), _) => Arc::clone(elements),
                (None, Some(constant)) => Arc::new(bytes::decode(tensor.data_type, constant)),
                (None, None) => unreachable!("what a node reads is known before it"),
            }
        };
        let folded = match own.current() {
            Some((_, folded)) => folded,
            // Weights that the graph computes.
            None => {
                let Ok(random) = secret::residues(own.sums.output_channels) else {
                    return Ok(()); // the reference computes the node then
                };
                let bias = node.inputs.get(2).map(|&id| value(id));
                let bias = bias.as_ref().map(|bias| bias.as_slice());
                Arc::new(own.sums.fold(random, &value(node.inputs[1]), bias))
            }
        };
        let checked = own.sums.check(&folded, &value(node.inputs[0]), &sums);
        checked.map_err(|position| Disagreement::Sums { position })?;
        known.insert(output, sums);
        Ok(())
    }
}

impl SumsCheck {
    fn current(&self) -> Option<(u64, Arc<Folded>)> {
        let current = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
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
