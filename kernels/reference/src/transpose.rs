//! TOSA "TRANSPOSE": axes in another order; output axis `i` is input axis `perms[i]`.

use crate::places::{for_each_index, place};
use crate::value::View;

pub(crate) fn transpose(shape: &[u32], input: View<'_>, perms: &[u32]) -> Vec<i64> {
    let mut source = vec![0; shape.len()];
    for_each_index(shape, |index| {
        for (&at, &axis) in index.iter().zip(perms) {
            source[axis as usize] = at;
        }
        input.elements[place(input.shape, source.iter().copied())]
    })
}
