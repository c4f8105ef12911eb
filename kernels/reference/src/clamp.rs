//! TOSA "CLAMP": limits each element to `min..=max`.

use crate::value::View;

pub(crate) fn clamp(input: View<'_>, min: i64, max: i64) -> Vec<i64> {
    let limited = |&value: &i64| value.max(min).min(max);
    input.elements.iter().map(limited).collect()
}
