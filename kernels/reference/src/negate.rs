//! TOSA "NEGATE": `output_zp − (value − input_zp)` in wrapping i32, then saturated to the type.

use aivm_tosa::DataType;

use crate::value::{View, wrap_i32};

pub(crate) fn negate(
    data_type: DataType,
    input: View<'_>,
    input_zp: i32,
    output_zp: i32,
) -> Vec<i64> {
    let negated = |&value: &i64| {
        // −2^31 of an i32 wraps to itself; the sums of shorter types stay inside.
        let negated = wrap_i32(i64::from(output_zp) - (value - i64::from(input_zp)));
        negated.clamp(data_type.min(), data_type.max())
    };
    input.elements.iter().map(negated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_types_saturate_and_i32_wraps() {
        let one = |data_type, value, input_zp, output_zp| {
            let input = View {
                shape: &[1],
                elements: &[value],
            };
            negate(data_type, input, input_zp, output_zp)[0]
        };
        assert_eq!(one(DataType::I8, -128, 0, 0), 127);
        assert_eq!(one(DataType::I8, -128, 127, -128), 127);
        assert_eq!(one(DataType::I8, 5, 3, -1), -3);
        assert_eq!(one(DataType::I16, -32_768, 0, 0), 32_767);
        assert_eq!(one(DataType::I32, -(1 << 31), 0, 0), -(1 << 31));
    }
}
