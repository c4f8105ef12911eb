//! Which nodes of a graph run together.
//!
//! A node joins the chain of element-wise nodes over as many elements as it has, if all that it reads is there by
//! then. Shape changes are other names of a tensor. A linear operator takes along the RESCALE, CLAMP and TABLE behind
//! it, if nothing else reads what lies between.

use std::collections::BTreeMap;

use aivm_tosa::operator::{Padding, TableContent};
use aivm_tosa::{DataType, Graph, Node, NodeId, Operator, TensorId};

use super::fold::Known;

/// Nodes of a chain at most.
pub(crate) const CHAIN_NODES: usize = 64;

/// Nodes that run as one step, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Element-wise nodes, in order.
    Chain(Vec<usize>),
    /// A linear operator and what it takes along.
    Linear(Fused),
    /// Any other node.
    Node(usize),
}

impl Unit {
    /// Its nodes, in order.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        let nodes = match self {
            Unit::Chain(nodes) => nodes.clone(),
            Unit::Linear(fused) => {
                let fused = [Some(fused.node), fused.rescale, fused.clamp, fused.table];
                fused.into_iter().flatten().collect()
            }
            Unit::Node(node) => vec![*node],
        };
        nodes.into_iter().map(|node| NodeId(node as u32)).collect()
    }
}

/// A linear operator with the nodes fused behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fused {
    pub node: usize,
    pub rescale: Option<usize>,
    pub clamp: Option<usize>,
    pub table: Option<usize>,
    /// What the last of them writes.
    pub output: TensorId,
}

/// The units of a graph in the order in which they run.
#[derive(Debug)]
pub(crate) struct Units {
    pub units: Vec<Unit>,
    /// The tensor that has the value of each tensor: itself, or what RESHAPE or IDENTITY gave another name.
    pub root: Vec<TensorId>,
    /// The unit that runs each node; `None` for nodes that only rename.
    pub unit_of_node: Vec<Option<usize>>,
}

/// Whether a node is computed element by element.
pub(crate) fn is_element_wise(operator: &Operator) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Clamp { .. }
            | O::Add
            | O::ArithmeticRightShift { .. }
            | O::BitwiseAnd
            | O::BitwiseOr
            | O::BitwiseXor
            | O::IntDiv
            | O::LogicalAnd
            | O::LogicalLeftShift
            | O::LogicalRightShift
            | O::LogicalOr
            | O::LogicalXor
            | O::Maximum
            | O::Minimum
            | O::Mul { .. }
            | O::Sub
            | O::Table(_)
            | O::Abs
            | O::BitwiseNot
            | O::Clz
            | O::LogicalNot
            | O::Negate { .. }
            | O::Select
            | O::Equal
            | O::Greater
            | O::GreaterEqual
            | O::Cast
            | O::Rescale { .. }
    )
}

/// Whether `linear` has a kernel for the node: i8 by constant i8 (or i4) with a constant bias.
fn is_linear(graph: &Graph, known: &Known, node: &Node) -> bool {
    let constant = |index: usize| known.values[node.inputs[index].0 as usize].is_some();
    let (Operator::Conv2d { pad, dilation, .. } | Operator::DepthwiseConv2d { pad, dilation, .. }) =
        &node.operator
    else {
        return false;
    };
    let sides = |index: usize| graph.tensor(node.inputs[index]).shape.dimensions();
    let kernel_rows = match node.operator {
        Operator::Conv2d { .. } => sides(1)[1],
        _ => sides(1)[0],
    };
    node.late.is_empty()
        && graph.tensor(node.inputs[0]).data_type == DataType::I8
        && constant(1)
        && constant(2)
        && !is_mostly_padding(sides(0), kernel_rows, pad, dilation.y)
}

/// Bytes of padding that `linear` may lay out for a band of input rows without further question.
const PADDING_BYTES: u64 = 1 << 20;

/// Whether the rows under a kernel, with their padding, are large and hardly any of them is input. `linear` lays them
/// out; plain loops pass over padding.
fn is_mostly_padding(input: &[u32], kernel_rows: u32, pad: &Padding, dilation: u32) -> bool {
    let [_, height, width, channels] = [0, 1, 2, 3].map(|axis| u64::from(input[axis]));
    let rows = u64::from(kernel_rows - 1) * u64::from(dilation) + 1;
    let padded_width = width + u64::from(pad.left) + u64::from(pad.right);
    let band = rows * padded_width * channels;
    band > PADDING_BYTES && band / 8 > rows.min(height) * width * channels
}

/// A graph with who reads what.
struct Readers<'a> {
    graph: &'a Graph,
    /// Nodes that read each tensor.
    nodes: Vec<Vec<usize>>,
    is_output: Vec<bool>,
}

