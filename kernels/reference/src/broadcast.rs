//! "Broadcast Helpers": brings together the elements of tensors whose sides of 1 repeat.

use crate::value::{View, count};

/// Applies `compute` to the operands' elements at each place, in row-major order of the output's `shape`.
pub(crate) fn broadcast<const N: usize>(
    shape: &[u32],
    operands: [View<'_>; N],
    mut compute: impl FnMut([i64; N]) -> i64,
) -> Vec<i64> {
    let elements = count(shape);
    let mut output = Vec::with_capacity(elements);
    if operands.iter().all(|operand| operand.shape == shape) {
        let places = 0..elements;
        output.extend(places.map(|place| compute(operands.map(|operand| operand.elements[place]))));
        return output;
    }
    let steps = operands.map(|operand| steps(operand.shape));
    let mut index = vec![0_u32; shape.len()];
    let mut at = [0; N];
    while output.len() < elements {
        output.push(compute(std::array::from_fn(|i| {
            operands[i].elements[at[i]]
        })));
        // Counts the index up by one, innermost axis first, and moves all positions along.
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            for (at, steps) in at.iter_mut().zip(&steps) {
                *at += steps[axis];
            }
            if index[axis] < shape[axis] {
                break;
            }
            for (at, steps) in at.iter_mut().zip(&steps) {
                *at -= steps[axis] * shape[axis] as usize;
            }
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
        let sums = broadcast(&[3, 2], [column, row], |[a, b]| a + b);
        assert_eq!(sums, [11, 12, 21, 22, 31, 32]);
    }

    #[test]
    fn rank_zero_has_one_element() {
        let scalar = View {
            shape: &[],
            elements: &[7],
        };
        assert_eq!(broadcast(&[], [scalar, scalar], |[a, b]| a * b), [49]);
    }
}
