//! TOSA "REVERSE": the order along one axis turned.

use crate::places::{for_each_index, place};
use crate::value::View;

pub(crate) fn reverse(input: View<'_>, axis: u32) -> Vec<i64> {
    for_each_index(input.shape, |index| {
        let turned = index.iter().enumerate().map(|(i, &at)| {
            if i == axis as usize {
                input.shape[i] - 1 - at
            } else {
                at
            }
        });
        input.elements[place(input.shape, turned)]
    })
}
