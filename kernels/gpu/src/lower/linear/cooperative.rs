//! MATMUL of i8 on cooperative matrices: what the adapter's tile divides, without zero points.

use super::matmul::Product;
use crate::CooperativeTile;
use crate::cooperative::MATMUL;
use crate::lower::{Lowering, ROUNDS_MAX, Work};
use crate::operands::Operands;
use crate::pipelines::WORKGROUP;

impl Lowering<'_> {
    /// The adapter's tile, if `product` is to be made of it.
    pub(super) fn cooperative_tile(&self, product: &Product) -> Option<CooperativeTile> {
        if self.options.operands != Operands::Cooperative {
            return None;
        }
        let tile = self.limits.cooperative?;
        let whole = product.rows.is_multiple_of(tile.rows)
            && product.columns.is_multiple_of(tile.columns)
            && product.summed.is_multiple_of(tile.summed);
        // So few summed products of i8 fit 32 bits: nothing depends on how the units overflow.
        let short = rounds(product) <= ROUNDS_MAX;
        let work = u64::from(invocations(product, tile)?) * rounds(product);
        let fits = whole && short && work <= self.limits.work_max;
        (fits && product.a_zp == 0 && product.b_zp == 0).then_some(tile)
    }

    /// A product that the tile divides.
    pub(super) fn cooperative_matmul(
        &mut self,
        product: &Product,
        tile: CooperativeTile,
    ) -> Result<(), String> {
        let operands = vec![self.place(product.a)?, self.place(product.b)?];
        let words = [self.case_words(operands[0]), self.case_words(operands[1])];
        let matrix_tiles = product.rows / tile.rows * (product.columns / tile.columns);
        let sides = [product.rows, product.summed, product.columns];
        let tiles = [product.batch * matrix_tiles, matrix_tiles];
        let work = Work {
            invocations: invocations(product, tile).ok_or("too many tiles")?,
            rounds: rounds(product),
        };
        self.step(&MATMUL, operands, product.output, work, |row| {
            let row_groups = [row / WORKGROUP];
            [&tiles[..], &sides, &words, &row_groups].concat()
        })
    }
}

/// As if an invocation summed one product at a time, and the ends of its loop.
fn rounds(product: &Product) -> u64 {
    u64::from(product.summed) + 2
}

/// A subgroup for each tile.
fn invocations(product: &Product, tile: CooperativeTile) -> Option<u32> {
    let tiles = product.rows / tile.rows * (product.columns / tile.columns) * product.batch;
    tiles.checked_mul(tile.subgroup_max)
}
