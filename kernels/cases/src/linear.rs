//! Random CONV2D, CONV3D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D and MATMUL.

use crate::generator::{Generator, Value};
use crate::model::{I4, I8, I16, I32, I48, INT32};
use crate::operators::ints;

impl Generator {
    /// A linear operator, mostly with RESCALE and more behind it, if the value allows one.
    pub fn linear(&mut self, value: &Value) {
        if !matches!(value.data_type, I8 | I16) {
            return;
        }
        let name = match self.structure.number(0, 9) {
            0..4 => "CONV2D",
            4..6 => "DEPTHWISE_CONV2D",
            6 => "CONV3D",
            7 => "TRANSPOSE_CONV2D",
            _ => "MATMUL",
        };
        self.linear_named(name, value);
    }

    /// CONV2D, CONV3D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D or MATMUL, mostly with RESCALE and more behind it; false if
    /// the sizes drawn do not fit the value.
    pub(crate) fn linear_named(&mut self, name: &str, value: &Value) -> bool {
        // Drawn before sizes may end it, so that later choices of the structure are the same.
        let (rescaled, clamped) = (self.structure.percent(85), self.structure.percent(60));
        let looked_up = self.structure.percent(40);
        let result = match name {
            "TRANSPOSE_CONV2D" => self.transpose_convolution(value),
            "MATMUL" => self.matmul(value),
            _ => self.convolution(value, name),
        };
        let Some(result) = result else { return false };
        if rescaled {
            let mut result = self.rescale(&result);
            if matches!(result.data_type, I8 | I16) && clamped {
                self.element_wise_named("CLAMP", &result);
                result = self.values[self.values.len() - 1].clone();
            }
            if result.data_type == I8 && looked_up {
                self.element_wise_named("TABLE", &result);
            }
        }
        true
    }

    /// Weight, bias and zero points; the accumulator's type.
    pub(crate) fn weights(
        &mut self,
        from: i32,
        shape: &[i32],
        channels: i32,
    ) -> ([String; 4], i32) {
        let data_type = if from == I8 && self.structure.percent(20) {
            I4
        } else {
            I8
        };
        let acc_type = if from == I8 { INT32 } else { I48 };
        let biases = self.choices.one_of(&[channels, channels, 1]);
        let (weight, bias) = if self.structure.percent(70) || self.depth > 0 {
            (
                self.any_constant(data_type, shape),
                self.any_constant(acc_type, &[biases]),
            )
        } else {
            (
                self.operand(data_type, shape),
                self.operand(acc_type, &[biases]),
            )
        };
        let zero_points = [self.zero_point(from), self.zero_point(data_type)];
        let [input_zp, weight_zp] = zero_points.map(|value| value.name);
        ([weight.name, bias.name, input_zp, weight_zp], acc_type)
    }

    fn convolution(&mut self, value: &Value, name: &str) -> Option<Value> {
        let axes = if name == "CONV3D" { 3 } else { 2 };
        let value = self.ranked(value, axes + 2);
        let channels = value.shape[axes + 1];
        let (mut pads, mut strides, mut dilations) = (vec![], vec![], vec![]);
        let mut to = vec![value.shape[0]];
        let mut kernel = Vec::new();
        for axis in 0..axes {
            let (tap, dilation) = (self.choices.number(1, 3), self.choices.number(1, 2));
            let extent = (tap - 1) * dilation + 1;
            let [stride, before, after, out] = self.place(value.shape[axis + 1], extent, 2)?;
            pads.extend([before, after]);
            strides.push(stride);
            dilations.push(dilation);
            kernel.push(tap);
            to.push(out);
        }
        let (shape, out_channels) = if name == "DEPTHWISE_CONV2D" {
            let multiplier = self.choices.one_of(&[1, 1, 2, 3]);
            let shape = [&kernel[..], &[channels, multiplier]].concat();
            (shape, channels * multiplier)
        } else {
            let out_channels = self.choices.one_of(&[1, 2, 5, 8, 16, 17, 20]);
            (
                [&[out_channels], &kernel[..], &[channels]].concat(),
                out_channels,
            )
        };
        to.push(out_channels);
        if to.iter().product::<i32>() > self.elements_max
            || shape.iter().product::<i32>() > self.elements_max
        {
            return None;
        }
        let (operands, acc_type) = self.weights(value.data_type, &shape, out_channels);
        let attribute = vec![
            ints(0, &pads),
            ints(1, &strides),
            ints(2, &dilations),
            (4, I32(acc_type)),
        ];
        let [weight, bias, input_zp, weight_zp] = &operands;
        let inputs = [&*value.name, weight, bias, input_zp, weight_zp];
        Some(self.operator(name, attribute, &inputs, acc_type, &to))
    }

    fn transpose_convolution(&mut self, value: &Value) -> Option<Value> {
        let value = self.ranked(value, 4);
        let &[n, height, width, channels] = &value.shape[..] else {
            return None;
        };
        let mut axis = |side: i32| {
            let (tap, stride) = (self.choices.number(1, 3), self.choices.number(1, 3));
            let (before, after) = (
                self.choices.number(1 - tap, 2),
                self.choices.number(1 - tap, 2),
            );
            let out = (side - 1) * stride + before + after + tap;
            (out > 0).then_some([tap, stride, before, after, out])
        };
        let (y, x) = (axis(height)?, axis(width)?);
        let out_channels = self.choices.number(1, 5);
        let to = [n, y[4], x[4], out_channels];
        if to.iter().product::<i32>() > self.elements_max {
            return None;
        }
        let shape = [out_channels, y[0], x[0], channels];
        let (operands, acc_type) = self.weights(value.data_type, &shape, out_channels);
        let attribute = vec![
            ints(0, &[y[2], y[3], x[2], x[3]]),
            ints(1, &[y[1], x[1]]),
            (3, I32(acc_type)),
        ];
        let [weight, bias, input_zp, weight_zp] = &operands;
        let inputs = [&*value.name, weight, bias, input_zp, weight_zp];
        Some(self.operator("TRANSPOSE_CONV2D", attribute, &inputs, acc_type, &to))
    }

    fn matmul(&mut self, value: &Value) -> Option<Value> {
        let value = self.ranked(value, 3);
        // Of a long inner axis few columns.
        let columns = self.choices.number(1, 20).min(1 + 8_000 / value.shape[2]);
        let to = [value.shape[0], value.shape[1], columns];
        let other = [value.shape[0], value.shape[2], columns];
        if to.iter().product::<i32>() > self.elements_max
            || other.iter().product::<i32>() > self.elements_max.max(20_000)
        {
            return None;
        }
        let other = self.operand(value.data_type, &other);
        let a_zp = self.zero_point(value.data_type);
        let b_zp = self.zero_point(value.data_type);
        let acc_type = if value.data_type == I8 { INT32 } else { I48 };
        let inputs = [&*value.name, &other.name, &a_zp.name, &b_zp.name];
        Some(self.operator("MATMUL", vec![], &inputs, acc_type, &to))
    }
}
