//! "Tensor Access Helpers": every index of a shape in order, and where an index lies among the elements.

use crate::value::count;

/// Collects `element(index)` for each index of `shape`, innermost axis fastest.
pub(crate) fn for_each_index(shape: &[u32], mut element: impl FnMut(&[u32]) -> i64) -> Vec<i64> {
    let elements = count(shape);
    let mut output = Vec::with_capacity(elements);
    let mut index = vec![0_u32; shape.len()];
    while output.len() < elements {
        output.push(element(&index));
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    output
}

/// Place of the element at `index` (one number an axis, each below its side) in row-major order.
pub(crate) fn place(shape: &[u32], index: impl IntoIterator<Item = u32>) -> usize {
    let axes = shape.iter().zip(index);
    axes.fold(0, |place, (&side, at)| place * side as usize + at as usize)
}
