//! Add, Sub, Mul and Div of real numbers, and the limits Relu and Clip.

use aivm_tosa::DataType;

use super::convolution::one_scale;
use super::layout::channels_last_shape;
use super::quantise::{NO_LIMITS, shapes};
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::{Constant, Element};
use crate::scale;
use crate::tosa_file::{Op, TensorId};
use crate::value::{Activation, Function, Int, Layout, Real, RealConstant, Scale, Value};

/// The most bits by which a sum's steps are finer than those of its coarser operand: as in TFLite.
const FINER_BITS: i32 = 20;

/// Functions that one table may stand for.
const FUNCTIONS_MAX: usize = 16;

/// An operand of real arithmetic.
enum Term {
    Computed(Real, f64),
    /// Values by index, row-major.
    Fixed {
        values: Vec<f64>,
        dims: Vec<u32>,
    },
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
                    let int = self.int(node, at)?;
                    element = int.element;
                    let from = self.quantisation_of(node, at + 1, &int)?;
                    Term::Computed(Self::dequantise(&int, from), from.scale)
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

    /// One number beside a real tensor changes its scale, or joins its functions.
    fn with_scalar(&mut self, node: &NodeView<'a>, a: &Value, b: &Value) -> Lowered<Option<Value>> {
        let scalar = |value: &Value| match value {
            Value::Constant(constant) if constant.len() == 1 => {
                constant.floats().map(|list| f64::from(list[0]))
            }
            Value::RealConstant(constant) if constant.constant.len() == 1 => {
                let value = constant.constant.ints()?.next()?;
                Some(scale::dequantise(
                    value,
                    constant.scales[0],
                    constant.zero_points[0],
                ))
            }
            _ => None,
        };
        if [scalar(a), scalar(b)]
            .iter()
            .flatten()
            .any(|number| !number.is_finite())
        {
            return Err(not_finite());
        }
        let (real, number, first) = match (a, b, scalar(a), scalar(b)) {
            (Value::Real(real), _, _, Some(number)) => (real, number, false),
            (_, Value::Real(real), Some(number), _) => (real, number, true),
            _ => return Ok(None),
        };
        let small = |value: &Value| match value {
            Value::Constant(constant) => constant.dims.len(),
            Value::RealConstant(constant) => constant.constant.dims.len(),
            _ => 0,
        };
        if small(if first { a } else { b }) > real.activation.shape.len() {
            return Ok(None);
        }
        let function = match (node.op(), first) {
            ("Add", _) => Function::Affine {
                scale: 1.0,
                offset: number,
            },
            ("Sub", false) => Function::Affine {
                scale: 1.0,
                offset: scale::product(-1.0, number),
            },
            ("Sub", true) => Function::Affine {
                scale: -1.0,
                offset: number,
            },
            ("Mul", _) => Function::Affine {
                scale: number,
                offset: 0.0,
            },
            ("Div", false) => Function::Affine {
                scale: scale::ratio(1.0, number),
                offset: 0.0,
            },
            _ => {
                return Err(unsupported(
                    "a number divided by a tensor",
                    "use Reciprocal and Mul",
                ));
            }
        };
        let Function::Affine {
            scale: times,
            offset,
        } = function
        else {
            return Ok(None);
        };
        let mut real = real.clone();
        if offset == 0.0
            && times > 0.0
            && times.is_finite()
            && real.functions.is_empty()
            && real.limits == NO_LIMITS
        {
            self.note("folded into the scale");
            self.spend(8 * real.scale.list().len() as u64)?;
            real.scale = match real.scale {
                Scale::Tensor(scale) => Scale::Tensor(scale::product(scale, times)),
                Scale::Channel(list) => Scale::Channel(
                    list.iter()
                        .map(|&scale| scale::product(scale, times))
                        .collect(),
                ),
            };
            return Ok(Some(Value::Real(real)));
        }
        if self.writer.data_type(real.activation.id) != DataType::I8 {
            return Ok(None);
        }
        real = self.with_function(real, function)?;
        Ok(Some(Value::Real(real)))
    }

