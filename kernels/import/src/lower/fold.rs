//! Nodes whose operands are all known: shapes and weights that an exporter left to be computed.

use super::layout::axis;
use super::movement::perms;
use super::operands::NUMBERS_MAX;
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::{Constant, Element};
use crate::value::{RealConstant, Value};

const FOLDED: [&str; 15] = [
    "Identity",
    "Cast",
    "Gather",
    "Concat",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Flatten",
    "Transpose",
    "Slice",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "ConstantOfShape",
];

impl<'a> Lowering<'a> {
    /// Whether the node's result is known at import.
    pub(super) fn folds(&self, node: &NodeView<'a>) -> bool {
        if !node.domain.is_empty() {
            return false;
        }
        if matches!(node.op(), "Constant" | "Shape" | "Size") {
            return true;
        }
        let mut known = (0..node.input_count())
            .filter_map(|index| node.input(index))
            .map(|name| {
                matches!(
                    self.values.get(name),
                    Some(Value::Constant(_) | Value::RealConstant(_))
                )
            });
        FOLDED.contains(&node.op()) && node.input_count() > 0 && known.all(|known| known)
    }

    /// The result of a node that folds.
    pub(super) fn fold(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let constant = match node.op() {
            "Constant" => self.constant_node(node)?,
            "Shape" | "Size" => {
                let dims = self.shape_of(node)?;
                let rank = dims.len() as i64;
                let end = |name: &str, default: i64| {
                    let at = node.int(name, default);
                    (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize
                };
                let dims: Vec<i64> = dims.into_iter().map(i64::from).collect();
                if node.op() == "Size" {
                    let size = dims
                        .iter()
                        .fold(1, |size: i64, &side| size.saturating_mul(side));
                    Constant::from_i64(&[size], Vec::new())
                } else {
                    let part = dims.get(end("start", 0)..end("end", rank)).unwrap_or(&[]);
                    Constant::from_i64(part, vec![part.len() as u32])
                }
            }
            _ => match self.value(node, 0)? {
                Value::RealConstant(real) => {
                    return self
                        .fold_real(node, real)
                        .map(|real| vec![Value::RealConstant(real)]);
                }
                Value::Constant(constant) => self.fold_constant(node, &constant)?,
                _ => return Err(unsupported("an operand that is computed", QUANTISE)),
            },
        };
        self.spend(constant.byte_len() as u64 + 64)?;
        self.note("known at import");
        Ok(vec![Value::Constant(constant)])
    }

    fn constant_node(&self, node: &NodeView<'a>) -> Lowered<Constant> {
        let fault = |what: String| unsupported(what, "a tensor in the attribute value");
        if let Some(tensor) = node
            .attribute("value")
            .and_then(|attribute| attribute.t.as_ref())
        {
            return Constant::read(tensor, self.limits).map_err(fault);
        }
        let attribute = node
            .node
            .attribute
            .first()
            .ok_or_else(|| fault("no value".into()))?;
        Ok(match attribute.name.as_str() {
            "value_int" => Constant::from_i64(&[attribute.i], Vec::new()),
            "value_ints" => Constant::from_i64(&attribute.ints, vec![attribute.ints.len() as u32]),
            "value_float" => Constant::from_f32(&[attribute.f], Vec::new()),
            "value_floats" => {
                Constant::from_f32(&attribute.floats, vec![attribute.floats.len() as u32])
            }
            other => return Err(fault(format!("a constant in the attribute {other:?}"))),
        })
    }

    /// The shape of input 0, whatever it is.
    fn shape_of(&self, node: &NodeView<'a>) -> Lowered<Vec<u32>> {
        Ok(match self.value(node, 0)? {
            Value::Constant(constant) => constant.dims,
            Value::RealConstant(real) => real.constant.dims,
            Value::Int(int) => int.activation.shape,
            Value::Real(real) => real.activation.shape,
            Value::Input(index) => self.inputs[index].shape.clone(),
            Value::Unknown => return Err(super::Fault::Upstream),
        })
    }

    /// A weight that is moved behind its DequantizeLinear.
    fn fold_real(&mut self, node: &NodeView<'a>, real: RealConstant) -> Lowered<RealConstant> {
        self.spend((real.constant.byte_len() + 16 * real.scales.len()) as u64 + 64)?;
        let per_tensor = real.scales.len() == 1;
        match node.op() {
            "Identity" => Ok(real),
            "Transpose" => {
                let perms = perms(node, real.constant.dims.len())?;
                let moved = perms.iter().position(|&perm| perm == real.axis);
                Ok(RealConstant {
                    axis: moved.unwrap_or(real.axis),
                    constant: real.constant.transposed(&perms),
                    ..real
                })
            }
            "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" if per_tensor => {
                let constant = self.fold_constant(node, &real.constant)?;
                Ok(RealConstant { constant, ..real })
            }
            op => Err(unsupported(
                format!("{op} of a constant with scales"),
                "fold constants before quantising (onnxsim)",
            )),
        }
    }

    fn fold_constant(&mut self, node: &NodeView<'a>, constant: &Constant) -> Lowered<Constant> {
        self.spend(constant.byte_len() as u64 + 64)?;
        let fault = || {
            unsupported(
                format!("{} of constants of these types", node.op()),
                "fold them before the export (onnxsim)",
            )
        };
        match node.op() {
            "Identity" => Ok(constant.clone()),
            "Cast" => cast(node, constant).ok_or_else(fault),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
                Ok(constant.reshaped(self.reshape_dims(node, &constant.dims)?))
            }
            "Transpose" => Ok(constant.transposed(&perms(node, constant.dims.len())?)),
            "Gather" | "Slice" | "Concat" | "Add" | "Sub" | "Mul" | "Div" | "ConstantOfShape" => {
                self.fold_list(node, constant).ok_or_else(fault)?
            }
            _ => Err(fault()),
        }
    }

