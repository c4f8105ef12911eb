//! ONNX nodes → TOSA operators, node by node in the file's order.
//!
//! Each name stands for a [`Value`]. A real tensor is integers with a scale ([`Real`]): an operator computes
//! new integers and their new scale exactly, and only QuantizeLinear rescales. So a quantised model in QDQ form
//! and one in QOperator form (an operator that dequantises, computes and quantises) take the same way.

mod arithmetic;
mod convolution;
mod fold;
mod function;
mod integer;
mod layout;
mod matrix;
mod movement;
mod node;
mod pool;
mod quantise;
mod reduce;
mod window;

use std::cell::Cell;
use std::collections::BTreeMap;

use aivm_tosa::DataType;

use crate::constant::{Constant, Element};
use crate::metadata::Border;
use crate::onnx;
use crate::report::{NodeReport, UnsupportedNode};
use crate::tosa_file::{Op, Operand, TensorId, Writer};
use crate::value::{Activation, Int, Layout, Real, RealConstant, Scale, Value};
use crate::{ImportError, ImportLimits};

pub(crate) use node::NodeView;

/// Why a node was not lowered.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The reason, and the nearest rewrite.
    Unsupported { why: String, rewrite: String },
    /// A node before it was not lowered.
    Upstream,
    /// The import ends here.
    Limit(String),
}

type Lowered<T> = Result<T, Fault>;

/// A fault with its reason and the nearest rewrite.
fn unsupported(why: impl Into<String>, rewrite: impl Into<String>) -> Fault {
    let mut why = why.into();
    if why.len() > REASON_BYTES {
        let end = (0..=REASON_BYTES)
            .rev()
            .find(|&end| why.is_char_boundary(end));
        why = format!("{} …", &why[..end.unwrap_or(0)]);
    }
    Fault::Unsupported {
        why,
        rewrite: rewrite.into(),
    }
}

/// The most tensors in a list of operands, at TOSA's level 8K.
const LIST_MAX: usize = 64;

/// A reason that lists numbers of the file is cut after this many bytes.
const REASON_BYTES: usize = 400;

const QUANTISE: &str =
    "quantise statically, so that QuantizeLinear and DequantizeLinear stand around this operator";

/// An input of the ONNX graph.
pub(crate) struct GraphInput<'a> {
    name: &'a str,
    /// ONNX's number of the element type.
    element: i32,
    shape: Vec<u32>,
    /// Once it is an input of the TOSA graph: the tensor and the quantisation that it has there.
    quantised: Option<(Int, f64, i64)>,
}

impl<'a> GraphInput<'a> {
    pub(crate) fn new(name: &'a str, element: i32, shape: Vec<u32>) -> GraphInput<'a> {
        GraphInput {
            name,
            element,
            shape,
            quantised: None,
        }
    }
}

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

    /// Makes inputs that are integers already inputs of the TOSA graph.
    fn integer_inputs(&mut self) -> Result<(), ImportError> {
        for index in 0..self.inputs.len() {
            let (name, shape) = (self.inputs[index].name, self.inputs[index].shape.clone());
            let element = match Element::of(self.inputs[index].element) {
                Some(element @ (Element::U8 | Element::I8 | Element::I32 | Element::Bool)) => {
                    element
                }
                Some(element @ Element::I16) => element,
                _ => {
                    self.define(name, Value::Input(index))?;
                    continue;
                }
            };
            let int = self.new_input(name, element, shape)?;
            self.inputs[index].quantised = Some((int.clone(), 1.0, 0));
            self.define(name, Value::Int(int))?;
        }
        Ok(())
    }

    fn new_input(
        &mut self,
        name: &str,
        element: Element,
        shape: Vec<u32>,
    ) -> Result<Int, ImportError> {
        let data_type = stored_type(element);
        if aivm_tosa::Shape::new(&shape).is_none() {
            return Err(ImportError::Graph(format!(
                "input {name:?} has the shape {shape:?}"
            )));
        }
        let id = self.writer.input(name, data_type, &shape);
        let layout = Layout::Plain;
        let activation = Activation { id, shape, layout };
        Ok(Int {
            activation,
            element,
        })
    }

    /// The metadata of the inputs, in order. An input that nothing quantised is no input of the TOSA graph.
    fn input_borders(&mut self) -> Vec<Border> {
        let mut order = Vec::new();
        let mut borders = Vec::new();
        for input in &self.inputs {
            let Some((int, scale, zero_point)) = &input.quantised else {
                continue;
            };
            let id = int.activation.id;
            order.push(id);
            borders.push(Border {
                name: self.writer.name(id).to_owned(),
                onnx_type: Element::name_of(input.element).to_owned(),
                tosa_type: self.writer.data_type(id).to_string(),
                shape: int.activation.shape.clone(),
                scales: vec![*scale],
                zero_point: zero_point - Int::offset(int.element),
            });
        }
        self.writer.order_inputs(&order);
        borders
    }

