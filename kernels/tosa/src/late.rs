//! EXT-DYNAMIC: operators whose zero points, shifts, multipliers or table are computed when the graph runs.

use std::borrow::Cow;
use std::sync::Arc;

use crate::operator::{RescaleFactor, TableContent};
use crate::{DataType, LateOperand, Node, Operator, Slot, TensorId};

impl Node {
    /// The operator with its late values in place. `read` gives the elements of a tensor.
    ///
    /// A value outside the range that a constant would need is brought into it by the rules of
    /// `docs/semantics.md`, so that every run has one result.
    pub fn settle(&self, read: impl Fn(TensorId) -> Vec<i64>) -> Cow<'_, Operator> {
        if self.late.is_empty() {
            return Cow::Borrowed(&self.operator);
        }
        let mut operator = self.operator.clone();
        for late in &self.late {
            put(&mut operator, late, &read(late.tensor));
        }
        Cow::Owned(operator)
    }
}

/// Puts `values`, the elements of `late`, into `operator`.
fn put(operator: &mut Operator, late: &LateOperand, values: &[i64]) {
    let value = values.first().copied().unwrap_or(0);
    match (late.slot, operator) {
        (
            Slot::InputZp,
            Operator::AvgPool2d { input_zp: zp, .. }
            | Operator::Conv2d { input_zp: zp, .. }
            | Operator::Conv3d { input_zp: zp, .. }
            | Operator::DepthwiseConv2d { input_zp: zp, .. }
            | Operator::TransposeConv2d { input_zp: zp, .. }
            | Operator::MatMul { a_zp: zp, .. }
            | Operator::Negate { input_zp: zp, .. },
        )
        | (
            Slot::WeightZp,
            Operator::Conv2d { weight_zp: zp, .. }
            | Operator::Conv3d { weight_zp: zp, .. }
            | Operator::DepthwiseConv2d { weight_zp: zp, .. }
            | Operator::TransposeConv2d { weight_zp: zp, .. }
            | Operator::MatMul { b_zp: zp, .. },
        )
        | (
            Slot::OutputZp,
            Operator::AvgPool2d { output_zp: zp, .. } | Operator::Negate { output_zp: zp, .. },
        ) => *zp = value as i32,
        (
            Slot::InputZp,
            Operator::Rescale {
                input_zp: zp,
                input_unsigned: unsigned,
                ..
            },
        )
        | (
            Slot::OutputZp,
            Operator::Rescale {
                output_zp: zp,
                output_unsigned: unsigned,
                ..
            },
        ) => *zp = rescale_zero_point(value, late.data_type, *unsigned),
        (Slot::MulShift, Operator::Mul { shift }) => *shift = value.clamp(0, 63) as u8,
        (Slot::Table, Operator::Table(content)) => {
            *content = match content {
                TableContent::I8(_) => {
                    TableContent::I8(values.iter().map(|&value| value as i8).collect())
                }
                TableContent::I16(_) => {
                    TableContent::I16(values.iter().map(|&value| value as i16).collect())
                }
            };
        }
        (Slot::PadConst, Operator::Pad { pad_const, .. }) => *pad_const = value,
        (Slot::Multiplier, Operator::Rescale { factors, .. }) => {
            *factors = settled(factors, values, |factor, value| {
                factor.multiplier = value.max(0) as i32;
            });
        }
        (Slot::RescaleShift, Operator::Rescale { factors, .. }) => {
            *factors = settled(factors, values, |factor, value| {
                factor.shift = value.clamp(2, 62) as u8;
            });
        }
        (slot, operator) => debug_assert!(false, "{} has no {slot:?}", operator.name()),
    }
}

/// A zero point of RESCALE: of unsigned 16 bits 32768 or 0, else the value.
fn rescale_zero_point(value: i64, data_type: DataType, unsigned: bool) -> i32 {
    match (data_type, unsigned) {
        (DataType::I8, true) => (value & 0xff) as i32,
        (DataType::I16, true) if value == i64::from(i16::MIN) => 32_768,
        (DataType::I16, true) => 0,
        _ => value as i32,
    }
}

