//! QuantizeLinear and DequantizeLinear, and what every quantising operator needs of them.

use aivm_tosa::DataType;

use super::{Fault, Lowered, Lowering, NodeView, QUANTISE, stored_type, unsupported};
use crate::constant::{Constant, Element};
use crate::scale::{self, Factor};
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::{Activation, Function, Int, Layout, Real, RealConstant, Scale, Value};

/// How a quantised tensor means real numbers: `(value − zero_point) · scale`, in ONNX's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantisation {
    pub scale: f64,
    pub zero_point: i64,
    pub element: Element,
}

impl Quantisation {
    /// The zero point as it is stored.
    pub(super) fn stored_zero_point(&self) -> i64 {
        self.zero_point - Int::offset(self.element)
    }
}

/// The smallest and largest stored 8-bit integer.
const I8_RANGE: (i64, i64) = (-128, 127);

impl<'a> Lowering<'a> {
    /// Scale and zero point of a tensor, from inputs `at` and `at + 1` of a node. Without a zero point it is 0 of
    /// type `default`.
    pub(super) fn quantisation(
        &self,
        node: &NodeView<'a>,
        at: usize,
        default: Element,
    ) -> Lowered<Quantisation> {
        let scales = self.scales(node, at)?;
        let &[scale] = scales.as_slice() else {
            return Err(unsupported(
                format!("{} scales for a tensor that is computed", scales.len()),
                "quantise activations per tensor; only weights may be per channel",
            ));
        };
        let (element, zero_point) = match self.optional_constant(node, at + 1)? {
            Some(constant) if constant.len() != 1 => {
                return Err(unsupported(
                    format!(
                        "{} zero points for a tensor that is computed",
                        constant.len()
                    ),
                    "one zero point; only weights may be per channel",
                ));
            }
            Some(constant) => {
                let zero_point = constant.ints().and_then(|mut ints| ints.next());
                let zero_point = zero_point
                    .ok_or_else(|| unsupported("a zero point that is no integer", QUANTISE))?;
                (constant.element, zero_point)
            }
            None => (default, 0),
        };
        if !matches!(element, Element::U8 | Element::I8) {
            return Err(unsupported(
                format!("activations of type {}", element.name()),
                "use activation_type QuantType.QInt8 or QUInt8",
            ));
        }
        Ok(Quantisation {
            scale,
            zero_point,
            element,
        })
    }

    /// [`Lowering::quantisation`] of integers that exist, whose type must be that of the zero point.
    pub(super) fn quantisation_of(
        &self,
        node: &NodeView<'a>,
        at: usize,
        int: &Int,
    ) -> Lowered<Quantisation> {
        let quantisation = self.quantisation(node, at, int.element)?;
        if quantisation.element == int.element {
            return Ok(quantisation);
        }
        Err(shapes(format!(
            "{} with a zero point of type {}",
            int.element.name(),
            quantisation.element.name()
        )))
    }

