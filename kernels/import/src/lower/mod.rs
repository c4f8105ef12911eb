//! ONNX nodes → TOSA operators, node by node in the file's order.
//!
//! Each name stands for a [`Value`]. A real tensor is integers with a scale ([`Real`](crate::value::Real)): an operator
//! computes new integers and their new scale exactly, and only QuantizeLinear rescales. So a quantised model in QDQ form
//! and one in QOperator form (an operator that dequantises, computes and quantises) take the same way.

// A node, what it reads, and what is written for it.
mod borders;
mod emit;
mod fault;
mod layout;
mod node;
mod operands;

// Scales.
mod cast;
mod parameters;
mod quantise;
mod rescale;

// Sums of products.
mod conv2d;
mod convolution;
mod matrix;
mod pool;
mod sums;
mod weight;
mod window;

// Element by element.
mod arithmetic;
mod broadcast;
mod function;
mod integer;
mod limit;
mod reduce;
mod scalar;

// Elements that move, and what is known at import.
mod concat;
mod fold;
mod movement;
mod pad;
mod reshape;
mod slice;
mod tile;

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::metadata::Border;
use crate::onnx;
use crate::report::{NodeReport, UnsupportedNode};
use crate::tosa_file::{TensorId, Writer};
use crate::value::Value;
use crate::{ImportError, ImportLimits};

pub(crate) use borders::GraphInput;
pub(crate) use node::NodeView;

use fault::{Fault, Lowered, QUANTISE, shapes, unsupported};

/// A graph while it is lowered.
pub(crate) struct Lowering<'a> {
    limits: &'a ImportLimits,
    writer: Writer,
    values: BTreeMap<&'a str, Value>,
    /// The nodes that read each name, by index.
    readers: BTreeMap<&'a str, Vec<usize>>,
    nodes: &'a [onnx::Node],
    inputs: Vec<GraphInput<'a>>,
    opsets: BTreeMap<&'a str, i64>,
    /// The same elements in the other layout, where both exist.
    twins: BTreeMap<(TensorId, bool), TensorId>,
    /// Bytes of constants that may still be computed.
    computed_bytes_left: Cell<u64>,
    /// Name of what the current node computes.
    name: String,
    /// Remarks on the current node.
    notes: Vec<String>,
}

/// What a lowered graph is.
pub(crate) struct LoweredGraph {
    pub file: Vec<u8>,
    pub inputs: Vec<Border>,
    pub outputs: Vec<Border>,
    pub nodes: Vec<NodeReport>,
    pub unsupported: Vec<UnsupportedNode>,
}

