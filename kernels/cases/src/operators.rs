//! Random operators that are not element-wise, and the choice among all.

use crate::generator::{Generator, Value};
use crate::model::{BOOL, I4, I8, I16, I32, I48, INT32, Ints, Table};

pub(crate) fn ints(slot: u16, values: &[i32]) -> (u16, crate::model::Field) {
    (slot, Ints(values.to_vec()))
}

fn wide(values: &[i32]) -> Vec<i64> {
    values.iter().map(|&value| i64::from(value)).collect()
}

impl Generator {
    /// Adds one random operator, if the choice allows one.
    pub fn step(&mut self) {
        match self.structure.number(0, 99) {
            0..95 => self.plain_step(),
            95..98 => self.control(),
            _ if self.depth == 0 => {
                let data_type = self.structure.one_of(&[I8, I16, INT32, BOOL]);
                let shape = self.any_shape();
                self.variable(data_type, &shape);
            }
            _ => {}
        }
    }

    /// Adds one random operator that is neither control flow nor a variable, if the choice allows one.
    pub(crate) fn plain_step(&mut self) {
        let value = self.recent();
        match self.structure.number(0, 94) {
            0..60 => self.element_wise(&value),
            60..70 => self.layout(&value),
            70..78 => self.reduction(&value),
            78..84 => self.window(&value),
            84..93 => self.linear(&value),
            _ => self.rows(&value),
        }
    }

    /// A value, mostly one of the last.
    fn recent(&mut self) -> Value {
        let last = self.values.len() - 1;
        let back = if self.structure.percent(70) {
            self.structure.number(0, 2) as usize
        } else {
            self.structure.bits() as usize % self.values.len()
        };
        self.values[last - back.min(last)].clone()
    }

    /// A shape of few elements, sometimes of more than a block of a chain.
    pub fn any_shape(&mut self) -> Vec<i32> {
        let rank = self.choices.number(0, 6);
        let mut shape: Vec<i32> = (0..rank).map(|_| self.choices.number(1, 4)).collect();
        if let Some(last) = shape.last_mut() {
            *last = match self.choices.number(0, 9) {
                0 => self.choices.number(1, 400),
                1..5 => self.choices.number(1, 40),
                _ => *last,
            };
        }
        while shape.iter().product::<i32>() > self.elements_max {
            shape.remove(0);
        }
        shape
    }

    /// A value that broadcasts with `value`, and the shape of both together.
    pub(crate) fn partner(&mut self, value: &Value, data_type: i32) -> (Value, Vec<i32>) {
        if self.structure.percent(50) {
            return (self.operand(data_type, &value.shape), value.shape.clone());
        }
        let mut shape = value.shape.clone();
        let mut both = value.shape.clone();
        for (side, both) in shape.iter_mut().zip(&mut both) {
            if self.choices.percent(50) {
                *side = 1;
            }
            if *both == 1 && self.choices.percent(30) {
                *side = self.choices.number(1, 3);
                *both = *side;
            }
        }
        if both.iter().product::<i32>() > self.elements_max {
            return (self.operand(data_type, &value.shape), value.shape.clone());
        }
        (self.operand(data_type, &shape), both)
    }

    /// An operator that moves elements, if the value allows one.
    pub fn layout(&mut self, value: &Value) {
        if matches!(value.data_type, I4 | I48) {
            return;
        }
        if value.shape.is_empty() {
            let to = vec![1; self.choices.number(0, 3) as usize];
            self.reshape(value, &to);
            return;
        }
        let names = [
            "RESHAPE",
            "REVERSE",
            "TRANSPOSE",
            "SLICE",
            "TILE",
            "PAD",
            "CONCAT",
        ];
        let name = self.structure.one_of(&names);
        self.movement(name, value);
    }

