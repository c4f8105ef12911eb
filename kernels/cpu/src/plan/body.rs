//! One graph (`main` or a region) as steps over an arena.

use std::sync::Arc;

use aivm_tosa::operator::TableContent;
use aivm_tosa::{DataType, Graph, NodeId, Operator, TensorId};

use super::chains::{self, ChainNode};
use super::constants::Constants;
use super::fold::Known;
use super::lower::{Lowered, Operands, lower};
use super::units::{Fused, Unit, Units, read_by};
use crate::isa::Isa;
use crate::linear::{Conv2dGeometry, Epilogue, Linear, matmul_scratch_bytes};
use crate::memory::{Layout, Place};
use crate::run::PARALLEL_ELEMENTS;
use crate::step::{Product, Step};

/// A planned graph.
pub(crate) struct Body {
    pub steps: Vec<Step>,
    /// For each step, the nodes that it computes.
    pub nodes: Vec<Vec<NodeId>>,
    pub inputs: Vec<Place>,
    pub outputs: Vec<Place>,
    pub arena_bytes: usize,
    /// Scratch memory that the steps want: numbers, and bytes for `linear`.
    pub scratch_numbers: usize,
    pub scratch_bytes: usize,
    /// Multiply-accumulates, or work like them, of the steps that are so large that threads can share them.
    pub shareable: u64,
    /// For nodes that are lowered when they run; empty where there is none.
    pub root: Vec<TensorId>,
    pub places: Vec<Option<Place>>,
}

/// What plans of all graphs of a model share.
pub(crate) struct Planner {
    pub constants: Constants,
    pub isa: Isa,
    pub fuse: bool,
}

/// When each tensor lives, in units.
struct Lifetimes {
    /// The unit that computes each root tensor.
    born: Vec<Option<usize>>,
    /// The last unit that reads it; `usize::MAX` for outputs of the graph.
    last: Vec<usize>,
    /// Whether it must be in memory.
    stored: Vec<bool>,
}

impl Lifetimes {
    fn of(graph: &Graph, units: &Units) -> Lifetimes {
        let tensors = graph.tensors().len();
        let mut lives = Lifetimes {
            born: vec![None; tensors],
            last: vec![0; tensors],
            stored: vec![false; tensors],
        };
        for &id in graph.inputs() {
            lives.stored[id.0 as usize] = true;
        }
        for (node, unit) in graph.nodes().iter().zip(&units.unit_of_node) {
            let Some(unit) = *unit else { continue };
            for id in &node.outputs {
                lives.born[id.0 as usize] = Some(unit);
                lives.last[id.0 as usize] = unit;
            }
            for id in read_by(node) {
                let root = units.root(id).0 as usize;
                lives.last[root] = lives.last[root].max(unit);
                if lives.born[root] != Some(unit) {
                    lives.stored[root] = true;
                }
            }
        }
        for unit in &units.units {
            match unit {
                Unit::Chain(_) => {}
                Unit::Linear(fused) => lives.stored[fused.output.0 as usize] = true,
                Unit::Node(node) => {
                    for id in &graph.nodes()[*node].outputs {
                        lives.stored[id.0 as usize] = true;
                    }
                }
            }
        }
        for &id in graph.outputs() {
            let root = units.root(id).0 as usize;
            lives.last[root] = usize::MAX;
            lives.stored[root] = true;
        }
        lives
    }
}

