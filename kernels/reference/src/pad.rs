//! TOSA "PAD": the input inside a larger tensor, `before` elements from its start along each axis; the rest is
//! filled with one value.

use crate::places::{for_each_index, place};
use crate::value::View;

pub(crate) fn pad(shape: &[u32], input: View<'_>, before: &[u32], pad_const: i64) -> Vec<i64> {
    for_each_index(shape, |index| {
        let mut inner = index.iter().zip(before).zip(input.shape);
        if inner.any(|((&at, &before), &side)| at < before || at - before >= side) {
            return pad_const;
        }
        let inner = index.iter().zip(before).map(|(at, before)| at - before);
        input.elements[place(input.shape, inner)]
    })
}
