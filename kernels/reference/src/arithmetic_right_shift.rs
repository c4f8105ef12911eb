//! TOSA "ARITHMETIC_RIGHT_SHIFT": shift with sign, element by element with broadcasting; with `round`,
//! the last bit shifted out is added. An amount outside the type's bits is taken modulo their number.

use aivm_tosa::DataType;

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn arithmetic_right_shift(
    data_type: DataType,
    shape: &[u32],
    a: View<'_>,
    b: View<'_>,
    round: bool,
) -> Vec<i64> {
    let bits = 8 * data_type.bytes() as i64;
    broadcast(shape, [a, b], |[value, amount]| {
        let amount = amount.rem_euclid(bits);
        let last_out = if round && amount > 0 {
            value >> (amount - 1) & 1
        } else {
            0
        };
        (value >> amount) + last_out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bit_out_rounds_and_amounts_wrap() {
        let shift = |value, amount, round| {
            let view = |elements| View {
                shape: &[1],
                elements,
            };
            let (value, amount) = ([value], [amount]);
            arithmetic_right_shift(DataType::I16, &[1], view(&value), view(&amount), round)[0]
        };
        assert_eq!(shift(-5, 1, false), -3);
        assert_eq!(shift(-5, 1, true), -2);
        assert_eq!(shift(100, 16, true), 100);
        assert_eq!(shift(100, -14, false), 25);
    }
}
