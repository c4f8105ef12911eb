//! Pad with a constant, by PAD.

use super::layout::axis;
use super::{Lowered, Lowering, NodeView, shapes, unsupported};
use crate::tosa_file::Op;
use crate::value::{Activation, Value};

impl<'a> Lowering<'a> {
    /// Pad.
    pub(super) fn pad(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        if let Some(mode) = node.text("mode").filter(|&mode| mode != "constant") {
            return Err(unsupported(
                format!("padding by mode {mode:?}"),
                "pad with a constant",
            ));
        }
        let value = match self.value(node, 0)? {
            Value::Real(_) => Value::Real(self.real8(node, 0)?.0),
            other => other,
        };
        let number = match node.input(2) {
            None => node.float("value", 0.0),
            Some(_) => self.value(node, 2)?.number().ok_or_else(|| {
                unsupported(
                    "a padding value that is not one constant number",
                    "pad with a constant",
                )
            })?,
        };
        let (activation, rewrap) = self.taken(node, value)?;
        let rank = activation.shape.len();
        let list = self.list(node, 1, "pads")?;
        let axes = self.optional_list(node, 3, "axes")?;
        let axes: Vec<usize> = match axes {
            Some(axes) => axes.iter().filter_map(|&at| axis(at, rank)).collect(),
            None => (0..rank).collect(),
        };
        if list.len() != 2 * axes.len()
            || list
                .iter()
                .any(|&n| !(0..=i64::from(i32::MAX)).contains(&n))
        {
            return Err(unsupported(
                format!("pads {list:?}"),
                "two numbers from 0 for each axis; Slice takes away",
            ));
        }
        let plain = self.plain(&activation)?;
        let mut pads = vec![0; 2 * rank];
        let mut shape = plain.shape.clone();
        for (i, &at) in axes.iter().enumerate() {
            let (before, after) = (list[i], list[i + axes.len()]);
            (pads[2 * at], pads[2 * at + 1]) = (before, after);
            let side = i64::from(shape[at]) + before + after;
            shape[at] = u32::try_from(side).map_err(|_| shapes(format!("a side of {side}")))?;
        }
        let data_type = self.writer.data_type(plain.id);
        let stored = rewrap.stored(number, (data_type.min(), data_type.max()));
        let operands = [
            plain.id.into(),
            self.shape_operand(&pads)?,
            self.scalar(data_type, stored)?,
        ];
        let id = self.emit(Op::Pad, &operands, data_type, &shape)?;
        Ok(vec![rewrap.wrap(Activation::plain(id, shape))])
    }
}