    fn output(&mut self, output: &'a onnx::ValueInfo) -> Lowered<Border> {
        self.name.clone_from(&output.name);
        let value = self.values.get(output.name.as_str()).cloned();
        let onnx_type = output
            .r#type
            .as_ref()
            .and_then(|t| t.tensor_type.as_ref())
            .map_or(0, |t| t.elem_type);
        let (activation, scales, zero_point) = match value {
            Some(Value::Real(real)) => {
                let real = self.settled(real)?;
                let scales = real.scale.list().to_vec();
                let activation = self.plain_real(&real)?.activation;
                (activation, scales, i64::from(real.zero_point))
            }
            Some(Value::Int(int)) => {
                let activation = self.plain(&int.activation)?;
                (activation, vec![1.0], -Int::offset(int.element))
            }
            Some(Value::Constant(constant)) => {
                let int = self.int_constant(&constant)?;
                (int.activation, vec![1.0], -Int::offset(int.element))
            }
            Some(Value::RealConstant(_)) => {
                return Err(unsupported(
                    "the output is a constant",
                    "leave it out of the graph's outputs",
                ));
            }
            Some(Value::Input(_)) => {
                return Err(unsupported(
                    "the output is an input that nothing quantises",
                    QUANTISE,
                ));
            }
            Some(Value::Unknown) => return Err(Fault::Upstream),
            None => {
                return Err(Fault::Limit(format!(
                    "the output {:?} has no source",
                    output.name
                )));
            }
        };
        let id = self.writer.output(activation.id, &output.name);
        Ok(Border {
            name: self.writer.name(id).to_owned(),
            onnx_type: Element::name_of(onnx_type).to_owned(),
            tosa_type: self.writer.data_type(id).to_string(),
            shape: activation.shape,
            scales,
            zero_point,
        })
    }

    /// The value of input `index` of a node.
    fn value(&self, node: &NodeView<'a>, index: usize) -> Lowered<Value> {
        let name = node.input(index).ok_or_else(|| node.missing(index))?;
        match self.values.get(name) {
            Some(Value::Unknown) => Err(Fault::Upstream),
            Some(value) => Ok(value.clone()),
            None => Err(Fault::Limit(format!(
                "node {} reads {name:?}, which no node before it computes",
                node.index
            ))),
        }
    }

    /// Input `index` as real numbers that are computed.
    fn real(&self, node: &NodeView<'a>, index: usize) -> Lowered<Real> {
        match self.value(node, index)? {
            Value::Real(real) => Ok(real),
            Value::Input(_) => Err(unsupported(
                "reads a float input that nothing quantises",
                QUANTISE,
            )),
            Value::Int(_) => Err(unsupported(
                format!("input {index} is integers without a scale"),
                "DequantizeLinear gives them one",
            )),
            Value::Constant(_) | Value::RealConstant(_) => Err(unsupported(
                format!("input {index} is a constant"),
                "fold constants before the export (onnxsim)",
            )),
            Value::Unknown => Err(Fault::Upstream),
        }
    }

    /// Input `index` as integers that are computed; constants become so.
    fn int(&mut self, node: &NodeView<'a>, index: usize) -> Lowered<Int> {
        match self.value(node, index)? {
            Value::Int(int) => Ok(int),
            Value::Constant(constant) => self.int_constant(&constant),
            Value::Input(input) => {
                let element = Element::name_of(self.inputs[input].element);
                Err(unsupported(
                    format!("input {index} has elements of type {element}"),
                    QUANTISE,
                ))
            }
            _ => Err(unsupported(
                format!("input {index} is not integers"),
                "QuantizeLinear makes them",
            )),
        }
    }

    /// Input `index` as a constant.
    fn constant(&self, node: &NodeView<'a>, index: usize) -> Lowered<Constant> {
        match self.value(node, index)? {
            Value::Constant(constant) => Ok(constant),
            _ => Err(unsupported(
                format!("input {index} is not a constant"),
                "make it an initialiser (onnxsim folds what can be folded)",
            )),
        }
    }

    /// Input `index` as a constant, if the node has it.
    fn optional_constant(&self, node: &NodeView<'a>, index: usize) -> Lowered<Option<Constant>> {
        match node.input(index) {
            Some(_) => self.constant(node, index).map(Some),
            None => Ok(None),
        }
    }

