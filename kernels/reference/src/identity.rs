//! TOSA "IDENTITY": the same value.

use crate::value::View;

pub(crate) fn identity(input: View<'_>) -> Vec<i64> {
    input.elements.to_vec()
}
