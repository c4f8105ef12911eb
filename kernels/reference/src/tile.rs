//! TOSA "TILE": the input repeated along each axis until the output's shape is full.

use crate::places::{for_each_index, place};
use crate::value::View;

pub(crate) fn tile(shape: &[u32], input: View<'_>) -> Vec<i64> {
    for_each_index(shape, |index| {
        let within = index.iter().zip(input.shape).map(|(at, side)| at % side);
        input.elements[place(input.shape, within)]
    })
}