    /// One of the operators that move elements, of a value of rank 1 or more.
    pub(crate) fn movement(&mut self, name: &str, value: &Value) {
        let shape = value.shape.clone();
        let rank = shape.len() as i32;
        let axis = self.choices.number(0, rank - 1);
        match name {
            "RESHAPE" => {
                let to = self.structure.number(1, 6) as usize;
                self.ranked(value, to);
            }
            "REVERSE" => {
                self.unary("REVERSE", vec![(0, I32(axis))], value);
            }
            "TRANSPOSE" => {
                let mut perms: Vec<i32> = (0..rank).collect();
                for index in (1..perms.len()).rev() {
                    perms.swap(index, self.choices.bits() as usize % (index + 1));
                }
                let to: Vec<_> = perms.iter().map(|&axis| shape[axis as usize]).collect();
                let attribute = vec![ints(0, &perms)];
                self.operator("TRANSPOSE", attribute, &[&value.name], value.data_type, &to);
            }
            "SLICE" => {
                let start: Vec<_> = shape
                    .iter()
                    .map(|&s| self.choices.number(0, s - 1))
                    .collect();
                let size = shape.iter().zip(&start);
                let size: Vec<_> = size
                    .map(|(&side, &start)| self.choices.number(1, side - start))
                    .collect();
                let (a, b) = (self.shape(&wide(&start)), self.shape(&wide(&size)));
                let inputs = [&*value.name, &a, &b];
                self.operator("SLICE", vec![], &inputs, value.data_type, &size);
            }
            "TILE" => {
                let times: Vec<_> = shape.iter().map(|_| self.choices.number(1, 2)).collect();
                let to: Vec<_> = shape.iter().zip(&times).map(|(a, b)| a * b).collect();
                if to.iter().product::<i32>() <= self.elements_max {
                    let times = self.shape(&wide(&times));
                    let inputs = [&*value.name, &times];
                    self.operator("TILE", vec![], &inputs, value.data_type, &to);
                }
            }
            "PAD" => {
                let pads: Vec<_> = (0..2 * rank).map(|_| self.choices.number(0, 2)).collect();
                let to: Vec<_> = shape
                    .iter()
                    .zip(pads.chunks(2))
                    .map(|(side, pads)| side + pads[0] + pads[1])
                    .collect();
                if to.iter().product::<i32>() <= self.elements_max {
                    let pads = self.shape(&wide(&pads));
                    let fill = self
                        .choices
                        .element(crate::generator::bits(value.data_type));
                    let fill = self.parameter(value.data_type, &[1], &[fill]);
                    let inputs = [&*value.name, &pads, &fill.name];
                    self.operator("PAD", vec![], &inputs, value.data_type, &to);
                }
            }
            _ => {
                let mut part = shape.clone();
                part[axis as usize] = self.choices.number(1, 3);
                let other = self.operand(value.data_type, &part);
                let mut to = shape.clone();
                to[axis as usize] += part[axis as usize];
                let inputs = [&*value.name, &other.name];
                let attribute = vec![(0, I32(axis))];
                self.operator("CONCAT", attribute, &inputs, value.data_type, &to);
            }
        }
    }

    fn reshape(&mut self, value: &Value, to: &[i32]) -> Value {
        let shape = self.shape(&wide(to));
        let inputs = [&*value.name, &shape];
        self.operator("RESHAPE", vec![], &inputs, value.data_type, to)
    }

    /// The value with this rank, at least 1: sides are split or joined.
    pub(crate) fn ranked(&mut self, value: &Value, rank: usize) -> Value {
        if value.shape.len() == rank {
            return value.clone();
        }
        let mut rest = value.elements();
        let mut to = vec![1; rank];
        for side in to.iter_mut().skip(1).rev() {
            let divisors: Vec<_> = (1..=rest.min(24)).filter(|d| rest % d == 0).collect();
            *side = self.choices.one_of(&divisors);
            rest /= *side;
        }
        to[0] = rest;
        self.reshape(value, &to)
    }

    /// A reduction or ARGMAX, if the value allows one.
    pub fn reduction(&mut self, value: &Value) {
        if value.shape.is_empty() {
            return;
        }
        let names: &[&str] = match value.data_type {
            BOOL => &["REDUCE_ALL", "REDUCE_ANY"],
            I8 | I16 => &["REDUCE_MAX", "REDUCE_MIN", "ARGMAX"],
            INT32 => &["REDUCE_MAX", "REDUCE_MIN", "REDUCE_SUM"],
            _ => return,
        };
        let name = self.structure.one_of(names);
        self.reduction_named(name, value);
    }

    /// A reduction or ARGMAX along any axis of a value of rank 1 or more.
    pub(crate) fn reduction_named(&mut self, name: &str, value: &Value) {
        let axis = self.choices.number(0, value.shape.len() as i32 - 1);
        self.reduction_along(name, value, axis as usize);
    }

    /// A reduction or ARGMAX along an axis.
    pub(crate) fn reduction_along(&mut self, name: &str, value: &Value, axis: usize) {
        let mut shape = value.shape.clone();
        let to = if name == "ARGMAX" {
            shape.remove(axis);
            INT32
        } else {
            shape[axis] = 1;
            value.data_type
        };
        let attribute = vec![(0, I32(axis as i32))];
        self.operator(name, attribute, &[&value.name], to, &shape);
    }

    /// Stride, padding on both sides and output side for a window of `extent` over `side`.
    pub(crate) fn place(&mut self, side: i32, extent: i32, pad_max: i32) -> Option<[i32; 4]> {
        let stride = self.choices.number(1, 3);
        let before = self.choices.number(0, pad_max);
        for after in 0..=pad_max {
            let rest = side + before + after - extent;
            if rest >= 0 && rest % stride == 0 {
                return Some([stride, before, after, rest / stride + 1]);
            }
        }
        None
    }

    fn window(&mut self, value: &Value) {
        if !matches!(value.data_type, I8 | I16) {
            return;
        }
        let value = self.ranked(value, 4);
        let name = self
            .structure
            .one_of(&["RESIZE", "MAX_POOL2D", "AVG_POOL2D"]);
        if name == "RESIZE" {
            self.resize(&value);
        } else {
            self.pool(name, &value);
        }
    }

