//! Which models cannot wrap: intervals of all tensors, from types, constants and operators.
//!
//! A model is of class P if no accumulator and no result of an operator can leave its type, whatever the inputs and
//! variables are; then what a run computes is true of the integers, and cheap checks over the integers (or modulo a
//! prime) are allowed. Else it is of class W. The analysis is sound and not complete: it knows one interval a tensor
//! and nothing of how tensors depend on each other, and inside control flow it knows types only.
//!
//! It takes time linear in the file: each constant is scanned once for its interval, and a budget bounds what
//! operators scan again.

mod operators;
mod wide;

use crate::{DataType, Graph, Node, NodeId, Operator, Program, RegionId, Tensor, TensorId, bytes};
use operators::{Operand, result};

/// Whether a run of a model may wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No accumulator and no result can wrap: what is computed is true of the integers.
    P,
    /// Something may wrap.
    W {
        /// The region of the node, `None` for `main`.
        region: Option<RegionId>,
        /// The first node, in the order of a run, that may wrap.
        node: NodeId,
    },
}

/// The values that elements of a tensor may have: `min..=max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub min: i64,
    pub max: i64,
}

impl Interval {
    /// All values of a type.
    pub(crate) fn of(data_type: DataType) -> Interval {
        Interval {
            min: data_type.min(),
            max: data_type.max(),
        }
    }

    /// The values of either.
    pub(crate) fn or(self, other: Interval) -> Interval {
        Interval {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// The values of a constant.
    fn of_constant(data_type: DataType, constant: &[u8]) -> Option<Interval> {
        let elements = constant.chunks_exact(data_type.bytes() as usize);
        let values = elements.map(|element| bytes::read(data_type, element));
        let points = values.map(|value| Interval {
            min: value,
            max: value,
        });
        points.reduce(Interval::or)
    }
}

/// What is known of a region or of `main`.
struct Region {
    /// The first node that may wrap, here or further in.
    first: Option<(Option<RegionId>, NodeId)>,
    /// Its own nodes that may wrap, or use a region that may, ascending.
    wrapping: Vec<NodeId>,
    outputs: Vec<Interval>,
}

/// Elements of constants that operators may still look at.
pub(crate) struct Scans(u64);

impl Scans {
    /// Takes `elements` elements; false if there are not so many left.
    pub(crate) fn take(&mut self, elements: u64) -> bool {
        let left = self.0.checked_sub(elements);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// What may wrap in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrapping {
    pub class: Class,
    /// Nodes of `main` that may wrap, ascending.
    pub nodes: Vec<NodeId>,
}

/// What may wrap in `program`.
pub(crate) fn wrapping(program: &Program) -> Wrapping {
    let constants = program.graphs().flat_map(Graph::tensors);
    let elements = constants
        .filter(|tensor| tensor.constant.is_some())
        .map(|tensor| u64::from(tensor.shape.elements()))
        .fold(0, u64::saturating_add);
    // Each constant is needed about once; a small file that names one often is of class W without a look.
    let mut scans = Scans(elements.saturating_mul(4).saturating_add(1 << 16));
    let mut regions: Vec<Option<Region>> = Vec::new();
    regions.resize_with(program.regions().len(), || None);
    for &id in program.callees_first() {
        let region = analyse(program.region(id), Some(id), &regions, &mut scans);
        regions[id.0 as usize] = Some(region);
    }
    let main = analyse(program.main(), None, &regions, &mut scans);
    Wrapping {
        class: match main.first {
            None => Class::P,
            Some((region, node)) => Class::W { region, node },
        },
        nodes: main.wrapping,
    }
}

/// Finds the intervals of `graph`, whose inputs may have any value of their types.
fn analyse(
    graph: &Graph,
    own: Option<RegionId>,
    regions: &[Option<Region>],
    scans: &mut Scans,
) -> Region {
    let mut intervals: Vec<Interval> = graph
        .tensors()
        .iter()
        .map(|tensor| {
            let full = Interval::of(tensor.data_type);
            let constant = tensor.constant.as_deref();
            constant
                .and_then(|constant| Interval::of_constant(tensor.data_type, constant))
                .unwrap_or(full)
        })
        .collect();
    let (mut first, mut wrapping) = (None, Vec::new());
    for (index, node) in graph.nodes().iter().enumerate() {
        let here = NodeId(index as u32);
        let wraps = match node.operator {
            Operator::CondIf {
                then_region,
                else_region,
            } => {
                let pair = [then_region, else_region].map(|id| regions[id.0 as usize].as_ref());
                let [Some(then), Some(other)] = pair else {
                    continue; // they stand before those that use them
                };
                let outputs = then.outputs.iter().zip(&other.outputs);
                for (id, (then, other)) in node.outputs.iter().zip(outputs) {
                    intervals[id.0 as usize] = then.or(*other);
                }
                then.first.or(other.first)
            }
            Operator::WhileLoop {
                cond_region,
                body_region,
            } => {
                // The outputs have gone through any number of iterations: all values of their types.
                let pair = [cond_region, body_region].map(|id| regions[id.0 as usize].as_ref());
                let [Some(cond), Some(body)] = pair else {
                    continue;
                };
                cond.first.or(body.first)
            }
            _ => match bound(graph, node, &intervals, scans) {
                Some(interval) => {
                    for id in &node.outputs {
                        intervals[id.0 as usize] = interval;
                    }
                    None
                }
                None => Some((own, here)),
            },
        };
        if wraps.is_some() {
            wrapping.push(here);
            first = first.or(wraps);
        }
    }
    let of = |id: &TensorId| intervals[id.0 as usize];
    Region {
        first,
        wrapping,
        outputs: graph.outputs().iter().map(of).collect(),
    }
}

/// The interval of the output of `node`, or `None` if it may wrap. Of a node without output, any.
fn bound(
    graph: &Graph,
    node: &Node,
    intervals: &[Interval],
    scans: &mut Scans,
) -> Option<Interval> {
    if !node.late.is_empty() {
        return None; // zero points and factors that nobody knows yet
    }
    let operands: Vec<Operand<'_>> = node
        .inputs
        .iter()
        .map(|&id| Operand {
            tensor: graph.tensor(id),
            values: intervals[id.0 as usize],
        })
        .collect();
    let output: Option<&Tensor> = node.outputs.first().map(|&id| graph.tensor(id));
    match output {
        Some(output) => result(&node.operator, &operands, output, scans),
        None => Some(Interval { min: 0, max: 0 }),
    }
}

#[cfg(test)]
mod tests;
