//! Slice and Split, by SLICE and REVERSE.

use super::layout::axis;
use super::{Lowered, Lowering, NodeView, shapes, unsupported};
use crate::tosa_file::{Op, TensorId};
use crate::value::{Activation, Value};

impl<'a> Lowering<'a> {
    /// Slice.
    pub(super) fn sliced(
        &mut self,
        node: &NodeView<'a>,
        activation: &Activation,
    ) -> Lowered<Activation> {
        let rank = activation.shape.len();
        let starts = self.list(node, 1, "starts")?;
        let ends = self.list(node, 2, "ends")?;
        let axes = self
            .optional_list(node, 3, "axes")?
            .unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = self
            .optional_list(node, 4, "steps")?
            .unwrap_or_else(|| vec![1; starts.len()]);
        if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
            return Err(shapes("starts, ends, axes and steps differ in length"));
        }
        let plain = self.plain(activation)?;
        let (mut from, mut size) = (vec![0; rank], plain.shape.clone());
        let mut reversed = Vec::new();
        let mut cut = Vec::new();
        for (((&start, &end), &at), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let at = axis(at, rank).filter(|at| !cut.contains(at));
            let at = at.ok_or_else(|| shapes(format!("axes {axes:?} of rank {rank}")))?;
            cut.push(at);
            let side = i64::from(plain.shape[at]);
            let turned = |n: i64| if n < 0 { n.saturating_add(side) } else { n };
            let (low, high) = match step {
                1 => (turned(start).clamp(0, side), turned(end).clamp(0, side)),
                -1 => {
                    reversed.push(at as u32);
                    // From `start` down to behind `end`.
                    let last = turned(start).clamp(-1, side - 1);
                    let before = if end < -side {
                        -1
                    } else {
                        turned(end).clamp(-1, side - 1)
                    };
                    (before + 1, last + 1)
                }
                _ => {
                    return Err(unsupported(
                        format!("a slice in steps of {step}"),
                        "use steps of 1 or -1",
                    ));
                }
            };
            if high <= low {
                return Err(unsupported("an empty slice", "TOSA has no empty tensors"));
            }
            from[at] = low as u32;
            size[at] = (high - low) as u32;
        }
        let mut id = plain.id;
        if size != plain.shape {
            id = self.slice(id, &from, &size)?;
        }
        for axis in reversed {
            let data_type = self.writer.data_type(id);
            id = self.emit(Op::Reverse { axis }, &[id.into()], data_type, &size)?;
        }
        Ok(Activation::plain(id, size))
    }

    /// Split.
    pub(super) fn split(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let value = self.value(node, 0)?;
        let (activation, rewrap) = self.taken(node, value)?;
        let plain = self.plain(&activation)?;
        let at =
            axis(node.int("axis", 0), plain.shape.len()).ok_or_else(|| shapes("no such axis"))?;
        let side = plain.shape[at];
        let count = node.node.output.len() as u32;
        let sizes: Vec<u32> = match self.optional_list(node, 1, "split")? {
            Some(list) => list.iter().filter_map(|&n| u32::try_from(n).ok()).collect(),
            None => {
                let each = side.div_ceil(count.max(1));
                (0..count)
                    .map(|i| each.min(side.saturating_sub(i * each)))
                    .collect()
            }
        };
        let total: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
        if sizes.len() != count as usize || total != u64::from(side) || sizes.contains(&0) {
            return Err(shapes(format!("a side of {side} in parts of {sizes:?}")));
        }
        let mut start = 0;
        let mut values = Vec::new();
        for size in sizes {
            let mut from = vec![0; plain.shape.len()];
            from[at] = start;
            let mut shape = plain.shape.clone();
            shape[at] = size;
            start += size;
            let id = self.slice(plain.id, &from, &shape)?;
            values.push(rewrap.wrap(Activation::plain(id, shape)));
        }
        Ok(values)
    }

    /// SLICE: the box of `size` from `start`.
    pub(super) fn slice(&mut self, id: TensorId, start: &[u32], size: &[u32]) -> Lowered<TensorId> {
        let list = |list: &[u32]| list.iter().map(|&n| i64::from(n)).collect::<Vec<_>>();
        let operands = [
            id.into(),
            self.shape_operand(&list(start))?,
            self.shape_operand(&list(size))?,
        ];
        let data_type = self.writer.data_type(id);
        self.emit(Op::Slice, &operands, data_type, size)
    }

    /// A channels-last tensor without its last `y` rows and `x` columns.
    pub(super) fn crop(&mut self, id: TensorId, [y, x]: [u32; 2]) -> Lowered<TensorId> {
        if (y, x) == (0, 0) {
            return Ok(id);
        }
        let mut shape = self.writer.dimensions(id).to_vec();
        shape[1] -= y;
        shape[2] -= x;
        self.note(format!(
            "the last {y} rows and {x} columns, which no window reaches, are cut off"
        ));
        let start = vec![0; shape.len()];
        self.slice(id, &start, &shape)
    }
}
