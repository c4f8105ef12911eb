//! "Operator Graphs" and "Control Flow Operators": runs a graph's nodes in order, regions and variables included.

use std::sync::Arc;

use aivm_tosa::{
    Graph, Node, NodeId, Operator, Priced, RegionId, RunStatus, TensorId, VariableId, Variables,
    bytes,
};

use crate::compute::compute;
use crate::value::View;

/// The elements of a tensor, row-major, bool as 0 and 1. Shared: what goes into a region and comes out again is not
/// copied.
pub type Elements = Arc<Vec<i64>>;

/// Is called after each node with the elements of its outputs.
pub(crate) type Observe<'a> = &'a mut dyn FnMut(NodeId, &[Elements]);

/// A graph with its constants decoded.
pub(crate) struct Prepared {
    /// Elements of each tensor that is a constant, by tensor.
    constants: Vec<Option<Elements>>,
    /// For each node, the computed tensors that no later node reads and that are no outputs.
    dead_after: Vec<Vec<TensorId>>,
}

impl Prepared {
    pub(crate) fn new(graph: &Graph) -> Prepared {
        let constants = graph.tensors().iter().map(|tensor| {
            let constant = tensor.constant.as_ref()?;
            Some(Arc::new(bytes::decode(tensor.data_type, constant)))
        });
        Prepared {
            constants: constants.collect(),
            dead_after: dead_after(graph),
        }
    }
}

/// For each node, the tensors whose last reader it is.
fn dead_after(graph: &Graph) -> Vec<Vec<TensorId>> {
    let mut seen = vec![false; graph.tensors().len()];
    for &id in graph.outputs() {
        seen[id.0 as usize] = true;
    }
    let mut dead: Vec<Vec<TensorId>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes().iter().rev() {
        let mut last = Vec::new();
        let late = node.late.iter().map(|late| &late.tensor);
        for &id in node.inputs.iter().chain(&node.outputs).chain(late) {
            if !seen[id.0 as usize] && graph.tensor(id).constant.is_none() {
                seen[id.0 as usize] = true;
                last.push(id);
            }
        }
        dead.push(last);
    }
    dead.reverse();
    dead
}

/// The tensors of a graph while it runs; what has no value yet, or no reader any more, is empty.
struct Values<'a> {
    graph: &'a Graph,
    elements: Vec<Option<Elements>>,
}

impl Values<'_> {
    /// The value of a tensor, which a validated graph has computed before it is read.
    fn elements(&self, id: TensorId) -> &Elements {
        let Some(elements) = &self.elements[id.0 as usize] else {
            unreachable!("validation orders writes before reads")
        };
        elements
    }

    fn view(&self, id: TensorId) -> View<'_> {
        View {
            shape: self.graph.tensor(id).shape.dimensions(),
            elements: self.elements(id),
        }
    }

    fn all(&self, ids: &[TensorId]) -> Vec<Elements> {
        ids.iter()
            .map(|&id| Arc::clone(self.elements(id)))
            .collect()
    }
}

/// One run of a model.
pub(crate) struct Run<'a> {
    pub model: &'a Priced,
    /// The regions besides `main`, by [`RegionId`].
    pub regions: &'a [Prepared],
    /// Their values at this point of the run.
    pub variables: &'a mut Variables,
}

impl Run<'_> {
    /// Runs a graph: the elements of its outputs, from those of its inputs. `observe` sees what each of its nodes
    /// computes.
    ///
    /// Regions run inside, unobserved; validation bounds how deep.
    ///
    /// # Errors
    /// [`RunStatus::IterationLimit`].
    pub(crate) fn graph(
        &mut self,
        graph: &Graph,
        prepared: &Prepared,
        inputs: Vec<Elements>,
        observe: Observe<'_>,
    ) -> Result<Vec<Elements>, RunStatus> {
        let mut values = Values {
            graph,
            elements: prepared.constants.clone(),
        };
        for (&id, elements) in graph.inputs().iter().zip(inputs) {
            values.elements[id.0 as usize] = Some(elements);
        }
        let nodes = graph.nodes().iter().zip(&prepared.dead_after);
        for (index, (node, dead)) in (0..).zip(nodes) {
            let outputs = self.node(node, &values)?;
            observe(NodeId(index), &outputs);
            for (&id, elements) in node.outputs.iter().zip(outputs) {
                values.elements[id.0 as usize] = Some(elements);
            }
            for id in dead {
                values.elements[id.0 as usize] = None;
            }
        }
        Ok(values.all(graph.outputs()))
    }

    /// The elements of a node's outputs.
    fn node(&mut self, node: &Node, values: &Values<'_>) -> Result<Vec<Elements>, RunStatus> {
        match &node.operator {
            Operator::CondIf {
                then_region,
                else_region,
            } => {
                let chosen = if truth(values.elements(node.inputs[0])) {
                    *then_region
                } else {
                    *else_region
                };
                self.region(chosen, values.all(&node.inputs[1..]))
            }
            Operator::WhileLoop {
                cond_region,
                body_region,
            } => self.while_loop(*cond_region, *body_region, values.all(&node.inputs)),
            Operator::VariableRead(id) => Ok(vec![Arc::new(self.variable(*id))]),
            Operator::VariableWrite(id) => {
                self.write_variable(*id, values.elements(node.inputs[0]));
                Ok(Vec::new())
            }
            _ => {
                let operator = node.settle(|id| values.elements(id).to_vec());
                let inputs = node.inputs.iter().map(|&id| values.view(id));
                let graph = values.graph;
                let input_types = node.inputs.iter().map(|&id| graph.tensor(id).data_type);
                let output = graph.tensor(node.outputs[0]);
                let (inputs, input_types): (Vec<_>, Vec<_>) = inputs.zip(input_types).unzip();
                let elements = compute(&operator, &inputs, &input_types, output);
                Ok(vec![Arc::new(elements)])
            }
        }
    }

    fn region(&mut self, id: RegionId, inputs: Vec<Elements>) -> Result<Vec<Elements>, RunStatus> {
        let regions = self.regions;
        let graph = self.model.program().region(id);
        self.graph(graph, &regions[id.0 as usize], inputs, &mut |_, _| ())
    }

    /// TOSA "WHILE_LOOP". The condition may hold as often as the body may run; once more is a status.
    fn while_loop(
        &mut self,
        condition: RegionId,
        body: RegionId,
        mut list: Vec<Elements>,
    ) -> Result<Vec<Elements>, RunStatus> {
        let limit = self.model.loop_iterations();
        for _ in 0..limit {
            if !truth(&self.region(condition, list.clone())?[0]) {
                return Ok(list);
            }
            list = self.region(body, list)?;
        }
        if truth(&self.region(condition, list.clone())?[0]) {
            return Err(RunStatus::IterationLimit { limit });
        }
        Ok(list)
    }

    /// TOSA "VARIABLE_READ".
    fn variable(&self, id: VariableId) -> Vec<i64> {
        let variable = &self.model.program().variables()[id.0 as usize];
        bytes::decode(variable.data_type, self.variables.get(id))
    }

    /// TOSA "VARIABLE_WRITE".
    fn write_variable(&mut self, id: VariableId, elements: &[i64]) {
        let variable = &self.model.program().variables()[id.0 as usize];
        let mut value = Vec::with_capacity(variable.bytes() as usize);
        bytes::encode(variable.data_type, elements, &mut value);
        self.variables.get_mut(id).copy_from_slice(&value);
    }
}

/// The value of a tensor of one bool.
fn truth(elements: &[i64]) -> bool {
    elements[0] != 0
}
