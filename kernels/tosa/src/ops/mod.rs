//! The rules of each operator (ERROR_IF, level limits, operand types and shapes of TOSA 1.0.2), by the
//! specification's chapters. What passes is a [`Node`] that an executor need not check again.

mod activation;
mod convolution;
mod data_layout;
mod elementwise;
mod operation;
mod reduction;
mod rescale;
mod resize;
mod scatter_gather;
mod table;
mod tensor;
mod type_conversion;
mod window;

pub(crate) use operation::{Operand, Operation, Resolved};

use crate::attribute::Attribute;
use crate::schema::op;
use crate::{DataType, LateOperand, Node, Operator, Refusal, RefusalCode, TensorId};

/// An operator whose rules hold, and the tensors that it reads.
type Checked = Result<(Operator, Vec<TensorId>), Refusal>;

/// The values of an operator that come late.
type Late = Vec<LateOperand>;

const BOOL: [DataType; 1] = [DataType::Bool];
const I32: [DataType; 1] = [DataType::I32];
const INTEGERS: [DataType; 3] = [DataType::I8, DataType::I16, DataType::I32];
const WITH_BOOL: [DataType; 4] = [DataType::Bool, DataType::I8, DataType::I16, DataType::I32];

/// Checks the number of operands of operator `number`, before anybody looks up their names. What [`check`] is not for
/// is not checked here either.
pub(crate) fn expect_operands(number: u32, inputs: usize, outputs: usize) -> Result<(), Refusal> {
    let expected = match number {
        op::CONCAT => inputs,
        op::CONV2D | op::CONV3D | op::DEPTHWISE_CONV2D | op::TRANSPOSE_CONV2D | op::RESCALE => 5,
        op::MATMUL | op::RESIZE => 4,
        op::AVG_POOL2D | op::MUL | op::NEGATE | op::SELECT | op::PAD | op::SLICE | op::SCATTER => 3,
        op::ADD
        | op::ARITHMETIC_RIGHT_SHIFT
        | op::BITWISE_AND
        | op::BITWISE_OR
        | op::BITWISE_XOR
        | op::INTDIV
        | op::LOGICAL_AND
        | op::LOGICAL_LEFT_SHIFT
        | op::LOGICAL_RIGHT_SHIFT
        | op::LOGICAL_OR
        | op::LOGICAL_XOR
        | op::MAXIMUM
        | op::MINIMUM
        | op::SUB
        | op::TABLE
        | op::EQUAL
        | op::GREATER
        | op::GREATER_EQUAL
        | op::RESHAPE
        | op::TILE
        | op::GATHER => 2,
        op::ARGMAX
        | op::MAX_POOL2D
        | op::CLAMP
        | op::ABS
        | op::BITWISE_NOT
        | op::CLZ
        | op::LOGICAL_NOT
        | op::REDUCE_ALL
        | op::REDUCE_ANY
        | op::REDUCE_MAX
        | op::REDUCE_MIN
        | op::REDUCE_SUM
        | op::REVERSE
        | op::TRANSPOSE
        | op::CAST
        | op::IDENTITY => 1,
        _ => return Ok(()),
    };
    operation::expect_counts((inputs, outputs), (expected, 1))
}

/// Checks `operation` by the rules of its operator, after [`expect_operands`]. Not for CONST, CONST_SHAPE, control
/// flow and variables.
pub(crate) fn check(operation: &Operation<'_>, resolved: &mut Resolved) -> Result<Node, Refusal> {
    let mut late = Vec::new();
    let (operator, inputs) = match *operation.attribute {
        Attribute::None => plain(operation, resolved, &mut late)?,
        Attribute::Axis(axis) => along(operation, axis)?,
        Attribute::AvgPool2d { window, acc_type } => {
            tensor::avg_pool2d(operation, window, acc_type, &mut late)?
        }
        Attribute::MaxPool2d { window } => tensor::max_pool2d(operation, window)?,
        Attribute::Convolution(attribute) => match operation.number {
            op::CONV2D => convolution::conv2d(operation, &attribute, &mut late)?,
            op::CONV3D => convolution::conv3d(operation, &attribute, &mut late)?,
            op::DEPTHWISE_CONV2D => {
                convolution::depthwise_conv2d(operation, &attribute, &mut late)?
            }
            _ => return Err(elsewhere(operation)),
        },
        Attribute::TransposeConv2d {
            out_pad,
            stride,
            acc_type,
        } => convolution::transpose_conv2d(operation, (out_pad, stride), acc_type, &mut late)?,
        Attribute::Clamp { min, max } => activation::clamp(operation, min, max)?,
        Attribute::Round(round) => {
            let operator = Operator::ArithmeticRightShift { round };
            elementwise::shift(operation, operator, resolved)?
        }
        Attribute::Perms(perms) => data_layout::transpose(operation, perms)?,
        Attribute::ResizeMode(mode) => resize::resize(operation, mode)?,
        Attribute::Rescale(attribute) => {
            rescale::rescale(operation, &attribute, resolved, &mut late)?
        }
        Attribute::Regions { .. } => return Err(elsewhere(operation)),
    };
    let node = Node {
        operator,
        inputs,
        outputs: operation.output_ids()?,
        late,
    };
    resolved.trace(&node)?;
    Ok(node)
}

