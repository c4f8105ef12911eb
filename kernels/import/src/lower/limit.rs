//! Relu and Clip.

use aivm_tosa::DataType;

use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::scale;
use crate::tosa_file::Op;
use crate::value::{Function, Int, Value};

impl<'a> Lowering<'a> {
    /// Relu and Clip.
    pub(super) fn limit(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (min, max) = self.limits_of(node)?;
        match self.value(node, 0)? {
            Value::Int(int) => self
                .limit_int(int, min, max)
                .map(|int| vec![Value::Int(int)]),
            _ => {
                let mut real = self.real(node, 0)?;
                if real.functions.is_empty() {
                    // Clip's upper limit wins over its lower one.
                    let both = |limit: f64| limit.max(min).min(max);
                    real.limits = (both(real.limits.0), both(real.limits.1));
                } else {
                    real = self.with_function(real, Function::Clip { min, max })?;
                }
                self.note("limits of the result when it is quantised");
                Ok(vec![Value::Real(real)])
            }
        }
    }

    fn limits_of(&self, node: &NodeView<'a>) -> Lowered<(f64, f64)> {
        if node.op() == "Relu" {
            return Ok((0.0, f64::INFINITY));
        }
        let limit = |index: usize, name: &str, default: f64| -> Lowered<f64> {
            if node.input(index).is_none() {
                let attribute = node.attribute(name).map(|attribute| f64::from(attribute.f));
                let number = attribute.unwrap_or(default);
                return match number.is_nan() {
                    false => Ok(number),
                    true => Err(unsupported(format!("{name} is not a number"), "a number")),
                };
            }
            let number = self.value(node, index)?.number();
            number.filter(|number| !number.is_nan()).ok_or_else(|| {
                unsupported(
                    "a limit that is not a constant number",
                    "make it an initialiser",
                )
            })
        };
        Ok((
            limit(1, "min", f64::NEG_INFINITY)?,
            limit(2, "max", f64::INFINITY)?,
        ))
    }

    fn limit_int(&mut self, mut int: Int, min: f64, max: f64) -> Lowered<Int> {
        let offset = Int::offset(int.element);
        let data_type = self.writer.data_type(int.activation.id);
        let bound =
            |limit| scale::quantise(limit, 1.0, -offset, (data_type.min(), data_type.max()));
        let (min, max) = (bound(min), bound(max));
        int.activation.id = match data_type {
            DataType::I8 => self.clamp(int.activation.id, (min.min(max), max))?,
            DataType::I32 => {
                let id = self.emit_beside(Op::Maximum, int.activation.id, &[min])?;
                self.emit_beside(Op::Minimum, id, &[max])?
            }
            _ => {
                return Err(unsupported(
                    format!("limits of {}", int.element.name()),
                    QUANTISE,
                ));
            }
        };
        Ok(int)
    }
}
