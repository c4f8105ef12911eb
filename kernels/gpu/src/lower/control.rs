//! Lowering of what the host drives: COND_IF, WHILE_LOOP, variables, and nodes with late values.

use aivm_tosa::{Graph, Node, Operator, TensorId};

use super::Lowering;
use crate::program::{Action, Control, Operand};

/// Whether a node is no matter of kernels alone.
pub(super) fn is_control(node: &Node) -> bool {
    !node.late.is_empty() || action(0, node).is_some()
}

/// The tensors that a late node's kernels are given: those of its inputs that are no constants, each once.
pub(super) fn late_inputs(graph: &Graph, node: &Node) -> Vec<TensorId> {
    let mut ids = Vec::with_capacity(node.inputs.len());
    for &id in &node.inputs {
        if graph.constant(id).is_none() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn action(index: usize, node: &Node) -> Option<Action> {
    match node.operator {
        Operator::CondIf {
            then_region,
            else_region,
        } => Some(Action::Branch([then_region, else_region])),
        Operator::WhileLoop {
            cond_region,
            body_region,
        } => Some(Action::Loop {
            condition: cond_region,
            body: body_region,
        }),
        Operator::VariableRead(variable) => Some(Action::ReadVariable(variable)),
        Operator::VariableWrite(variable) => Some(Action::WriteVariable(variable)),
        _ if !node.late.is_empty() => Some(Action::Late {
            node: index,
            values: node.late.len(),
        }),
        _ => None,
    }
}

impl Lowering<'_> {
    /// Appends what the host does for the node of this index.
    pub(super) fn control(&mut self, index: usize) -> Result<(), String> {
        let node = &self.graph.nodes()[index];
        let action = action(index, node).ok_or("kernels do this")?;
        let read = match action {
            Action::Late { .. } => {
                let late = node.late.iter().map(|late| late.tensor);
                late.chain(late_inputs(self.graph, node)).collect()
            }
            _ => node.inputs.clone(),
        };
        let inputs = read.into_iter().map(|id| self.place(id));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for &id in &node.outputs {
            let value = self.new_value(id);
            self.place[id.0 as usize] = Some(Operand::Value(value));
            outputs.push(value);
        }
        self.program.controls.push(Control {
            before: self.program.steps.len(),
            action,
            inputs,
            outputs,
        });
        Ok(())
    }
}
