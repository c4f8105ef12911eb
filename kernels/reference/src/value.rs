//! Values of tensors while a graph runs, and what it means that arithmetic wraps.

use aivm_tosa::DataType;

/// A tensor's value: `elements` in row-major order of `shape`, each a value of the tensor's type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub shape: &'a [u32],
    pub elements: &'a [i64],
}

impl<'a> View<'a> {
    /// The four sides of a rank-4 tensor, as indices.
    ///
    /// # Panics
    /// If the rank is not 4; validation has checked it.
    pub(crate) fn sides4(&self) -> [usize; 4] {
        let &[a, b, c, d] = self.shape else {
            unreachable!("validation checks the rank")
        };
        [a as usize, b as usize, c as usize, d as usize]
    }

    /// The innermost row of a rank-4 tensor at `[n, y, x]`.
    pub(crate) fn row(&self, n: usize, y: usize, x: usize) -> &'a [i64] {
        let [_, height, width, channels] = self.sides4();
        let start = ((n * height + y) * width + x) * channels;
        &self.elements[start..start + channels]
    }
}

/// The value of `data_type` with the same low bits as `value` (two's complement).
pub(crate) fn wrap(data_type: DataType, value: i64) -> i64 {
    match data_type {
        DataType::Bool => value & 1,
        DataType::I4 => value << 60 >> 60,
        DataType::I8 => i64::from(value as i8),
        DataType::I16 => i64::from(value as i16),
        DataType::I32 => i64::from(value as i32),
        DataType::I48 => value << 16 >> 16,
    }
}

/// [`wrap`] to 32 bits, where nearly all of the integer profile computes.
pub(crate) fn wrap_i32(value: i64) -> i64 {
    wrap(DataType::I32, value)
}

/// The index of a window's place in an input side, or `None` in the padding.
pub(crate) fn inside(
    out: usize,
    stride: u32,
    offset: usize,
    pad: u32,
    side: usize,
) -> Option<usize> {
    (out * stride as usize + offset)
        .checked_sub(pad as usize)
        .filter(|&index| index < side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_the_low_bits_and_the_sign_of_the_type() {
        assert_eq!(wrap(DataType::I4, 8), -8);
        assert_eq!(wrap(DataType::I8, 128), -128);
        assert_eq!(wrap(DataType::I16, -32_769), 32_767);
        assert_eq!(wrap(DataType::I32, 1 << 31), -(1 << 31));
        assert_eq!(wrap(DataType::I48, 1 << 47), -(1 << 47));
        assert_eq!(wrap(DataType::I48, -1), -1);
    }

    #[test]
    fn places_in_the_padding_are_outside() {
        assert_eq!(inside(0, 2, 0, 1, 5), None);
        assert_eq!(inside(0, 2, 1, 1, 5), Some(0));
        assert_eq!(inside(2, 2, 1, 1, 5), Some(4));
        assert_eq!(inside(2, 2, 2, 1, 5), None);
    }
}
