//! Cast.

use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::Element;
use crate::tosa_file::Op;
use crate::value::{Int, Real, Scale, Value};

impl<'a> Lowering<'a> {
    /// Cast: integers to float get the scale 1.
    pub(super) fn cast(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let to = i32::try_from(node.int("to", 0)).ok();
        let Some(to) = to.and_then(Element::of) else {
            return Err(unsupported(
                format!("to type {}", node.int("to", 0)),
                "cast to float, int8, uint8, int32 or bool",
            ));
        };
        match (self.value(node, 0)?, to) {
            (Value::Int(int), Element::F32) => {
                let zero_point = -Int::offset(int.element) as i32;
                let bound = if int.element == Element::I32 {
                    1 << 31
                } else {
                    1 << 15
                };
                Ok(vec![Value::Real(Real::new(
                    int.activation,
                    Scale::Tensor(1.0),
                    zero_point,
                    bound,
                ))])
            }
            (Value::Real(real), Element::F32) => Ok(vec![Value::Real(real)]),
            (Value::Int(int), _) => self.cast_int(int, to).map(|int| vec![Value::Int(int)]),
            _ => Err(unsupported(
                format!("real numbers to {}", to.name()),
                QUANTISE,
            )),
        }
    }

    fn cast_int(&mut self, int: Int, to: Element) -> Lowered<Int> {
        let known = matches!(
            to,
            Element::I8 | Element::I16 | Element::I32 | Element::Bool
        );
        if int.element == to {
            return Ok(int);
        }
        if !known || int.element == Element::U8 || (int.element, to) == (Element::Bool, Element::U8)
        {
            return Err(unsupported(
                format!("{} to {}", int.element.name(), to.name()),
                "TOSA has signed integers; work with int8, int32 or bool",
            ));
        }
        let mut activation = int.activation;
        let shape = self.writer.dimensions(activation.id).to_vec();
        activation.id = self.emit(
            Op::Cast,
            &[activation.id.into()],
            Int::stored_type(to),
            &shape,
        )?;
        Ok(Int {
            activation,
            element: to,
        })
    }
}
