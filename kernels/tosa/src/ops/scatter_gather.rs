//! Rules of the chapter "Scatter/Gather Operators".

use super::operation::{expect_rank, expect_shape, expect_type, expect_type_in};
use super::{Checked, INTEGERS, Operation};
use crate::{DataType, Operator, Refusal, RefusalCode};

/// N, K, C of the values and W of the indices, after their types and ranks were checked.
fn operands(operation: &Operation<'_>) -> Result<[u32; 4], Refusal> {
    let (values, indices) = (operation.input(0)?, operation.input(1)?);
    expect_type_in(values, "values", &INTEGERS)?;
    expect_type(indices, "indices", DataType::I32)?;
    expect_type(operation.output()?, "output", values.data_type)?;
    let &[n, k, c] = expect_rank(values, "values")?;
    let &[_, w] = expect_rank(indices, "indices")?;
    expect_shape(indices, "indices", &[n, w])?;
    Ok([n, k, c, w])
}

/// GATHER.
pub(super) fn gather(operation: &Operation<'_>) -> Checked {
    let [n, _, c, w] = operands(operation)?;
    expect_shape(operation.output()?, "output", &[n, w, c])?;
    Ok((Operator::Gather, operation.input_ids(2)?))
}

/// SCATTER. No row may be written twice, so there are not more rows to write than rows.
pub(super) fn scatter(operation: &Operation<'_>) -> Checked {
    let [n, k, c, w] = operands(operation)?;
    let (values, input) = (operation.input(0)?, operation.input(2)?);
    expect_type(input, "input", values.data_type)?;
    expect_shape(input, "input", &[n, w, c])?;
    expect_shape(operation.output()?, "values_out", &[n, k, c])?;
    if w > k {
        return Err(Refusal::new(
            RefusalCode::ScatterRows,
            format!("{w} rows into {k}"),
        ));
    }
    Ok((Operator::Scatter, operation.input_ids(3)?))
}