    /// AVG_POOL2D or MAX_POOL2D of a value of rank 4, if a window fits.
    pub(crate) fn pool(&mut self, name: &str, value: &Value) -> bool {
        let &[n, height, width, channels] = &value.shape[..] else {
            return false;
        };
        let (ky, kx) = (self.choices.number(1, 4), self.choices.number(1, 4));
        let (Some(y), Some(x)) = (
            self.place(height, ky, ky - 1),
            self.place(width, kx, kx - 1),
        ) else {
            return false;
        };
        let to = [n, y[3], x[3], channels];
        let attribute = vec![
            ints(0, &[ky, kx]),
            ints(1, &[y[0], x[0]]),
            ints(2, &[y[1], y[2], x[1], x[2]]),
        ];
        self.pooled(name, attribute, value, &to);
        true
    }

    fn pooled(&mut self, name: &str, mut attribute: Table, value: &Value, to: &[i32]) {
        if name == "MAX_POOL2D" {
            self.operator(name, attribute, &[&value.name], value.data_type, to);
            return;
        }
        attribute.push((3, I32(INT32)));
        let a = self.zero_point(value.data_type);
        let b = self.zero_point(value.data_type);
        let inputs = [&*value.name, &a.name, &b.name];
        self.operator(name, attribute, &inputs, value.data_type, to);
    }

    /// A window of `width` columns over an image of one row: a pooling, or CONV2D to three channels.
    pub(crate) fn window_of(&mut self, name: &str, value: &Value, width: i32) {
        let &[n, 1, columns, channels] = &value.shape[..] else {
            return;
        };
        let mut to = [n, 1, columns - width + 1, channels];
        if name != "CONV2D" {
            let attribute = vec![ints(0, &[1, width]), ints(1, &[1, 1]), ints(2, &[0; 4])];
            self.pooled(name, attribute, value, &to);
            return;
        }
        to[3] = 3;
        let shape = [3, 1, width, channels];
        let (operands, acc_type) = self.weights(value.data_type, &shape, 3);
        let attribute = vec![
            ints(0, &[0; 4]),
            ints(1, &[1, 1]),
            ints(2, &[1, 1]),
            (4, I32(acc_type)),
        ];
        let [weight, bias, input_zp, weight_zp] = &operands;
        let inputs = [&*value.name, weight, bias, input_zp, weight_zp];
        self.operator(name, attribute, &inputs, acc_type, &to);
    }

    /// RESIZE of a value of rank 4, if the numbers drawn fit it.
    pub(crate) fn resize(&mut self, value: &Value) -> bool {
        let mut axis = |side: i32| {
            let n = self.choices.number(1, 5);
            let d = self.choices.number(1, (16 * n - 1).min(7));
            let offset = self.choices.number(-n, n);
            let border = self.choices.number(-n, n - 1);
            let rest = (side - 1) * n - offset + border;
            let border = border - rest.rem_euclid(d);
            let rest = rest - rest.rem_euclid(d);
            (rest >= 0 && border >= -16 * n && rest / d < 40).then_some([
                n,
                d,
                offset,
                border,
                rest / d + 1,
            ])
        };
        let (Some(y), Some(x)) = (axis(value.shape[1]), axis(value.shape[2])) else {
            return false;
        };
        let to = [value.shape[0], y[4], x[4], value.shape[3]];
        if to.iter().product::<i32>() > self.elements_max {
            return false;
        }
        let scale = self.shape(&wide(&[y[0], y[1], x[0], x[1]]));
        let offset = self.shape(&wide(&[y[2], x[2]]));
        let border = self.shape(&wide(&[y[3], x[3]]));
        let mode = self.structure.number(1, 2);
        let data_type = match (mode, value.data_type) {
            (2, I8) => INT32,
            (2, _) => I48,
            (_, other) => other,
        };
        let inputs = [&*value.name, &scale, &offset, &border];
        self.operator("RESIZE", vec![(0, I32(mode))], &inputs, data_type, &to);
        true
    }

    /// GATHER or SCATTER.
    fn rows(&mut self, value: &Value) {
        if !matches!(value.data_type, I8 | I16 | INT32) {
            return;
        }
        let value = self.ranked(value, 3);
        let name = self.structure.one_of(&["GATHER", "SCATTER"]);
        self.rows_named(name, &value);
    }

    /// GATHER or SCATTER of a value of rank 3.
    pub(crate) fn rows_named(&mut self, name: &str, value: &Value) {
        let &[n, rows, channels] = &value.shape[..] else {
            return;
        };
        let count = self.choices.number(1, rows.min(9));
        // Mostly indices inside, computed ones anywhere.
        let indices = if self.structure.percent(50) {
            let indices: Vec<_> = (0..n * count)
                .map(|_| i64::from(self.choices.number(-1, rows)))
                .collect();
            self.constant(INT32, &[n, count], &indices)
        } else {
            self.operand(INT32, &[n, count])
        };
        if name == "GATHER" {
            let to = [n, count, channels];
            let inputs = [&*value.name, &indices.name];
            self.operator(name, vec![], &inputs, value.data_type, &to);
        } else {
            let new = self.operand(value.data_type, &[n, count, channels]);
            let inputs = [&*value.name, &indices.name, &new.name];
            self.operator(name, vec![], &inputs, value.data_type, &value.shape);
        }
    }
}