impl Planner {
    /// Plans `graph`.
    pub(crate) fn body(&mut self, graph: &Graph) -> Body {
        let known = if self.fuse {
            Known::folded(graph, self.isa)
        } else {
            Known::of_file(graph)
        };
        let units = Units::of(graph, &known, self.fuse);
        let (places, arena_bytes) = self.places(graph, &known, &units);
        let operands = Operands {
            graph,
            root: &units.root,
            places: &places,
        };
        let steps = units
            .units
            .iter()
            .map(|unit| self.step(&operands, &known, unit));
        let steps: Vec<Step> = steps.collect();
        let place = |ids: &[TensorId]| ids.iter().map(|&id| operands.place(id)).collect();
        let (inputs, outputs) = (place(graph.inputs()), place(graph.outputs()));
        let late = steps.iter().any(|step| matches!(step, Step::Late { .. }));
        let wants = |want: fn(&Step, Isa) -> usize| {
            let wants = steps.iter().map(|step| want(step, self.isa));
            wants.max().unwrap_or(0)
        };
        Body {
            scratch_numbers: wants(|step, _| match step {
                Step::Chain(program) => program.register_numbers(),
                Step::Operation { operation, .. } => operation.scratch_numbers(),
                _ => 0,
            }),
            scratch_bytes: wants(|step, isa| match step {
                Step::Linear { linear, .. } => linear.scratch_bytes(),
                Step::Product { product, .. } => {
                    matmul_scratch_bytes(product.sides, product.b_zp, isa)
                }
                _ => 0,
            }),
            steps,
            shareable: units.units.iter().map(|unit| shareable(graph, unit)).sum(),
            nodes: units.units.iter().map(Unit::nodes).collect(),
            inputs,
            outputs,
            arena_bytes,
            root: if late { units.root } else { Vec::new() },
            places: if late { places } else { Vec::new() },
        }
    }

    /// Places of all tensors in memory, by root, and the bytes of the arena.
    fn places(
        &mut self,
        graph: &Graph,
        known: &Known,
        units: &Units,
    ) -> (Vec<Option<Place>>, usize) {
        let lives = Lifetimes::of(graph, units);
        let mut places = vec![None; graph.tensors().len()];
        let mut read_constant = |id: TensorId, places: &mut Vec<Option<Place>>| {
            let root = units.root(id);
            if let Some(constant) = &known.values[root.0 as usize] {
                places[root.0 as usize] = Some(self.constants.place(constant));
            }
        };
        for &id in graph.outputs() {
            read_constant(id, &mut places);
        }
        let mut layout = Layout::default();
        for &id in graph.inputs() {
            let bytes = graph.tensor(id).bytes() as usize;
            places[id.0 as usize] = Some(layout.take(bytes));
        }
        // By unit: the tensors that it computes, and those that die with it.
        let mut born = vec![Vec::new(); units.units.len()];
        let mut dying = vec![Vec::new(); units.units.len()];
        for tensor in 0..graph.tensors().len() {
            if !lives.stored[tensor] || known.values[tensor].is_some() {
                continue;
            }
            if let Some(unit) = lives.born[tensor] {
                born[unit].push(tensor);
            }
            if lives.last[tensor] != usize::MAX && !units.units.is_empty() {
                dying[lives.last[tensor]].push(tensor);
            }
        }
        for (index, unit) in units.units.iter().enumerate() {
            match unit {
                Unit::Linear(fused) => {
                    // Weight and bias are packed, not read.
                    read_constant(graph.nodes()[fused.node].inputs[0], &mut places);
                }
                Unit::Node(node) => {
                    for id in read_by(&graph.nodes()[*node]) {
                        read_constant(id, &mut places);
                    }
                }
                Unit::Chain(nodes) => {
                    for &node in nodes {
                        for id in read_by(&graph.nodes()[node]) {
                            read_constant(id, &mut places);
                        }
                    }
                }
            }
            for &tensor in &born[index] {
                let bytes = graph.tensors()[tensor].bytes() as usize;
                places[tensor] = Some(layout.take(bytes));
            }
            for &tensor in &dying[index] {
                if let Some(place) = places[tensor] {
                    layout.give_back(place);
                }
            }
        }
        (places, layout.bytes())
    }