    /// The scales that input `at` of a node holds.
    pub(super) fn scales(&self, node: &NodeView<'a>, at: usize) -> Lowered<Vec<f64>> {
        let constant = self.constant(node, at)?;
        self.spend(8 * constant.len() as u64)?;
        let floats = constant.floats().ok_or_else(|| {
            unsupported(
                format!("scales of type {}", constant.element.name()),
                "scales are float",
            )
        })?;
        let scales: Option<Vec<f64>> = floats.into_iter().map(scale::checked).collect();
        scales.filter(|scales| !scales.is_empty()).ok_or_else(|| {
            unsupported(
                "a scale that is not a positive number",
                "calibrate the model again",
            )
        })
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
                    scale,
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

    /// Integers with a scale and zero point.
    pub(super) fn dequantise(int: &Int, from: Quantisation) -> Real {
        let zero_point = Quantisation {
            element: int.element,
            ..from
        }
        .stored_zero_point();
        let bound = (zero_point - I8_RANGE.0)
            .abs()
            .max((I8_RANGE.1 - zero_point).abs());
        Real::new(int.activation.clone(), from.scale, zero_point as i32, bound)
    }

    /// A constant with the scales and zero points in inputs `at` and `at + 1` of a node.
    pub(super) fn real_constant(
        &self,
        node: &NodeView<'a>,
        constant: Constant,
        at: usize,
    ) -> Lowered<RealConstant> {
        let scales = self.scales(node, at)?;
        let zero_points = match node.input(at + 1) {
            Some(_) => self.integer_zero_points(node, at + 1)?,
            None => vec![0; scales.len()],
        };
        let rank = constant.dims.len();
        let axis = axis(node.int("axis", 1), rank.max(2)).unwrap_or(usize::MAX);
        let channels = constant.dims.get(axis).copied().unwrap_or(0);
        let fits = zero_points.len() == scales.len()
            && (scales.len() == 1 || scales.len() == channels as usize);
        if !fits || !constant.is_narrow() {
            return Err(unsupported(
                format!(
                    "{} scales and {} zero points for a constant of shape {:?}, axis {axis}",
                    scales.len(),
                    zero_points.len(),
                    constant.dims
                ),
                "one, or one for each index of the axis",
            ));
        }
        Ok(RealConstant {
            constant,
            scales: scales.into(),
            zero_points: zero_points.into(),
            axis,
        })
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
            Element::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
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

    fn quantise_input(&mut self, index: usize, to: Quantisation) -> Lowered<Int> {
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

    /// Real numbers as 8-bit integers with another scale and zero point.
    pub(super) fn quantise(&mut self, real: &Real, to: Quantisation) -> Lowered<Int> {
        let zero_point = to.stored_zero_point();
        if !(I8_RANGE.0..=I8_RANGE.1).contains(&zero_point) {
            return Err(unsupported(
                format!("zero point {} of type {}", to.zero_point, to.element.name()),
                "a zero point is a value of its type",
            ));
        }
        let element = to.element;
        if !real.functions.is_empty() {
            let activation = self.table(real, to)?;
            return Ok(Int {
                activation,
                element,
            });
        }
        let data_type = self.writer.data_type(real.activation.id);
        let same = data_type == DataType::I8
            && real.scale == Scale::Tensor(to.scale)
            && i64::from(real.zero_point) == zero_point;
        let mut activation = real.activation.clone();
        if same {
            self.note("the same scale and zero point: no operator");
        } else {
            let factors = self.factors(real, to.scale)?;
            activation.id = self.rescale(
                activation.id,
                real.zero_point,
                &factors,
                DataType::I8,
                zero_point as i32,
            )?;
        }
        let bound = |limit: f64| scale::quantise(limit, to.scale, zero_point, I8_RANGE);
        let (min, max) = (bound(real.limits.0), bound(real.limits.1));
        activation.id = self.clamp(activation.id, (min, max))?;
        Ok(Int {
            activation,
            element,
        })
    }

    /// CLAMP of an 8-bit tensor, unless all of its values are inside.
    pub(super) fn clamp(&mut self, id: TensorId, (min, max): (i64, i64)) -> Lowered<TensorId> {
        if (min, max) == I8_RANGE {
            return Ok(id);
        }
        let shape = self.writer.dimensions(id).to_vec();
        // Limits that leave nothing would be refused as bounds: then the lower one holds, as in ONNX's Clip.
        let max = max.max(min);
        self.emit(Op::Clamp { min, max }, &[id.into()], DataType::I8, &shape)
    }

    /// The factors that bring `real` to steps of `scale`.
    pub(super) fn factors(&self, real: &Real, scale: f64) -> Lowered<Vec<Factor>> {
        let ratios = real
            .scale
            .list()
            .iter()
            .map(|&from| scale::ratio(from, scale));
        ratios
            .map(|ratio| {
                let factor = scale::factor(ratio).filter(|_| scale::fits_i32(real.bound, ratio));
                factor.ok_or_else(|| {
                    unsupported(
                        format!(
                            "a ratio of scales of {ratio:e} for sums up to {}",
                            real.bound
                        ),
                        "calibrate the model again: the result would be far out of its range",
                    )
                })
            })
            .collect()
    }

    /// RESCALE: `(x − input_zp) · factor + output_zp`, with one factor or one for each index of the last axis.
    pub(super) fn rescale(
        &mut self,
        id: TensorId,
        input_zp: i32,
        factors: &[Factor],
        data_type: DataType,
        output_zp: i32,
    ) -> Lowered<TensorId> {
        let shape = self.writer.dimensions(id).to_vec();
        let from = self.writer.data_type(id);
        let count = [factors.len() as u32];
        let multipliers: Vec<i64> = factors
            .iter()
            .map(|factor| i64::from(factor.multiplier))
            .collect();
        let shifts: Vec<i64> = factors
            .iter()
            .map(|factor| i64::from(factor.shift))
            .collect();
        let inputs: [Operand; 5] = [
            id.into(),
            self.emit_constant(DataType::I32, &count, &multipliers)?
                .into(),
            self.emit_constant(DataType::I8, &count, &shifts)?.into(),
            self.scalar(from, i64::from(input_zp))?,
            self.scalar(data_type, i64::from(output_zp))?,
        ];
        let per_channel = factors.len() > 1;
        self.emit(Op::Rescale { per_channel }, &inputs, data_type, &shape)
    }

    /// The same real numbers without pending limits, for a reader that takes the integers as they are.
    pub(super) fn settled(&mut self, mut real: Real) -> Lowered<Real> {
        self.refuse_functions(&real)?;
        let (min, max) = real.limits;
        if (min, max) == NO_LIMITS {
            return Ok(real);
        }
        let id = real.activation.id;
        if let (DataType::I8, &Scale::Tensor(scale)) = (self.writer.data_type(id), &real.scale) {
            let bound = |limit| scale::quantise(limit, scale, i64::from(real.zero_point), I8_RANGE);
            real.activation.id = self.clamp(id, (bound(min), bound(max)))?;
            real.limits = NO_LIMITS;
            return Ok(real);
        }
        for (limit, op) in [(min, Op::Maximum), (max, Op::Minimum)] {
            if !limit.is_finite() {
                continue;
            }
            let range = (i64::from(i32::MIN), i64::from(i32::MAX));
            let zero_point = i64::from(real.zero_point);
            let scales = real.scale.list();
            let bounds: Vec<i64> = scales
                .iter()
                .map(|&scale| scale::quantise(limit, scale, zero_point, range))
                .collect();
            let shape = self.writer.dimensions(real.activation.id).to_vec();
            let mut sides = vec![1; shape.len()];
            if let Some(last) = sides.last_mut() {
                *last = bounds.len() as u32;
            }
            let bounds = self.emit_constant(DataType::I32, &sides, &bounds)?;
            let inputs = [real.activation.id.into(), bounds.into()];
            real.activation.id = self.emit(op, &inputs, DataType::I32, &shape)?;
        }
        real.limits = NO_LIMITS;
        Ok(real)
    }

    fn refuse_functions(&self, real: &Real) -> Lowered<()> {
        match real.functions.last() {
            None => Ok(()),
            Some(function) => Err(unsupported(
                format!("the result of {function:?} before it is not quantised"),
                "QuantizeLinear and DequantizeLinear stand behind each such function",
            )),
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

    /// A table of all 256 values of `real` behind its functions, quantised.
    fn table(&mut self, real: &Real, to: Quantisation) -> Lowered<Activation> {
        let Scale::Tensor(scale) = real.scale else {
            return Err(unsupported(
                "a function of sums with several scales",
                QUANTISE,
            ));
        };
        if self.writer.data_type(real.activation.id) != DataType::I8 {
            return Err(unsupported(
                "a function of sums that are not quantised",
                "QuantizeLinear and DequantizeLinear stand before each such function",
            ));
        }
        let entries: Vec<i64> = (I8_RANGE.0..=I8_RANGE.1)
            .map(|stored| {
                let real_value = scale::dequantise(stored, scale, i64::from(real.zero_point));
                let value = real
                    .functions
                    .iter()
                    .fold(real_value, |value, function| function.apply(value));
                scale::quantise(value, to.scale, to.stored_zero_point(), I8_RANGE)
            })
            .collect();
        let table = self.emit_constant(DataType::I8, &[256], &entries)?;
        let mut activation = real.activation.clone();
        let shape = self.writer.dimensions(activation.id).to_vec();
        activation.id = self.emit(
            Op::Table,
            &[activation.id.into(), table.into()],
            DataType::I8,
            &shape,
        )?;
        Ok(activation)
    }

    /// Cast: integers to float get the scale 1.
    pub(super) fn cast(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let to = i32::try_from(node.int("to", 0)).ok();
        let Some(to) = to.and_then(Element::of) else {
            return Err(unsupported(
                format!("to type {}", node.int("to", 0)),
                "cast to float, int8, uint8, int32 or bool",
            ));
        };
        match (self.value(node, 0)?, to) {
            (Value::Int(int), Element::F32) => {
                let zero_point = -Int::offset(int.element) as i32;
                let bound = if int.element == Element::I32 {
                    1 << 31
                } else {
                    1 << 15
                };
                Ok(vec![Value::Real(Real::new(
                    int.activation,
                    1.0,
                    zero_point,
                    bound,
                ))])
            }
            (Value::Real(real), Element::F32) => Ok(vec![Value::Real(real)]),
            (Value::Int(int), _) => self.cast_int(int, to).map(|int| vec![Value::Int(int)]),
            _ => Err(unsupported(
                format!("real numbers to {}", to.name()),
                QUANTISE,
            )),
        }
    }

    fn cast_int(&mut self, int: Int, to: Element) -> Lowered<Int> {
        let known = matches!(
            to,
            Element::I8 | Element::I16 | Element::I32 | Element::Bool
        );
        if int.element == to {
            return Ok(int);
        }
        if !known || int.element == Element::U8 || (int.element, to) == (Element::Bool, Element::U8)
        {
            return Err(unsupported(
                format!("{} to {}", int.element.name(), to.name()),
                "TOSA has signed integers; work with int8, int32 or bool",
            ));
        }
        let mut activation = int.activation;
        let shape = self.writer.dimensions(activation.id).to_vec();
        activation.id = self.emit(Op::Cast, &[activation.id.into()], stored_type(to), &shape)?;
        Ok(Int {
            activation,
            element: to,
        })
    }

    /// QLinearSigmoid and QLinearLeakyRelu of com.microsoft: x, its scale and zero point, those of the result.
    pub(super) fn q_function(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let int = self.int(node, 0)?;
        let from = self.quantisation_of(node, 1, &int)?;
        let to = self.quantisation(node, 3, int.element)?;
        let mut real = Self::dequantise(&int, from);
        real.functions.push(match node.op() {
            "QLinearSigmoid" => Function::Sigmoid,
            _ => Function::LeakyRelu {
                alpha: node.float("alpha", 0.01),
            },
        });
        let int = self.quantise(&real, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// A real tensor in ONNX's layout, which is not possible for every scale.
    pub(super) fn plain_real(&mut self, real: &Real) -> Lowered<Real> {
        let moved =
            real.activation.layout == Layout::ChannelsLast && real.activation.shape.len() > 2;
        if moved && matches!(real.scale, Scale::Channel(_)) {
            return Err(unsupported(
                "sums with a scale for each channel are moved before they are quantised",
                "QuantizeLinear and DequantizeLinear stand behind the operator that sums",
            ));
        }
        let activation = self.plain(&real.activation)?;
        Ok(Real {
            activation,
            ..real.clone()
        })
    }
}

/// No limits of a real value.
pub(super) const NO_LIMITS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// An axis of a tensor of this rank; a negative one counts from the end.
pub(super) fn axis(axis: i64, rank: usize) -> Option<usize> {
    let rank = rank as i64;
    let axis = if axis < 0 { axis + rank } else { axis };
    (0..rank).contains(&axis).then_some(axis as usize)
}

/// Scale and zero point of each element of a constant.
pub(super) struct Channels<'c> {
    constant: &'c RealConstant,
    /// Elements behind one index of the axis.
    inner: usize,
}

impl<'c> Channels<'c> {
    pub(super) fn of(constant: &'c RealConstant) -> Channels<'c> {
        let behind = constant
            .constant
            .dims
            .get(constant.axis.saturating_add(1)..)
            .unwrap_or(&[]);
        Channels {
            constant,
            // Saturates only beside a side of 0.
            inner: behind
                .iter()
                .fold(1, |inner: usize, &side| inner.saturating_mul(side as usize))
                .max(1),
        }
    }

    /// Scale and zero point of element `index`, in row-major order.
    pub(super) fn parameters(&self, index: usize) -> (f64, i64) {
        let channel = index / self.inner % self.constant.scales.len();
        (
            self.constant.scales[channel],
            self.constant.zero_points[channel],
        )
    }
}

/// The fault of operands whose shapes do not fit.
pub(super) fn shapes(what: impl Into<String>) -> Fault {
    unsupported(
        what,
        "check the model: onnx.checker.check_model(model, full_check=True)",
    )
}
