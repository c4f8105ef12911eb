//! Other shapes for the same elements: RESHAPE, and with TRANSPOSE between two of them DepthToSpace and SpaceToDepth.

use super::layout::axis;
use super::{Lowered, Lowering, NodeView, shapes, unsupported};
use crate::value::Activation;

impl<'a> Lowering<'a> {
    /// The shape that Flatten, Reshape, Squeeze or Unsqueeze gives a tensor of shape `from`.
    pub(super) fn reshape_dims(&self, node: &NodeView<'a>, from: &[u32]) -> Lowered<Vec<u32>> {
        match node.op() {
            "Flatten" => flattened(from, node.int("axis", 1)),
            "Reshape" => {
                let wanted = self.list(node, 1, "shape")?;
                asked_for(from, &wanted, node.int("allowzero", 0) != 0)
            }
            op => {
                let axes = self.optional_list(node, 1, "axes")?;
                squeezed(op, from, axes.as_deref())
            }
        }
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
        Ok(Activation::plain(id, shape.to_vec()))
    }

    /// DepthToSpace.
    pub(super) fn depth_to_space(
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

    /// SpaceToDepth.
    pub(super) fn space_to_depth(
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
        Ok(Activation::plain(id, shape.to_vec()))
    }
}

/// The shape behind Flatten, which divides at an axis that may be the rank.
fn flattened(from: &[u32], at: i64) -> Lowered<Vec<u32>> {
    let rank = from.len();
    let at = if at < 0 { at + rank as i64 } else { at };
    let (outer, inner) = usize::try_from(at)
        .ok()
        .and_then(|at| from.split_at_checked(at))
        .ok_or_else(|| shapes(format!("axis {at} of rank {rank}")))?;
    // Sides of a constant may be 0 beside large ones.
    let side = |sides: &[u32]| sides.iter().copied().fold(1, u32::saturating_mul);
    Ok(vec![side(outer), side(inner)])
}

/// The shape that Reshape asks for: 0 keeps a side, −1 is what is left.
fn asked_for(from: &[u32], wanted: &[i64], allow_zero: bool) -> Lowered<Vec<u32>> {
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
fn squeezed(op: &str, from: &[u32], axes: Option<&[i64]>) -> Lowered<Vec<u32>> {
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

/// The side of blocks, and the four sides of the tensor.
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
