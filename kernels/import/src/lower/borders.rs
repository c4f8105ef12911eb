//! Inputs and outputs of the graph, and what they mean.

use super::parameters::Quantisation;
use super::{Fault, Lowered, Lowering, QUANTISE, unsupported};
use crate::ImportError;
use crate::constant::Element;
use crate::metadata::Border;
use crate::onnx;
use crate::value::{Activation, Int, Value};

/// An input of the ONNX graph.
pub(crate) struct GraphInput<'a> {
    name: &'a str,
    /// ONNX's number of the element type.
    pub(super) element: i32,
    pub(super) shape: Vec<u32>,
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

impl<'a> Lowering<'a> {
    /// Makes inputs that are integers already inputs of the TOSA graph.
    pub(super) fn integer_inputs(&mut self) -> Result<(), ImportError> {
        for index in 0..self.inputs.len() {
            let (name, shape) = (self.inputs[index].name, self.inputs[index].shape.clone());
            let element = match Element::of(self.inputs[index].element) {
                Some(
                    element @ (Element::U8
                    | Element::I8
                    | Element::I16
                    | Element::I32
                    | Element::Bool),
                ) => element,
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

    /// Input `index` of the graph as integers, which it becomes.
    pub(super) fn quantise_input(&mut self, index: usize, to: Quantisation) -> Lowered<Int> {
        if let Some((int, scale, zero_point)) = &self.inputs[index].quantised {
            if (*scale, *zero_point, int.element) == (to.scale, to.zero_point, to.element) {
                return Ok(int.clone());
            }
            return Err(unsupported(
                "the input is quantised a second time, with another scale or zero point",
                "quantise it once and let all readers share the result",
            ));
        }
        let (name, shape) = (self.inputs[index].name, self.inputs[index].shape.clone());
        let int = self.new_input(name, to.element, shape).map_err(|error| {
            unsupported(
                error.to_string(),
                "TOSA has ranks up to 6 and no empty tensors",
            )
        })?;
        self.inputs[index].quantised = Some((int.clone(), to.scale, to.zero_point));
        self.note(format!(
            "the model's input {name:?} is the quantised tensor"
        ));
        Ok(int)
    }

    fn new_input(
        &mut self,
        name: &str,
        element: Element,
        shape: Vec<u32>,
    ) -> Result<Int, ImportError> {
        if aivm_tosa::Shape::new(&shape).is_none() {
            return Err(ImportError::Graph(format!(
                "input {name:?} has the shape {shape:?}"
            )));
        }
        let data_type = Int::stored_type(element);
        let id = self.writer.input(name, data_type, &shape);
        Ok(Int {
            activation: Activation::plain(id, shape),
            element,
        })
    }

    /// The metadata of the inputs, in order. An input that nothing quantised is no input of the TOSA graph.
    pub(super) fn input_borders(&mut self) -> Vec<Border> {
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

    /// Adds an output of the graph.
    pub(super) fn output(&mut self, output: &'a onnx::ValueInfo) -> Lowered<Border> {
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
                let activation = self.plain_real(&real)?;
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
}
