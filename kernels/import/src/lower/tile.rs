//! Expand and Tile, by TILE.

use super::{Lowered, Lowering, NodeView, shapes};
use crate::tosa_file::Op;
use crate::value::Activation;

impl<'a> Lowering<'a> {
    /// Expand.
    pub(super) fn expanded(
        &mut self,
        node: &NodeView<'a>,
        activation: &Activation,
    ) -> Lowered<Activation> {
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

    /// The tensor repeated along each axis.
    pub(super) fn tiled(
        &mut self,
        activation: &Activation,
        repeats: &[i64],
    ) -> Lowered<Activation> {
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
        Ok(Activation::plain(id, shape))
    }
}
