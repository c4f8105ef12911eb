//! Add, Sub and Mul of real tensors, as i32.

use aivm_tosa::DataType;

use super::parameters::Channels;
use super::{Fault, Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::scale::{self, I32_RANGE};
use crate::tosa_file::Op;
use crate::value::{Activation, Layout, Real, RealConstant, Scale, Value};

/// The most bits by which a sum's steps are finer than those of its coarser operand: as in TFLite.
const FINER_BITS: i32 = 20;

/// The largest magnitude of a product's constant operand, in steps of its scale: 15 bits.
const FIXED_MAX: i64 = 32_767;

/// An operand of real arithmetic.
enum Term {
    /// A tensor, and its one scale.
    Computed(Real, f64),
    /// Values by index, row-major.
    Fixed { values: Vec<f64>, dims: Vec<u32> },
}

impl Term {
    fn rank(&self) -> usize {
        match self {
            Term::Computed(real, _) => real.activation.shape.len(),
            Term::Fixed { dims, .. } => dims.len(),
        }
    }
}

impl<'a> Lowering<'a> {
    /// Add, Sub, Mul and Div.
    pub(super) fn arithmetic(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (a, b) = (self.value(node, 0)?, self.value(node, 1)?);
        let integers = |value: &Value| match value {
            Value::Int(_) => true,
            Value::Constant(constant) => constant.element != Element::F32,
            _ => false,
        };
        if integers(&a) && integers(&b) {
            return self.integer(node);
        }
        if let Some(value) = self.with_scalar(node, &a, &b)? {
            return Ok(vec![value]);
        }
        let terms = [self.term(node, 0)?, self.term(node, 1)?];
        let real = match node.op() {
            "Add" => self.sum(terms, Op::Add)?,
            "Sub" => self.sum(terms, Op::Sub)?,
            "Mul" => self.product_of(terms)?,
            _ => {
                return Err(unsupported(
                    "division by what is not one number",
                    "multiply by the reciprocal",
                ));
            }
        };
        Ok(vec![Value::Real(real)])
    }

    /// QLinearAdd and QLinearMul of com.microsoft: a, its scale and zero point, b, those of b, those of the result.
    pub(super) fn q_arithmetic(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let mut terms = Vec::new();
        let mut element = Element::U8;
        for at in [0, 3] {
            terms.push(match self.value(node, at)? {
                Value::Constant(constant) => {
                    let constant = self.channel_constant(node, constant, at + 1, 0)?;
                    fixed(&constant)?
                }
                _ => {
                    let (real, from) = self.dequantised(node, at)?;
                    element = from.element;
                    Term::Computed(real, from.scale)
                }
            });
        }
        let to = self.quantisation(node, 6, element)?;
        let [a, b] = terms.try_into().map_err(|_| shapes("two operands"))?;
        let real = match node.op() {
            "QLinearAdd" => self.sum([a, b], Op::Add)?,
            _ => self.product_of([a, b])?,
        };
        let int = self.quantise(&real, to)?;
        Ok(vec![Value::Int(int)])
    }

    fn term(&mut self, node: &NodeView<'a>, index: usize) -> Lowered<Term> {
        match self.value(node, index)? {
            Value::Constant(constant) => {
                self.spend(12 * constant.len() as u64)?;
                let Some(values) = constant.floats() else {
                    return Err(unsupported(
                        "integers beside real numbers",
                        "DequantizeLinear gives them a scale",
                    ));
                };
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(not_finite());
                }
                let values = values.into_iter().map(f64::from).collect();
                Ok(Term::Fixed {
                    values,
                    dims: constant.dims,
                })
            }
            Value::RealConstant(constant) => {
                self.spend(8 * constant.constant.len() as u64)?;
                fixed(&constant)
            }
            _ => {
                let real = self.real(node, index)?;
                let real = self.settled(real)?;
                match real.scale {
                    Scale::Tensor(scale) => Ok(Term::Computed(real, scale)),
                    Scale::Channel(_) => Err(unsupported(
                        format!("input {index} is sums with a scale for each channel"),
                        "QuantizeLinear and DequantizeLinear stand between the two operators",
                    )),
                }
            }
        }
    }

    /// `a ± b`: both in steps of one scale, as i32.
    fn sum(&mut self, terms: [Term; 2], op: Op) -> Lowered<Real> {
        let largest = |term: &Term| match term {
            Term::Computed(real, scale) => (real.bound, *scale),
            Term::Fixed { values, .. } => (1, scale::largest(values)),
        };
        let sizes = [largest(&terms[0]), largest(&terms[1])];
        let coarse = match &terms {
            [Term::Computed(_, a), Term::Computed(_, b)] => a.max(*b),
            [Term::Computed(_, a), _] | [_, Term::Computed(_, a)] => *a,
            _ => {
                return Err(unsupported(
                    "both operands are constants",
                    "fold constants before the export (onnxsim)",
                ));
            }
        };
        let bits = sizes
            .iter()
            .map(|&(bound, scale)| scale::headroom(bound, scale, coarse))
            .min();
        let bits = bits.unwrap_or(0).min(FINER_BITS);
        let step = scale::finer(coarse, bits);
        let operands = self.operands(&terms, [step; 2], I32_RANGE)?;
        let bound = sizes
            .iter()
            .map(|&(bound, scale)| {
                scale::quantise(scale::product(bound as f64, scale), step, 0, I32_RANGE)
            })
            .sum::<i64>()
            + 2;
        let activation = self.broadcast(op, operands, DataType::I32, &[])?;
        Ok(Real::new(activation, Scale::Tensor(step), 0, bound))
    }

    /// `a · b`, as i32.
    fn product_of(&mut self, terms: [Term; 2]) -> Lowered<Real> {
        let size = |term: &Term| match term {
            Term::Computed(real, scale) => (real.bound, *scale),
            Term::Fixed { values, .. } => {
                let largest = scale::largest(values).max(f64::MIN_POSITIVE);
                (FIXED_MAX, scale::ratio(largest, FIXED_MAX as f64))
            }
        };
        let [(a_bound, a_scale), (b_bound, b_scale)] = [size(&terms[0]), size(&terms[1])];
        let bound = a_bound.saturating_mul(b_bound);
        if bound > i64::from(i32::MAX) {
            return Err(unsupported(
                "products of sums",
                "QuantizeLinear and DequantizeLinear stand before Mul",
            ));
        }
        let operands = self.operands(&terms, [a_scale, b_scale], (-FIXED_MAX, FIXED_MAX))?;
        let shift = self.scalar(DataType::I8, 0)?;
        let activation = self.broadcast(Op::Mul, operands, DataType::I32, &[shift])?;
        Ok(Real::new(
            activation,
            Scale::Tensor(scale::product(a_scale, b_scale)),
            0,
            bound,
        ))
    }

    /// Both terms as i32 tensors of the same rank and layout, each in steps of its scale in `steps`. Constants are
    /// saturated to `range`.
    fn operands(
        &mut self,
        terms: &[Term; 2],
        steps: [f64; 2],
        range: (i64, i64),
    ) -> Lowered<[Activation; 2]> {
        let rank = terms.iter().map(Term::rank).max().unwrap_or(0);
        let mut rescaled = Vec::new();
        for (term, step) in terms.iter().zip(steps) {
            if let Term::Computed(real, _) = term {
                let factors = self.factors(real, step)?;
                let Real {
                    activation,
                    zero_point,
                    ..
                } = real;
                let id = self.rescale(activation.id, *zero_point, &factors, DataType::I32, 0)?;
                rescaled.push(Activation {
                    id,
                    ..activation.clone()
                });
            }
        }
        let computed: Vec<Activation> = rescaled
            .iter()
            .map(|activation| self.with_rank(activation, rank))
            .collect::<Lowered<_>>()?;
        let last = computed
            .iter()
            .any(|activation| activation.layout == Layout::ChannelsLast);
        let mut computed = computed.into_iter();
        let mut operands = Vec::new();
        for (term, step) in terms.iter().zip(steps) {
            operands.push(match term {
                Term::Computed(..) => {
                    let activation = computed
                        .next()
                        .ok_or_else(|| shapes("an operand is missing"))?;
                    if last {
                        self.channels_last(&activation)?
                    } else {
                        activation
                    }
                }
                Term::Fixed { values, dims } => {
                    let values: Vec<i64> = values
                        .iter()
                        .map(|&value| scale::quantise(value, step, 0, range))
                        .collect();
                    self.fixed_operand(&values, dims, rank, last)?
                }
            });
        }
        operands.try_into().map_err(|_| shapes("two operands"))
    }
}

