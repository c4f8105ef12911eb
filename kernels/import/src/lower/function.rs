//! Functions of one real number, which become tables.
#![expect(
    clippy::float_arithmetic,
    reason = "a table's entries are computed once, at import"
)]

use aivm_tosa::DataType;

use super::parameters::Quantisation;
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::scale::{self, I8_RANGE};
use crate::tosa_file::Op;
use crate::value::{Activation, Function, NO_LIMITS, Real, Scale, Value};

/// Functions that one table may stand for.
const FUNCTIONS_MAX: usize = 16;

impl<'a> Lowering<'a> {
    /// An operator that applies a function to each element.
    pub(super) fn function(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        if matches!(self.value(node, 0)?, Value::Int(_)) {
            return self.integer(node);
        }
        let function = match node.op() {
            "Sigmoid" => Function::Sigmoid,
            "Tanh" => Function::Tanh,
            "HardSwish" => Function::HardSwish,
            "HardSigmoid" => Function::HardSigmoid {
                alpha: node.float("alpha", 0.2),
                beta: node.float("beta", 0.5),
            },
            "LeakyRelu" => Function::LeakyRelu {
                alpha: node.float("alpha", 0.01),
            },
            "Elu" => Function::Elu {
                alpha: node.float("alpha", 1.0),
            },
            "Gelu" => Function::Gelu {
                tanh: node.text("approximate") == Some("tanh"),
            },
            "Exp" => Function::Exp,
            "Log" => Function::Log,
            "Sqrt" => Function::Sqrt,
            "Reciprocal" => Function::Reciprocal,
            "Abs" => Function::Abs,
            "Neg" => Function::Neg,
            "Softplus" => Function::Softplus,
            "Erf" => Function::Erf,
            _ => return Err(node.no_such_operator()),
        };
        let real = self.real(node, 0)?;
        let real = self.with_function(real, function)?;
        self.note("one table with the operators around it, when the result is quantised");
        Ok(vec![Value::Real(real)])
    }

    /// QLinearSigmoid and QLinearLeakyRelu of com.microsoft: x, its scale and zero point, those of the result.
    pub(super) fn q_function(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (mut real, from) = self.dequantised(node, 0)?;
        let to = self.quantisation(node, 3, from.element)?;
        real.functions.push(match node.op() {
            "QLinearSigmoid" => Function::Sigmoid,
            _ => Function::LeakyRelu {
                alpha: node.float("alpha", 0.01),
            },
        });
        let int = self.quantise(&real, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// A real tensor with one more function to be applied; limits that are pending become one.
    pub(super) fn with_function(&mut self, mut real: Real, function: Function) -> Lowered<Real> {
        let (min, max) = real.limits;
        if (min, max) != NO_LIMITS {
            real.functions.push(Function::Clip { min, max });
            real.limits = NO_LIMITS;
        }
        real.functions.push(function);
        if real.functions.len() > FUNCTIONS_MAX {
            return Err(unsupported(
                format!("more than {FUNCTIONS_MAX} functions in a row"),
                "QuantizeLinear and DequantizeLinear stand between them",
            ));
        }
        Ok(real)
    }

    /// A table of all 256 values of `real` behind its functions, quantised.
    pub(super) fn table(&mut self, real: &Real, to: Quantisation) -> Lowered<Activation> {
        let Scale::Tensor(scale) = real.scale else {
            return Err(unsupported(
                "a function of sums with several scales",
                QUANTISE,
            ));
        };
        if self.writer.data_type(real.activation.id) != DataType::I8 {
            return Err(unsupported(
                "a function of sums that are not quantised",
                "QuantizeLinear and DequantizeLinear stand before each such function",
            ));
        }
        let entries: Vec<i64> = (I8_RANGE.0..=I8_RANGE.1)
            .map(|stored| {
                let real_value = scale::dequantise(stored, scale, i64::from(real.zero_point));
                let value = real
                    .functions
                    .iter()
                    .fold(real_value, |value, function| function.apply(value));
                scale::quantise(value, to.scale, to.stored_zero_point(), I8_RANGE)
            })
            .collect();
        let table = self.emit_constant(DataType::I8, &[256], &entries)?;
        let mut activation = real.activation.clone();
        let shape = self.writer.dimensions(activation.id).to_vec();
        activation.id = self.emit(
            Op::Table,
            &[activation.id.into(), table.into()],
            DataType::I8,
            &shape,
        )?;
        Ok(activation)
    }
}

impl Function {
    /// The function's value.
    pub(super) fn apply(&self, x: f64) -> f64 {
        match *self {
            Function::Sigmoid => sigmoid(x),
            Function::Tanh => x.tanh(),
            Function::HardSwish => x * hard_sigmoid(x, 1.0 / 6.0, 0.5),
            Function::HardSigmoid { alpha, beta } => hard_sigmoid(x, alpha, beta),
            Function::LeakyRelu { alpha } => {
                if x < 0.0 {
                    alpha * x
                } else {
                    x
                }
            }
            Function::Elu { alpha } => {
                if x < 0.0 {
                    alpha * x.exp_m1()
                } else {
                    x
                }
            }
            Function::Gelu { tanh: true } => {
                0.5 * x
                    * (1.0
                        + (std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044_715 * x * x * x)).tanh())
            }
            Function::Gelu { tanh: false } => {
                0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2))
            }
            Function::Exp => x.exp(),
            Function::Log => x.ln(),
            Function::Sqrt => x.sqrt(),
            Function::Reciprocal => x.recip(),
            Function::Abs => x.abs(),
            Function::Neg => -x,
            Function::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Function::Erf => erf(x),
            Function::Clip { min, max } => x.max(min).min(max),
            Function::Affine { scale, offset } => x * scale + offset,
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn hard_sigmoid(x: f64, alpha: f64, beta: f64) -> f64 {
    (alpha * x + beta).clamp(0.0, 1.0)
}

/// The error function, by its power series near 0 and a continued fraction beyond.
fn erf(x: f64) -> f64 {
    let magnitude = x.abs();
    if magnitude > 6.0 {
        return x.signum();
    }
    if magnitude < 2.0 {
        let mut term = x;
        let mut sum = x;
        for n in 1..60 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let mut fraction = 0.0;
    for n in (1..60).rev() {
        fraction = f64::from(n) / 2.0 / (magnitude + fraction);
    }
    let tail = (-x * x).exp() / (magnitude + fraction) * std::f64::consts::FRAC_2_SQRT_PI / 2.0;
    x.signum() * (1.0 - tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_known_values() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(erf(0.5), 0.520_499_877_813_046_5);
        near(erf(2.5), 0.999_593_047_982_555);
        near(erf(-1.0), -0.842_700_792_949_714_9);
        near(Function::Sigmoid.apply(0.0), 0.5);
        near(Function::HardSwish.apply(1.0), 4.0 / 6.0);
        near(
            Function::Gelu { tanh: false }.apply(1.0),
            0.841_344_746_068_543,
        );
        near(Function::Softplus.apply(-50.0), 0.0);
        near(
            Function::Clip {
                min: -1.0,
                max: 1.0,
            }
            .apply(3.0),
            1.0,
        );
    }
}