    /// A constant as integers of the TOSA graph.
    fn int_constant(&mut self, constant: &Constant) -> Lowered<Int> {
        let element = constant.element;
        if !matches!(
            element,
            Element::U8 | Element::I8 | Element::I16 | Element::I32 | Element::Bool
        ) {
            return Err(unsupported(
                format!("a constant of type {}", element.name()),
                "cast it to int8, uint8, int32 or bool",
            ));
        }
        let offset = Int::offset(element);
        let Some(ints) = constant.ints() else {
            return Err(unsupported("a constant of floats", QUANTISE));
        };
        self.spend(8 * ints.len() as u64)?;
        let values: Vec<i64> = ints.map(|value| value - offset).collect();
        let shape = constant.dims.clone();
        let id = self.emit_constant(stored_type(element), &shape, &values)?;
        let layout = Layout::Plain;
        Ok(Int {
            activation: Activation { id, shape, layout },
            element,
        })
    }

    /// Takes `bytes` from what may be computed during the import.
    fn spend(&self, bytes: u64) -> Lowered<()> {
        let left = self.computed_bytes_left.get().checked_sub(bytes);
        let left = left.ok_or_else(|| {
            Fault::Limit("more bytes of constants than an import may compute".into())
        })?;
        self.computed_bytes_left.set(left);
        Ok(())
    }

    /// Adds an operator and gives its output.
    fn emit(
        &mut self,
        op: Op,
        inputs: &[Operand],
        data_type: DataType,
        shape: &[u32],
    ) -> Lowered<TensorId> {
        let fits = aivm_tosa::Shape::new(shape).is_some_and(|shape| {
            u64::from(shape.elements()) * data_type.bytes() <= self.limits.elements
        });
        if !fits {
            let name = op.name();
            return Err(unsupported(
                format!("{name} would have an output of shape {shape:?}"),
                "TOSA has ranks up to 6 and up to 2^31 - 1 bytes a tensor, and no empty ones",
            ));
        }
        if inputs.len() > LIST_MAX {
            return Err(unsupported(
                format!("{} tensors would be joined", inputs.len()),
                format!("TOSA joins at most {LIST_MAX} at a time; join them in two steps"),
            ));
        }
        self.room_for_a_tensor()?;
        let name = std::mem::take(&mut self.name);
        let id = self.writer.operator(op, inputs, (&name, data_type, shape));
        self.name = name;
        Ok(id)
    }

    fn room_for_a_tensor(&self) -> Lowered<()> {
        if self.writer.tensor_count() as u64 >= u64::from(self.limits.tosa_tensors) {
            return Err(Fault::Limit(format!(
                "the TOSA graph would have more than {} tensors",
                self.limits.tosa_tensors
            )));
        }
        Ok(())
    }

    /// Adds a constant; each value is one of the type.
    fn emit_constant(
        &mut self,
        data_type: DataType,
        shape: &[u32],
        values: &[i64],
    ) -> Lowered<TensorId> {
        self.room_for_a_tensor()?;
        if aivm_tosa::Shape::new(shape).is_none() {
            return Err(unsupported(
                format!("a constant of shape {shape:?}"),
                "TOSA has no empty tensors",
            ));
        }
        self.spend(values.len() as u64 * data_type.bytes())?;
        let mut data = Vec::with_capacity(values.len() * data_type.bytes() as usize);
        aivm_tosa::bytes::encode(data_type, values, &mut data);
        let name = format!("{}.constant", self.name);
        Ok(self.writer.constant(&name, data_type, shape, data))
    }

    /// A constant of one element, as operands that are no tensors are written.
    fn scalar(&mut self, data_type: DataType, value: i64) -> Lowered<Operand> {
        self.emit_constant(data_type, &[1], &[value])
            .map(Operand::Tensor)
    }

    fn shape_operand(&mut self, values: &[i64]) -> Lowered<Operand> {
        self.room_for_a_tensor()?;
        Ok(self.writer.shape(values).into())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// The type in which integers of an ONNX type are stored.
fn stored_type(element: Element) -> DataType {
    match element {
        Element::U8 | Element::I8 => DataType::I8,
        Element::I16 => DataType::I16,
        Element::Bool => DataType::Bool,
        _ => DataType::I32,
    }
}

/// A real constant that applies to every element alike: its scale and zero point.
fn uniform(constant: &RealConstant) -> Option<(f64, i64)> {
    match (&*constant.scales, &*constant.zero_points) {
        (&[scale], &[zero_point]) => Some((scale, zero_point)),
        _ => None,
    }
}

impl Real {
    /// Integers of a tensor with one scale and nothing to be applied.
    fn new(activation: Activation, scale: f64, zero_point: i32, bound: i64) -> Real {
        Real {
            activation,
            scale: Scale::Tensor(scale),
            zero_point,
            bound,
            limits: (f64::NEG_INFINITY, f64::INFINITY),
            functions: Vec::new(),
        }
    }
}
