//! QuantizeLinear and DequantizeLinear.

use super::parameters::{Channels, Quantisation};
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::{Constant, Element};
use crate::scale::{self, I8_RANGE, I32_RANGE};
use crate::value::{Real, Scale, Value};

impl<'a> Lowering<'a> {
    /// QuantizeLinear.
    pub(super) fn quantize_linear(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        Self::refuse_blocks(node)?;
        let value = self.value(node, 0)?;
        let default = Self::default_type(node)?;
        if let Value::Constant(constant) = &value {
            return self
                .quantise_constant(node, constant, default)
                .map(|constant| vec![Value::Constant(constant)]);
        }
        let to = self.quantisation(node, 1, default)?;
        let int = match value {
            Value::Input(index) => self.quantise_input(index, to)?,
            Value::Real(real) => self.quantise(&real, to)?,
            _ => {
                return Err(unsupported(
                    "what is quantised is no real tensor",
                    "DequantizeLinear makes one",
                ));
            }
        };
        Ok(vec![Value::Int(int)])
    }

    /// DequantizeLinear.
    pub(super) fn dequantize_linear(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        Self::refuse_blocks(node)?;
        match self.value(node, 0)? {
            Value::Constant(constant) => {
                let constant = self.real_constant(node, constant, 1)?;
                Ok(vec![Value::RealConstant(constant)])
            }
            Value::Int(int) if int.element == Element::I32 => {
                let &[scale] = self.scales(node, 1)?.as_slice() else {
                    return Err(unsupported(
                        "several scales for a tensor that is computed",
                        QUANTISE,
                    ));
                };
                Ok(vec![Value::Real(Real::new(
                    int.activation,
                    Scale::Tensor(scale),
                    0,
                    1 << 31,
                ))])
            }
            Value::Int(int) => {
                let from = self.quantisation_of(node, 1, &int)?;
                Ok(vec![Value::Real(Self::dequantise(&int, from))])
            }
            _ => Err(unsupported(
                "what is dequantised is no integer tensor",
                "QuantizeLinear makes one",
            )),
        }
    }

    /// The type that a QuantizeLinear gives when it has no zero point.
    fn default_type(node: &NodeView<'a>) -> Lowered<Element> {
        let number = node.int("output_dtype", 0);
        match i32::try_from(number).ok().filter(|&number| number != 0) {
            None if number == 0 => Ok(Element::U8),
            number => number.and_then(Element::of).ok_or_else(|| {
                unsupported(
                    format!("output_dtype {}", node.int("output_dtype", 0)),
                    QUANTISE,
                )
            }),
        }
    }

    /// Fails for quantisation by blocks.
    fn refuse_blocks(node: &NodeView<'a>) -> Lowered<()> {
        match node.int("block_size", 0) {
            0 => Ok(()),
            size => Err(unsupported(
                format!("blocks of {size} with a scale each"),
                "quantise per tensor or per channel",
            )),
        }
    }

    fn quantise_constant(
        &mut self,
        node: &NodeView<'a>,
        constant: &Constant,
        default: Element,
    ) -> Lowered<Constant> {
        self.spend(24 * constant.len() as u64)?;
        let Some(floats) = constant.floats() else {
            return Err(unsupported(
                format!("a constant of type {}", constant.element.name()),
                QUANTISE,
            ));
        };
        let zero = Constant::from_ints(default, &vec![0; constant.len()], constant.dims.clone());
        let element = self
            .optional_constant(node, 2)?
            .map_or(default, |zero_point| zero_point.element);
        let range = match element {
            Element::I8 => I8_RANGE,
            Element::U8 => (0, 255),
            Element::I32 => I32_RANGE,
            _ => {
                return Err(unsupported(
                    format!("constants of type {}", element.name()),
                    QUANTISE,
                ));
            }
        };
        let parameters = self.real_constant(node, zero, 1)?;
        let channels = Channels::of(&parameters);
        let ints: Vec<i64> = (0..)
            .zip(floats)
            .map(|(index, real)| {
                let (scale, zero_point) = channels.parameters(index);
                scale::quantise(f64::from(real), scale, zero_point, range)
            })
            .collect();
        Ok(Constant::from_ints(element, &ints, constant.dims.clone()))
    }

    /// The quantisation that every reader of a node's output gives it, if they are alike.
    pub(super) fn wanted(&self, node: &NodeView<'a>) -> Option<Quantisation> {
        let readers = self.readers.get(node.output_name())?;
        let mut wanted = None;
        for &reader in readers {
            let reader = self.view(reader);
            if reader.op() != "QuantizeLinear" {
                return None;
            }
            let quantisation = self
                .quantisation(&reader, 1, Self::default_type(&reader).ok()?)
                .ok()?;
            if wanted
                .replace(quantisation)
                .is_some_and(|other| other != quantisation)
            {
                return None;
            }
        }
        wanted
    }
}
