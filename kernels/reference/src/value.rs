//! Values of tensors while a graph runs, and what it means that arithmetic wraps.

use aivm_tosa::DataType;

/// A tensor's value: `elements` in row-major order of `shape`, each a value of the tensor's type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub shape: &'a [u32],
    pub elements: &'a [i64],
}

impl<'a> View<'a> {
    /// The sides of a tensor of rank `N`, as indices.
    ///
    /// # Panics
    /// If the rank is not `N`; validation has checked it.
    pub(crate) fn sides<const N: usize>(&self) -> [usize; N] {
        assert_eq!(self.shape.len(), N, "validation checks the rank");
        std::array::from_fn(|axis| self.shape[axis] as usize)
    }

    /// The innermost row at the indices of all other axes.
    pub(crate) fn row<const N: usize>(&self, index: [usize; N]) -> &'a [i64] {
        assert_eq!(self.shape.len(), N + 1, "validation checks the rank");
        self.rows(index)
    }

    /// All that lies at the indices of the first axes.
    pub(crate) fn rows<const N: usize>(&self, index: [usize; N]) -> &'a [i64] {
        let rows = index.iter().zip(self.shape);
        let row = rows.fold(0, |row, (&at, &side)| row * side as usize + at);
        let len = count(&self.shape[N..]);
        &self.elements[row * len..(row + 1) * len]
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

/// Number of elements of a shape.
pub(crate) fn count(shape: &[u32]) -> usize {
    shape.iter().map(|&side| side as usize).product()
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
