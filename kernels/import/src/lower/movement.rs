//! Operators that only move elements: scale, zero point and what is pending move along.

use super::layout::{axis, channels_move};
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::value::{Activation, Int, Layout, Real, Scale, Value};

/// What a moved tensor means.
pub(super) enum Rewrap {
    Int(Element),
    Real(Box<Real>),
}

impl Rewrap {
    pub(super) fn wrap(&self, activation: Activation) -> Value {
        match self {
            Rewrap::Int(element) => Value::Int(Int {
                activation,
                element: *element,
            }),
            Rewrap::Real(real) => Value::Real(Real {
                activation,
                ..(**real).clone()
            }),
        }
    }

    /// How a number is stored.
    pub(super) fn stored(&self, number: f64, range: (i64, i64)) -> i64 {
        match self {
            Rewrap::Int(element) => scale::quantise(number, 1.0, -Int::offset(*element), range),
            Rewrap::Real(real) => {
                let scale = real.scale.list().first().copied().unwrap_or(1.0);
                scale::quantise(number, scale, i64::from(real.zero_point), range)
            }
        }
    }
}

impl<'a> Lowering<'a> {
    /// An operator that moves elements of its first operand.
    pub(super) fn movement(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        match node.op() {
            "Concat" => return self.concat(node),
            "Split" => return self.split(node),
            "Pad" => return self.pad(node),
            "Dropout" if node.wants_output(1) => {
                return Err(unsupported("the mask of Dropout", "export for inference"));
            }
            _ => {}
        }
        let value = self.value(node, 0)?;
        if let ("Identity", Value::Constant(_) | Value::RealConstant(_))
        | ("Identity" | "Dropout", Value::Input(_)) = (node.op(), &value)
        {
            return Ok(vec![value]);
        }
        let (activation, rewrap) = self.taken(node, value)?;
        let moved = match node.op() {
            "Identity" | "Dropout" => activation,
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
                let shape = self.reshape_dims(node, &activation.shape)?;
                self.reshaped(&activation, &shape)?
            }
            "Transpose" => self.transposed(node, &activation)?,
            "Slice" => self.sliced(node, &activation)?,
            "Expand" => self.expanded(node, &activation)?,
            "Tile" => {
                let repeats = self.list(node, 1, "repeats")?;
                self.tiled(&activation, &repeats)?
            }
            "DepthToSpace" => self.depth_to_space(node, &activation)?,
            _ => self.space_to_depth(node, &activation)?,
        };
        Ok(vec![rewrap.wrap(moved)])
    }

    /// The tensor behind a value, fit to be moved.
    pub(super) fn taken(
        &mut self,
        node: &NodeView<'a>,
        value: Value,
    ) -> Lowered<(Activation, Rewrap)> {
        match value {
            Value::Int(int) => Ok((int.activation, Rewrap::Int(int.element))),
            Value::Real(real) => {
                if matches!(real.scale, Scale::Channel(_))
                    && !matches!(node.op(), "Identity" | "Dropout")
                {
                    return Err(channels_move());
                }
                Ok((real.activation.clone(), Rewrap::Real(Box::new(real))))
            }
            Value::Input(_) => Err(unsupported(
                "moves a float input that nothing has quantised",
                QUANTISE,
            )),
            _ => Err(unsupported(
                "the operand is a constant",
                "fold constants before the export (onnxsim)",
            )),
        }
    }

    fn transposed(&mut self, node: &NodeView<'a>, activation: &Activation) -> Lowered<Activation> {
        let perms = perms(node, activation.shape.len())?;
        let shape: Vec<u32> = perms.iter().map(|&perm| activation.shape[perm]).collect();
        // To channels last and back is a matter of how the bytes are read.
        match (activation.layout, perms.as_slice()) {
            (Layout::ChannelsLast, [0, 2, 3, 1]) => {
                return Ok(Activation::plain(activation.id, shape));
            }
            (Layout::Plain, [0, 3, 1, 2]) => {
                return Ok(Activation {
                    id: activation.id,
                    shape,
                    layout: Layout::ChannelsLast,
                });
            }
            _ => {}
        }
        let plain = self.plain(activation)?;
        let perms: Vec<u32> = perms.into_iter().map(|perm| perm as u32).collect();
        let id = self.transpose(plain.id, &perms)?;
        Ok(Activation::plain(id, shape))
    }
}

/// The order of axes that Transpose asks for.
pub(super) fn perms(node: &NodeView<'_>, rank: usize) -> Lowered<Vec<usize>> {
    let perms: Vec<usize> = match node.ints("perm") {
        Some(perms) => perms.iter().filter_map(|&perm| axis(perm, rank)).collect(),
        None => (0..rank).rev().collect(),
    };
    let mut sorted = perms.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..rank) {
        Ok(perms)
    } else {
        Err(shapes(format!(
            "perm {:?} of a tensor of rank {rank}",
            node.ints("perm")
        )))
    }
}