    /// A real tensor with one more function to be applied; limits that are pending become one.
    pub(super) fn with_function(&mut self, mut real: Real, function: Function) -> Lowered<Real> {
        let (min, max) = real.limits;
        if (min, max) != NO_LIMITS {
            real.functions.push(Function::Clip { min, max });
            real.limits = NO_LIMITS;
        }
        real.functions.push(function);
        if real.functions.len() > FUNCTIONS_MAX {
            return Err(unsupported(
                format!("more than {FUNCTIONS_MAX} functions in a row"),
                "QuantizeLinear and DequantizeLinear stand between them",
            ));
        }
        Ok(real)
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
        let steps = |value: f64| {
            scale::quantise(value, step, 0, (i64::from(i32::MIN), i64::from(i32::MAX)))
        };
        let operands = self.operands(
            &terms,
            &mut |lowering, term| match term {
                Term::Computed(real, _) => {
                    let factors = lowering.factors(real, step)?;
                    lowering.rescale(
                        real.activation.id,
                        real.zero_point,
                        &factors,
                        DataType::I32,
                        0,
                    )
                }
                Term::Fixed { .. } => Err(unsupported("two constants", "fold them")),
            },
            &mut |values| values.iter().map(|&value| steps(value)).collect(),
        )?;
        let bound = sizes
            .iter()
            .map(|&(bound, scale)| steps(scale::product(bound as f64, scale)))
            .sum::<i64>()
            + 2;
        let activation = self.broadcast(op, operands, DataType::I32, &[])?;
        Ok(Real::new(activation, step, 0, bound))
    }

    /// `a · b`, as i32.
    fn product_of(&mut self, terms: [Term; 2]) -> Lowered<Real> {
        // A constant has 15 bits.
        let size = |term: &Term| match term {
            Term::Computed(real, scale) => (real.bound, *scale),
            Term::Fixed { values, .. } => (
                32_767,
                scale::ratio(scale::largest(values).max(f64::MIN_POSITIVE), 32_767.0),
            ),
        };
        let [(a_bound, a_scale), (b_bound, b_scale)] = [size(&terms[0]), size(&terms[1])];
        let bound = a_bound.saturating_mul(b_bound);
        if bound > i64::from(i32::MAX) {
            return Err(unsupported(
                "products of sums",
                "QuantizeLinear and DequantizeLinear stand before Mul",
            ));
        }
        let own = [a_scale, b_scale];
        let fixed_scale = own[usize::from(matches!(terms[1], Term::Fixed { .. }))];
        let operands = self.operands(
            &terms,
            &mut |lowering, term| match term {
                Term::Computed(real, scale) => {
                    let factors = lowering.factors(real, *scale)?;
                    lowering.rescale(
                        real.activation.id,
                        real.zero_point,
                        &factors,
                        DataType::I32,
                        0,
                    )
                }
                Term::Fixed { .. } => Err(unsupported("two constants", "fold them")),
            },
            &mut |values| {
                values
                    .iter()
                    .map(|&value| scale::quantise(value, fixed_scale, 0, (-32_767, 32_767)))
                    .collect()
            },
        )?;
        let shift = self.scalar(DataType::I8, 0)?;
        let activation = self.broadcast(Op::Mul, operands, DataType::I32, &[shift])?;
        Ok(Real::new(
            activation,
            scale::product(a_scale, b_scale),
            0,
            bound,
        ))
    }

