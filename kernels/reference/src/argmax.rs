//! TOSA "ARGMAX": index of the largest element along an axis, of several the first; the axis is dropped.

use crate::value::{View, count};

pub(crate) fn argmax(input: View<'_>, axis: u32) -> Vec<i64> {
    let axis = axis as usize;
    let side = input.shape[axis] as usize;
    let inner = count(&input.shape[axis + 1..]);
    let mut output = Vec::with_capacity(input.elements.len() / side);
    for block in input.elements.chunks_exact(side * inner) {
        for place in 0..inner {
            let along = block[place..].iter().step_by(inner);
            let (mut first, mut largest) = (0, i64::MIN);
            for (index, &value) in along.enumerate() {
                if value > largest {
                    (first, largest) = (index as i64, value);
                }
            }
            output.push(first);
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins_along_any_axis() {
        let input = View {
            shape: &[2, 3],
            elements: &[7, 7, -1, 7, 8, 8],
        };
        assert_eq!(argmax(input, 0), [0, 1, 1]);
        assert_eq!(argmax(input, 1), [0, 1]);
    }
}
