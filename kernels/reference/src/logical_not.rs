//! TOSA "LOGICAL_NOT": NOT of each boolean.

use crate::value::View;

pub(crate) fn logical_not(input: View<'_>) -> Vec<i64> {
    input.elements.iter().map(|&value| 1 - value).collect()
}
