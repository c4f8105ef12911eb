//! Add, Sub, Mul and Div of a real tensor and one number: another scale, or a function.

use aivm_tosa::DataType;

use super::arithmetic::not_finite;
use super::sums::products;
use super::{Lowered, Lowering, NodeView, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::value::{Function, Value};

impl<'a> Lowering<'a> {
    /// One number beside a real tensor changes its scale, or joins its functions.
    pub(super) fn with_scalar(
        &mut self,
        node: &NodeView<'a>,
        a: &Value,
        b: &Value,
    ) -> Lowered<Option<Value>> {
        let scalar = |value: &Value| match value {
            Value::Constant(constant) if constant.element != Element::F32 => None,
            value => value.number(),
        };
        let (a_number, b_number) = (scalar(a), scalar(b));
        if [a_number, b_number]
            .iter()
            .flatten()
            .any(|number| !number.is_finite())
        {
            return Err(not_finite());
        }
        let (real, (number, constant), first) = match (a, b, a_number, b_number) {
            (Value::Real(real), _, _, Some(number)) => (real, (number, b), false),
            (_, Value::Real(real), Some(number), _) => (real, (number, a), true),
            _ => return Ok(None),
        };
        let rank = match constant {
            Value::Constant(constant) => constant.dims.len(),
            Value::RealConstant(constant) => constant.constant.dims.len(),
            _ => 0,
        };
        if rank > real.activation.shape.len() {
            return Ok(None);
        }
        let (times, offset) = match (node.op(), first) {
            ("Add", _) => (1.0, number),
            ("Sub", false) => (1.0, scale::product(-1.0, number)),
            ("Sub", true) => (-1.0, number),
            ("Mul", _) => (number, 0.0),
            ("Div", false) => (scale::ratio(1.0, number), 0.0),
            _ => {
                return Err(unsupported(
                    "a number divided by a tensor",
                    "use Reciprocal and Mul",
                ));
            }
        };
        let mut real = real.clone();
        if offset == 0.0 && times > 0.0 && times.is_finite() && !real.is_pending() {
            self.note("folded into the scale");
            self.spend(8 * real.scale.list().len() as u64)?;
            real.scale = products(times, real.scale.list());
            return Ok(Some(Value::Real(real)));
        }
        if self.writer.data_type(real.activation.id) != DataType::I8 {
            return Ok(None);
        }
        let scale = times;
        real = self.with_function(real, Function::Affine { scale, offset })?;
        Ok(Some(Value::Real(real)))
    }
}