impl<'a> Lowering<'a> {
    pub(crate) fn new(
        graph: &'a onnx::Graph,
        inputs: Vec<GraphInput<'a>>,
        opsets: BTreeMap<&'a str, i64>,
        file_bytes: u64,
        limits: &'a ImportLimits,
    ) -> Lowering<'a> {
        let mut readers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, node) in graph.node.iter().enumerate() {
            for name in node.input.iter().filter(|name| !name.is_empty()) {
                readers.entry(name).or_default().push(index);
            }
        }
        Lowering {
            limits,
            writer: Writer::new(),
            values: BTreeMap::new(),
            readers,
            nodes: &graph.node,
            inputs,
            opsets,
            twins: BTreeMap::new(),
            computed_bytes_left: Cell::new(limits.computed_bytes + 8 * file_bytes),
            name: String::new(),
            notes: Vec::new(),
        }
    }

    /// Gives a name its value before the nodes are lowered.
    ///
    /// # Errors
    /// It has one.
    pub(crate) fn define(&mut self, name: &'a str, value: Value) -> Result<(), ImportError> {
        match self.values.insert(name, value) {
            None => Ok(()),
            Some(_) => Err(ImportError::Graph(format!("two sources of {name:?}"))),
        }
    }

    /// Lowers every node, then the outputs.
    ///
    /// # Errors
    /// A limit was met. What is unsupported is listed in the result.
    pub(crate) fn run(
        mut self,
        outputs: &'a [onnx::ValueInfo],
    ) -> Result<LoweredGraph, ImportError> {
        self.integer_inputs()?;
        let mut reports = Vec::new();
        let mut ranges = Vec::new();
        let mut missing = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let view = self.view(index);
            let start = self.writer.len();
            self.name = view.output_name().to_owned();
            self.notes.clear();
            let result = self.lower(&view);
            let values = match result {
                Ok(values) => values,
                Err(Fault::Limit(what)) => return Err(ImportError::Limit(what)),
                Err(Fault::Upstream) => Vec::new(),
                Err(Fault::Unsupported { why, rewrite }) => {
                    missing.push(UnsupportedNode::new(&view, why, rewrite));
                    Vec::new()
                }
            };
            let mut values = values.into_iter();
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                let value = values.next().unwrap_or(Value::Unknown);
                if self.values.insert(name, value).is_some() {
                    return Err(ImportError::Graph(format!("two sources of {name:?}")));
                }
            }
            ranges.push(start..self.writer.len());
            reports.push(NodeReport::new(&view, std::mem::take(&mut self.notes)));
        }
        let start = self.writer.len();
        let mut borders = Vec::new();
        for output in outputs {
            match self.output(output) {
                Ok(border) => borders.push(border),
                Err(Fault::Limit(what)) => return Err(ImportError::Limit(what)),
                Err(Fault::Upstream) => {}
                Err(Fault::Unsupported { why, rewrite }) => {
                    missing.push(UnsupportedNode::output(&output.name, why, rewrite));
                }
            }
        }
        if missing.is_empty() && borders.len() < outputs.len() {
            return Err(ImportError::Graph("an output has no source".into()));
        }
        let needed = self.writer.needed();
        let emitted = |range: std::ops::Range<usize>| {
            range
                .filter(|&index| needed[index])
                .map(|index| self.writer.operator_name(index))
                .collect()
        };
        for (report, range) in reports.iter_mut().zip(ranges) {
            report.tosa = emitted(range);
        }
        reports.push(NodeReport::border(emitted(start..self.writer.len())));
        let inputs = self.input_borders();
        Ok(LoweredGraph {
            file: if missing.is_empty() {
                self.writer.finish()
            } else {
                Vec::new()
            },
            inputs,
            outputs: borders,
            nodes: reports,
            unsupported: missing,
        })
    }

    fn view(&self, index: usize) -> NodeView<'a> {
        let node = &self.nodes[index];
        let domain = node::domain(&node.domain);
        NodeView {
            index,
            node,
            domain,
            opset: self.opsets.get(domain).copied().unwrap_or(0),
        }
    }

    /// The values that a node computes, in order of its outputs.
    fn lower(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        if let Some(attribute) = node.node.attribute.iter().find(|attribute| {
            attribute.g.is_some()
                || !attribute.graphs.is_empty()
                || !attribute.ref_attr_name.is_empty()
        }) {
            return Err(unsupported(
                format!("the attribute {:?} holds a subgraph", attribute.name),
                "export with fixed control flow, or simplify the model (onnxsim)",
            ));
        }
        if self.folds(node) {
            return self.fold(node);
        }
        if node.domain == "com.microsoft" {
            return match node.op() {
                "QGemm" => self.q_gemm(node),
                "QLinearAdd" | "QLinearMul" => self.q_arithmetic(node),
                "QLinearAveragePool" => self.q_average_pool(node),
                "QLinearGlobalAveragePool" => self.q_global_average_pool(node),
                "QLinearSigmoid" | "QLinearLeakyRelu" => self.q_function(node),
                "QLinearConcat" => self.q_concat(node),
                "QuantizeLinear" => self.quantize_linear(node),
                "DequantizeLinear" => self.dequantize_linear(node),
                "Gelu" | "QuickGelu" => self.function(node),
                _ => Err(node.no_such_operator()),
            };
        }
        if !node.domain.is_empty() {
            return Err(node.no_such_operator());
        }
        match node.op() {
            "QuantizeLinear" => self.quantize_linear(node),
            "DequantizeLinear" => self.dequantize_linear(node),
            "Conv" => self.conv(node),
            "QLinearConv" => self.q_conv(node),
            "ConvInteger" => self.conv_integer(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.mat_mul(node),
            "QLinearMatMul" => self.q_mat_mul(node),
            "MatMulInteger" => self.mat_mul_integer(node),
            "MaxPool" => self.max_pool(node),
            "AveragePool" => self.average_pool(node),
            "GlobalAveragePool" => self.global_average_pool(node),
            "GlobalMaxPool" => self.global_max_pool(node),
            "ReduceMean" | "ReduceSum" | "ReduceMax" | "ReduceMin" => self.reduce(node),
            "Add" | "Sub" | "Mul" | "Div" => self.arithmetic(node),
            "Relu" | "Clip" => self.limit(node),
            "Max" | "Min" | "And" | "Or" | "Xor" | "Not" | "BitwiseAnd" | "BitwiseOr"
            | "BitwiseXor" | "BitwiseNot" | "Equal" | "Greater" | "GreaterOrEqual" | "Less"
            | "LessOrEqual" | "Where" | "Sign" | "BitShift" | "ArgMax" => self.integer(node),
            "Sigmoid" | "Tanh" | "HardSwish" | "HardSigmoid" | "LeakyRelu" | "Elu" | "Gelu"
            | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Abs" | "Neg" | "Softplus" | "Erf" => {
                self.function(node)
            }
            "Identity" | "Dropout" | "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze"
            | "Transpose" | "Slice" | "Pad" | "Concat" | "Split" | "Expand" | "Tile"
            | "DepthToSpace" | "SpaceToDepth" => self.movement(node),
            "Cast" => self.cast(node),
            _ => Err(node.no_such_operator()),
        }
    }
}