impl<'a> Readers<'a> {
    fn new(graph: &'a Graph) -> Readers<'a> {
        let tensors = graph.tensors().len();
        let mut readers = Readers {
            graph,
            nodes: vec![Vec::new(); tensors],
            is_output: vec![false; tensors],
        };
        for (index, node) in graph.nodes().iter().enumerate() {
            for id in read_by(node) {
                readers.nodes[id.0 as usize].push(index);
            }
        }
        for id in graph.outputs() {
            readers.is_output[id.0 as usize] = true;
        }
        readers
    }

    /// The only reader of a tensor, which is no output.
    fn only(&self, id: TensorId) -> Option<(usize, &'a Node)> {
        let at = id.0 as usize;
        match self.nodes[at][..] {
            [node] if !self.is_output[at] => Some((node, &self.graph.nodes()[node])),
            _ => None,
        }
    }

    /// The nodes that linear node `index` takes along.
    fn fused(&self, index: usize) -> Fused {
        let node = &self.graph.nodes()[index];
        let mut fused = Fused {
            node: index,
            rescale: None,
            clamp: None,
            table: None,
            output: node.outputs[0],
        };
        while let Some((next, node)) = self.only(fused.output)
            && node.late.is_empty()
        {
            match &node.operator {
                Operator::Rescale { .. } if fused.rescale.is_none() => fused.rescale = Some(next),
                Operator::Clamp { .. }
                    if fused.rescale.is_some()
                        && fused.clamp.is_none()
                        && fused.table.is_none() =>
                {
                    fused.clamp = Some(next);
                }
                Operator::Table(TableContent::I8(_))
                    if fused.rescale.is_some() && fused.table.is_none() =>
                {
                    fused.table = Some(next);
                }
                _ => break,
            }
            fused.output = node.outputs[0];
        }
        fused
    }
}

/// All tensors that a node reads, late values included.
pub(crate) fn read_by(node: &Node) -> impl Iterator<Item = TensorId> {
    let late = node.late.iter().map(|late| late.tensor);
    node.inputs.iter().copied().chain(late)
}

impl Units {
    /// The units of `graph` but for what is known; without `fuse` each node is a unit.
    pub(crate) fn of(graph: &Graph, known: &Known, fuse: bool) -> Units {
        let readers = Readers::new(graph);
        let mut units = Units {
            units: Vec::new(),
            root: (0..graph.tensors().len() as u32).map(TensorId).collect(),
            unit_of_node: vec![None; graph.nodes().len()],
        };
        // The unit that computes each tensor; `None` before all units.
        let mut source: Vec<Option<usize>> = vec![None; graph.tensors().len()];
        // The last chain for each number of elements.
        let mut chains: BTreeMap<u32, usize> = BTreeMap::new();
        let mut taken = vec![false; graph.nodes().len()];
        for (index, node) in graph.nodes().iter().enumerate() {
            if taken[index] || known.folded[index] {
                continue;
            }
            let renames = matches!(node.operator, Operator::Reshape | Operator::Identity);
            if fuse && renames {
                let root = units.root(node.inputs[0]);
                units.root[node.outputs[0].0 as usize] = root;
                continue;
            }
            let next = units.units.len();
            let mut own = next;
            if is_element_wise(&node.operator) && node.late.is_empty() {
                let elements = graph.tensor(node.outputs[0]).shape.elements();
                let ready = read_by(node)
                    .filter_map(|id| source[units.root(id).0 as usize])
                    .max();
                let open = chains.get(&elements).copied();
                match open.filter(|&chain| fuse && ready.is_none_or(|ready| ready <= chain)) {
                    Some(chain) if units.join(chain, index) => own = chain,
                    _ => {
                        units.units.push(Unit::Chain(vec![index]));
                        chains.insert(elements, next);
                    }
                }
            } else if is_linear(graph, known, node) {
                let alone = Fused {
                    node: index,
                    rescale: None,
                    clamp: None,
                    table: None,
                    output: node.outputs[0],
                };
                let fused = if fuse { readers.fused(index) } else { alone };
                for other in [fused.rescale, fused.clamp, fused.table]
                    .into_iter()
                    .flatten()
                {
                    taken[other] = true;
                    units.unit_of_node[other] = Some(next);
                    source[graph.nodes()[other].outputs[0].0 as usize] = Some(next);
                }
                units.units.push(Unit::Linear(fused));
            } else {
                units.units.push(Unit::Node(index));
            }
            units.unit_of_node[index] = Some(own);
            for id in &node.outputs {
                source[id.0 as usize] = Some(own);
            }
        }
        units
    }

    /// The tensor that holds the value of `id`.
    pub(crate) fn root(&self, id: TensorId) -> TensorId {
        self.root[id.0 as usize]
    }

    /// Adds a node to a chain that is not full.
    fn join(&mut self, chain: usize, node: usize) -> bool {
        match &mut self.units[chain] {
            Unit::Chain(nodes) if nodes.len() < CHAIN_NODES => {
                nodes.push(node);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_kernel_on_a_small_input_is_mostly_padding() {
        let pad = |columns| Padding {
            top: 0,
            bottom: 0,
            left: columns,
            right: columns,
        };
        assert!(is_mostly_padding(&[1, 4, 2, 3], 8192, &pad(4096), 1));
        assert!(is_mostly_padding(&[1, 4, 2, 3], 2, &pad(4096), 4096));
        assert!(!is_mostly_padding(&[1, 4, 2, 3], 3, &pad(1), 1));
        assert!(!is_mostly_padding(&[1, 512, 512, 64], 11, &pad(5), 1));
    }
}