    /// Operators on lists of integers, as shapes are computed.
    fn fold_list(&mut self, node: &NodeView<'a>, constant: &Constant) -> Option<Lowered<Constant>> {
        if constant.dims.len() > 1 || constant.len() > NUMBERS_MAX {
            return None;
        }
        let list: Vec<i64> = constant.ints()?.collect();
        let other = |index: usize| -> Option<(Vec<i64>, Constant)> {
            let constant = self.constant(node, index).ok()?;
            let list = constant
                .ints()
                .filter(|ints| ints.len() <= NUMBERS_MAX)?
                .collect();
            Some((list, constant))
        };
        let result = match node.op() {
            "Gather" => {
                let (indices, shape) = other(1)?;
                let picked: Option<Vec<i64>> = indices
                    .iter()
                    .map(|&at| Some(list[axis(at, list.len())?]))
                    .collect();
                Constant::from_i64(&picked?, shape.dims)
            }
            "Slice" => {
                let (start, end) = (*other(1)?.0.first()?, *other(2)?.0.first()?);
                if node.input_count() > 4 && other(4)?.0 != [1] {
                    return None;
                }
                let len = list.len() as i64;
                let place = |at: i64| {
                    (if at < 0 { at.saturating_add(len) } else { at }).clamp(0, len) as usize
                };
                let part = list.get(place(start)..place(end))?;
                Constant::from_i64(part, vec![part.len() as u32])
            }
            "Concat" => {
                let mut joined = list;
                for index in 1..node.input_count().min(NUMBERS_MAX) {
                    joined.extend(other(index)?.0);
                }
                Constant::from_i64(&joined, vec![joined.len() as u32])
            }
            "ConstantOfShape" => {
                let dims: Option<Vec<u32>> =
                    list.iter().map(|&side| u32::try_from(side).ok()).collect();
                let dims = dims?;
                let count = dims
                    .iter()
                    .map(|&side| u64::from(side))
                    .try_fold(1_u64, u64::checked_mul)
                    .filter(|&count| count > 0)?;
                let tensor = node
                    .attribute("value")
                    .and_then(|attribute| attribute.t.as_ref());
                let value = tensor
                    .map(|tensor| Constant::read(tensor, self.limits))
                    .transpose()
                    .ok()?;
                if let Err(fault) = self.spend(count.saturating_mul(16)) {
                    return Some(Err(fault));
                }
                match value {
                    Some(value) => match value.floats() {
                        Some(floats) => {
                            Constant::from_f32(&vec![*floats.first()?; count as usize], dims)
                        }
                        None => {
                            let number = value.ints()?.next()?;
                            Constant::from_ints(value.element, &vec![number; count as usize], dims)
                        }
                    },
                    None => Constant::from_f32(&vec![0.0; count as usize], dims),
                }
            }
            op => {
                let (right, shape) = other(1)?;
                let len = list.len().max(right.len());
                let fits = |len_own: usize| len_own == len || len_own == 1;
                if !fits(list.len()) || !fits(right.len()) || len == 0 {
                    return None;
                }
                let values: Option<Vec<i64>> = (0..len)
                    .map(|at| {
                        let (a, b) = (list[at % list.len()], right[at % right.len()]);
                        match op {
                            "Add" => a.checked_add(b),
                            "Sub" => a.checked_sub(b),
                            "Mul" => a.checked_mul(b),
                            _ => a.checked_div(b),
                        }
                    })
                    .collect();
                let dims = if shape.dims.len() > constant.dims.len() || shape.len() > list.len() {
                    shape.dims
                } else {
                    constant.dims.clone()
                };
                Constant::from_i64(&values?, dims)
            }
        };
        Some(Ok(result))
    }
}

fn cast(node: &NodeView<'_>, constant: &Constant) -> Option<Constant> {
    let to = Element::of(i32::try_from(node.int("to", 0)).ok()?)?;
    match (to, constant.floats()) {
        (Element::F32, Some(_)) => Some(constant.clone()),
        (Element::F32, None) => {
            let floats: Vec<f32> = constant.ints()?.map(|value| value as f32).collect();
            Some(Constant::from_f32(&floats, constant.dims.clone()))
        }
        (Element::I64 | Element::I32, None) => {
            let ints: Vec<i64> = constant.ints()?.collect();
            Some(Constant::from_ints(to, &ints, constant.dims.clone()))
        }
        (Element::I64 | Element::I32, Some(floats)) => {
            let ints: Vec<i64> = floats.into_iter().map(|value| value as i64).collect();
            Some(Constant::from_ints(to, &ints, constant.dims.clone()))
        }
        _ => None,
    }
}