    fn step(&self, operands: &Operands<'_>, known: &Known, unit: &Unit) -> Step {
        let graph = operands.graph;
        let index = match unit {
            Unit::Chain(nodes) => {
                let nodes = nodes.iter().map(|&node| {
                    let node = &graph.nodes()[node];
                    ChainNode {
                        operator: &node.operator,
                        inputs: &node.inputs,
                        output: node.outputs[0],
                    }
                });
                let nodes: Vec<_> = nodes.collect();
                return Step::Chain(chains::program(operands, &nodes));
            }
            Unit::Linear(fused) => {
                return Step::Linear {
                    linear: Box::new(linear(operands, known, *fused, self.isa)),
                    input: operands.place(graph.nodes()[fused.node].inputs[0]),
                    output: operands.place(fused.output),
                };
            }
            Unit::Node(index) => *index,
        };
        let node = &graph.nodes()[index];
        let all = |ids: &[TensorId]| ids.iter().map(|&id| operands.place(id)).collect();
        match &node.operator {
            Operator::VariableRead(variable) => Step::ReadVariable {
                variable: *variable,
                to: operands.place(node.outputs[0]),
            },
            Operator::VariableWrite(variable) => Step::WriteVariable {
                from: operands.place(node.inputs[0]),
                variable: *variable,
            },
            Operator::CondIf {
                then_region,
                else_region,
            } => Step::Branch {
                condition: operands.place(node.inputs[0]),
                regions: [*then_region, *else_region],
                inputs: all(&node.inputs[1..]),
                outputs: all(&node.outputs),
            },
            Operator::WhileLoop {
                cond_region,
                body_region,
            } => Step::Loop {
                condition: *cond_region,
                body: *body_region,
                inputs: all(&node.inputs),
                outputs: all(&node.outputs),
            },
            operator => {
                let output = operands.place(node.outputs[0]);
                if !node.late.is_empty() {
                    return Step::Late {
                        node: index,
                        output,
                    };
                }
                if let Some(product) = product(operands, node) {
                    return Step::Product { product, output };
                }
                match lower(operands, node, operator) {
                    Lowered::Chain(program) => Step::Chain(program),
                    Lowered::Operation(operation) => Step::Operation { operation, output },
                }
            }
        }
    }
}

/// Multiply-accumulates of a step from which `linear` shares it among threads.
const LARGE_PRODUCTS: u64 = 256 << 10;

/// Multiply-accumulates, or work like them, of a unit that threads can share; 0 for a smaller one.
fn shareable(graph: &Graph, unit: &Unit) -> u64 {
    let elements = |id: TensorId| u64::from(graph.tensor(id).shape.elements());
    match unit {
        Unit::Chain(nodes) => {
            let elements = elements(graph.nodes()[nodes[0]].outputs[0]);
            let large = elements >= PARALLEL_ELEMENTS as u64;
            if large {
                elements * nodes.len() as u64
            } else {
                0
            }
        }
        Unit::Linear(Fused { node, .. }) | Unit::Node(node) => {
            let node = &graph.nodes()[*node];
            let products = match node.operator {
                Operator::MatMul { .. } => {
                    let columns = graph.tensor(node.inputs[1]).shape.dimensions()[2];
                    elements(node.inputs[0]) * u64::from(columns)
                }
                Operator::Conv2d { .. } | Operator::DepthwiseConv2d { .. } => {
                    let channels = graph.tensor(node.outputs[0]).shape.dimensions()[3];
                    elements(node.outputs[0]) / u64::from(channels) * elements(node.inputs[1])
                }
                _ => 0,
            };
            if products >= LARGE_PRODUCTS {
                products
            } else {
                0
            }
        }
    }
}

/// Products of one matrix of MATMUL below which packing costs more than plain loops.
const SMALL_PRODUCTS: usize = 512;

