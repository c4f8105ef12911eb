//! Conv, QLinearConv and ConvInteger.

use super::conv2d::Geometry;
use super::sums::{largest_sum, products};
use super::weight::Weight;
use super::window::{placed, windows};
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::value::{Int, Real, Value};

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
        let (real, from) = self.dequantised(node, 0)?;
        let constant = self.constant(node, 3)?;
        let weight = self.channel_constant(node, constant, 4, 0)?;
        let weight = self.weight(&weight, 0)?;
        let to = self.quantisation(node, 6, from.element)?;
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
        let weight = self.unscaled_constant(node, constant, 3, 0)?;
        let weight = self.weight(&weight, 0)?;
        let sum = self.convolution(node, &real, 1.0, &weight, None)?;
        Ok(vec![Value::Int(Int {
            activation: sum.activation,
            element: Element::I32,
        })])
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
        let ic = real.activation.shape[1];
        let group = u32::try_from(node.int("group", 1))
            .ok()
            .filter(|&group| group > 0 && oc > 0 && group_ic > 0)
            .filter(|&group| group_ic.checked_mul(group) == Some(ic) && oc.is_multiple_of(group));
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
        let exact = windows.exact(false)?;
        let input = self.channels_last(&real.activation)?;
        let input = self.crop(input.id, exact.crop)?;
        let [h, w] = exact.output;
        let geometry = Geometry {
            pad: exact.pad,
            stride: windows.stride(),
            dilation: windows.dilation(),
            kernel: windows.kernel(),
            output: [real.activation.shape[0], h, w, oc],
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
        Ok(Real::new(
            placed(id, &real.activation.shape, oc, exact.output),
            products(scale, &weight.scales),
            0,
            bound,
        ))
    }
}
