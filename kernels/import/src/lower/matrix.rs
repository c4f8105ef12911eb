//! Gemm, MatMul and their quantised forms: by CONV2D where the second operand is constant, else by MATMUL.

use aivm_tosa::DataType;

use super::conv2d::Geometry;
use super::sums::{in_32_bits, largest_sum, products};
use super::weight::Weight;
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::tosa_file::Op;
use crate::value::{Activation, Int, Layout, Real, RealConstant, Scale, Value};

impl<'a> Lowering<'a> {
    /// Gemm of real numbers: `alpha · A · B + beta · C`.
    pub(super) fn gemm(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, scale) = self.real8(node, 0)?;
        let Value::RealConstant(weight) = self.value(node, 1)? else {
            return Err(unsupported(
                "the second operand is not an integer constant",
                "use MatMul followed by Add",
            ));
        };
        let alpha = alpha(node)?;
        // A bias in steps of `scale` without alpha is right for alpha · product if it is given as 1 / alpha of it.
        if node.input(2).is_some() && (alpha != 1.0 || node.float("beta", 1.0) != 1.0) {
            return Err(unsupported(
                "alpha or beta beside a bias",
                "fold them into weight and bias",
            ));
        }
        let scale = scale::product(scale, alpha);
        let weight = self.dense_weight(&weight, node.int("transB", 0) != 0)?;
        let bias = self.bias(node, 2, scale, &weight.scales)?;
        let bias = bias.map(|bias| broadcast_bias(bias, &weight)).transpose()?;
        let activation = self.rows(&real.activation, node.int("transA", 0) != 0)?;
        let real = Real { activation, ..real };
        let sum = self.dense(&real, scale, &weight, bias)?;
        Ok(vec![Value::Real(sum)])
    }

    /// QGemm of com.microsoft: A, its scale and zero point, B, its scales and zero points, C, those of the result.
    pub(super) fn q_gemm(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (mut real, from) = self.dequantised(node, 0)?;
        let alpha = alpha(node)?;
        let transposed = node.int("transB", 0) != 0;
        let constant = self.constant(node, 3)?;
        let weight = self.channel_constant(node, constant, 4, usize::from(!transposed))?;
        let weight = self.dense_weight(&weight, transposed)?;
        let bias = match self.optional_constant(node, 6)? {
            Some(bias) => Some(broadcast_bias(self.int_bias(&bias)?, &weight)?),
            None => None,
        };
        real.activation = self.rows(&real.activation, node.int("transA", 0) != 0)?;
        let sum = self.dense(&real, scale::product(from.scale, alpha), &weight, bias)?;
        if node.input(7).is_none() {
            return Ok(vec![Value::Real(sum)]);
        }
        let to = self.quantisation(node, 7, from.element)?;
        let int = self.quantise(&sum, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// MatMul of real numbers.
    pub(super) fn mat_mul(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, scale) = self.real8(node, 0)?;
        let sum = match self.value(node, 1)? {
            Value::RealConstant(weight) if weight.constant.dims.len() == 2 => {
                let weight = self.dense_weight(&weight, false)?;
                self.dense(&real, scale, &weight, None)?
            }
            Value::RealConstant(_) => {
                return Err(unsupported(
                    "a constant operand that is not 2-D",
                    "use a 2-D weight",
                ));
            }
            _ => {
                let (other, other_scale) = self.real8(node, 1)?;
                self.product(&real, &other, scale::product(scale, other_scale))?
            }
        };
        Ok(vec![Value::Real(sum)])
    }

    /// QLinearMatMul: a, its scale and zero point, b, those of b, those of the result.
    pub(super) fn q_mat_mul(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, from) = self.dequantised(node, 0)?;
        let sum = match self.value(node, 3)? {
            Value::Constant(constant) if constant.dims.len() == 2 => {
                let weight = self.channel_constant(node, constant, 4, 1)?;
                let weight = self.dense_weight(&weight, false)?;
                self.dense(&real, from.scale, &weight, None)?
            }
            _ => {
                let (other, other_from) = self.dequantised(node, 3)?;
                self.product(&real, &other, scale::product(from.scale, other_from.scale))?
            }
        };
        let to = self.quantisation(node, 6, from.element)?;
        let int = self.quantise(&sum, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// MatMulInteger: a, b, zero point of a, zero points of b.
    pub(super) fn mat_mul_integer(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let real = self.integer_operand(node, 0, 2)?;
        let sum = match self.value(node, 1)? {
            Value::Constant(constant) if constant.dims.len() == 2 => {
                let weight = self.unscaled_constant(node, constant, 3, 1)?;
                let weight = self.dense_weight(&weight, false)?;
                self.dense(&real, 1.0, &weight, None)?
            }
            _ => {
                let other = self.integer_operand(node, 1, 3)?;
                self.product(&real, &other, 1.0)?
            }
        };
        let activation = self.plain(&sum.activation)?;
        Ok(vec![Value::Int(Int {
            activation,
            element: Element::I32,
        })])
    }

    /// A 2-D weight as `[outputs, inputs]`.
    fn dense_weight(&mut self, weight: &RealConstant, transposed: bool) -> Lowered<Weight> {
        let [rows, columns] = *weight.constant.dims.as_slice() else {
            return Err(shapes(format!(
                "a weight of shape {:?}",
                weight.constant.dims
            )));
        };
        let axis = usize::from(!transposed);
        let weight = self.weight(weight, axis)?;
        if transposed {
            return Ok(weight);
        }
        let (rows, columns) = (rows as usize, columns as usize);
        let values = (0..columns).flat_map(|column| (0..rows).map(move |row| (row, column)));
        let values = values
            .map(|(row, column)| weight.values[row * columns + column])
            .collect();
        Ok(Weight {
            dims: vec![columns as u32, rows as u32],
            values,
            ..weight
        })
    }

    /// The 2-D operand of Gemm, transposed if asked for.
    fn rows(&mut self, activation: &Activation, transposed: bool) -> Lowered<Activation> {
        if !transposed {
            return Ok(activation.clone());
        }
        let plain = self.plain(activation)?;
        if plain.shape.len() != 2 {
            return Err(shapes(format!("Gemm of {:?}", plain.shape)));
        }
        let id = self.transpose(plain.id, &[1, 0])?;
        let shape = self.writer.dimensions(id).to_vec();
        Ok(Activation::plain(id, shape))
    }

    /// Products with a constant, as a convolution with a kernel of one place: rows are cases.
    fn dense(
        &mut self,
        real: &Real,
        scale: f64,
        weight: &Weight,
        bias: Option<Vec<i32>>,
    ) -> Lowered<Real> {
        let shape = real.activation.shape.clone();
        let (&[outputs, inputs], Some((&last, rows))) =
            (weight.dims.as_slice(), shape.split_last())
        else {
            return Err(shapes(format!("{shape:?} times {:?}", weight.dims)));
        };
        if last != inputs || (weight.scales.len() != 1 && weight.scales.len() != outputs as usize) {
            return Err(shapes(format!("{shape:?} times {:?}", weight.dims)));
        }
        let bias = bias.unwrap_or_else(|| vec![0; outputs as usize]);
        let count: u32 = rows.iter().product();
        let input = if shape.len() == 2 && real.activation.layout == Layout::ChannelsLast {
            real.activation.id
        } else {
            let plain = self.plain(&real.activation)?;
            self.reshape_to(plain.id, &[count, 1, 1, inputs])?
        };
        let geometry = Geometry {
            pad: [0; 4],
            stride: [1; 2],
            dilation: [1; 2],
            kernel: [1; 2],
            output: [count, 1, 1, outputs],
            zero_points: [real.zero_point, weight.zero_point],
        };
        let mut id = self.conv2d(input, weight, 0..outputs, &bias, &geometry)?;
        let mut shape = shape;
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        let layout = if shape.len() == 2 {
            Layout::ChannelsLast
        } else {
            id = self.reshape_to(id, &shape)?;
            Layout::Plain
        };
        Ok(Real::new(
            Activation { id, shape, layout },
            products(scale, &weight.scales),
            0,
            largest_sum(weight, &bias, real.bound)?,
        ))
    }

    /// The product of two computed tensors.
    fn product(&mut self, a: &Real, b: &Real, scale: f64) -> Lowered<Real> {
        let (a_plain, b_plain) = (self.plain(&a.activation)?, self.plain(&b.activation)?);
        let (mut a_shape, mut b_shape) = (a_plain.shape.clone(), b_plain.shape.clone());
        let (a_vector, b_vector) = (a_shape.len() == 1, b_shape.len() == 1);
        if a_vector {
            a_shape.insert(0, 1);
        }
        if b_vector {
            b_shape.push(1);
        }
        let fault = || shapes(format!("{:?} times {:?}", a_plain.shape, b_plain.shape));
        let (&[ref a_batch @ .., rows, inner], &[ref b_batch @ .., b_inner, columns]) =
            (a_shape.as_slice(), b_shape.as_slice())
        else {
            return Err(fault());
        };
        if inner != b_inner {
            return Err(fault());
        }
        let batch: u32 = a_batch.iter().product();
        let b_count: u32 = b_batch.iter().product();
        // A batch against one matrix: all rows are rows of one product.
        let (batch, rows_each) = if a_batch == b_batch {
            (batch, rows)
        } else if b_count == 1 {
            (1, batch.checked_mul(rows).ok_or_else(fault)?)
        } else {
            return Err(unsupported(
                format!(
                    "{:?} times {:?}, which broadcast",
                    a_plain.shape, b_plain.shape
                ),
                "give both operands the same batch",
            ));
        };
        let a_id = self.reshape_to(a_plain.id, &[batch, rows_each, inner])?;
        let b_id = self.reshape_to(b_plain.id, &[batch, inner, columns])?;
        let operands = [
            a_id.into(),
            b_id.into(),
            self.scalar(DataType::I8, i64::from(a.zero_point))?,
            self.scalar(DataType::I8, i64::from(b.zero_point))?,
        ];
        let id = self.emit(
            Op::MatMul,
            &operands,
            DataType::I32,
            &[batch, rows_each, columns],
        )?;
        let mut shape = a_batch.to_vec();
        if b_batch.len() > a_batch.len() {
            shape = b_batch.to_vec();
        }
        if !a_vector {
            shape.push(rows);
        }
        if !b_vector {
            shape.push(columns);
        }
        let id = self.reshape_to(id, &shape)?;
        Ok(Real::new(
            Activation::plain(id, shape),
            Scale::Tensor(scale),
            0,
            in_32_bits((a.bound * b.bound).saturating_mul(i64::from(inner)))?,
        ))
    }
}

/// The factor of Gemm's product.
fn alpha(node: &NodeView<'_>) -> Lowered<f64> {
    let alpha = node.float("alpha", 1.0);
    if alpha > 0.0 && alpha.is_finite() {
        return Ok(alpha);
    }
    Err(unsupported(
        format!("alpha {alpha}"),
        "fold alpha into the weight",
    ))
}

/// A bias of one element stands for all outputs.
fn broadcast_bias(bias: Vec<i32>, weight: &Weight) -> Lowered<Vec<i32>> {
    let outputs = weight.dims[0] as usize;
    match bias.len() {
        1 => Ok(vec![bias[0]; outputs]),
        len if len == outputs => Ok(bias),
        len => Err(unsupported(
            format!("a bias of {len} numbers for {outputs} outputs"),
            QUANTISE,
        )),
    }
}
