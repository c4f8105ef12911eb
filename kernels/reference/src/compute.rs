//! Which file computes which operator.

use aivm_tosa::{DataType, Operator, Tensor};

use crate::value::View;
use crate::*;

/// The elements of the output of a tensor operator, from its operands.
///
/// # Panics
/// For operators of control flow and variables, which `run` computes.
pub(crate) fn compute(
    operator: &Operator,
    inputs: &[View<'_>],
    input_types: &[DataType],
    output: &Tensor,
) -> Vec<i64> {
    let (shape, data_type) = (output.shape.dimensions(), output.data_type);
    match operator {
        Operator::ArgMax { axis } => argmax::argmax(inputs[0], *axis),
        Operator::AvgPool2d {
            kernel,
            stride,
            pad,
            input_zp,
            output_zp,
        } => {
            let zero_points = avg_pool2d::ZeroPoints {
                input: *input_zp,
                output: *output_zp,
            };
            let window = (*kernel, *stride, *pad);
            avg_pool2d::avg_pool2d(data_type, shape, inputs[0], window, &zero_points)
        }
        Operator::Conv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        }
        | Operator::DepthwiseConv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        } => {
            let parameters = conv2d::Parameters {
                pad: *pad,
                stride: *stride,
                dilation: *dilation,
                input_zp: *input_zp,
                weight_zp: *weight_zp,
            };
            let convolve = match operator {
                Operator::Conv2d { .. } => conv2d::conv2d,
                _ => depthwise_conv2d::depthwise_conv2d,
            };
            let bias = inputs[2].elements;
            convolve(data_type, shape, inputs[0], inputs[1], bias, &parameters)
        }
        Operator::Conv3d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        } => {
            let parameters = conv3d::Parameters {
                pad: *pad,
                stride: *stride,
                dilation: *dilation,
                input_zp: *input_zp,
                weight_zp: *weight_zp,
            };
            let bias = inputs[2].elements;
            conv3d::conv3d(data_type, shape, inputs[0], inputs[1], bias, &parameters)
        }
        Operator::MatMul { a_zp, b_zp } => {
            matmul::matmul(data_type, inputs[0], inputs[1], (*a_zp, *b_zp))
        }
        Operator::MaxPool2d {
            kernel,
            stride,
            pad,
        } => max_pool2d::max_pool2d(data_type, shape, inputs[0], *kernel, *stride, *pad),
        Operator::TransposeConv2d {
            out_pad,
            stride,
            input_zp,
            weight_zp,
        } => {
            let parameters = transpose_conv2d::Parameters {
                out_pad: *out_pad,
                stride: *stride,
                input_zp: *input_zp,
                weight_zp: *weight_zp,
            };
            let (weight, bias) = (inputs[1], inputs[2].elements);
            transpose_conv2d::transpose_conv2d(
                data_type,
                shape,
                inputs[0],
                weight,
                bias,
                &parameters,
            )
        }

        Operator::Clamp { min, max } => clamp::clamp(inputs[0], *min, *max),

        Operator::Add => add::add(shape, inputs[0], inputs[1]),
        Operator::ArithmeticRightShift { round } => arithmetic_right_shift::arithmetic_right_shift(
            data_type, shape, inputs[0], inputs[1], *round,
        ),
        Operator::BitwiseAnd => bitwise_and::bitwise_and(shape, inputs[0], inputs[1]),
        Operator::BitwiseOr => bitwise_or::bitwise_or(shape, inputs[0], inputs[1]),
        Operator::BitwiseXor => bitwise_xor::bitwise_xor(shape, inputs[0], inputs[1]),
        Operator::IntDiv => intdiv::intdiv(shape, inputs[0], inputs[1]),
        Operator::LogicalAnd => logical_and::logical_and(shape, inputs[0], inputs[1]),
        Operator::LogicalLeftShift => {
            logical_left_shift::logical_left_shift(data_type, shape, inputs[0], inputs[1])
        }
        Operator::LogicalRightShift => {
            logical_right_shift::logical_right_shift(data_type, shape, inputs[0], inputs[1])
        }
        Operator::LogicalOr => logical_or::logical_or(shape, inputs[0], inputs[1]),
        Operator::LogicalXor => logical_xor::logical_xor(shape, inputs[0], inputs[1]),
        Operator::Maximum => maximum::maximum(shape, inputs[0], inputs[1]),
        Operator::Minimum => minimum::minimum(shape, inputs[0], inputs[1]),
        Operator::Mul { shift } => mul::mul(shape, inputs[0], inputs[1], *shift),
        Operator::Sub => sub::sub(shape, inputs[0], inputs[1]),
        Operator::Table(content) => table::table(inputs[0], content),

        Operator::Abs => abs::abs(inputs[0]),
        Operator::BitwiseNot => bitwise_not::bitwise_not(inputs[0]),
        Operator::Clz => clz::clz(inputs[0]),
        Operator::LogicalNot => logical_not::logical_not(inputs[0]),
        Operator::Negate {
            input_zp,
            output_zp,
        } => negate::negate(data_type, inputs[0], *input_zp, *output_zp),

        Operator::Select => select::select(shape, inputs[0], inputs[1], inputs[2]),
        Operator::Equal => equal::equal(shape, inputs[0], inputs[1]),
        Operator::Greater => greater::greater(shape, inputs[0], inputs[1]),
        Operator::GreaterEqual => greater_equal::greater_equal(shape, inputs[0], inputs[1]),

        Operator::ReduceAll { axis } => reduce_all::reduce_all(inputs[0], *axis),
        Operator::ReduceAny { axis } => reduce_any::reduce_any(inputs[0], *axis),
        Operator::ReduceMax { axis } => reduce_max::reduce_max(data_type, inputs[0], *axis),
        Operator::ReduceMin { axis } => reduce_min::reduce_min(data_type, inputs[0], *axis),
        Operator::ReduceSum { axis } => reduce_sum::reduce_sum(inputs[0], *axis),

        Operator::Concat { axis } => concat::concat(inputs, *axis),
        Operator::Pad { before, pad_const } => pad::pad(shape, inputs[0], before, *pad_const),
        Operator::Reshape => reshape::reshape(inputs[0]),
        Operator::Reverse { axis } => reverse::reverse(inputs[0], *axis),
        Operator::Slice { start } => slice::slice(shape, inputs[0], start),
        Operator::Tile => tile::tile(shape, inputs[0]),
        Operator::Transpose { perms } => transpose::transpose(shape, inputs[0], perms),

        Operator::Gather => gather::gather(inputs[0], inputs[1]),
        Operator::Scatter => scatter::scatter(inputs[0], inputs[1], inputs[2]),
        Operator::Resize { mode, y, x } => resize::resize(shape, inputs[0], *mode, (*y, *x)),

        Operator::Cast => cast::cast(data_type, inputs[0]),
        Operator::Rescale {
            factors,
            rounding,
            input_zp,
            output_zp,
            input_unsigned,
            output_unsigned,
            per_channel: _,
            scale32: _,
        } => {
            let from = rescale::Side {
                data_type: input_types[0],
                zero_point: *input_zp,
                unsigned: *input_unsigned,
            };
            let to = rescale::Side {
                data_type,
                zero_point: *output_zp,
                unsigned: *output_unsigned,
            };
            rescale::rescale(inputs[0], factors, *rounding, from, to)
        }
        Operator::Identity => identity::identity(inputs[0]),

        Operator::CondIf { .. }
        | Operator::WhileLoop { .. }
        | Operator::VariableRead(_)
        | Operator::VariableWrite(_) => unreachable!("run computes {}", operator.name()),
    }
}
