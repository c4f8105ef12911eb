//! TOSA "LOGICAL_RIGHT_SHIFT": shift of the type's bits without sign, element by element with broadcasting. An
//! amount outside the type's bits is taken modulo their number.

use aivm_tosa::DataType;

use crate::broadcast::broadcast;
use crate::value::{View, wrap};

pub(crate) fn logical_right_shift(
    data_type: DataType,
    shape: &[u32],
    a: View<'_>,
    b: View<'_>,
) -> Vec<i64> {
    let bits = 8 * data_type.bytes() as i64;
    let mask = (1_i64 << bits) - 1; // of at most 32 bits
    broadcast(shape, [a, b], |[value, amount]| {
        wrap(data_type, (value & mask) >> amount.rem_euclid(bits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_come_in_at_the_top_of_the_type_and_amounts_wrap() {
        let shift = |data_type, value, amount| {
            let view = |elements| View {
                shape: &[1],
                elements,
            };
            let (value, amount) = ([value], [amount]);
            logical_right_shift(data_type, &[1], view(&value), view(&amount))[0]
        };
        assert_eq!(shift(DataType::I8, -1, 1), 127);
        assert_eq!(shift(DataType::I8, -128, 7), 1);
        assert_eq!(shift(DataType::I16, -1, 0), -1);
        assert_eq!(shift(DataType::I32, -1, 31), 1);
        assert_eq!(shift(DataType::I32, -1, 32), -1);
        assert_eq!(shift(DataType::I16, 256, -8), 1);
    }
}
