//! TOSA "CLZ": number of zero bits above the highest one of an i32; 32 for 0.

use crate::value::View;

pub(crate) fn clz(input: View<'_>) -> Vec<i64> {
    let zeros = |&value: &i64| i64::from((value as i32).leading_zeros());
    input.elements.iter().map(zeros).collect()
}
