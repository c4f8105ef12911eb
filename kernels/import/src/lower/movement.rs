//! Operators that only move elements: scale, zero point and what is pending move along.

use super::convolution::one_scale;
use super::quantise::{axis, shapes};
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::tosa_file::{Op, Operand};
use crate::value::{Activation, Int, Layout, Real, Scale, Value};

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
            "Flatten" => {
                let rank = activation.shape.len();
                let at = flatten_axis(node, rank)?;
                let side = |sides: &[u32]| sides.iter().product();
                let shape = [side(&activation.shape[..at]), side(&activation.shape[at..])];
                self.reshaped(&activation, &shape)?
            }
            "Reshape" => {
                let shape = self.list(node, 1, "shape")?;
                let shape = reshape_dims(&activation.shape, &shape, node.int("allowzero", 0) != 0)?;
                self.reshaped(&activation, &shape)?
            }
            "Squeeze" | "Unsqueeze" => {
                let axes = self.optional_list(node, 1, "axes")?;
                let shape = squeeze_dims(node.op(), &activation.shape, axes.as_deref())?;
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
    fn taken(&mut self, node: &NodeView<'a>, value: Value) -> Lowered<(Activation, Rewrap)> {
        match value {
            Value::Int(int) => Ok((int.activation, Rewrap::Int(int.element))),
            Value::Real(real) => {
                if matches!(real.scale, Scale::Channel(_))
                    && !matches!(node.op(), "Identity" | "Dropout")
                {
                    return Err(unsupported(
                        "sums with a scale for each channel are moved before they are quantised",
                        "QuantizeLinear and DequantizeLinear stand behind the operator that sums",
                    ));
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

    /// The list of integers in input `at`, or in the attribute that older versions have.
    pub(super) fn optional_list(
        &self,
        node: &NodeView<'a>,
        at: usize,
        attribute: &str,
    ) -> Lowered<Option<Vec<i64>>> {
        let long = |len: usize| {
            unsupported(
                format!("{attribute} has {len} numbers"),
                "TOSA has ranks up to 6",
            )
        };
        if let Some(list) = node.ints(attribute) {
            return if list.len() <= LIST_MAX {
                Ok(Some(list.to_vec()))
            } else {
                Err(long(list.len()))
            };
        }
        match self.optional_constant(node, at)? {
            None => Ok(None),
            Some(constant) if constant.len() > LIST_MAX => Err(long(constant.len())),
            Some(constant) => match constant.ints() {
                Some(ints) => Ok(Some(ints.collect())),
                None => Err(unsupported(
                    format!("{attribute} is no list of integers"),
                    "int64",
                )),
            },
        }
    }

    pub(super) fn list(
        &self,
        node: &NodeView<'a>,
        at: usize,
        attribute: &str,
    ) -> Lowered<Vec<i64>> {
        self.optional_list(node, at, attribute)?
            .ok_or_else(|| node.missing(at))
    }

    /// The same elements in another shape.
    pub(super) fn reshaped(
        &mut self,
        activation: &Activation,
        shape: &[u32],
    ) -> Lowered<Activation> {
        let plain = self.plain(activation)?;
        let count = |shape: &[u32]| shape.iter().map(|&side| u64::from(side)).product::<u64>();
        if count(&plain.shape) != count(shape) {
            return Err(shapes(format!("{:?} as {shape:?}", plain.shape)));
        }
        let id = self.reshape_to(plain.id, shape)?;
        Ok(Activation {
            id,
            shape: shape.to_vec(),
            layout: Layout::Plain,
        })
    }

    fn transposed(&mut self, node: &NodeView<'a>, activation: &Activation) -> Lowered<Activation> {
        let rank = activation.shape.len();
        let perms: Vec<u32> = match node.ints("perm") {
            Some(perms) => perms
                .iter()
                .filter_map(|&perm| axis(perm, rank))
                .map(|perm| perm as u32)
                .collect(),
            None => (0..rank as u32).rev().collect(),
        };
        let mut sorted = perms.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..rank as u32) {
            return Err(shapes(format!(
                "perm {:?} of a tensor of rank {rank}",
                node.ints("perm")
            )));
        }
        let shape: Vec<u32> = perms
            .iter()
            .map(|&perm| activation.shape[perm as usize])
            .collect();
        // To channels last and back is a matter of how the bytes are read.
        match (activation.layout, perms.as_slice()) {
            (Layout::ChannelsLast, [0, 2, 3, 1]) => {
                return Ok(Activation {
                    id: activation.id,
                    shape,
                    layout: Layout::Plain,
                });
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
        let id = self.transpose(plain.id, &perms)?;
        Ok(Activation {
            id,
            shape,
            layout: Layout::Plain,
        })
    }

    fn sliced(&mut self, node: &NodeView<'a>, activation: &Activation) -> Lowered<Activation> {
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
        Ok(Activation {
            id,
            shape: size,
            layout: Layout::Plain,
        })
    }

    fn expanded(&mut self, node: &NodeView<'a>, activation: &Activation) -> Lowered<Activation> {
        let wanted = self.list(node, 1, "shape")?;
        let rank = wanted.len().max(activation.shape.len());
        let aligned = self.with_rank(activation, rank)?;
        let missing = rank - wanted.len();
        let repeats: Option<Vec<i64>> = (0..rank)
            .map(|at| {
                let side = i64::from(aligned.shape[at]);
                let wanted = at.checked_sub(missing).map_or(1, |at| wanted[at]);
                match (side, wanted) {
                    (side, wanted) if side == wanted || wanted == 1 => Some(1),
                    (1, wanted) if wanted > 0 => Some(wanted),
                    _ => None,
                }
            })
            .collect();
        let repeats =
            repeats.ok_or_else(|| shapes(format!("{:?} to {wanted:?}", activation.shape)))?;
        self.tiled(&aligned, &repeats)
    }

    fn tiled(&mut self, activation: &Activation, repeats: &[i64]) -> Lowered<Activation> {
        let plain = self.plain(activation)?;
        if repeats.len() != plain.shape.len() {
            return Err(shapes(format!(
                "{} repeats for {:?}",
                repeats.len(),
                plain.shape
            )));
        }
        if repeats.iter().all(|&n| n == 1) {
            return Ok(plain);
        }
        let sides = plain.shape.iter().zip(repeats);
        let shape: Option<Vec<u32>> = sides
            .map(|(&side, &n)| u32::try_from(n).ok().filter(|&n| n > 0)?.checked_mul(side))
            .collect();
        let shape =
            shape.ok_or_else(|| shapes(format!("{:?} repeated {repeats:?}", plain.shape)))?;
        let operand = self.shape_operand(repeats)?;
        let data_type = self.writer.data_type(plain.id);
        let id = self.emit(Op::Tile, &[plain.id.into(), operand], data_type, &shape)?;
        Ok(Activation {
            id,
            shape,
            layout: Layout::Plain,
        })
    }

    /// RESHAPE to six axes, TRANSPOSE, RESHAPE.
    fn through_six(
        &mut self,
        activation: &Activation,
        six: [u32; 6],
        perms: [u32; 6],
        shape: [u32; 4],
    ) -> Lowered<Activation> {
        let split = self.reshaped(activation, &six)?;
        let id = self.transpose(split.id, &perms)?;
        let id = self.reshape_to(id, &shape)?;
        Ok(Activation {
            id,
            shape: shape.to_vec(),
            layout: Layout::Plain,
        })
    }

    fn depth_to_space(
        &mut self,
        node: &NodeView<'a>,
        activation: &Activation,
    ) -> Lowered<Activation> {
        let (block, [n, c, h, w]) = block(node, activation)?;
        let fault = || shapes(format!("blocks of {block} of {:?}", activation.shape));
        let (depth, rest) = (c / (block * block), c % (block * block));
        if rest != 0 || depth == 0 {
            return Err(fault());
        }
        let side = |side: u32| side.checked_mul(block).ok_or_else(fault);
        let shape = [n, depth, side(h)?, side(w)?];
        match node.text("mode").unwrap_or("DCR") {
            "DCR" => self.through_six(
                activation,
                [n, block, block, depth, h, w],
                [0, 3, 4, 1, 5, 2],
                shape,
            ),
            mode if mode != "CRD" => Err(unsupported(format!("mode {mode:?}"), "DCR or CRD")),
            _ => self.through_six(
                activation,
                [n, depth, block, block, h, w],
                [0, 1, 4, 2, 5, 3],
                shape,
            ),
        }
    }

    fn space_to_depth(
        &mut self,
        node: &NodeView<'a>,
        activation: &Activation,
    ) -> Lowered<Activation> {
        let (block, [n, c, h, w]) = block(node, activation)?;
        let fault = || shapes(format!("blocks of {block} of {:?}", activation.shape));
        if h % block != 0 || w % block != 0 {
            return Err(fault());
        }
        let depth = c.checked_mul(block * block).ok_or_else(fault)?;
        let six = [n, c, h / block, block, w / block, block];
        self.through_six(
            activation,
            six,
            [0, 3, 5, 1, 2, 4],
            [n, depth, h / block, w / block],
        )
    }

    /// Concat of tensors with the same scale and zero point, or with those that the readers want.
    fn concat(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
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
            let plain = real.functions.is_empty() && real.limits == super::quantise::NO_LIMITS;
            plain && real.scale == reals[0].scale && real.zero_point == reals[0].zero_point
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
            let int = self.int(node, at)?;
            let from = self.quantisation_of(node, at + 1, &int)?;
            parts.push(self.quantise(&Self::dequantise(&int, from), to)?.activation);
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
        let last = rank == 4 && parts.iter().any(|part| part.layout == Layout::ChannelsLast);
        let mut ids: Vec<Operand> = Vec::new();
        for part in parts {
            let part = if last {
                self.channels_last(part)?
            } else {
                self.plain(part)?
            };
            ids.push(part.id.into());
        }
        let (stored, layout) = match last {
            true => (
                super::layout::channels_last_shape(&shape),
                Layout::ChannelsLast,
            ),
            false => (shape.clone(), Layout::Plain),
        };
        let stored_axis = if last { [0, 3, 1, 2][at] } else { at as u32 };
        let data_type = match ids[0] {
            Operand::Tensor(id) => self.writer.data_type(id),
            Operand::Shape(_) => return Err(shapes("a shape operand")),
        };
        let id = self.emit(Op::Concat { axis: stored_axis }, &ids, data_type, &stored)?;
        Ok(Activation { id, shape, layout })
    }

    fn split(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
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
            values.push(rewrap.wrap(Activation {
                id,
                shape,
                layout: Layout::Plain,
            }));
        }
        Ok(values)
    }

    /// Pad with a constant.
    fn pad(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        if let Some(mode) = node.text("mode").filter(|&mode| mode != "constant") {
            return Err(unsupported(
                format!("padding by mode {mode:?}"),
                "pad with a constant",
            ));
        }
        let value = match self.value(node, 0)? {
            Value::Real(_) => {
                let (real, _) = self.real8(node, 0)?;
                Value::Real(real)
            }
            other => other,
        };
        let number = match node.input(2) {
            None => node.float("value", 0.0),
            Some(_) => match self.value(node, 2)? {
                Value::Constant(constant) => constant
                    .only_number()
                    .ok_or_else(|| shapes("a padding value of several numbers"))?,
                Value::RealConstant(constant) => {
                    let (scale, zero_point) = one_scale(&constant)?;
                    let stored = constant
                        .constant
                        .ints()
                        .and_then(|mut ints| ints.next())
                        .unwrap_or(0);
                    scale::dequantise(stored, scale, zero_point)
                }
                _ => {
                    return Err(unsupported(
                        "a padding value that is computed",
                        "pad with a constant",
                    ));
                }
            },
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
        Ok(vec![rewrap.wrap(Activation {
            id,
            shape,
            layout: Layout::Plain,
        })])
    }
}

/// Numbers in a list about axes: far more than there are axes.
pub(super) const LIST_MAX: usize = 64;

/// What a moved tensor means.
enum Rewrap {
    Int(Element),
    Real(Box<Real>),
}

impl Rewrap {
    fn wrap(&self, activation: Activation) -> Value {
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
    fn stored(&self, number: f64, range: (i64, i64)) -> i64 {
        match self {
            Rewrap::Int(element) => scale::quantise(number, 1.0, -Int::offset(*element), range),
            Rewrap::Real(real) => {
                let scale = real.scale.list().first().copied().unwrap_or(1.0);
                scale::quantise(number, scale, i64::from(real.zero_point), range)
            }
        }
    }
}

fn block(node: &NodeView<'_>, activation: &Activation) -> Lowered<(u32, [u32; 4])> {
    let block = u32::try_from(node.int("blocksize", 0))
        .ok()
        .filter(|block| (1..=8192).contains(block));
    match (block, activation.shape.as_slice()) {
        (Some(block), &[n, c, h, w]) => Ok((block, [n, c, h, w])),
        _ => Err(shapes(format!(
            "blocks of {} of {:?}",
            node.int("blocksize", 0),
            activation.shape
        ))),
    }
}

/// The axis at which Flatten divides, which may be the rank.
pub(super) fn flatten_axis(node: &NodeView<'_>, rank: usize) -> Lowered<usize> {
    let at = node.int("axis", 1);
    let at = if at < 0 { at + rank as i64 } else { at };
    usize::try_from(at)
        .ok()
        .filter(|&at| at <= rank)
        .ok_or_else(|| shapes(format!("axis {at} of rank {rank}")))
}

/// The shape that Reshape asks for: 0 keeps a side, −1 is what is left.
pub(super) fn reshape_dims(from: &[u32], wanted: &[i64], allow_zero: bool) -> Lowered<Vec<u32>> {
    let fault = || shapes(format!("{from:?} as {wanted:?}"));
    let total: u64 = from.iter().map(|&side| u64::from(side)).product();
    let mut shape = Vec::new();
    let mut known = 1_u64;
    let mut open = None;
    for (at, &side) in wanted.iter().enumerate() {
        let side = match side {
            -1 if open.is_none() => {
                open = Some(at);
                1
            }
            0 if !allow_zero => *from.get(at).ok_or_else(fault)?,
            side => u32::try_from(side).map_err(|_| fault())?,
        };
        known = known.saturating_mul(u64::from(side));
        shape.push(side);
    }
    if let Some(at) = open {
        let side = total
            .checked_div(known)
            .and_then(|side| u32::try_from(side).ok());
        shape[at] = side.ok_or_else(fault)?;
        known = known.saturating_mul(u64::from(shape[at]));
    }
    if known == total {
        Ok(shape)
    } else {
        Err(fault())
    }
}

/// The shape behind Squeeze or Unsqueeze.
pub(super) fn squeeze_dims(op: &str, from: &[u32], axes: Option<&[i64]>) -> Lowered<Vec<u32>> {
    let fault = || shapes(format!("{op} of {from:?} by {axes:?}"));
    if op == "Squeeze" {
        let gone: Vec<usize> = match axes {
            None => (0..from.len()).filter(|&at| from[at] == 1).collect(),
            Some(axes) => axes
                .iter()
                .map(|&at| {
                    axis(at, from.len())
                        .filter(|&at| from[at] == 1)
                        .ok_or_else(fault)
                })
                .collect::<Lowered<_>>()?,
        };
        return Ok((0..from.len())
            .filter(|at| !gone.contains(at))
            .map(|at| from[at])
            .collect());
    }
    let axes = axes.ok_or_else(fault)?;
    let rank = from.len() + axes.len();
    let added: Vec<usize> = axes
        .iter()
        .map(|&at| axis(at, rank).ok_or_else(fault))
        .collect::<Lowered<_>>()?;
    let mut rest = from.iter();
    let shape: Option<Vec<u32>> = (0..rank)
        .map(|at| {
            if added.contains(&at) {
                Some(1)
            } else {
                rest.next().copied()
            }
        })
        .collect();
    shape.filter(|_| rest.next().is_none()).ok_or_else(fault)
}
