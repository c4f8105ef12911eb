//! Rules of the chapter "Tensor Operators", convolutions aside.

use super::operation::{
    Place, expect_axis, expect_rank, expect_shape, expect_type, expect_type_in,
};
use super::window::{
    expect_kernel_level, expect_output_side, extent, paddings, plane, sizes, strides,
};
use super::{Checked, Late, Operation};
use crate::attribute::Window;
use crate::operator::{Extent, Padding};
use crate::schema::type_number;
use crate::{DataType, Operator, Refusal, RefusalCode, Slot};

/// Checks that the accumulator is `data_type`, i32 or i48.
pub(super) fn expect_accumulator(acc_type: u32, data_type: DataType) -> Result<(), Refusal> {
    let expected = type_number(data_type);
    if acc_type != expected {
        return Err(Refusal::new(
            RefusalCode::AccumulatorType,
            format!("type number {acc_type}, not {expected} ({data_type})"),
        ));
    }
    Ok(())
}

/// ARGMAX.
pub(super) fn arg_max(operation: &Operation<'_>, axis: i32) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", &[DataType::I8, DataType::I16])?;
    expect_type(output, "output", DataType::I32)?;
    let axis = expect_axis(input, axis)?;
    let mut sides = input.shape.dimensions().to_vec();
    sides.remove(axis);
    expect_shape(output, "output", &sides)?;
    let axis = axis as u32;
    Ok((Operator::ArgMax { axis }, operation.input_ids(1)?))
}

/// The checked geometry of a pooling operator.
fn pooling(
    operation: &Operation<'_>,
    window: Window<'_>,
) -> Result<(Extent, Extent, Padding), Refusal> {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input", &[DataType::I8, DataType::I16])?;
    expect_type(output, "output", input.data_type)?;
    let &[n, ih, iw, c] = expect_rank(input, "input")?;
    let &[_, oh, ow, _] = expect_rank(output, "output")?;
    expect_shape(output, "output", &[n, oh, ow, c])?;
    let kernel = extent(sizes(window.kernel, "kernel", RefusalCode::Kernel)?);
    expect_kernel_level("kernel", u64::from(kernel.y.max(kernel.x)))?;
    let stride = extent(strides(window.stride)?);
    let pad = plane(paddings(window.pad)?);
    if pad.top.max(pad.bottom) >= kernel.y || pad.left.max(pad.right) >= kernel.x {
        return Err(Refusal::new(
            RefusalCode::PoolPadding,
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
pub(super) fn avg_pool2d(
    operation: &Operation<'_>,
    window: Window<'_>,
    acc_type: u32,
    late: &mut Late,
) -> Checked {
    let (kernel, stride, pad) = pooling(operation, window)?;
    expect_accumulator(acc_type, DataType::I32)?;
    let data_type = operation.input(0)?.data_type;
    let [input_zp, output_zp] = [
        Place::new(1, "input_zp", Slot::InputZp),
        Place::new(2, "output_zp", Slot::OutputZp),
    ];
    let operator = Operator::AvgPool2d {
        kernel,
        stride,
        pad,
        input_zp: operation.zero_point(input_zp, data_type, late)?,
        output_zp: operation.zero_point(output_zp, data_type, late)?,
    };
    Ok((operator, operation.input_ids(1)?))
}

/// MAX_POOL2D.
pub(super) fn max_pool2d(operation: &Operation<'_>, window: Window<'_>) -> Checked {
    let (kernel, stride, pad) = pooling(operation, window)?;
    let operator = Operator::MaxPool2d {
        kernel,
        stride,
        pad,
    };
    Ok((operator, operation.input_ids(1)?))
}

/// MATMUL.
pub(super) fn mat_mul(operation: &Operation<'_>, late: &mut Late) -> Checked {
    let (a, b, output) = (
        operation.input(0)?,
        operation.input(1)?,
        operation.output()?,
    );
    expect_type_in(a, "A", &[DataType::I8, DataType::I16])?;
    expect_type(b, "B", a.data_type)?;
    let sum = if a.data_type == DataType::I8 {
        DataType::I32
    } else {
        DataType::I48
    };
    expect_type(output, "output", sum)?;
    let &[n, h, c] = expect_rank(a, "A")?;
    let &[_, _, w] = expect_rank(b, "B")?;
    expect_shape(b, "B", &[n, c, w])?;
    expect_shape(output, "output", &[n, h, w])?;
    let [a_zp, b_zp] = [
        Place::new(2, "A_zp", Slot::InputZp),
        Place::new(3, "B_zp", Slot::WeightZp),
    ];
    let operator = Operator::MatMul {
        a_zp: operation.zero_point(a_zp, a.data_type, late)?,
        b_zp: operation.zero_point(b_zp, b.data_type, late)?,
    };
    Ok((operator, operation.input_ids(2)?))
}