/// `factors`, or as many new ones as there are `values`, each changed by its value.
fn settled(
    factors: &[RescaleFactor],
    values: &[i64],
    change: impl Fn(&mut RescaleFactor, i64),
) -> Arc<[RescaleFactor]> {
    let new = RescaleFactor {
        multiplier: 0,
        shift: 0,
    };
    let known = factors.iter().copied().chain(std::iter::repeat(new));
    values
        .iter()
        .zip(known)
        .map(|(&value, mut factor)| {
            change(&mut factor, value);
            factor
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RescaleRounding;

    /// `operator`, whose one late value has these elements.
    fn settle(operator: Operator, slot: Slot, data_type: DataType, values: &[i64]) -> Operator {
        let tensor = TensorId(7);
        let node = Node {
            operator,
            inputs: Vec::new(),
            outputs: Vec::new(),
            late: vec![LateOperand {
                slot,
                tensor,
                data_type,
            }],
        };
        let read = |id| {
            assert_eq!(id, tensor);
            values.to_vec()
        };
        node.settle(read).into_owned()
    }

    fn rescale(factors: &[(i32, u8)], unsigned: bool) -> Operator {
        let factors = factors.iter();
        Operator::Rescale {
            factors: factors
                .map(|&(multiplier, shift)| RescaleFactor { multiplier, shift })
                .collect(),
            per_channel: true,
            scale32: true,
            rounding: RescaleRounding::Single,
            input_zp: 0,
            output_zp: 0,
            input_unsigned: unsigned,
            output_unsigned: false,
        }
    }

    #[test]
    fn without_late_values_nothing_is_copied() {
        let node = Node {
            operator: Operator::Add,
            inputs: Vec::new(),
            outputs: Vec::new(),
            late: Vec::new(),
        };
        assert!(matches!(node.settle(|_| Vec::new()), Cow::Borrowed(_)));
    }

    #[test]
    fn a_mul_shift_is_brought_into_0_to_63() {
        for (value, shift) in [(-128, 0), (-1, 0), (0, 0), (63, 63), (64, 63), (127, 63)] {
            let mul = Operator::Mul { shift: 0 };
            let settled = settle(mul, Slot::MulShift, DataType::I8, &[value]);
            assert_eq!(settled, Operator::Mul { shift });
        }
    }

    #[test]
    fn a_rescale_shift_is_brought_into_2_to_62() {
        let base = rescale(&[(9, 0); 6], false);
        let values = [-128, 1, 2, 62, 63, 127];
        let settled = settle(base, Slot::RescaleShift, DataType::I8, &values);
        let shifts = [2, 2, 2, 62, 62, 62];
        assert_eq!(settled, rescale(&shifts.map(|shift| (9, shift)), false));
    }

    #[test]
    fn a_negative_multiplier_counts_as_0() {
        let base = rescale(&[(0, 5); 4], false);
        let values = [i64::from(i32::MIN), -1, 1, i64::from(i32::MAX)];
        let settled = settle(base, Slot::Multiplier, DataType::I32, &values);
        let expected = [(0, 5), (0, 5), (1, 5), (i32::MAX, 5)];
        assert_eq!(settled, rescale(&expected, false));
    }

    #[test]
    fn multipliers_and_shifts_may_both_be_late() {
        let late = |slot, tensor, data_type| LateOperand {
            slot,
            tensor: TensorId(tensor),
            data_type,
        };
        let node = Node {
            operator: rescale(&[], false),
            inputs: Vec::new(),
            outputs: Vec::new(),
            late: vec![
                late(Slot::Multiplier, 0, DataType::I32),
                late(Slot::RescaleShift, 1, DataType::I8),
            ],
        };
        let settled = node.settle(|id| if id.0 == 0 { vec![3, 4] } else { vec![30, 31] });
        assert_eq!(*settled, rescale(&[(3, 30), (4, 31)], false));
    }

    #[test]
    fn a_zero_point_of_rescale_is_read_by_its_sign() {
        for (data_type, unsigned, value, expected) in [
            (DataType::I8, false, -1, -1),
            (DataType::I8, true, -1, 255),
            (DataType::I8, true, 127, 127),
            (DataType::I16, true, -32_768, 32_768),
            (DataType::I16, true, 0, 0),
            (DataType::I16, true, 1, 0),
            (DataType::I16, true, -1, 0),
        ] {
            let base = rescale(&[], unsigned);
            let settled = settle(base, Slot::InputZp, data_type, &[value]);
            let Operator::Rescale { input_zp, .. } = settled else {
                panic!("{}", settled.name());
            };
            assert_eq!(input_zp, expected, "{data_type} {unsigned} {value}");
        }
    }

    #[test]
    fn each_zero_point_lands_in_its_place() {
        let matmul = Operator::MatMul { a_zp: 1, b_zp: 2 };
        let settled = settle(matmul.clone(), Slot::InputZp, DataType::I8, &[-128]);
        let expected = Operator::MatMul {
            a_zp: -128,
            b_zp: 2,
        };
        assert_eq!(settled, expected);
        let settled = settle(matmul, Slot::WeightZp, DataType::I8, &[127]);
        assert_eq!(settled, Operator::MatMul { a_zp: 1, b_zp: 127 });
        let negate = Operator::Negate {
            input_zp: 1,
            output_zp: 2,
        };
        let settled = settle(negate, Slot::OutputZp, DataType::I8, &[5]);
        let expected = Operator::Negate {
            input_zp: 1,
            output_zp: 5,
        };
        assert_eq!(settled, expected);
    }

    #[test]
    fn any_table_and_any_filling_are_taken() {
        let steep = [i64::from(i16::MIN), i64::from(i16::MAX)];
        let table = Operator::Table(TableContent::I16(Arc::from([])));
        let settled = settle(table, Slot::Table, DataType::I16, &steep);
        let expected = TableContent::I16(Arc::from([i16::MIN, i16::MAX]));
        assert_eq!(settled, Operator::Table(expected));
        let table = Operator::Table(TableContent::I8(Arc::from([])));
        let settled = settle(table, Slot::Table, DataType::I8, &[-128, 127]);
        let expected = TableContent::I8(Arc::from([-128, 127]));
        assert_eq!(settled, Operator::Table(expected));
        let pad = |pad_const| Operator::Pad {
            before: vec![1],
            pad_const,
        };
        let smallest = DataType::I32.min();
        let settled = settle(pad(0), Slot::PadConst, DataType::I32, &[smallest]);
        assert_eq!(settled, pad(smallest));
    }
}