/// Operators without parameters.
fn plain(operation: &Operation<'_>, resolved: &mut Resolved, late: &mut Late) -> Checked {
    use elementwise::{binary, comparison, shift, unary};
    match operation.number {
        op::MATMUL => tensor::mat_mul(operation, late),
        op::ADD => binary(operation, Operator::Add, &I32),
        op::BITWISE_AND => binary(operation, Operator::BitwiseAnd, &INTEGERS),
        op::BITWISE_OR => binary(operation, Operator::BitwiseOr, &INTEGERS),
        op::BITWISE_XOR => binary(operation, Operator::BitwiseXor, &INTEGERS),
        op::INTDIV => binary(operation, Operator::IntDiv, &I32),
        op::LOGICAL_AND => binary(operation, Operator::LogicalAnd, &BOOL),
        op::LOGICAL_LEFT_SHIFT => shift(operation, Operator::LogicalLeftShift, resolved),
        op::LOGICAL_RIGHT_SHIFT => shift(operation, Operator::LogicalRightShift, resolved),
        op::LOGICAL_OR => binary(operation, Operator::LogicalOr, &BOOL),
        op::LOGICAL_XOR => binary(operation, Operator::LogicalXor, &BOOL),
        op::MAXIMUM => binary(operation, Operator::Maximum, &I32),
        op::MINIMUM => binary(operation, Operator::Minimum, &I32),
        op::MUL => elementwise::mul(operation, late),
        op::SUB => binary(operation, Operator::Sub, &I32),
        op::TABLE => table::table(operation, resolved, late),
        op::ABS => unary(operation, Operator::Abs, &I32),
        op::BITWISE_NOT => unary(operation, Operator::BitwiseNot, &INTEGERS),
        op::CLZ => unary(operation, Operator::Clz, &I32),
        op::LOGICAL_NOT => unary(operation, Operator::LogicalNot, &BOOL),
        op::NEGATE => elementwise::negate(operation, late),
        op::SELECT => elementwise::select(operation),
        op::EQUAL => comparison(operation, Operator::Equal),
        op::GREATER => comparison(operation, Operator::Greater),
        op::GREATER_EQUAL => comparison(operation, Operator::GreaterEqual),
        op::PAD => data_layout::pad(operation, late),
        op::RESHAPE => data_layout::reshape(operation),
        op::SLICE => data_layout::slice(operation),
        op::TILE => data_layout::tile(operation),
        op::GATHER => scatter_gather::gather(operation),
        op::SCATTER => scatter_gather::scatter(operation),
        op::CAST => type_conversion::cast(operation),
        op::IDENTITY => unary(operation, Operator::Identity, &DataType::ALL),
        _ => Err(elsewhere(operation)),
    }
}

/// Operators whose one parameter is an axis.
fn along(operation: &Operation<'_>, axis: i32) -> Checked {
    use reduction::reduce;
    match operation.number {
        op::ARGMAX => tensor::arg_max(operation, axis),
        op::REDUCE_ALL => reduce(operation, axis, &BOOL, |axis| Operator::ReduceAll { axis }),
        op::REDUCE_ANY => reduce(operation, axis, &BOOL, |axis| Operator::ReduceAny { axis }),
        op::REDUCE_MAX => reduce(operation, axis, &INTEGERS, |axis| Operator::ReduceMax {
            axis,
        }),
        op::REDUCE_MIN => reduce(operation, axis, &INTEGERS, |axis| Operator::ReduceMin {
            axis,
        }),
        op::REDUCE_SUM => reduce(operation, axis, &I32, |axis| Operator::ReduceSum { axis }),
        op::CONCAT => data_layout::concat(operation, axis),
        op::REVERSE => data_layout::reverse(operation, axis),
        _ => Err(elsewhere(operation)),
    }
}

/// An operator that has no rules here.
fn elsewhere(operation: &Operation<'_>) -> Refusal {
    Refusal::new(
        RefusalCode::UnsupportedOperator,
        format!("operator number {}", operation.number),
    )
}
