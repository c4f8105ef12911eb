//! What the inputs of a node stand for.

use aivm_tosa::DataType;

use super::{Fault, Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::{Constant, Element};
use crate::value::{Activation, Int, Real, Scale, Value};

/// Numbers in a list about axes: far more than there are axes.
pub(super) const NUMBERS_MAX: usize = 64;

impl<'a> Lowering<'a> {
    /// The value of input `index` of a node.
    pub(super) fn value(&self, node: &NodeView<'a>, index: usize) -> Lowered<Value> {
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
    pub(super) fn real(&self, node: &NodeView<'a>, index: usize) -> Lowered<Real> {
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

    /// Input `index` as 8-bit integers with one scale and nothing pending, as products need it.
    pub(super) fn real8(&mut self, node: &NodeView<'a>, index: usize) -> Lowered<(Real, f64)> {
        let real = self.real(node, index)?;
        let real = self.settled(real)?;
        let is_i8 = self.writer.data_type(real.activation.id) == DataType::I8;
        match real.scale {
            Scale::Tensor(scale) if is_i8 => Ok((real, scale)),
            _ => Err(unsupported(
                format!("input {index} is the sum of an operator before, not 8-bit integers"),
                "QuantizeLinear and DequantizeLinear stand between the two",
            )),
        }
    }

    /// Input `index` as integers that are computed; constants become so.
    pub(super) fn int(&mut self, node: &NodeView<'a>, index: usize) -> Lowered<Int> {
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
    pub(super) fn constant(&self, node: &NodeView<'a>, index: usize) -> Lowered<Constant> {
        match self.value(node, index)? {
            Value::Constant(constant) => Ok(constant),
            _ => Err(unsupported(
                format!("input {index} is not a constant"),
                "make it an initialiser (onnxsim folds what can be folded)",
            )),
        }
    }

    /// Input `index` as a constant, if the node has it.
    pub(super) fn optional_constant(
        &self,
        node: &NodeView<'a>,
        index: usize,
    ) -> Lowered<Option<Constant>> {
        match node.input(index) {
            Some(_) => self.constant(node, index).map(Some),
            None => Ok(None),
        }
    }

    /// The list of integers in input `at`, or in the attribute that older versions have.
    pub(super) fn optional_list(
        &self,
        node: &NodeView<'a>,
        at: usize,
        attribute: &str,
    ) -> Lowered<Option<Vec<i64>>> {
        let long = |len: usize| {
            unsupported(
                format!("{attribute} has {len} numbers"),
                "TOSA has ranks up to 6",
            )
        };
        if let Some(list) = node.ints(attribute) {
            return if list.len() <= NUMBERS_MAX {
                Ok(Some(list.to_vec()))
            } else {
                Err(long(list.len()))
            };
        }
        match self.optional_constant(node, at)? {
            None => Ok(None),
            Some(constant) if constant.len() > NUMBERS_MAX => Err(long(constant.len())),
            Some(constant) => match constant.ints() {
                Some(ints) => Ok(Some(ints.collect())),
                None => Err(unsupported(
                    format!("{attribute} is no list of integers"),
                    "int64",
                )),
            },
        }
    }

    /// [`Lowering::optional_list`] that must not be left out.
    pub(super) fn list(
        &self,
        node: &NodeView<'a>,
        at: usize,
        attribute: &str,
    ) -> Lowered<Vec<i64>> {
        self.optional_list(node, at, attribute)?
            .ok_or_else(|| node.missing(at))
    }

    /// A constant as integers of the TOSA graph.
    pub(super) fn int_constant(&mut self, constant: &Constant) -> Lowered<Int> {
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
        let id = self.emit_constant(Int::stored_type(element), &shape, &values)?;
        Ok(Int {
            activation: Activation::plain(id, shape),
            element,
        })
    }
}
