//! Rules of the chapter "Tensor Operators".

use super::operation::{
    expect_kernel_level, expect_output_side, expect_rank, expect_shape, expect_type, extent,
    padding, stride,
};
use super::{Checked, Operation};
use crate::attribute::{Convolution, Window};
use crate::operator::{Extent, Padding};
use crate::{DataType, Operator, Refusal, RefusalCode};

/// INT32 among the file's type numbers.
const ACC_I32: u32 = 5;

fn expect_i32_accumulator(acc_type: u32) -> Result<(), Refusal> {
    if acc_type != ACC_I32 {
        return Err(Refusal::new(
            RefusalCode::AccumulatorType,
            format!("type number {acc_type}, not {ACC_I32} (i32)"),
        ));
    }
    Ok(())
}

/// The checked geometry of a pooling operator.
fn pooling(
    operation: &Operation<'_>,
    window: Window<'_>,
) -> Result<(Extent, Extent, Padding), Refusal> {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type(input, "input", DataType::I8)?;
    expect_type(output, "output", DataType::I8)?;
    let &[n, ih, iw, c] = expect_rank(input, "input")?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, c])?;
    let kernel = extent(window.kernel, "kernel", RefusalCode::Kernel)?;
    expect_kernel_level("kernel", u64::from(kernel.y.max(kernel.x)))?;
    let stride = stride(window.stride)?;
    let pad = padding(window.pad)?;
    if pad.top.max(pad.bottom) >= kernel.y || pad.left.max(pad.right) >= kernel.x {
        return Err(Refusal::new(
            RefusalCode::Padding,
            format!("{pad:?} for a kernel of {kernel:?}"),
        ));
    }
    let height = (ih + pad.top + pad.bottom, u64::from(kernel.y));
    expect_output_side("output height", height, stride.y, oh)?;
    let width = (iw + pad.left + pad.right, u64::from(kernel.x));
    expect_output_side("output width", width, stride.x, ow)?;
    Ok((kernel, stride, pad))
}

/// AVG_POOL2D.
pub(super) fn avg_pool2d(operation: &Operation<'_>, window: Window<'_>, acc_type: u32) -> Checked {
    operation.expect(3, 1)?;
    let (kernel, stride, pad) = pooling(operation, window)?;
    expect_i32_accumulator(acc_type)?;
    let operator = Operator::AvgPool2d {
        kernel,
        stride,
        pad,
        input_zp: operation.zero_point(1, "input_zp", DataType::I8)?,
        output_zp: operation.zero_point(2, "output_zp", DataType::I8)?,
    };
    Ok((operator, vec![operation.input_id(0)?]))
}

/// MAX_POOL2D.
pub(super) fn max_pool2d(operation: &Operation<'_>, window: Window<'_>) -> Checked {
    operation.expect(1, 1)?;
    let (kernel, stride, pad) = pooling(operation, window)?;
    let operator = Operator::MaxPool2d {
        kernel,
        stride,
        pad,
    };
    Ok((operator, vec![operation.input_id(0)?]))
}

/// CONV2D.
pub(super) fn conv2d(operation: &Operation<'_>, attribute: &Convolution<'_>) -> Checked {
    operation.expect(5, 1)?;
    let (input, weight, bias) = (
        operation.input(0)?,
        operation.input(1)?,
        operation.input(2)?,
    );
    let output = operation.output()?;
    expect_type(input, "input", DataType::I8)?;
    expect_type(weight, "weight", DataType::I8)?;
    expect_type(bias, "bias", DataType::I32)?;
    expect_type(output, "output", DataType::I32)?;
    expect_i32_accumulator(attribute.acc_type)?;
    let &[n, ih, iw, ic] = expect_rank(input, "input")?;
    let &[oc, kh, kw, _] = expect_rank(weight, "weight")?;
    expect_shape(weight, "weight", &[oc, kh, kw, ic])?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, oc])?;
    let &[bias_len] = expect_rank(bias, "bias")?;
    if bias_len != 1 {
        expect_shape(bias, "bias", &[oc])?;
    }
    let input_zp = operation.zero_point(3, "input_zp", input.data_type)?;
    let weight_zp = operation.zero_point(4, "weight_zp", weight.data_type)?;

    let pad = padding(attribute.pad)?;
    let stride = stride(attribute.stride)?;
    let dilation = extent(attribute.dilation, "dilation", RefusalCode::Dilation)?;
    let dilated = |size: u32, dilation: u32| u64::from(size) * u64::from(dilation);
    expect_kernel_level("dilation times kernel height", dilated(kh, dilation.y))?;
    expect_kernel_level("dilation times kernel width", dilated(kw, dilation.x))?;
    let height = (ih + pad.top + pad.bottom, dilated(kh - 1, dilation.y) + 1);
    expect_output_side("output height", height, stride.y, oh)?;
    let width = (iw + pad.left + pad.right, dilated(kw - 1, dilation.x) + 1);
    expect_output_side("output width", width, stride.x, ow)?;
    let operator = Operator::Conv2d {
        pad,
        stride,
        dilation,
        input_zp,
        weight_zp,
    };
    let inputs = (0..3).map(|index| operation.input_id(index));
    Ok((operator, inputs.collect::<Result<_, _>>()?))
}
