//! Random element-wise operators.

use crate::generator::{Generator, Value};
use crate::model::{BOOL, Bytes, I8, I16, I32, I48, INT32, Table, U8};

impl Generator {
    pub(crate) fn unary(&mut self, name: &str, attribute: Table, value: &Value) -> Value {
        self.operator(
            name,
            attribute,
            &[&value.name],
            value.data_type,
            &value.shape,
        )
    }

    /// Adds an element-wise operator that reads `value`, of any kind that its type allows.
    pub fn element_wise(&mut self, value: &Value) {
        let names: &[&str] = match value.data_type {
            BOOL => &[
                "LOGICAL_NOT",
                "LOGICAL_AND",
                "LOGICAL_OR",
                "LOGICAL_XOR",
                "CAST",
                "SELECT",
                "condition",
                "IDENTITY",
            ],
            I8 | I16 => &[
                "CLAMP",
                "TABLE",
                "NEGATE",
                "BITWISE_NOT",
                "BITWISE_AND",
                "BITWISE_OR",
                "BITWISE_XOR",
                "ARITHMETIC_RIGHT_SHIFT",
                "LOGICAL_LEFT_SHIFT",
                "LOGICAL_RIGHT_SHIFT",
                "MUL",
                "CAST",
                "SELECT",
                "RESCALE",
                "RESCALE",
                "RESCALE",
            ],
            INT32 => &[
                "ADD",
                "SUB",
                "MUL",
                "INTDIV",
                "MAXIMUM",
                "MINIMUM",
                "EQUAL",
                "GREATER",
                "GREATER_EQUAL",
                "ABS",
                "CLZ",
                "NEGATE",
                "BITWISE_NOT",
                "BITWISE_AND",
                "BITWISE_OR",
                "BITWISE_XOR",
                "ARITHMETIC_RIGHT_SHIFT",
                "LOGICAL_LEFT_SHIFT",
                "LOGICAL_RIGHT_SHIFT",
                "CAST",
                "SELECT",
                "RESCALE",
                "RESCALE",
                "RESCALE",
            ],
            I48 => &["RESCALE", "RESCALE", "IDENTITY"],
            _ => &["IDENTITY"],
        };
        let name = self.structure.one_of(names);
        self.element_wise_named(name, value);
    }

    pub(crate) fn element_wise_named(&mut self, name: &str, value: &Value) {
        let (data_type, shape) = (value.data_type, value.shape.clone());
        match name {
            "CLAMP" => {
                let bits = crate::generator::bits(data_type);
                let (a, b) = (self.choices.element(bits), self.choices.element(bits));
                let bound = |bound| Bytes(crate::generator::file_data(data_type, &[bound]));
                let attribute = vec![(0, bound(a.min(b))), (1, bound(a.max(b)))];
                self.unary(name, attribute, value);
            }
            "TABLE" => {
                let (entries, most) = if data_type == I8 {
                    (256, 128)
                } else {
                    (513, 16_000)
                };
                let table: Vec<_> = (0..entries)
                    .map(|_| i64::from(self.choices.number(-most, most - 1)))
                    .collect();
                let table = self.parameter(data_type, &[entries], &table);
                let to = if data_type == I8 { I8 } else { INT32 };
                self.operator(name, vec![], &[&value.name, &table.name], to, &shape);
            }
            "NEGATE" => {
                let (a, b) = (self.zero_point(data_type), self.zero_point(data_type));
                let inputs = [&*value.name, &a.name, &b.name];
                self.operator(name, vec![], &inputs, data_type, &shape);
            }
            "CAST" => {
                let all = [BOOL, I8, I16, INT32];
                let others: Vec<_> = all.into_iter().filter(|&to| to != data_type).collect();
                let to = self.structure.one_of(&others);
                self.operator(name, vec![], &[&value.name], to, &shape);
            }
            "SELECT" => {
                let (other, both) = self.partner(value, data_type);
                let mut sides = both.clone();
                let broadcast = self.structure.percent(40);
                for side in &mut sides {
                    if broadcast && self.choices.percent(50) {
                        *side = 1;
                    }
                }
                let condition = self.operand(BOOL, &sides);
                let inputs = [&*condition.name, &value.name, &other.name];
                self.operator(name, vec![], &inputs, data_type, &both);
            }
            "condition" => {
                let data_type = self.structure.one_of(&[I8, I16, INT32, BOOL]);
                let (yes, both) = self.partner(value, data_type);
                let no = self.operand(data_type, &both);
                let inputs = [&*value.name, &yes.name, &no.name];
                self.operator("SELECT", vec![], &inputs, data_type, &both);
            }
            "RESCALE" => {
                self.rescale(value);
            }
            "MUL" => {
                let (other, both) = self.partner(value, data_type);
                let shift = if data_type == INT32 && self.structure.percent(80) {
                    self.choices.number(1, 63)
                } else {
                    0
                };
                let shift = self.parameter(I8, &[1], &[i64::from(shift)]);
                let inputs = [&*value.name, &other.name, &shift.name];
                self.operator(name, vec![], &inputs, INT32, &both);
            }
            "ARITHMETIC_RIGHT_SHIFT" | "LOGICAL_LEFT_SHIFT" | "LOGICAL_RIGHT_SHIFT" => {
                let (amount, both) = self.partner(value, data_type);
                let amount = if amount.constant {
                    // A constant amount must be one of the type's.
                    let bits = crate::generator::bits(data_type) as i32;
                    let amounts: Vec<_> = (0..amount.elements())
                        .map(|_| i64::from(self.choices.number(0, bits - 1)))
                        .collect();
                    self.constant(data_type, &amount.shape, &amounts)
                } else {
                    amount
                };
                let attribute = match name {
                    "ARITHMETIC_RIGHT_SHIFT" => vec![(0, U8(self.structure.number(0, 1) as u8))],
                    _ => vec![],
                };
                let inputs = [&*value.name, &amount.name];
                self.operator(name, attribute, &inputs, data_type, &both);
            }
            "ABS" | "CLZ" | "BITWISE_NOT" | "LOGICAL_NOT" | "IDENTITY" => {
                self.unary(name, vec![], value);
            }
            _ => {
                let to = match name {
                    "EQUAL" | "GREATER" | "GREATER_EQUAL" => BOOL,
                    _ => data_type,
                };
                let (other, both) = self.partner(value, data_type);
                let inputs = if self.structure.percent(50) {
                    [&*value.name, &other.name]
                } else {
                    [&*other.name, &value.name]
                };
                self.operator(name, vec![], &inputs, to, &both);
            }
        }
    }

