//! Conv, QLinearConv and ConvInteger, by CONV2D and DEPTHWISE_CONV2D.

use aivm_tosa::DataType;

use super::quantise::{Channels, NO_LIMITS, shapes};
use super::window::{ExactWindow, Window, Windows, windows};
use super::{Lowered, Lowering, NodeView, QUANTISE, uniform, unsupported};
use crate::constant::{Constant, Element, indices};
use crate::scale;
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::{Activation, Int, Layout, Real, RealConstant, Scale, Value};

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
    /// Conv of real numbers.
    pub(super) fn conv(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, scale) = self.real8(node, 0)?;
        let Value::RealConstant(weight) = self.value(node, 1)? else {
            return Err(unsupported(
                "the weight is not an integer constant behind DequantizeLinear",
                QUANTISE,
            ));
        };
        let weight = self.weight(&weight, 0)?;
        let bias = self.bias(node, 2, scale, &weight.scales)?;
        let sum = self.convolution(node, &real, scale, &weight, bias)?;
        Ok(vec![Value::Real(sum)])
    }

    /// QLinearConv: x, its scale and zero point, w, its scales and zero points, those of the result, bias.
    pub(super) fn q_conv(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let int = self.int(node, 0)?;
        let from = self.quantisation_of(node, 1, &int)?;
        let constant = self.constant(node, 3)?;
        let weight = RealConstant {
            axis: 0,
            ..self.channel_constant(node, constant, 4, 0)?
        };
        let weight = self.weight(&weight, 0)?;
        let to = self.quantisation(node, 6, int.element)?;
        let real = Self::dequantise(&int, from);
        let bias = self
            .optional_constant(node, 8)?
            .map(|bias| self.int_bias(&bias))
            .transpose()?;
        let sum = self.convolution(node, &real, from.scale, &weight, bias)?;
        let int = self.quantise(&sum, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// ConvInteger: x, w, zero point of x, zero points of w.
    pub(super) fn conv_integer(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let real = self.integer_operand(node, 0, 2)?;
        let constant = self.constant(node, 1)?;
        let zero_points = self.integer_zero_points(node, 3)?;
        let weight = RealConstant {
            scales: vec![1.0; zero_points.len()].into(),
            zero_points: zero_points.into(),
            constant,
            axis: 0,
        };
        let weight = self.weight(&weight, 0)?;
        let weight = Weight {
            scales: vec![1.0],
            ..weight
        };
        let sum = self.convolution(node, &real, 1.0, &weight, None)?;
        Ok(vec![Value::Int(Int {
            activation: sum.activation,
            element: Element::I32,
        })])
    }

    /// Integers whose zero point is input `at`, with the scale 1.
    pub(super) fn integer_operand(
        &mut self,
        node: &NodeView<'a>,
        index: usize,
        at: usize,
    ) -> Lowered<Real> {
        let int = self.int(node, index)?;
        if !matches!(int.element, Element::U8 | Element::I8) {
            return Err(unsupported(
                format!("an operand of type {}", int.element.name()),
                "int8 or uint8",
            ));
        }
        let &[zero_point] = self.integer_zero_points(node, at)?.as_slice() else {
            return Err(unsupported(
                "several zero points for a tensor that is computed",
                QUANTISE,
            ));
        };
        let from = super::quantise::Quantisation {
            scale: 1.0,
            zero_point,
            element: int.element,
        };
        if i8::try_from(from.stored_zero_point()).is_err() {
            return Err(shapes(format!(
                "zero point {zero_point} of {}",
                int.element.name()
            )));
        }
        Ok(Self::dequantise(&int, from))
    }

    /// The zero points in input `at`; 0 if it is left out.
    pub(super) fn integer_zero_points(&self, node: &NodeView<'a>, at: usize) -> Lowered<Vec<i64>> {
        match self.optional_constant(node, at)? {
            None => Ok(vec![0]),
            Some(constant) => {
                self.spend(8 * constant.len() as u64)?;
                match constant.ints() {
                    Some(ints) if constant.is_narrow() && ints.len() > 0 => Ok(ints.collect()),
                    _ => Err(unsupported("zero points that are no integers", QUANTISE)),
                }
            }
        }
    }

    /// A constant with scales in input `at` and zero points in the next, by axis `axis`.
    pub(super) fn channel_constant(
        &self,
        node: &NodeView<'a>,
        constant: Constant,
        at: usize,
        axis: usize,
    ) -> Lowered<RealConstant> {
        let scales = self.scales(node, at)?;
        let mut zero_points = self.integer_zero_points(node, at + 1)?;
        if zero_points.len() == 1 {
            zero_points = vec![zero_points[0]; scales.len()];
        }
        let mut scales = scales;
        if scales.len() == 1 {
            scales = vec![scales[0]; zero_points.len()];
        }
        let channels = constant.dims.get(axis).copied().unwrap_or(0) as usize;
        let fits =
            zero_points.len() == scales.len() && (scales.len() == 1 || scales.len() == channels);
        if !fits || !constant.is_narrow() {
            return Err(shapes(format!(
                "{} scales for {channels} channels of {}",
                scales.len(),
                constant.element.name()
            )));
        }
        Ok(RealConstant {
            constant,
            scales: scales.into(),
            zero_points: zero_points.into(),
            axis,
        })
    }

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
        let range = (i64::from(i32::MIN), i64::from(i32::MAX));
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
                            return value.clamp(range.0, range.1) as i32;
                        }
                        let real = scale::dequantise(value, scale, zero_point);
                        scale::quantise(real, step(index), 0, range) as i32
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
                        scale::quantise(f64::from(real), step(index), 0, range) as i32
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

    /// The sums of a convolution: i32 with the scale of the products.
    fn convolution(
        &mut self,
        node: &NodeView<'a>,
        real: &Real,
        scale: f64,
        weight: &Weight,
        bias: Option<Vec<i32>>,
    ) -> Lowered<Real> {
        let spatial = real.activation.shape.get(2..).unwrap_or(&[]).to_vec();
        if !(1..=2).contains(&spatial.len()) || weight.dims.len() != spatial.len() + 2 {
            return Err(unsupported(
                format!(
                    "a convolution of {:?} with {:?}",
                    real.activation.shape, weight.dims
                ),
                "1-D and 2-D convolutions are lowered",
            ));
        }
        let (oc, group_ic) = (weight.dims[0], weight.dims[1]);
        let kernel = &weight.dims[2..];
        if node.extents("kernel_shape", kernel.len(), 1, 1)? != kernel
            && node.ints("kernel_shape").is_some()
        {
            return Err(shapes(format!(
                "kernel_shape {:?} for a weight of shape {:?}",
                node.ints("kernel_shape"),
                weight.dims
            )));
        }
        let windows = windows(node, &spatial, kernel)?;
        let group = u32::try_from(node.int("group", 1))
            .ok()
            .filter(|&group| group > 0);
        let ic = real.activation.shape[1];
        let group = group.filter(|&group| {
            group_ic.checked_mul(group) == Some(ic) && oc % group == 0 && oc > 0 && group_ic > 0
        });
        let Some(group) = group else {
            return Err(shapes(format!(
                "group {} of {ic} channels to {oc}",
                node.int("group", 1)
            )));
        };
        let bias = bias.unwrap_or_else(|| vec![0; oc as usize]);
        if bias.len() != oc as usize
            || (weight.scales.len() != 1 && weight.scales.len() != oc as usize)
        {
            return Err(shapes(format!("{} biases for {oc} channels", bias.len())));
        }
        let exact = |window: &Window| {
            window
                .exact(false)
                .ok_or_else(|| shapes("the kernel is larger than the padded input"))
        };
        let (y, x) = (exact(&windows.y)?, exact(&windows.x)?);
        let input = self.channels_last(&real.activation)?;
        let input = self.crop(input.id, y.crop, x.crop)?;
        let geometry = Geometry {
            pad: [
                windows.y.pad_begin,
                y.pad_end,
                windows.x.pad_begin,
                x.pad_end,
            ],
            stride: [windows.y.stride, windows.x.stride],
            dilation: [windows.y.dilation, windows.x.dilation],
            kernel: [windows.y.kernel, windows.x.kernel],
            output: [real.activation.shape[0], y.output, x.output, oc],
            zero_points: [real.zero_point, weight.zero_point],
        };
        let bound = largest_sum(weight, &bias, real.bound)?;
        let id = if group == 1 {
            self.conv2d(input, weight, 0..oc, &bias, &geometry)?
        } else if group_ic == 1 {
            self.depthwise(input, weight, &bias, &geometry)?
        } else {
            self.grouped(input, weight, group, &bias, &geometry)?
        };
        let mut shape = vec![real.activation.shape[0], oc];
        if spatial.len() == 2 {
            shape.push(y.output);
        }
        shape.push(x.output);
        let activation = Activation {
            id,
            shape,
            layout: Layout::ChannelsLast,
        };
        Ok(Real {
            activation,
            scale: products(scale, &weight.scales),
            zero_point: 0,
            bound,
            limits: NO_LIMITS,
            functions: Vec::new(),
        })
    }

    /// The first rows and columns of a channels-last tensor.
    pub(super) fn crop(&mut self, id: TensorId, y: u32, x: u32) -> Lowered<TensorId> {
        if (y, x) == (0, 0) {
            return Ok(id);
        }
        let mut shape = self.writer.dimensions(id).to_vec();
        shape[1] -= y;
        shape[2] -= x;
        self.note(format!(
            "the last {y} rows and {x} columns, which no window reaches, are cut off"
        ));
        let start = vec![0; shape.len()];
        self.slice(id, &start, &shape)
    }

    /// SLICE: the box of `size` from `start`.
    pub(super) fn slice(&mut self, id: TensorId, start: &[u32], size: &[u32]) -> Lowered<TensorId> {
        let list = |list: &[u32]| list.iter().map(|&n| i64::from(n)).collect::<Vec<_>>();
        let operands = [
            id.into(),
            self.shape_operand(&list(start))?,
            self.shape_operand(&list(size))?,
        ];
        let data_type = self.writer.data_type(id);
        self.emit(Op::Slice, &operands, data_type, size)
    }

    /// CONV2D with the output channels `channels` of the weight.
    fn conv2d(
        &mut self,
        input: TensorId,
        weight: &Weight,
        channels: std::ops::Range<u32>,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let ic = weight.dims[1];
        let [kh, kw] = geometry.kernel;
        let per_channel = (ic * kh * kw) as usize;
        let mut values = Vec::with_capacity(per_channel * channels.len());
        for oc in channels.clone() {
            let own = &weight.values[oc as usize * per_channel..][..per_channel];
            for place in 0..(kh * kw) as usize {
                values.extend(
                    (0..ic as usize).map(|c| i64::from(own[c * (kh * kw) as usize + place])),
                );
            }
        }
        let shape = [channels.len() as u32, kh, kw, ic];
        let weight_id = self.emit_constant(DataType::I8, &shape, &values)?;
        let [n, h, w, _] = geometry.output;
        let output = [n, h, w, channels.len() as u32];
        let operands = self.convolution_operands(input, weight_id, bias, geometry)?;
        let op = Op::Conv2d {
            pad: geometry.pad,
            stride: geometry.stride,
            dilation: geometry.dilation,
        };
        self.emit(op, &operands, DataType::I32, &output)
    }

    fn convolution_operands(
        &mut self,
        input: TensorId,
        weight: TensorId,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<[Operand; 5]> {
        let values: Vec<i64> = bias.iter().map(|&value| i64::from(value)).collect();
        let bias = self.emit_constant(DataType::I32, &[bias.len() as u32], &values)?;
        let [input_zp, weight_zp] = geometry.zero_points.map(i64::from);
        Ok([
            input.into(),
            weight.into(),
            bias.into(),
            self.scalar(DataType::I8, input_zp)?,
            self.scalar(DataType::I8, weight_zp)?,
        ])
    }

    /// DEPTHWISE_CONV2D: output channel `c · M + m` in both formats.
    fn depthwise(
        &mut self,
        input: TensorId,
        weight: &Weight,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let [kh, kw] = geometry.kernel;
        let places = (kh * kw) as usize;
        let oc = weight.dims[0];
        let c = self.writer.dimensions(input)[3];
        let values: Vec<i64> = indices(&[kh, kw, oc])
            .map(|index| {
                let [y, x, channel] = [index[0], index[1], index[2]].map(|n| n as usize);
                i64::from(weight.values[channel * places + y * kw as usize + x])
            })
            .collect();
        let weight_id = self.emit_constant(DataType::I8, &[kh, kw, c, oc / c], &values)?;
        let operands = self.convolution_operands(input, weight_id, bias, geometry)?;
        let op = Op::DepthwiseConv2d {
            pad: geometry.pad,
            stride: geometry.stride,
            dilation: geometry.dilation,
        };
        self.emit(op, &operands, DataType::I32, &geometry.output)
    }

    /// One CONV2D for each group, side by side.
    fn grouped(
        &mut self,
        input: TensorId,
        weight: &Weight,
        group: u32,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let ic = weight.dims[1];
        let oc = weight.dims[0] / group;
        let mut size = self.writer.dimensions(input).to_vec();
        size[3] = ic;
        let mut parts = Vec::new();
        for index in 0..group {
            let part = self.slice(input, &[0, 0, 0, index * ic], &size)?;
            let channels = index * oc..(index + 1) * oc;
            let own = &bias[channels.start as usize..channels.end as usize];
            parts.push(Operand::Tensor(
                self.conv2d(part, weight, channels, own, geometry)?,
            ));
        }
        self.emit(
            Op::Concat { axis: 3 },
            &parts,
            DataType::I32,
            &geometry.output,
        )
    }

    /// Sums of windows: a depthwise convolution with ones. Padding counts as the real number 0.
    pub(super) fn window_sums(
        &mut self,
        real: &Real,
        input: TensorId,
        windows: &Windows,
        exact: [&ExactWindow; 2],
    ) -> Lowered<TensorId> {
        let [n, _, _, c] = *self.writer.dimensions(input) else {
            return Err(shapes("pooling of a tensor that is not 4-D"));
        };
        let kernel = [windows.y.kernel, windows.x.kernel];
        let places = u64::from(kernel[0]) * u64::from(kernel[1]) * u64::from(c);
        self.spend(places)?;
        let geometry = Geometry {
            pad: [
                windows.y.pad_begin,
                exact[0].pad_end,
                windows.x.pad_begin,
                exact[1].pad_end,
            ],
            stride: [windows.y.stride, windows.x.stride],
            dilation: [1, 1],
            kernel,
            output: [n, exact[0].output, exact[1].output, c],
            zero_points: [real.zero_point, 0],
        };
        let weight = Weight {
            dims: vec![c, 1, kernel[0], kernel[1]],
            values: vec![1; places as usize],
            zero_point: 0,
            scales: vec![1.0],
        };
        self.depthwise(input, &weight, &vec![0; c as usize], &geometry)
    }
}

/// The numbers that every way to convolve needs, in TOSA's order.
struct Geometry {
    pad: [u32; 4],
    stride: [u32; 2],
    dilation: [u32; 2],
    kernel: [u32; 2],
    output: [u32; 4],
    /// Of input and weight.
    zero_points: [i32; 2],
}

/// The scale of products.
pub(super) fn products(input: f64, weights: &[f64]) -> Scale {
    match weights {
        &[weight] => Scale::Tensor(scale::product(input, weight)),
        weights => Scale::Channel(
            weights
                .iter()
                .map(|&weight| scale::product(input, weight))
                .collect(),
        ),
    }
}

/// The largest magnitude that a sum can have, if no operand is further from its zero point than `bound`.
///
/// # Errors
/// It could leave 32 bits.
pub(super) fn largest_sum(weight: &Weight, bias: &[i32], bound: i64) -> Lowered<i64> {
    let channels = bias.len().max(1);
    let per_channel = (weight.values.len() / channels).max(1);
    let magnitude = |value: &i8| (i64::from(*value) - i64::from(weight.zero_point)).abs();
    let largest = weight
        .values
        .chunks(per_channel)
        .zip(bias)
        .map(|(own, &bias)| own.iter().map(magnitude).sum::<i64>() * bound + i64::from(bias).abs())
        .max()
        .unwrap_or(0);
    in_32_bits(largest)
}

/// A largest sum, if no sum leaves 32 bits.
pub(super) fn in_32_bits(largest: i64) -> Lowered<i64> {
    if largest <= i64::from(i32::MAX) {
        return Ok(largest);
    }
    Err(unsupported(
        format!("sums up to {largest}, which leave 32 bits"),
        "split the sum into parts that are quantised, or calibrate scales of weight and bias again",
    ))
}

/// One scale and zero point, for operators that know no channels.
pub(super) fn one_scale(constant: &RealConstant) -> Lowered<(f64, i64)> {
    uniform(constant).ok_or_else(|| {
        unsupported(
            "a constant operand with several scales",
            "quantise it per tensor",
        )
    })
}
