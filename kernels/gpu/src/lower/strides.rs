//! Which element of an operand belongs to an element of the output: axes merged where they lie one
//! behind the other, in the order and number that the kernels want.

/// Most axes that a kernel's parameters hold.
const AXES: usize = 8;

/// The output's axes and the steps of one or more operands along them, the innermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axes<const OPERANDS: usize> {
    /// Elements along each axis.
    sizes: Vec<u32>,
    /// Of each operand, elements from one index of an axis to the next.
    strides: [Vec<u32>; OPERANDS],
}

impl<const OPERANDS: usize> Axes<OPERANDS> {
    /// Axes of an output of this shape. `strides` gives each operand's steps; all are listed outermost first.
    pub(super) fn new(shape: &[u32], strides: [Vec<u32>; OPERANDS]) -> Axes<OPERANDS> {
        let mut axes = Axes {
            sizes: Vec::new(),
            strides: std::array::from_fn(|_| Vec::new()),
        };
        for axis in (0..shape.len()).rev().filter(|&axis| shape[axis] != 1) {
            let step = std::array::from_fn(|operand| strides[operand][axis]);
            axes.push(shape[axis], step);
        }
        if axes.sizes.is_empty() {
            axes.push(1, [0; OPERANDS]);
        }
        axes
    }

    /// Adds the next outer axis, or lengthens the last one if each operand goes on where it ends.
    fn push(&mut self, size: u32, step: [u32; OPERANDS]) {
        if let Some(last) = self.sizes.last_mut() {
            let continues = (0..OPERANDS).all(|operand| {
                let inner = self.strides[operand].last().copied().unwrap_or(0);
                u64::from(inner) * u64::from(*last) == u64::from(step[operand])
            });
            if continues {
                // No more than the output's elements, which fit an i32.
                *last *= size;
                return;
            }
        }
        self.sizes.push(size);
        for (strides, step) in self.strides.iter_mut().zip(step) {
            strides.push(step);
        }
    }

    /// Axes without the outermost.
    pub(super) fn inner(&self) -> u32 {
        self.sizes.len() as u32 - 1
    }

    /// The kernel's words: sizes, then the steps of each operand.
    pub(super) fn words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity(AXES * (OPERANDS + 1));
        for list in std::iter::once(&self.sizes).chain(&self.strides) {
            words.extend_from_slice(list);
            words.resize(words.len().next_multiple_of(AXES), 0);
        }
        words
    }
}

/// Steps of a dense tensor.
pub(super) fn dense(shape: &[u32]) -> Vec<u32> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Steps of a dense tensor that broadcasts along its axes of size 1.
pub(super) fn broadcast(shape: &[u32]) -> Vec<u32> {
    let mut strides = dense(shape);
    for (stride, &size) in strides.iter_mut().zip(shape) {
        if size == 1 {
            *stride = 0;
        }
    }
    strides
}

/// The logarithm of how many elements a kernel can move as if they were one: all steps and lengths of a movement (in
/// elements, wrapping where negative) are multiples of that many, and a word holds them.
pub(super) fn lanes_together(lanes_log2: u32, lengths: impl IntoIterator<Item = u32>) -> u32 {
    let multiples = lengths.into_iter().map(u32::trailing_zeros);
    multiples.min().unwrap_or(0).min(lanes_log2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shapes_become_one_axis() {
        let shape = [2, 3, 4];
        let axes = Axes::new(&shape, [broadcast(&shape), broadcast(&shape)]);
        assert_eq!(
            axes,
            Axes {
                sizes: vec![24],
                strides: [vec![1], vec![1]]
            }
        );
        assert_eq!(axes.inner(), 0);
    }

    #[test]
    fn a_broadcast_axis_stays_apart() {
        let axes = Axes::new(&[2, 3, 4], [broadcast(&[2, 3, 4]), broadcast(&[2, 1, 4])]);
        assert_eq!(
            axes,
            Axes {
                sizes: vec![4, 3, 2],
                strides: [vec![1, 4, 12], vec![1, 0, 4]]
            }
        );
    }

    #[test]
    fn a_single_element_keeps_one_axis() {
        let axes = Axes::new(&[1, 1], [broadcast(&[1, 1])]);
        assert_eq!(
            axes,
            Axes {
                sizes: vec![1],
                strides: [vec![0]]
            }
        );
        assert_eq!(axes.words().len(), 16);
    }

    #[test]
    fn lanes_stay_apart_where_a_length_is_odd() {
        assert_eq!(lanes_together(2, [8, 12, 0]), 2);
        assert_eq!(lanes_together(2, [8, 6, 0]), 1);
        assert_eq!(lanes_together(2, [8, 4_u32.wrapping_neg()]), 2);
        assert_eq!(lanes_together(2, [8, 3]), 0);
        assert_eq!(lanes_together(0, [8]), 0);
    }
}
