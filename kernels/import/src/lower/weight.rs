//! Weights and biases as convolutions and matrix products store them.

use super::parameters::Channels;
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::{Constant, Element};
use crate::scale::{self, I32_RANGE};
use crate::value::{Int, RealConstant, Value};

/// A weight as it is stored: 8-bit integers in ONNX's order of axes.
pub(super) struct Weight {
    pub dims: Vec<u32>,
    /// The stored integers.
    pub values: Vec<i8>,
    pub zero_point: i32,
    /// One, or one for each output channel.
    pub scales: Vec<f64>,
}

impl<'a> Lowering<'a> {
    /// A weight whose channels (axis `axis`) have a scale each, as 8-bit integers.
    pub(super) fn weight(&mut self, weight: &RealConstant, axis: usize) -> Lowered<Weight> {
        let RealConstant {
            constant,
            scales,
            zero_points,
            ..
        } = weight;
        if !matches!(constant.element, Element::I8 | Element::U8) {
            return Err(unsupported(
                format!("weights of type {}", constant.element.name()),
                "use weight_type QuantType.QInt8",
            ));
        }
        if scales.len() > 1 && weight.axis != axis {
            return Err(unsupported(
                format!("weights with scales along axis {}", weight.axis),
                format!(
                    "scales of these weights run along axis {axis}, that of the output channels"
                ),
            ));
        }
        let outputs = constant.dims.get(axis).copied().unwrap_or(0) as usize;
        if scales.len() != 1 && scales.len() != outputs {
            return Err(shapes(format!(
                "{} scales for {outputs} outputs",
                scales.len()
            )));
        }
        self.spend(4 * constant.len() as u64)?;
        let channels = Channels::of(weight);
        let Some(ints) = constant.ints() else {
            return Err(unsupported("weights that are no integers", QUANTISE));
        };
        let ints: Vec<i16> = ints.map(|value| value as i16).collect();
        let differences: Option<Vec<i8>> = (0..)
            .zip(&ints)
            .map(|(index, &value)| {
                i8::try_from(i64::from(value) - channels.parameters(index).1).ok()
            })
            .collect();
        let (values, zero_point) = match differences {
            Some(values) => (values, 0),
            None => {
                if zero_points.iter().any(|other| other != &zero_points[0]) {
                    return Err(unsupported(
                        "weights with several zero points",
                        "quantise weights symmetrically (extra_options WeightSymmetric)",
                    ));
                }
                let offset = Int::offset(constant.element);
                let stored = ints
                    .iter()
                    .map(|&value| (i64::from(value) - offset) as i8)
                    .collect();
                (stored, (zero_points[0] - offset) as i32)
            }
        };
        if i8::try_from(zero_point).is_err() {
            return Err(unsupported(
                format!("a zero point of {zero_point}"),
                "a zero point is a value of its type",
            ));
        }
        let dims = constant.dims.clone();
        Ok(Weight {
            dims,
            values,
            zero_point,
            scales: scales.to_vec(),
        })
    }

    /// The bias in input `at` in steps of the products' scales.
    pub(super) fn bias(
        &mut self,
        node: &NodeView<'a>,
        at: usize,
        input_scale: f64,
        weight_scales: &[f64],
    ) -> Lowered<Option<Vec<i32>>> {
        if node.input(at).is_none() {
            return Ok(None);
        }
        let value = self.value(node, at)?;
        if let Value::RealConstant(RealConstant { constant, .. }) | Value::Constant(constant) =
            &value
        {
            self.spend(4 * constant.len() as u64)?;
        }
        let step =
            |index: usize| scale::product(input_scale, weight_scales[index % weight_scales.len()]);
        let list = match &value {
            Value::RealConstant(bias) => {
                let Some(ints) = bias.constant.ints() else {
                    return Err(unsupported("a bias that is no integer", QUANTISE));
                };
                let channels = Channels::of(bias);
                (0..)
                    .zip(ints)
                    .map(|(index, value)| {
                        let (scale, zero_point) = channels.parameters(index);
                        if scale::close(scale, step(index)) && zero_point == 0 {
                            return value.clamp(I32_RANGE.0, I32_RANGE.1) as i32;
                        }
                        let real = scale::dequantise(value, scale, zero_point);
                        scale::quantise(real, step(index), 0, I32_RANGE) as i32
                    })
                    .collect()
            }
            Value::Constant(bias) => {
                let Some(floats) = bias.floats() else {
                    return Err(unsupported(
                        "a bias of integers without a scale",
                        "DequantizeLinear gives it one",
                    ));
                };
                self.note("the float bias was quantised at import");
                (0..)
                    .zip(floats)
                    .map(|(index, real)| {
                        scale::quantise(f64::from(real), step(index), 0, I32_RANGE) as i32
                    })
                    .collect()
            }
            _ => {
                return Err(unsupported(
                    "the bias is not a constant",
                    "make it an initialiser",
                ));
            }
        };
        Ok(Some(list))
    }

    /// A bias of integers in steps of the products.
    pub(super) fn int_bias(&self, bias: &Constant) -> Lowered<Vec<i32>> {
        self.spend(4 * bias.len() as u64)?;
        let ints = bias.ints().filter(|_| bias.element == Element::I32);
        ints.map(|ints| ints.map(|value| value as i32).collect())
            .ok_or_else(|| unsupported("a bias that is not int32", QUANTISE))
    }
}
