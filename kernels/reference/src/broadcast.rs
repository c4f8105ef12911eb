//! "Broadcast Helpers": pairs the elements of two tensors whose sides of 1 repeat.

use crate::value::View;

/// Applies `compute` to each pair of elements, in row-major order of the output's `shape`.
pub(crate) fn broadcast(
    shape: &[u32],
    a: View<'_>,
    b: View<'_>,
    mut compute: impl FnMut(i64, i64) -> i64,
) -> Vec<i64> {
    let elements = shape.iter().map(|&side| side as usize).product();
    let mut output = Vec::with_capacity(elements);
    if a.shape == b.shape {
        let pairs = a.elements.iter().zip(b.elements);
        output.extend(pairs.map(|(&a, &b)| compute(a, b)));
        return output;
    }
    let (a_steps, b_steps) = (steps(a.shape), steps(b.shape));
    let mut index = vec![0_u32; shape.len()];
    let (mut a_at, mut b_at) = (0, 0);
    while output.len() < elements {
        output.push(compute(a.elements[a_at], b.elements[b_at]));
        // Counts the index up by one, innermost axis first, and moves both positions along.
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            a_at += a_steps[axis];
            b_at += b_steps[axis];
            if index[axis] < shape[axis] {
                break;
            }
            a_at -= a_steps[axis] * shape[axis] as usize;
            b_at -= b_steps[axis] * shape[axis] as usize;
            index[axis] = 0;
        }
    }
    output
}

/// How far one step along each axis moves in the elements: 0 along a side of 1, which repeats.
fn steps(shape: &[u32]) -> Vec<usize> {
    let mut steps = vec![0; shape.len()];
    let mut step = 1;
    for (axis, &side) in shape.iter().enumerate().rev() {
        steps[axis] = if side == 1 { 0 } else { step };
        step *= side as usize;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_and_a_row_make_a_table() {
        let column = View {
            shape: &[3, 1],
            elements: &[10, 20, 30],
        };
        let row = View {
            shape: &[1, 2],
            elements: &[1, 2],
        };
        let sums = broadcast(&[3, 2], column, row, |a, b| a + b);
        assert_eq!(sums, [11, 12, 21, 22, 31, 32]);
    }

    #[test]
    fn rank_zero_has_one_element() {
        let scalar = View {
            shape: &[],
            elements: &[7],
        };
        assert_eq!(broadcast(&[], scalar, scalar, |a, b| a * b), [49]);
    }
}