/// A real constant as numbers.
fn fixed(constant: &RealConstant) -> Lowered<Term> {
    let Some(ints) = constant.constant.ints() else {
        return Err(unsupported("a constant that is no integer", QUANTISE));
    };
    let channels = Channels::of(constant);
    let values = (0..)
        .zip(ints)
        .map(|(index, value)| {
            let (scale, zero_point) = channels.parameters(index);
            scale::dequantise(value, scale, zero_point)
        })
        .collect();
    Ok(Term::Fixed {
        values,
        dims: constant.constant.dims.clone(),
    })
}

/// The fault of a constant with NaN or an infinity.
pub(super) fn not_finite() -> Fault {
    unsupported(
        "a constant that is not a finite number",
        "a large finite number saturates likewise",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aivm_reference::ReferenceExecutor;
    use aivm_tosa::{Executor, ModelLimits, PriceTable};
    use prost::Message;

    use crate::{ImportLimits, ImportOptions, import, onnx};

    fn tensor(name: &str, data_type: i32, raw_data: &[u8]) -> onnx::Tensor {
        let elements = raw_data.len() as i64 / if data_type == 1 { 4 } else { 1 };
        onnx::Tensor {
            name: name.into(),
            data_type,
            dims: vec![elements],
            raw_data: raw_data.to_vec(),
            ..onnx::Tensor::default()
        }
    }

    #[test]
    fn each_constant_of_a_product_has_its_own_scale() {
        let scale = |name, scale: f32| tensor(name, 1, &scale.to_le_bytes());
        let names = [
            "a", "a_scale", "zero", "b", "b_scale", "zero", "one", "zero",
        ];
        let graph = onnx::Graph {
            node: vec![onnx::Node {
                op_type: "QLinearMul".into(),
                domain: "com.microsoft".into(),
                input: names.map(String::from).to_vec(),
                output: vec!["product".into()],
                ..onnx::Node::default()
            }],
            initializer: vec![
                tensor("a", 3, &[100, 50]),
                tensor("b", 3, &[2, 4]),
                tensor("zero", 3, &[0]),
                scale("a_scale", 1.0),
                scale("b_scale", 0.5),
                scale("one", 1.0),
            ],
            output: vec![onnx::ValueInfo {
                name: "product".into(),
                ..onnx::ValueInfo::default()
            }],
            ..onnx::Graph::default()
        };
        let file = onnx::Model {
            graph: Some(graph),
            ..onnx::Model::default()
        }
        .encode_to_vec();
        let model =
            import(&file, &ImportOptions::default(), &ImportLimits::TOOL).expect("it is imported");
        let priced = aivm_tosa::load(&model.tosa, &ModelLimits::CHAIN, &PriceTable::V1)
            .expect("it was checked");
        let plan = ReferenceExecutor
            .prepare(&Arc::new(priced))
            .expect("the reference takes every model");
        assert_eq!(plan.run_cases(1, &[]).expect("no input"), [100, 100]);
    }
}
