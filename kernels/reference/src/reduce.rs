//! "Reduction Operators": what they share, the walk along one axis.

use crate::value::View;

/// Folds the elements along `axis`, starting from `first`, for each place of the other axes.
pub(crate) fn reduce(
    input: View<'_>,
    axis: u32,
    first: i64,
    fold: impl Fn(i64, i64) -> i64,
) -> Vec<i64> {
    let axis = axis as usize;
    let side = input.shape[axis] as usize;
    let inner: usize = input.shape[axis + 1..]
        .iter()
        .map(|&side| side as usize)
        .product();
    let mut output = Vec::with_capacity(input.elements.len() / side);
    for block in input.elements.chunks_exact(side * inner) {
        for place in 0..inner {
            let along = block[place..].iter().step_by(inner);
            output.push(along.fold(first, |sum, &value| fold(sum, value)));
        }
    }
    output
}
