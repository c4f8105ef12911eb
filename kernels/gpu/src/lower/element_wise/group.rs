//! Which operators may share a dispatch.

use aivm_shaders::chain::{
    Element, Function, INPUTS_MAX, NODES_MAX, ROW_EVALUATIONS_MAX, ROW_NODES_MAX,
};
use aivm_tosa::{Node, TensorId};

use super::expression::{Expression, Linear, Rows};
use super::function::{element, is_element_wise};
use crate::lower::{Lowering, ROUNDS_MAX, is_rename};

/// How many nodes behind a tensor those that read it are looked for.
const SPAN_MAX: usize = 128;

/// Elements of the longest row that a chain with reductions takes: an invocation goes along it alone. Longer ones are
/// reduced by kernels of their own, and what lies between is computed with an invocation for each word.
const ROW_LENGTH_MAX: u32 = 256;

impl Lowering<'_> {
    /// Whether a tensor need not be stored: what reads it, and what reads that, are operators that a kernel can take
    /// together, and after some of them a single tensor is all that is still needed.
    pub(super) fn is_continued(&self, id: TensorId, expression: &Expression) -> bool {
        let Some(writer) = self.writer[id.0 as usize].filter(|_| self.options.fused) else {
            return false;
        };
        let mut rows = expression.rows();
        let wide = rows.map_or(self.elements(id), |rows| rows.count * rows.length);
        // Tensors that have to be read, and how often.
        let mut open = vec![(id, self.readers[id.0 as usize])];
        let mut nodes = expression.nodes();
        let behind = &self.graph.nodes()[writer + 1..];
        for node in behind.iter().take(SPAN_MAX).filter(|node| !is_rename(node)) {
            let mut reads = false;
            for (tensor, left) in &mut open {
                let inputs = node.inputs.iter().map(|&input| self.root(input));
                let times = inputs.filter(|input| input == tensor).count() as u32;
                *left -= times.min(*left);
                reads |= times > 0;
            }
            if !reads {
                continue;
            }
            if let Some(own) = self.reduced_rows(node) {
                if own.count * own.length != wide || rows.is_some_and(|rows| rows != own) {
                    return false;
                }
                rows = Some(own);
            } else if !node.late.is_empty() || !is_element_wise(&node.operator) {
                return false;
            }
            let output = node.outputs[0];
            let elements = self.elements(output);
            if elements != wide && rows.is_none_or(|rows| elements != rows.count) {
                return false;
            }
            nodes += 1;
            if nodes > rows.map_or(NODES_MAX, |_| ROW_NODES_MAX) {
                return false;
            }
            open.retain(|&(_, left)| left > 0);
            if open.is_empty() {
                return true;
            }
            open.push((output, self.readers[output.0 as usize]));
        }
        false
    }

    /// The rows that a reduction reduces, if a chain can hold it: along the last axis, and not too long.
    pub(in crate::lower) fn reduced_rows(&self, node: &Node) -> Option<Rows> {
        let axis = super::function::reduced_axis(&node.operator)?;
        let shape = &self.tensor(node.inputs[0]).shape;
        let length = *shape.dimensions().last()?;
        let last = axis as usize + 1 == shape.dimensions().len();
        let short = (2..=ROW_LENGTH_MAX).contains(&length);
        (self.options.fused && node.late.is_empty() && last && short).then(|| Rows {
            count: shape.elements() / length,
            length,
        })
    }

    /// What the expressions held back for the operands of a node have in common: sums of one linear operator at most,
    /// and rows of one kind. None if one kernel cannot compute the node with them.
    pub(super) fn joined(&self, node: &Node, function: Function) -> Option<Expression> {
        let mut joined = Expression::default();
        let held = |&input: &TensorId| self.held[self.root(input).0 as usize].as_ref();
        for expression in node.inputs.iter().filter_map(held) {
            joined.join(expression)?;
        }
        let reduces = matches!(function, Function::Reduce(_));
        if reduces {
            joined.join_rows(self.reduced_rows(node)?)?;
        }
        let output = node.outputs[0];
        let Some(rows) = joined.rows() else {
            let dense = |&input: &TensorId| self.elements(input) == self.elements(output);
            let mut inputs = node.inputs.iter();
            let all_dense = inputs.all(|input| held(input).is_none() || dense(input));
            return all_dense.then_some(joined);
        };
        let wide = rows.count * rows.length;
        let elements = self.elements(output);
        let fits = |&input: &TensorId| {
            let own = self.elements(input);
            // As the node knows them; a RESHAPE may have given others before.
            let last = |id: TensorId| self.tensor(id).shape.dimensions().last().copied();
            if own == wide {
                reduces || elements == wide
            } else {
                let along_rows = last(input) == Some(1) && last(output) == Some(rows.length);
                own == rows.count && (elements == own && !reduces || elements == wide && along_rows)
            }
        };
        let mut inputs = node.inputs.iter();
        let all_fit = inputs.all(|input| held(input).is_none() || fits(input));
        (all_fit && joined.linear().is_none() && (elements == wide || elements == rows.count))
            .then_some(joined)
    }

    /// Whether a kernel can hold an expression.
    pub(super) fn fits(&self, expression: &Expression) -> bool {
        let chain = expression.chain();
        let mut inputs = expression.operands().len() + usize::from(chain.has_tables());
        if let Some(linear) = expression.linear() {
            inputs += linear.frame.inputs as usize;
        }
        let nodes = expression.nodes();
        inputs <= INPUTS_MAX
            && match expression.rows() {
                None => nodes <= NODES_MAX,
                Some(_) => {
                    nodes <= ROW_NODES_MAX
                        && chain.row_evaluations() <= ROW_EVALUATIONS_MAX
                        && expression.row_rounds() <= ROUNDS_MAX
                }
            }
    }

    /// Whether the kernel of a linear operator can end with an expression of its sums, and no one else needs what it
    /// computes on the way.
    pub(super) fn ends(&self, linear: &Linear, expression: &Expression, output: TensorId) -> bool {
        let Ok(element) = element(self.tensor(output).data_type) else {
            return false;
        };
        let whole_words = linear.positions == 1 || element.fills_words(linear.output_channels);
        let nodes = self.nodes_of(expression.tensors());
        let inputs = nodes
            .iter()
            .flat_map(|&node| &self.graph.nodes()[node].inputs);
        let inputs: Vec<TensorId> = inputs.map(|&input| self.root(input)).collect();
        let read_inside = |id: TensorId| {
            let times = inputs.iter().filter(|&&input| input == id).count();
            id == output || times == self.readers[id.0 as usize] as usize
        };
        whole_words
            && element != Element::I48
            && expression.channels_are(linear.output_channels)
            && read_inside(linear.sums)
            && expression.tensors().all(read_inside)
    }
}
