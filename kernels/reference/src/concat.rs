//! TOSA "CONCAT": the inputs one after the other along an axis.

use crate::value::{View, count};

pub(crate) fn concat(inputs: &[View<'_>], axis: u32) -> Vec<i64> {
    let axis = axis as usize;
    let outer = count(&inputs[0].shape[..axis]);
    let mut output = Vec::with_capacity(inputs.iter().map(|input| input.elements.len()).sum());
    for block in 0..outer {
        for input in inputs {
            let len = count(&input.shape[axis..]);
            output.extend_from_slice(&input.elements[block * len..(block + 1) * len]);
        }
    }
    output
}
