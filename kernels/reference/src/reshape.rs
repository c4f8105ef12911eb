//! TOSA "RESHAPE": the same elements in the same order, in another shape.

use crate::value::View;

pub(crate) fn reshape(input: View<'_>) -> Vec<i64> {
    input.elements.to_vec()
}
