//! ReduceMean, ReduceSum, ReduceMax and ReduceMin, by TOSA's reductions, axis after axis.

use aivm_tosa::DataType;

use super::layout::{axis, stored_axis};
use super::sums::in_32_bits;
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::tosa_file::{Op, TensorId};
use crate::value::{Activation, Int, Layout, Real, Scale, Value};

impl<'a> Lowering<'a> {
    /// A reduction.
    pub(super) fn reduce(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let value = match self.value(node, 0)? {
            Value::Int(int) => Value::Int(int),
            _ => {
                let real = self.real(node, 0)?;
                Value::Real(self.settled(real)?)
            }
        };
        let activation = match &value {
            Value::Int(int) => int.activation.clone(),
            Value::Real(real) => real.activation.clone(),
            _ => return Err(unsupported("the operand is not computed", QUANTISE)),
        };
        let rank = activation.shape.len();
        let axes: Vec<usize> = match self
            .optional_list(node, 1, "axes")?
            .filter(|axes| !axes.is_empty())
        {
            Some(axes) => reduced_axes(&axes, rank)?,
            None if node.int("noop_with_empty_axes", 0) != 0 => return Ok(vec![value]),
            None => (0..rank).collect(),
        };
        let keep = node.int("keepdims", 1) != 0;
        match value {
            Value::Real(real) => {
                let Scale::Tensor(scale) = real.scale else {
                    return Err(unsupported(
                        "reduces sums with a scale for each channel",
                        QUANTISE,
                    ));
                };
                if matches!(node.op(), "ReduceMax" | "ReduceMin") {
                    let activation = self.reduced(node, &activation, activation.id, &axes, keep)?;
                    return Ok(vec![Value::Real(Real { activation, ..real })]);
                }
                let wide = self.widened(&real)?;
                let reduced = self.reduced(node, &activation, wide, &axes, keep)?;
                let count: i64 = axes
                    .iter()
                    .map(|&at| i64::from(activation.shape[at]))
                    .product();
                let scale = if node.op() == "ReduceMean" {
                    scale::ratio(scale, count as f64)
                } else {
                    scale
                };
                let bound = in_32_bits(real.bound.saturating_mul(count))?;
                let real = Real::new(reduced, Scale::Tensor(scale), 0, bound);
                Ok(vec![Value::Real(real)])
            }
            Value::Int(int) => {
                let sums = matches!(node.op(), "ReduceMean" | "ReduceSum");
                if sums && (int.element != Element::I32 || node.op() == "ReduceMean") {
                    return Err(unsupported(
                        format!("{} of {}", node.op(), int.element.name()),
                        "int32, or real numbers",
                    ));
                }
                let activation = self.reduced(node, &activation, activation.id, &axes, keep)?;
                Ok(vec![Value::Int(Int {
                    activation,
                    element: int.element,
                })])
            }
            _ => Err(unsupported("the operand is not computed", QUANTISE)),
        }
    }

    /// The reduction of tensor `id`, which lies as `activation` does.
    fn reduced(
        &mut self,
        node: &NodeView<'a>,
        activation: &Activation,
        mut id: TensorId,
        axes: &[usize],
        keep: bool,
    ) -> Lowered<Activation> {
        let last = activation.layout == Layout::ChannelsLast;
        if last && activation.shape.len() != 4 {
            let plain = self.plain(&Activation {
                id,
                ..activation.clone()
            })?;
            return self.reduced(node, &plain, plain.id, axes, keep);
        }
        let mut shape = activation.shape.clone();
        for &at in axes {
            let stored = stored_axis(at, activation.layout);
            let mut sides = self.writer.dimensions(id).to_vec();
            let side = sides
                .get_mut(stored as usize)
                .ok_or_else(|| shapes("no such axis"))?;
            *side = 1;
            shape[at] = 1;
            let data_type = self.writer.data_type(id);
            let op = match node.op() {
                "ReduceMax" if data_type == DataType::Bool => Op::ReduceAny { axis: stored },
                "ReduceMin" if data_type == DataType::Bool => Op::ReduceAll { axis: stored },
                "ReduceMax" => Op::ReduceMax { axis: stored },
                "ReduceMin" => Op::ReduceMin { axis: stored },
                _ => Op::ReduceSum { axis: stored },
            };
            id = self.emit(op, &[id.into()], data_type, &sides)?;
        }
        let reduced = Activation {
            id,
            shape,
            layout: activation.layout,
        };
        if keep {
            return Ok(reduced);
        }
        let rest: Vec<u32> = (0..reduced.shape.len())
            .filter(|at| !axes.contains(at))
            .map(|at| reduced.shape[at])
            .collect();
        self.reshaped(&reduced, &rest)
    }
}

/// The axes of a reduction, each of them once.
fn reduced_axes(axes: &[i64], rank: usize) -> Lowered<Vec<usize>> {
    let fault = || shapes(format!("axes {axes:?} of a tensor of rank {rank}"));
    let mut list = Vec::new();
    for &at in axes {
        let at = axis(at, rank).filter(|at| !list.contains(at));
        list.push(at.ok_or_else(fault)?);
    }
    Ok(list)
}
