//! Some nodes of a graph by themselves: what self-checks compare a back end's steps with.

use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_tosa::{Graph, NodeId, TensorId, bytes};

use crate::Elements;
use crate::compute::compute;
use crate::value::View;

/// Computes `nodes` of `graph`, ascending, none of them control flow, a variable or with late values, and adds their
/// outputs to `known`. Constants are decoded as they are needed. A node whose output is known is not computed.
///
/// # Panics
/// If a node reads what is neither known, nor a constant, nor computed before it.
pub fn recompute(graph: &Graph, nodes: &[NodeId], known: &mut BTreeMap<TensorId, Elements>) {
    for &id in nodes {
        let node = &graph.nodes()[id.0 as usize];
        if known.contains_key(&node.outputs[0]) {
            continue;
        }
        let inputs: Vec<Elements> = node
            .inputs
            .iter()
            .map(|id| {
                let tensor = graph.tensor(*id);
                match (known.get(id), &tensor.constant) {
                    (Some(elements), _) => Arc::clone(elements),
                    (None, Some(constant)) => Arc::new(bytes::decode(tensor.data_type, constant)),
                    (None, None) => unreachable!("tensor {} is not known", tensor.name),
                }
            })
            .collect();
        let views: Vec<View<'_>> = node
            .inputs
            .iter()
            .zip(&inputs)
            .map(|(&id, elements)| View {
                shape: graph.tensor(id).shape.dimensions(),
                elements,
            })
            .collect();
        let types: Vec<_> = node
            .inputs
            .iter()
            .map(|&id| graph.tensor(id).data_type)
            .collect();
        let output = node.outputs[0];
        let elements = compute(&node.operator, &views, &types, graph.tensor(output));
        known.insert(output, Arc::new(elements));
    }
}