    /// Both terms as i32 tensors of the same rank and layout.
    fn operands(
        &mut self,
        terms: &[Term; 2],
        computed: &mut dyn FnMut(&mut Self, &Term) -> Lowered<TensorId>,
        steps: &mut dyn FnMut(&[f64]) -> Vec<i64>,
    ) -> Lowered<[Activation; 2]> {
        let mut activations = Vec::new();
        for term in terms {
            if let Term::Computed(real, _) = term {
                let id = computed(self, term)?;
                activations.push(Activation {
                    id,
                    ..real.activation.clone()
                });
            }
        }
        let rank = terms
            .iter()
            .map(|term| match term {
                Term::Computed(real, _) => real.activation.shape.len(),
                Term::Fixed { dims, .. } => dims.len(),
            })
            .max()
            .unwrap_or(0);
        let activations: Vec<Activation> = activations
            .iter()
            .map(|activation| self.with_rank(activation, rank))
            .collect::<Lowered<_>>()?;
        let last = activations
            .iter()
            .any(|activation| activation.layout == Layout::ChannelsLast);
        let mut activations = activations.into_iter();
        let mut operands = Vec::new();
        for term in terms {
            operands.push(match term {
                Term::Computed(..) => {
                    let activation = activations
                        .next()
                        .ok_or_else(|| shapes("an operand is missing"))?;
                    if last {
                        self.channels_last(&activation)?
                    } else {
                        activation
                    }
                }
                Term::Fixed { values, dims } => {
                    self.fixed_operand(&steps(values), dims, rank, last)?
                }
            });
        }
        operands.try_into().map_err(|_| shapes("two operands"))
    }

    /// A constant i32 operand of this rank and layout.
    pub(super) fn fixed_operand(
        &mut self,
        values: &[i64],
        dims: &[u32],
        rank: usize,
        last: bool,
    ) -> Lowered<Activation> {
        let shape = leading_ones(dims, rank);
        let constant = Constant::from_ints(Element::I32, values, shape.clone());
        let (constant, stored, layout) = match (last, rank) {
            (true, 4) => {
                let constant = constant.transposed(&[0, 2, 3, 1]);
                let stored = constant.dims.clone();
                (constant, stored, Layout::ChannelsLast)
            }
            (true, 3) => (
                constant.transposed(&[0, 2, 1]),
                channels_last_shape(&shape),
                Layout::ChannelsLast,
            ),
            (true, 2) => (constant, channels_last_shape(&shape), Layout::ChannelsLast),
            _ => (constant, shape.clone(), Layout::Plain),
        };
        let values: Vec<i64> = constant.ints().map(Iterator::collect).unwrap_or_default();
        let id = self.emit_constant(DataType::I32, &stored, &values)?;
        Ok(Activation { id, shape, layout })
    }

    /// The tensor with leading sides of 1 up to this rank.
    pub(super) fn with_rank(
        &mut self,
        activation: &Activation,
        rank: usize,
    ) -> Lowered<Activation> {
        if activation.shape.len() >= rank {
            return Ok(activation.clone());
        }
        let plain = self.plain(activation)?;
        let shape = leading_ones(&plain.shape, rank);
        let id = self.reshape_to(plain.id, &shape)?;
        Ok(Activation {
            id,
            shape,
            layout: Layout::Plain,
        })
    }

    /// An operator whose two operands broadcast; they have the same rank and layout.
    pub(super) fn broadcast(
        &mut self,
        op: Op,
        [a, b]: [Activation; 2],
        data_type: DataType,
        more: &[crate::tosa_file::Operand],
    ) -> Lowered<Activation> {
        let fault = || shapes(format!("{:?} and {:?} do not broadcast", a.shape, b.shape));
        let stored = broadcast_shape(self.writer.dimensions(a.id), self.writer.dimensions(b.id))
            .ok_or_else(fault)?;
        let shape = broadcast_shape(&a.shape, &b.shape).ok_or_else(fault)?;
        let operands = [&[a.id.into(), b.id.into()], more].concat();
        let id = self.emit(op, &operands, data_type, &stored)?;
        Ok(Activation {
            id,
            shape,
            layout: a.layout,
        })
    }

    /// Relu and Clip.
    pub(super) fn limit(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (min, max) = self.limits_of(node)?;
        match self.value(node, 0)? {
            Value::Int(int) => self
                .limit_int(int, min, max)
                .map(|int| vec![Value::Int(int)]),
            _ => {
                let mut real = self.real(node, 0)?;
                if real.functions.is_empty() {
                    // Clip's upper limit wins over its lower one.
                    let both = |limit: f64| limit.max(min).min(max);
                    real.limits = (both(real.limits.0), both(real.limits.1));
                } else {
                    real = self.with_function(real, Function::Clip { min, max })?;
                }
                self.note("limits of the result when it is quantised");
                Ok(vec![Value::Real(real)])
            }
        }
    }

