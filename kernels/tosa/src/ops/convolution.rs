//! Rules of the convolutions, chapter "Tensor Operators".

use super::operation::{Place, expect_rank, expect_shape, expect_type, expect_type_in};
use super::tensor::expect_accumulator;
use super::window::{
    expect_kernel_level, expect_output_side, extent, out_padding, paddings, plane, sizes, strides,
};
use super::{Checked, Late, Operation};
use crate::attribute::Convolution;
use crate::flatbuffer::Ints;
use crate::operator::{Extent3, Padding3};
use crate::{DataType, Operator, Refusal, RefusalCode, Slot, Tensor};

const INPUT_ZP: Place = Place::new(3, "input_zp", Slot::InputZp);
const WEIGHT_ZP: Place = Place::new(4, "weight_zp", Slot::WeightZp);

/// Input, weight and output, after the number and types of the operands were checked: i8 by i8 or i4 into i32,
/// i16 by i8 into i48.
fn operands<'a>(
    operation: &Operation<'a>,
    acc_type: u32,
) -> Result<(&'a Tensor, &'a Tensor, &'a Tensor), Refusal> {
    let (input, weight, bias, output) = (
        operation.input(0)?,
        operation.input(1)?,
        operation.input(2)?,
        operation.output()?,
    );
    expect_type_in(input, "input", &[DataType::I8, DataType::I16])?;
    let sum = if input.data_type == DataType::I8 {
        expect_type_in(weight, "weight", &[DataType::I8, DataType::I4])?;
        DataType::I32
    } else {
        expect_type(weight, "weight", DataType::I8)?;
        DataType::I48
    };
    expect_type(bias, "bias", sum)?;
    expect_type(output, "output", sum)?;
    expect_accumulator(acc_type, sum)?;
    Ok((input, weight, output))
}

/// Checks that the bias has one element or `channels`.
fn expect_bias(operation: &Operation<'_>, channels: u32) -> Result<(), Refusal> {
    let &[len] = expect_rank(operation.input(2)?, "bias")?;
    if len != 1 && len != channels {
        return Err(Refusal::new(
            RefusalCode::BiasLength,
            format!("{len} for {channels} output channels"),
        ));
    }
    Ok(())
}

/// The zero points of input and weight.
fn zero_points(
    operation: &Operation<'_>,
    (input, weight): (&Tensor, &Tensor),
    late: &mut Late,
) -> Result<(i32, i32), Refusal> {
    Ok((
        operation.zero_point(INPUT_ZP, input.data_type, late)?,
        operation.zero_point(WEIGHT_ZP, weight.data_type, late)?,
    ))
}

/// Padding (two numbers an axis), stride and dilation.
struct Geometry<const AXES: usize, const SIDES: usize> {
    pad: [u32; SIDES],
    stride: [u32; AXES],
    dilation: [u32; AXES],
}

/// Reads the lists of the attribute and checks them against the sides of input, kernel and output along each axis.
fn geometry<const AXES: usize, const SIDES: usize>(
    attribute: &Convolution<'_>,
    axes: [(&str, [u32; 3]); AXES],
) -> Result<Geometry<AXES, SIDES>, Refusal> {
    let pad: [u32; SIDES] = paddings(attribute.pad)?;
    let stride: [u32; AXES] = strides(attribute.stride)?;
    let dilation: [u32; AXES] = sizes(attribute.dilation, "dilation", RefusalCode::Dilation)?;
    for (index, (name, [input, kernel, output])) in axes.into_iter().enumerate() {
        let dilated = |size: u32| u64::from(size) * u64::from(dilation[index]);
        expect_kernel_level(name, dilated(kernel))?;
        let padded = input + pad[2 * index] + pad[2 * index + 1];
        let window = dilated(kernel - 1) + 1;
        expect_output_side(name, (padded, window), stride[index], output)?;
    }
    Ok(Geometry {
        pad,
        stride,
        dilation,
    })
}

/// CONV2D.
pub(super) fn conv2d(
    operation: &Operation<'_>,
    attribute: &Convolution<'_>,
    late: &mut Late,
) -> Checked {
    let (input, weight, output) = operands(operation, attribute.acc_type)?;
    let &[n, ih, iw, ic] = expect_rank(input, "input")?;
    let &[oc, kh, kw, _] = expect_rank(weight, "weight")?;
    expect_shape(weight, "weight", &[oc, kh, kw, ic])?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, oc])?;
    expect_bias(operation, oc)?;
    let (input_zp, weight_zp) = zero_points(operation, (input, weight), late)?;
    let axes = [("height", [ih, kh, oh]), ("width", [iw, kw, ow])];
    let geometry = geometry(attribute, axes)?;
    let operator = Operator::Conv2d {
        pad: plane(geometry.pad),
        stride: extent(geometry.stride),
        dilation: extent(geometry.dilation),
        input_zp,
        weight_zp,
    };
    Ok((operator, operation.input_ids(3)?))
}

