//! Softmax and layer norm over the innermost axis, in integers, as converters write them.

use crate::generator::{Generator, Value};
use crate::model::{I8, I16, I32, INT32, U8};

impl Generator {
    /// `exp(x − max) / Σ exp(x − max)` of i8 rows: the exponential from a table, the reciprocal of the sum by an
    /// INTDIV or by a table behind CLZ.
    pub(crate) fn softmax(&mut self) {
        let x = self.rows_of_i8();
        let wide = self.scaled(&x, INT32, 1 << 30, 30);
        let largest = self.reduced("REDUCE_MAX", &wide);
        let below = self.binary("SUB", &wide, &largest);
        let index = self.scaled(&below, I16, 1 << 30, 24);
        self.element_wise_named("TABLE", &index);
        let exponential = self.last();
        let exponential = self.shifted(&exponential, 8);
        let sum = self.reduced("REDUCE_SUM", &exponential);
        let product = if self.structure.percent(50) {
            let one = self.constant(INT32, &vec![1; x.shape.len()], &[i64::from(i32::MAX)]);
            let reciprocal = self.binary("INTDIV", &one, &sum);
            self.product(&exponential, &reciprocal)
        } else {
            let zeros = self.unary("CLZ", vec![], &sum);
            let normalised = self.binary("LOGICAL_LEFT_SHIFT", &sum, &zeros);
            let product = self.product(&exponential, &normalised);
            self.binary_flagged("ARITHMETIC_RIGHT_SHIFT", &product, &zeros)
        };
        let multiplier = i64::from(self.choices.number(1 << 29, i32::MAX));
        self.scaled(&product, I8, multiplier, 38);
    }

    /// `(x − mean) / √variance` of i8 rows, with powers of two in the place of the root.
    pub(crate) fn layer_norm(&mut self) {
        let x = self.rows_of_i8();
        let wide = self.scaled(&x, INT32, 1 << 30, 26);
        let sum = self.reduced("REDUCE_SUM", &wide);
        let columns = i64::from(x.shape[x.shape.len() - 1]);
        let mean = self.scaled(&sum, INT32, (1 << 31) / (columns + 1), 31);
        let centred = self.binary("SUB", &wide, &mean);
        let square = self.product(&centred, &centred);
        let variance = self.reduced("REDUCE_SUM", &square);
        let zeros = self.unary("CLZ", vec![], &variance);
        let half = self.shifted(&zeros, 1);
        let spread = self.binary("LOGICAL_LEFT_SHIFT", &centred, &half);
        let gain = self.any_constant(INT32, &last_axis(&x.shape));
        let gained = self.product(&spread, &gain);
        let bias = self.any_constant(INT32, &last_axis(&x.shape));
        let sum = self.binary("ADD", &gained, &bias);
        let multiplier = i64::from(self.choices.number(1 << 29, i32::MAX));
        self.scaled(&sum, I8, multiplier, 40);
    }

    fn rows_of_i8(&mut self) -> Value {
        let rank = self.choices.number(1, 4);
        let mut shape: Vec<_> = (1..rank).map(|_| self.choices.number(1, 4)).collect();
        shape.push(self.choices.number(1, 70));
        self.input(I8, &shape)
    }

    fn last(&self) -> Value {
        self.values[self.values.len() - 1].clone()
    }

    fn reduced(&mut self, name: &str, value: &Value) -> Value {
        let axis = value.shape.len() - 1;
        let mut shape = value.shape.clone();
        shape[axis] = 1;
        let attribute = vec![(0, I32(axis as i32))];
        self.operator(name, attribute, &[&value.name], value.data_type, &shape)
    }

    /// An operator of two tensors of which each side is that of the other or 1.
    fn binary(&mut self, name: &str, a: &Value, b: &Value) -> Value {
        self.binary_with(name, vec![], a, b)
    }

    fn binary_flagged(&mut self, name: &str, a: &Value, b: &Value) -> Value {
        self.binary_with(name, vec![(0, U8(1))], a, b)
    }

    fn binary_with(
        &mut self,
        name: &str,
        flag: crate::model::Table,
        a: &Value,
        b: &Value,
    ) -> Value {
        let sides = a.shape.iter().zip(&b.shape);
        let shape: Vec<_> = sides.map(|(&a, &b)| a.max(b)).collect();
        self.operator(name, flag, &[&a.name, &b.name], INT32, &shape)
    }

    /// MUL with some shift.
    fn product(&mut self, a: &Value, b: &Value) -> Value {
        let shift = i64::from(self.choices.number(1, 40));
        let shift = self.constant(I8, &[1], &[shift]);
        let sides = a.shape.iter().zip(&b.shape);
        let shape: Vec<_> = sides.map(|(&a, &b)| a.max(b)).collect();
        let inputs = [&*a.name, &b.name, &shift.name];
        self.operator("MUL", vec![], &inputs, INT32, &shape)
    }

    /// ARITHMETIC_RIGHT_SHIFT by a constant.
    fn shifted(&mut self, value: &Value, amount: i64) -> Value {
        let amount = self.constant(INT32, &vec![1; value.shape.len()], &[amount]);
        self.binary_flagged("ARITHMETIC_RIGHT_SHIFT", value, &amount)
    }

    /// RESCALE by `multiplier / 2^shift`, SINGLE_ROUND.
    fn scaled(&mut self, value: &Value, to: i32, multiplier: i64, shift: i64) -> Value {
        let input_zp = self.zero_point(value.data_type);
        let output_zp = self.zero_point(to);
        let multiplier = self.constant(INT32, &[1], &[multiplier]);
        let shift = self.constant(I8, &[1], &[shift]);
        let flags = [(0, U8(1)), (1, I32(1)), (2, U8(0)), (3, U8(0)), (4, U8(0))];
        let operands = [&multiplier, &shift, &input_zp, &output_zp].map(|v| v.name.clone());
        let inputs = [
            &*value.name,
            &operands[0],
            &operands[1],
            &operands[2],
            &operands[3],
        ];
        self.operator("RESCALE", flags.to_vec(), &inputs, to, &value.shape)
    }
}

/// A shape of the same rank with all sides 1 but the last.
fn last_axis(shape: &[i32]) -> Vec<i32> {
    let mut sides = vec![1; shape.len()];
    if let (Some(side), Some(&last)) = (sides.last_mut(), shape.last()) {
        *side = last;
    }
    sides
}
