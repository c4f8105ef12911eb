//! ARGMAX: the first index of the largest element along an axis.

use bytemuck::Pod;

use crate::memory::{Place, Reader};

/// ARGMAX of tensors seen as `[outer, side, inner]`.
#[derive(Clone, Debug)]
pub(crate) struct ArgMax {
    /// Bytes of an input element, 1 or 2.
    pub width: usize,
    pub side: usize,
    pub inner: usize,
    pub input: Place,
}

impl ArgMax {
    pub(crate) fn run(&self, reader: Reader<'_>, output: &mut [u8]) {
        let output = bytemuck::cast_slice_mut(output);
        match self.width {
            1 => self.find(reader.read::<i8>(self.input), output),
            _ => self.find(reader.read::<i16>(self.input), output),
        }
    }

    fn find<T: Pod + Ord>(&self, input: &[T], output: &mut [i32]) {
        let blocks = input.chunks_exact(self.side * self.inner);
        for (to, block) in output.chunks_exact_mut(self.inner).zip(blocks) {
            for (place, to) in to.iter_mut().enumerate() {
                let mut largest = (block[place], 0);
                for (index, &value) in block[place..].iter().step_by(self.inner).enumerate() {
                    if value > largest.0 {
                        largest = (value, index as i32);
                    }
                }
                *to = largest.1;
            }
        }
    }
}