/// MATMUL of i8 that `linear` multiplies.
fn product(operands: &Operands<'_>, node: &aivm_tosa::Node) -> Option<Product> {
    let &Operator::MatMul { a_zp, b_zp } = &node.operator else {
        return None;
    };
    if operands.data_type(node.inputs[0]) != DataType::I8 {
        return None;
    }
    let side =
        |input: usize, axis: usize| operands.shape(node.inputs[input]).dimensions()[axis] as usize;
    let sides @ [_, rows, depth, columns] = [side(0, 0), side(0, 1), side(0, 2), side(1, 2)];
    if rows * depth * columns < SMALL_PRODUCTS {
        return None;
    }
    Some(Product {
        sides,
        a_zp,
        b_zp,
        a: operands.place(node.inputs[0]),
        b: operands.place(node.inputs[1]),
    })
}

/// Packs a linear operator with what is fused behind it.
fn linear(operands: &Operands<'_>, known: &Known, fused: Fused, isa: Isa) -> Linear {
    let graph = operands.graph;
    let node = &graph.nodes()[fused.node];
    let constant = |index: usize| -> &[u8] {
        let constant = known.values[node.inputs[index].0 as usize].as_deref();
        constant.unwrap_or_default()
    };
    let weights: &[i8] = bytemuck::cast_slice(constant(1));
    let bias = constant(2).chunks_exact(4);
    let bias: Vec<i32> = bias
        .map(|bytes| i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let sides = |id: TensorId| {
        let sides = operands.shape(id).dimensions().iter();
        sides.map(|&side| side as usize).collect::<Vec<_>>()
    };
    let (from, kernel) = (sides(node.inputs[0]), sides(node.inputs[1]));
    let to = sides(node.outputs[0]);
    let (Operator::Conv2d {
        pad,
        stride,
        dilation,
        input_zp,
        weight_zp,
    }
    | Operator::DepthwiseConv2d {
        pad,
        stride,
        dilation,
        input_zp,
        weight_zp,
    }) = &node.operator
    else {
        unreachable!("{} is not linear", node.operator.name())
    };
    let depthwise = matches!(node.operator, Operator::DepthwiseConv2d { .. });
    let (kh, kw) = if depthwise {
        (kernel[0], kernel[1])
    } else {
        (kernel[1], kernel[2])
    };
    let geometry = Conv2dGeometry {
        n: from[0],
        ih: from[1],
        iw: from[2],
        ic: from[3],
        oh: to[1],
        ow: to[2],
        oc: to[3],
        kh,
        kw,
        pad: *pad,
        stride: *stride,
        dilation: *dilation,
    };
    let (input_zp, weight_zp) = (*input_zp, *weight_zp);
    let epilogue = epilogue(graph, fused);
    if depthwise {
        let multiplier = kernel[3];
        return Linear::depthwise(
            geometry, multiplier, weights, weight_zp, input_zp, &bias, epilogue, isa,
        );
    }
    Linear::conv2d(geometry, weights, weight_zp, input_zp, &bias, epilogue, isa)
}

fn epilogue(graph: &Graph, fused: Fused) -> Epilogue {
    let operator = |node: Option<usize>| node.map(|node| &graph.nodes()[node].operator);
    let Some(Operator::Rescale {
        factors,
        per_channel,
        rounding,
        input_zp,
        output_zp,
        output_unsigned,
        ..
    }) = operator(fused.rescale)
    else {
        return Epilogue::Accumulators;
    };
    let clamp = match operator(fused.clamp) {
        Some(&Operator::Clamp { min, max }) => Some((min as i32, max as i32)),
        _ => None,
    };
    let table = match operator(fused.table) {
        Some(Operator::Table(TableContent::I8(table))) => Some(Arc::clone(table)),
        _ => None,
    };
    let output = graph.tensor(fused.output).data_type;
    Epilogue::Rescale {
        factors: Arc::clone(factors),
        per_channel: *per_channel,
        rounding: *rounding,
        input_zp: *input_zp,
        output_zp: *output_zp,
        output,
        output_unsigned: *output_unsigned,
        clamp,
        table,
    }
}
