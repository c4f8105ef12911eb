//! TOSA "BITWISE_NOT": all bits of each element turned.

use crate::value::View;

pub(crate) fn bitwise_not(input: View<'_>) -> Vec<i64> {
    input.elements.iter().map(|&value| !value).collect()
}