    /// A zero point of a type that allows others than 0 for i8 only.
    pub(crate) fn zero_point(&mut self, data_type: i32) -> Value {
        let zero_point = if data_type == I8 {
            i64::from(self.choices.number(-128, 127))
        } else {
            0
        };
        self.parameter(data_type, &[1], &[zero_point])
    }

    pub(crate) fn rescale(&mut self, value: &Value) -> Value {
        let from = value.data_type;
        let to = self.structure.one_of(&[I8, I8, I16, INT32]);
        let short = |data_type| matches!(data_type, I8 | I16);
        let input_unsigned = short(from) && to != INT32 && self.structure.percent(20);
        let output_unsigned =
            !input_unsigned && short(from) && short(to) && self.structure.percent(20);
        let scale32 = from != I48 && self.structure.percent(75);
        let rounding = if scale32 && self.structure.percent(50) {
            3
        } else {
            1
        };
        let per_channel = self.structure.percent(30) && !value.shape.is_empty();
        let factors = if per_channel {
            value.shape[value.shape.len() - 1]
        } else {
            1
        };
        let (multiplier_type, most) = if scale32 {
            (INT32, i32::MAX)
        } else {
            (I16, 32_767)
        };
        let multipliers: Vec<_> = (0..factors)
            .map(|_| match self.choices.number(0, 9) {
                0 => i64::from(self.choices.one_of(&[0, 1, most])),
                _ => i64::from(self.choices.number(0, most)),
            })
            .collect();
        let shifts: Vec<_> = (0..factors)
            .map(|_| {
                let all = self.choices.number(2, 62);
                i64::from(self.choices.one_of(&[all, all, 2, 31, 32, 35, 38, 62]))
            })
            .collect();
        let multiplier = self.parameter(multiplier_type, &[factors], &multipliers);
        let shift = self.parameter(I8, &[factors], &shifts);
        let mut zero_point = |data_type, unsigned: bool| {
            let zero_point = match (data_type, unsigned) {
                (I8, _) => self.choices.number(-128, 127),
                (I16, true) => self.choices.one_of(&[0, -32_768]),
                _ => 0,
            };
            self.parameter(data_type, &[1], &[i64::from(zero_point)])
        };
        let (input_zp, output_zp) = (
            zero_point(from, input_unsigned),
            zero_point(to, output_unsigned),
        );
        let attribute = vec![
            (0, U8(u8::from(scale32))),
            (1, I32(rounding)),
            (2, U8(u8::from(per_channel))),
            (3, U8(u8::from(input_unsigned))),
            (4, U8(u8::from(output_unsigned))),
        ];
        let names = [&multiplier, &shift, &input_zp, &output_zp].map(|value| value.name.clone());
        let inputs = [&*value.name, &names[0], &names[1], &names[2], &names[3]];
        self.operator("RESCALE", attribute, &inputs, to, &value.shape.clone())
    }
}