    fn limits_of(&self, node: &NodeView<'a>) -> Lowered<(f64, f64)> {
        if node.op() == "Relu" {
            return Ok((0.0, f64::INFINITY));
        }
        let limit = |index: usize, name: &str, default: f64| -> Lowered<f64> {
            if node.input(index).is_none() {
                let attribute = node.attribute(name).map(|attribute| f64::from(attribute.f));
                let number = attribute.unwrap_or(default);
                return match number.is_nan() {
                    false => Ok(number),
                    true => Err(unsupported(format!("{name} is not a number"), "a number")),
                };
            }
            let number = match self.value(node, index)? {
                Value::Constant(constant) => constant.only_number(),
                Value::RealConstant(constant) => {
                    let value = constant.constant.ints().and_then(|mut ints| ints.next());
                    value.map(|value| {
                        scale::dequantise(value, constant.scales[0], constant.zero_points[0])
                    })
                }
                _ => None,
            };
            number.filter(|number| !number.is_nan()).ok_or_else(|| {
                unsupported(
                    "a limit that is not a constant number",
                    "make it an initialiser",
                )
            })
        };
        Ok((
            limit(1, "min", f64::NEG_INFINITY)?,
            limit(2, "max", f64::INFINITY)?,
        ))
    }

    fn limit_int(&mut self, mut int: Int, min: f64, max: f64) -> Lowered<Int> {
        let offset = Int::offset(int.element);
        let data_type = self.writer.data_type(int.activation.id);
        let bound =
            |limit| scale::quantise(limit, 1.0, -offset, (data_type.min(), data_type.max()));
        let (min, max) = (bound(min), bound(max));
        let shape = self.writer.dimensions(int.activation.id).to_vec();
        int.activation.id = match data_type {
            DataType::I8 => self.clamp(int.activation.id, (min.min(max), max))?,
            DataType::I32 => {
                let mut id = int.activation.id;
                for (limit, op) in [(min, Op::Maximum), (max, Op::Minimum)] {
                    let limit =
                        self.emit_constant(DataType::I32, &vec![1; shape.len()], &[limit])?;
                    id = self.emit(op, &[id.into(), limit.into()], DataType::I32, &shape)?;
                }
                id
            }
            _ => {
                return Err(unsupported(
                    format!("limits of {}", int.element.name()),
                    QUANTISE,
                ));
            }
        };
        Ok(int)
    }
}

/// The fault of a constant with NaN or an infinity.
fn not_finite() -> super::Fault {
    unsupported(
        "a constant that is not a finite number",
        "a large finite number saturates likewise",
    )
}

/// A real constant as numbers.
fn fixed(constant: &RealConstant) -> Lowered<Term> {
    let Some(ints) = constant.constant.ints() else {
        return Err(unsupported("a constant that is no integer", QUANTISE));
    };
    let values = if constant.scales.len() == 1 {
        let (scale, zero_point) = one_scale(constant)?;
        ints.map(|value| scale::dequantise(value, scale, zero_point))
            .collect()
    } else {
        let channels = super::quantise::Channels::of(constant);
        (0..)
            .zip(ints)
            .map(|(index, value)| {
                let (scale, zero_point) = channels.parameters(index);
                scale::dequantise(value, scale, zero_point)
            })
            .collect()
    };
    Ok(Term::Fixed {
        values,
        dims: constant.constant.dims.clone(),
    })
}

pub(super) fn leading_ones(dims: &[u32], rank: usize) -> Vec<u32> {
    let mut shape = vec![1; rank.saturating_sub(dims.len())];
    shape.extend_from_slice(dims);
    shape
}

/// The shape to which two of the same rank broadcast.
fn broadcast_shape(a: &[u32], b: &[u32]) -> Option<Vec<u32>> {
    if a.len() != b.len() {
        return None;
    }
    let sides = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (a == b || a.min(b) == 1).then_some(a.max(b)));
    sides.collect()
}
