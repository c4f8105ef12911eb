//! The TOSA operators that convolve: CONV2D and DEPTHWISE_CONV2D.

use std::ops::Range;

use aivm_tosa::DataType;

use super::weight::Weight;
use super::window::{ExactWindows, Windows};
use super::{Lowered, Lowering, shapes};
use crate::constant::indices;
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::Real;

/// The numbers that every way to convolve needs, in TOSA's order.
pub(super) struct Geometry {
    pub pad: [u32; 4],
    pub stride: [u32; 2],
    pub dilation: [u32; 2],
    pub kernel: [u32; 2],
    pub output: [u32; 4],
    /// Of input and weight.
    pub zero_points: [i32; 2],
}

impl Lowering<'_> {
    /// CONV2D with the output channels `channels` of the weight.
    pub(super) fn conv2d(
        &mut self,
        input: TensorId,
        weight: &Weight,
        channels: Range<u32>,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let ic = weight.dims[1];
        let [kh, kw] = geometry.kernel;
        let per_channel = (ic * kh * kw) as usize;
        let mut values = Vec::with_capacity(per_channel * channels.len());
        for oc in channels.clone() {
            let own = &weight.values[oc as usize * per_channel..][..per_channel];
            for place in 0..(kh * kw) as usize {
                values.extend(
                    (0..ic as usize).map(|c| i64::from(own[c * (kh * kw) as usize + place])),
                );
            }
        }
        let shape = [channels.len() as u32, kh, kw, ic];
        let weight_id = self.emit_constant(DataType::I8, &shape, &values)?;
        let [n, h, w, _] = geometry.output;
        let output = [n, h, w, channels.len() as u32];
        let operands = self.convolution_operands(input, weight_id, bias, geometry)?;
        let op = Op::Conv2d {
            pad: geometry.pad,
            stride: geometry.stride,
            dilation: geometry.dilation,
        };
        self.emit(op, &operands, DataType::I32, &output)
    }

    /// DEPTHWISE_CONV2D: output channel `c · M + m` in both formats.
    pub(super) fn depthwise(
        &mut self,
        input: TensorId,
        weight: &Weight,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let [kh, kw] = geometry.kernel;
        let places = (kh * kw) as usize;
        let oc = weight.dims[0];
        let c = self.writer.dimensions(input)[3];
        let values: Vec<i64> = indices(&[kh, kw, oc])
            .map(|index| {
                let [y, x, channel] = [index[0], index[1], index[2]].map(|n| n as usize);
                i64::from(weight.values[channel * places + y * kw as usize + x])
            })
            .collect();
        let weight_id = self.emit_constant(DataType::I8, &[kh, kw, c, oc / c], &values)?;
        let operands = self.convolution_operands(input, weight_id, bias, geometry)?;
        let op = Op::DepthwiseConv2d {
            pad: geometry.pad,
            stride: geometry.stride,
            dilation: geometry.dilation,
        };
        self.emit(op, &operands, DataType::I32, &geometry.output)
    }

    /// One CONV2D for each group, side by side.
    pub(super) fn grouped(
        &mut self,
        input: TensorId,
        weight: &Weight,
        group: u32,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<TensorId> {
        let ic = weight.dims[1];
        let oc = weight.dims[0] / group;
        let mut size = self.writer.dimensions(input).to_vec();
        size[3] = ic;
        let mut parts = Vec::new();
        for index in 0..group {
            let part = self.slice(input, &[0, 0, 0, index * ic], &size)?;
            let channels = index * oc..(index + 1) * oc;
            let own = &bias[channels.start as usize..channels.end as usize];
            parts.push(Operand::Tensor(
                self.conv2d(part, weight, channels, own, geometry)?,
            ));
        }
        self.emit(
            Op::Concat { axis: 3 },
            &parts,
            DataType::I32,
            &geometry.output,
        )
    }

    /// Sums of windows: a depthwise convolution with ones. Padding counts as the real number 0.
    pub(super) fn window_sums(
        &mut self,
        real: &Real,
        input: TensorId,
        windows: &Windows,
        exact: &ExactWindows,
    ) -> Lowered<TensorId> {
        let [n, _, _, c] = *self.writer.dimensions(input) else {
            return Err(shapes("pooling of a tensor that is not 4-D"));
        };
        let kernel = windows.kernel();
        let places = u64::from(kernel[0]) * u64::from(kernel[1]) * u64::from(c);
        self.spend(places)?;
        let geometry = Geometry {
            pad: exact.pad,
            stride: windows.stride(),
            dilation: [1, 1],
            kernel,
            output: [n, exact.output[0], exact.output[1], c],
            zero_points: [real.zero_point, 0],
        };
        let weight = Weight {
            dims: vec![c, 1, kernel[0], kernel[1]],
            values: vec![1; places as usize],
            zero_point: 0,
            scales: vec![1.0],
        };
        self.depthwise(input, &weight, &vec![0; c as usize], &geometry)
    }

    fn convolution_operands(
        &mut self,
        input: TensorId,
        weight: TensorId,
        bias: &[i32],
        geometry: &Geometry,
    ) -> Lowered<[Operand; 5]> {
        let values: Vec<i64> = bias.iter().map(|&value| i64::from(value)).collect();
        let bias = self.emit_constant(DataType::I32, &[bias.len() as u32], &values)?;
        let [input_zp, weight_zp] = geometry.zero_points.map(i64::from);
        Ok([
            input.into(),
            weight.into(),
            bias.into(),
            self.scalar(DataType::I8, input_zp)?,
            self.scalar(DataType::I8, weight_zp)?,
        ])
    }
}
