//! Operands of element-wise operators, brought to one rank and layout.

use aivm_tosa::DataType;

use super::layout::channels_last_shape;
use super::{Lowered, Lowering, shapes};
use crate::constant::{Constant, Element};
use crate::tosa_file::{Op, Operand};
use crate::value::{Activation, Layout};

impl Lowering<'_> {
    /// The tensor with leading sides of 1 up to this rank.
    pub(super) fn with_rank(
        &mut self,
        activation: &Activation,
        rank: usize,
    ) -> Lowered<Activation> {
        if activation.shape.len() >= rank {
            return Ok(activation.clone());
        }
        let plain = self.plain(activation)?;
        let shape = leading_ones(&plain.shape, rank);
        let id = self.reshape_to(plain.id, &shape)?;
        Ok(Activation::plain(id, shape))
    }

    /// Two tensors with the same rank and ONNX's layout.
    pub(super) fn aligned(&mut self, [a, b]: [Activation; 2]) -> Lowered<[Activation; 2]> {
        let rank = a.shape.len().max(b.shape.len());
        let (a, b) = (self.plain(&a)?, self.plain(&b)?);
        Ok([self.with_rank(&a, rank)?, self.with_rank(&b, rank)?])
    }

    /// A constant i32 operand of this rank and layout.
    pub(super) fn fixed_operand(
        &mut self,
        values: &[i64],
        dims: &[u32],
        rank: usize,
        last: bool,
    ) -> Lowered<Activation> {
        let shape = leading_ones(dims, rank);
        let constant = Constant::from_ints(Element::I32, values, shape.clone());
        let (constant, stored, layout) = match (last, rank) {
            (true, 4) => {
                let constant = constant.transposed(&[0, 2, 3, 1]);
                let stored = constant.dims.clone();
                (constant, stored, Layout::ChannelsLast)
            }
            (true, 3) => (
                constant.transposed(&[0, 2, 1]),
                channels_last_shape(&shape),
                Layout::ChannelsLast,
            ),
            (true, 2) => (constant, channels_last_shape(&shape), Layout::ChannelsLast),
            _ => (constant, shape.clone(), Layout::Plain),
        };
        let values: Vec<i64> = constant.ints().map(Iterator::collect).unwrap_or_default();
        let id = self.emit_constant(DataType::I32, &stored, &values)?;
        Ok(Activation { id, shape, layout })
    }

    /// An operator whose two operands broadcast; they have the same rank and layout.
    pub(super) fn broadcast(
        &mut self,
        op: Op,
        [a, b]: [Activation; 2],
        data_type: DataType,
        more: &[Operand],
    ) -> Lowered<Activation> {
        let fault = || shapes(format!("{:?} and {:?} do not broadcast", a.shape, b.shape));
        let stored = broadcast_shape(self.writer.dimensions(a.id), self.writer.dimensions(b.id))
            .ok_or_else(fault)?;
        let shape = broadcast_shape(&a.shape, &b.shape).ok_or_else(fault)?;
        let operands = [&[a.id.into(), b.id.into()], more].concat();
        let id = self.emit(op, &operands, data_type, &stored)?;
        Ok(Activation {
            id,
            shape,
            layout: a.layout,
        })
    }
}

/// A shape with leading sides of 1 up to this rank.
fn leading_ones(dims: &[u32], rank: usize) -> Vec<u32> {
    let mut shape = vec![1; rank.saturating_sub(dims.len())];
    shape.extend_from_slice(dims);
    shape
}

/// The shape to which two of the same rank broadcast.
fn broadcast_shape(a: &[u32], b: &[u32]) -> Option<Vec<u32>> {
    if a.len() != b.len() {
        return None;
    }
    let sides = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (a == b || a.min(b) == 1).then_some(a.max(b)));
    sides.collect()
}
