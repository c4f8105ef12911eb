//! Element types and shapes of tensors.

use std::fmt;

/// The element types of TOSA's integer profile with EXT-INT4 and EXT-INT16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataType {
    /// Boolean; one byte, 0 or 1.
    Bool,
    /// 4-bit signed integer; one sign-extended byte outside of files.
    I4,
    /// 8-bit signed integer.
    I8,
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 48-bit signed integer; eight bytes outside of files.
    I48,
}

impl DataType {
    /// Every type.
    pub const ALL: [DataType; 6] = [
        DataType::Bool,
        DataType::I4,
        DataType::I8,
        DataType::I16,
        DataType::I32,
        DataType::I48,
    ];

    /// Bytes of one element at the borders (`docs/semantics.md`, "A tensor as bytes").
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            DataType::Bool | DataType::I4 | DataType::I8 => 1,
            DataType::I16 => 2,
            DataType::I32 => 4,
            DataType::I48 => 8,
        }
    }

    /// Smallest value.
    #[must_use]
    pub const fn min(self) -> i64 {
        match self {
            DataType::Bool => 0,
            DataType::I4 => -8,
            DataType::I8 => i8::MIN as i64,
            DataType::I16 => i16::MIN as i64,
            DataType::I32 => i32::MIN as i64,
            DataType::I48 => -(1 << 47),
        }
    }

    /// Largest value.
    #[must_use]
    pub const fn max(self) -> i64 {
        match self {
            DataType::Bool => 1,
            DataType::I4 => 7,
            DataType::I8 => i8::MAX as i64,
            DataType::I16 => i16::MAX as i64,
            DataType::I32 => i32::MAX as i64,
            DataType::I48 => (1 << 47) - 1,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataType::Bool => "bool",
            DataType::I4 => "i4",
            DataType::I8 => "i8",
            DataType::I16 => "i16",
            DataType::I32 => "i32",
            DataType::I48 => "i48",
        })
    }
}

/// The dimensions of a tensor, outermost first; rank 0 to 6, each dimension at least 1.
///
/// The number of elements fits an i32 (TOSA's `tensor_size_t` at level 8K is 32 bits), which construction checks.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shape(Vec<u32>);

impl Shape {
    /// Largest rank (TOSA level 8K, MAX_RANK).
    pub const MAX_RANK: usize = 6;

    /// A shape of these dimensions, or `None` if the rank exceeds 6, a dimension is 0 or exceeds
    /// `i32::MAX`, or the number of elements exceeds `i32::MAX`.
    #[must_use]
    pub fn new(dimensions: &[u32]) -> Option<Shape> {
        if dimensions.len() > Shape::MAX_RANK || dimensions.contains(&0) {
            return None;
        }
        let mut elements: u32 = 1;
        for &dimension in dimensions {
            elements = elements
                .checked_mul(dimension)
                .filter(|&n| n <= i32::MAX as u32)?;
        }
        Some(Shape(dimensions.to_vec()))
    }

    /// The dimensions, outermost first.
    #[must_use]
    pub fn dimensions(&self) -> &[u32] {
        &self.0
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Number of elements; 1 for rank 0.
    #[must_use]
    pub fn elements(&self) -> u32 {
        self.0.iter().product()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dimension) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("×")?;
            }
            write!(f, "{dimension}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
