//! The rules of each operator (ERROR_IF, level limits, operand types and shapes of TOSA 1.0.2), by the
//! specification's chapters. What passes is a [`Node`] that an executor need not check again.

mod activation;
mod data_layout;
mod elementwise;
mod operation;
mod reduction;
mod rescale;
mod tensor;

pub(crate) use operation::{Operand, Operation, Resolved};

use crate::attribute::{Attribute, op};
use crate::{Node, Operator, Refusal, RefusalCode, TensorId};

/// An operator whose rules hold, and the tensors that it reads.
type Checked = Result<(Operator, Vec<TensorId>), Refusal>;

/// Checks `operation` by the rules of its operator. CONST and CONST_SHAPE are not for here.
pub(crate) fn check(operation: &Operation<'_>, resolved: &mut Resolved) -> Result<Node, Refusal> {
    let (operator, inputs) = match (operation.number, operation.attribute) {
        (op::AVG_POOL2D, Attribute::AvgPool2d { window, acc_type }) => {
            tensor::avg_pool2d(operation, *window, *acc_type)
        }
        (op::MAX_POOL2D, Attribute::MaxPool2d { window }) => tensor::max_pool2d(operation, *window),
        (op::CONV2D, Attribute::Convolution(attribute)) => tensor::conv2d(operation, attribute),
        (op::CLAMP, Attribute::Clamp { min, max }) => activation::clamp(operation, *min, *max),
        (op::ADD, _) => elementwise::binary(operation, Operator::Add),
        (op::SUB, _) => elementwise::binary(operation, Operator::Sub),
        (op::MUL, _) => elementwise::mul(operation),
        (op::ARITHMETIC_RIGHT_SHIFT, Attribute::Round(round)) => elementwise::shift(
            operation,
            Operator::ArithmeticRightShift { round: *round },
            resolved,
        ),
        (op::LOGICAL_LEFT_SHIFT, _) => {
            elementwise::shift(operation, Operator::LogicalLeftShift, resolved)
        }
        (op::TABLE, _) => elementwise::table(operation, resolved),
        (op::CLZ, _) => elementwise::clz(operation),
        (op::REDUCE_MAX, Attribute::Axis(axis)) => reduction::reduce_max(operation, *axis),
        (op::REDUCE_SUM, Attribute::Axis(axis)) => reduction::reduce_sum(operation, *axis),
        (op::RESHAPE, _) => data_layout::reshape(operation),
        (op::SLICE, _) => data_layout::slice(operation),
        (op::RESCALE, Attribute::Rescale(attribute)) => {
            rescale::rescale(operation, attribute, resolved)
        }
        (number, _) => Err(Refusal::new(
            RefusalCode::UnsupportedOperator,
            format!("operator number {number}"),
        )),
    }?;
    Ok(Node {
        operator,
        inputs,
        outputs: operation.output_ids()?,
        late: Vec::new(),
    })
}