/// DEPTHWISE_CONV2D.
pub(super) fn depthwise_conv2d(
    operation: &Operation<'_>,
    attribute: &Convolution<'_>,
    late: &mut Late,
) -> Checked {
    let (input, weight, output) = operands(operation, attribute.acc_type)?;
    let &[n, ih, iw, c] = expect_rank(input, "input")?;
    let &[kh, kw, _, m] = expect_rank(weight, "weight")?;
    expect_shape(weight, "weight", &[kh, kw, c, m])?;
    let &[_, oh, ow, oc] = expect_rank(output, "output")?;
    // Both are sides of a weight whose elements fit an i32.
    expect_shape(output, "output", &[n, oh, ow, c * m])?;
    expect_bias(operation, oc)?;
    let (input_zp, weight_zp) = zero_points(operation, (input, weight), late)?;
    let axes = [("height", [ih, kh, oh]), ("width", [iw, kw, ow])];
    let geometry = geometry(attribute, axes)?;
    let operator = Operator::DepthwiseConv2d {
        pad: plane(geometry.pad),
        stride: extent(geometry.stride),
        dilation: extent(geometry.dilation),
        input_zp,
        weight_zp,
    };
    Ok((operator, operation.input_ids(3)?))
}

/// CONV3D.
pub(super) fn conv3d(
    operation: &Operation<'_>,
    attribute: &Convolution<'_>,
    late: &mut Late,
) -> Checked {
    let (input, weight, output) = operands(operation, attribute.acc_type)?;
    let &[n, id, ih, iw, ic] = expect_rank(input, "input")?;
    let &[oc, kd, kh, kw, _] = expect_rank(weight, "weight")?;
    expect_shape(weight, "weight", &[oc, kd, kh, kw, ic])?;
    let &[_, od, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, od, oh, ow, oc])?;
    expect_bias(operation, oc)?;
    let (input_zp, weight_zp) = zero_points(operation, (input, weight), late)?;
    let axes = [
        ("depth", [id, kd, od]),
        ("height", [ih, kh, oh]),
        ("width", [iw, kw, ow]),
    ];
    let geometry = geometry(attribute, axes)?;
    let [front, back, top, bottom, left, right] = geometry.pad;
    let steps = |[z, y, x]: [u32; 3]| Extent3 { z, y, x };
    let operator = Operator::Conv3d {
        pad: Padding3 {
            front,
            back,
            plane: plane([top, bottom, left, right]),
        },
        stride: steps(geometry.stride),
        dilation: steps(geometry.dilation),
        input_zp,
        weight_zp,
    };
    Ok((operator, operation.input_ids(3)?))
}

/// TRANSPOSE_CONV2D.
pub(super) fn transpose_conv2d(
    operation: &Operation<'_>,
    (out_pad, stride): (Ints<'_>, Ints<'_>),
    acc_type: u32,
    late: &mut Late,
) -> Checked {
    let (input, weight, output) = operands(operation, acc_type)?;
    let &[n, ih, iw, ic] = expect_rank(input, "input")?;
    let &[oc, kh, kw, _] = expect_rank(weight, "weight")?;
    expect_shape(weight, "weight", &[oc, kh, kw, ic])?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, oc])?;
    expect_bias(operation, oc)?;
    let (input_zp, weight_zp) = zero_points(operation, (input, weight), late)?;
    expect_kernel_level("kernel", u64::from(kh.max(kw)))?;
    let out_pad = out_padding(out_pad, (kh, kw))?;
    let stride = extent(strides(stride)?);
    let expected = |side: u32, step: u32, pads: [i32; 2], kernel: u32| {
        (i64::from(side) - 1) * i64::from(step)
            + i64::from(pads[0])
            + i64::from(pads[1])
            + i64::from(kernel)
    };
    let sides = [
        expected(ih, stride.y, [out_pad.top, out_pad.bottom], kh),
        expected(iw, stride.x, [out_pad.left, out_pad.right], kw),
    ];
    if sides != [i64::from(oh), i64::from(ow)] {
        return Err(Refusal::new(
            RefusalCode::OutputSize,
            format!("{oh} by {ow}, expected {} by {}", sides[0], sides[1]),
        ));
    }
    let operator = Operator::TransposeConv2d {
        out_pad,
        stride,
        input_zp,
        weight_zp,
    };
    Ok((operator, operation.input_ids(3)?))
}
