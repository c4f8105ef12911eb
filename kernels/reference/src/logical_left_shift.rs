//! TOSA "LOGICAL_LEFT_SHIFT": element by element with broadcasting; bits beyond the type are lost. An
//! amount outside the type's bits is taken modulo their number.

use aivm_tosa::DataType;

use crate::broadcast::broadcast;
use crate::value::{View, wrap};

pub(crate) fn logical_left_shift(
    data_type: DataType,
    shape: &[u32],
    a: View<'_>,
    b: View<'_>,
) -> Vec<i64> {
    let bits = 8 * data_type.bytes() as i64;
    broadcast(shape, [a, b], |[value, amount]| {
        wrap(data_type, value << amount.rem_euclid(bits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_lost_at_the_top_and_amounts_wrap() {
        let shift = |value, amount| {
            let view = |elements| View {
                shape: &[1],
                elements,
            };
            let (value, amount) = ([value], [amount]);
            logical_left_shift(DataType::I32, &[1], view(&value), view(&amount))[0]
        };
        assert_eq!(shift(3, 31), i64::from(i32::MIN));
        assert_eq!(shift(3, 32), 3);
        assert_eq!(shift(3, -31), 6);
    }
}
