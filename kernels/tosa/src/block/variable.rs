//! VARIABLE_READ and VARIABLE_WRITE of a block.

use crate::account::Account;
use crate::ops::{Operand, Operation};
use crate::refusal::Quoted;
use crate::{Node, Operator, Refusal, RefusalCode, Tensor, VariableId};

/// VARIABLE_READ: from a variable to a tensor.
pub(super) fn read(operation: &Operation<'_>, account: &Account<'_, '_>) -> Result<Node, Refusal> {
    operation.expect(1, 1)?;
    let id = variable_of(operation.inputs[0])?;
    expect_variable(account, id, operation.output()?)?;
    Ok(Node {
        operator: Operator::VariableRead(id),
        inputs: Vec::new(),
        outputs: operation.output_ids()?,
        late: Vec::new(),
    })
}

/// VARIABLE_WRITE: from a tensor to a variable.
pub(super) fn write(operation: &Operation<'_>, account: &Account<'_, '_>) -> Result<Node, Refusal> {
    operation.expect(1, 1)?;
    let id = variable_of(operation.outputs[0])?;
    expect_variable(account, id, operation.input(0)?)?;
    Ok(Node {
        operator: Operator::VariableWrite(id),
        inputs: vec![operation.input_id(0)?],
        outputs: Vec::new(),
        late: Vec::new(),
    })
}

fn variable_of(operand: Operand) -> Result<VariableId, Refusal> {
    match operand {
        Operand::Variable(id) => Ok(id),
        Operand::Tensor(_) | Operand::Shape(_) => Err(Refusal::new(
            RefusalCode::OperandKind,
            "VARIABLE_READ reads a variable, VARIABLE_WRITE writes one",
        )),
    }
}

/// Checks that `tensor` has the type and shape of variable `id`.
fn expect_variable(
    account: &Account<'_, '_>,
    id: VariableId,
    tensor: &Tensor,
) -> Result<(), Refusal> {
    let variable = account.declared(id);
    if tensor.data_type != variable.data_type || tensor.shape != variable.shape {
        return Err(Refusal::new(
            RefusalCode::VariableMismatch,
            format!(
                "variable {} is {} {}, tensor {} is {} {}",
                Quoted(&variable.name),
                variable.data_type,
                variable.shape,
                Quoted(&tensor.name),
                tensor.data_type,
                tensor.shape
            ),
        ));
    }
    Ok(())
}
