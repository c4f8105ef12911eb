//! ONNX's channels-first tensors and TOSA's channels-last ones.
//!
//! A tensor keeps the layout in which it was computed until an operator needs the other. TRANSPOSE is written
//! where elements really move, RESHAPE where they do not (one channel, or one place), nothing where a pair of
//! RESHAPEs cancels.

use super::{Fault, Lowered, Lowering, unsupported};
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::{Activation, Layout, Real, Scale};

impl Lowering<'_> {
    /// The tensor in ONNX's layout.
    pub(super) fn plain(&mut self, activation: &Activation) -> Lowered<Activation> {
        if activation.layout == Layout::Plain {
            return Ok(activation.clone());
        }
        let shape = activation.shape.clone();
        // The same channels-last tensor may stand for several shapes that differ in sides of 1.
        let known = self.twins.get(&(activation.id, false)).copied();
        let known = known.filter(|&id| self.writer.dimensions(id) == shape);
        let id = match known {
            Some(id) => id,
            None if moves_nothing(&shape) => self.reshape_to(activation.id, &shape)?,
            None if shape.len() == 4 => self.transpose(activation.id, &[0, 3, 1, 2])?,
            None => {
                let id = self.transpose(activation.id, &[0, 1, 3, 2])?;
                self.reshape_to(id, &shape)?
            }
        };
        self.twins.insert((activation.id, false), id);
        self.twins.insert((id, true), activation.id);
        Ok(Activation::plain(id, shape))
    }

    /// The tensor with channels last; its rank is 2, 3 or 4.
    pub(super) fn channels_last(&mut self, activation: &Activation) -> Lowered<Activation> {
        if activation.layout == Layout::ChannelsLast {
            return Ok(activation.clone());
        }
        let shape = activation.shape.clone();
        let last = channels_last_shape(&shape);
        let known = self.twins.get(&(activation.id, true)).copied();
        let known = known.filter(|&id| self.writer.dimensions(id) == last);
        let id = match known {
            Some(id) => id,
            None if moves_nothing(&shape) => self.reshape_to(activation.id, &last)?,
            None if shape.len() == 4 => self.transpose(activation.id, &[0, 2, 3, 1])?,
            None => {
                let id = self.transpose(activation.id, &[0, 2, 1])?;
                self.reshape_to(id, &last)?
            }
        };
        self.twins.insert((activation.id, true), id);
        self.twins.insert((id, false), activation.id);
        Ok(Activation {
            id,
            shape,
            layout: Layout::ChannelsLast,
        })
    }

    /// A real tensor in ONNX's layout, which is not possible for every scale.
    pub(super) fn plain_real(&mut self, real: &Real) -> Lowered<Activation> {
        let moved =
            real.activation.layout == Layout::ChannelsLast && real.activation.shape.len() > 2;
        if moved && matches!(real.scale, Scale::Channel(_)) {
            return Err(channels_move());
        }
        self.plain(&real.activation)
    }

    /// RESHAPE, unless the shape is the same; of a RESHAPE, its operand is taken.
    pub(super) fn reshape_to(&mut self, id: TensorId, shape: &[u32]) -> Lowered<TensorId> {
        let source = match self.writer.producer(id) {
            Some((Op::Reshape, [Operand::Tensor(source), _])) => *source,
            _ => id,
        };
        for known in [id, source] {
            if self.writer.dimensions(known) == shape {
                return Ok(known);
            }
        }
        let list: Vec<i64> = shape.iter().map(|&side| i64::from(side)).collect();
        let operand = self.shape_operand(&list)?;
        let data_type = self.writer.data_type(source);
        self.emit(Op::Reshape, &[source.into(), operand], data_type, shape)
    }

    /// TRANSPOSE.
    pub(super) fn transpose(&mut self, id: TensorId, perms: &[u32]) -> Lowered<TensorId> {
        let from = self.writer.dimensions(id);
        let shape: Vec<u32> = perms.iter().map(|&axis| from[axis as usize]).collect();
        let data_type = self.writer.data_type(id);
        let op = Op::Transpose {
            perms: perms.to_vec(),
        };
        self.emit(op, &[id.into()], data_type, &shape)
    }
}

/// An axis of a tensor of this rank; a negative one counts from the end.
pub(super) fn axis(axis: i64, rank: usize) -> Option<usize> {
    let rank = rank as i64;
    let axis = if axis < 0 { axis + rank } else { axis };
    (0..rank).contains(&axis).then_some(axis as usize)
}

/// Where axis `at` of an ONNX tensor of rank 4 lies in the TOSA tensor.
pub(super) fn stored_axis(at: usize, layout: Layout) -> u32 {
    match layout {
        Layout::ChannelsLast => [0, 3, 1, 2][at],
        Layout::Plain => at as u32,
    }
}

/// The fault of moving a tensor whose scales run along its channels.
pub(super) fn channels_move() -> Fault {
    unsupported(
        "sums with a scale for each channel are moved before they are quantised",
        "QuantizeLinear and DequantizeLinear stand behind the operator that sums",
    )
}

/// Whether a tensor of this ONNX shape has the same bytes in both layouts.
fn moves_nothing(shape: &[u32]) -> bool {
    match shape {
        [_, channels, places @ ..] => *channels == 1 || places.iter().all(|&side| side == 1),
        _ => true,
    }
}

/// The TOSA shape of a channels-last tensor.
pub(super) fn channels_last_shape(shape: &[u32]) -> Vec<u32> {
    match *shape {
        [n, c, h, w] => vec![n, h, w, c],
        [n, c, w] => vec![n, 1, w, c],
        [m, k] => vec![m, 1, 1, k],
        _ => shape.to_vec(),
    }
}
