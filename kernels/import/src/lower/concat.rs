//! Concat and QLinearConcat, by CONCAT.

use super::layout::{axis, channels_last_shape, stored_axis};
use super::{Lowered, Lowering, NodeView, shapes, unsupported};
use crate::constant::Element;
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::{Activation, Int, Layout, Real, Scale, Value};

impl<'a> Lowering<'a> {
    /// Concat of tensors with the same scale and zero point, or with those that the readers want.
    pub(super) fn concat(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let first = self.value(node, 0)?;
        if let Value::Int(_) | Value::Constant(_) = first {
            let mut parts = Vec::new();
            for index in 0..node.input_count() {
                parts.push(self.int(node, index)?);
            }
            let element = parts[0].element;
            if parts.iter().any(|part| part.element != element) {
                return Err(shapes("operands of several types"));
            }
            let parts: Vec<Activation> = parts.into_iter().map(|part| part.activation).collect();
            let activation = self.joined(&parts, node.int("axis", 0))?;
            return Ok(vec![Value::Int(Int {
                activation,
                element,
            })]);
        }
        let mut reals = Vec::new();
        for index in 0..node.input_count() {
            reals.push(self.real(node, index)?);
        }
        let alike = reals.iter().all(|real| {
            !real.is_pending()
                && real.scale == reals[0].scale
                && real.zero_point == reals[0].zero_point
        });
        if alike && matches!(reals[0].scale, Scale::Tensor(_)) {
            let bound = reals.iter().map(|real| real.bound).max().unwrap_or(0);
            let parts: Vec<Activation> = reals.iter().map(|real| real.activation.clone()).collect();
            let types: Vec<_> = parts
                .iter()
                .map(|part| self.writer.data_type(part.id))
                .collect();
            if types.iter().all(|data_type| *data_type == types[0]) {
                let activation = self.joined(&parts, node.int("axis", 0))?;
                return Ok(vec![Value::Real(Real {
                    activation,
                    bound,
                    ..reals[0].clone()
                })]);
            }
        }
        let Some(to) = self.wanted(node) else {
            return Err(unsupported(
                "operands of several scales, and no one scale of the result",
                "QuantizeLinear and DequantizeLinear stand behind Concat",
            ));
        };
        let mut parts = Vec::new();
        for real in &reals {
            parts.push(self.quantise(real, to)?.activation);
        }
        let activation = self.joined(&parts, node.int("axis", 0))?;
        Ok(vec![Value::Real(Self::dequantise(
            &Int {
                activation,
                element: to.element,
            },
            to,
        ))])
    }

    /// QLinearConcat of com.microsoft: scale and zero point of the result, then tensor, scale, zero point each.
    pub(super) fn q_concat(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let to = self.quantisation(node, 0, Element::U8)?;
        let mut parts = Vec::new();
        for at in (2..node.input_count()).step_by(3) {
            let (real, _) = self.dequantised(node, at)?;
            parts.push(self.quantise(&real, to)?.activation);
        }
        let activation = self.joined(&parts, node.int("axis", 0))?;
        Ok(vec![Value::Int(Int {
            activation,
            element: to.element,
        })])
    }

    /// CONCAT.
    fn joined(&mut self, parts: &[Activation], at: i64) -> Lowered<Activation> {
        let Some(first) = parts.first() else {
            return Err(shapes("no operands"));
        };
        let rank = first.shape.len();
        let at = axis(at, rank).ok_or_else(|| shapes(format!("axis {at} of rank {rank}")))?;
        let mut shape = first.shape.clone();
        shape[at] = 0;
        for part in parts {
            let fits =
                part.shape.len() == rank && (0..rank).all(|i| i == at || part.shape[i] == shape[i]);
            let side = part
                .shape
                .get(at)
                .and_then(|&side| shape[at].checked_add(side))
                .filter(|_| fits);
            shape[at] =
                side.ok_or_else(|| shapes(format!("{:?} beside {:?}", part.shape, first.shape)))?;
        }
        let layout = match parts.iter().any(|part| part.layout == Layout::ChannelsLast) {
            true if rank == 4 => Layout::ChannelsLast,
            _ => Layout::Plain,
        };
        let mut ids: Vec<TensorId> = Vec::new();
        for part in parts {
            let part = match layout {
                Layout::ChannelsLast => self.channels_last(part)?,
                Layout::Plain => self.plain(part)?,
            };
            ids.push(part.id);
        }
        let stored = match layout {
            Layout::ChannelsLast => channels_last_shape(&shape),
            Layout::Plain => shape.clone(),
        };
        let op = Op::Concat {
            axis: stored_axis(at, layout),
        };
        let data_type = self.writer.data_type(ids[0]);
        let operands: Vec<Operand> = ids.into_iter().map(Operand::Tensor).collect();
        let id = self.emit(op, &operands, data_type, &stored)?;
        Ok(Activation { id, shape, layout })
    }
}
