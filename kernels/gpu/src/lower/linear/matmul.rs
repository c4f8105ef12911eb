//! MATMUL of i8: of constant columns the packed CONV2D, else a kernel that turns the second matrix as it reads, or tiles
//! behind one that packs it.

use aivm_shaders::{block, kernels, tile};
use aivm_tosa::{DataType, Graph, Node, TensorId};

use super::tile::Second;
use super::window::Window;
use super::{Blocks, ConstantWeights, Sums};
use crate::lower::{Lowering, Work, expect_rounds, signed};

/// A product of matrices of i8.
pub(super) struct Product {
    pub(super) a: TensorId,
    pub(super) b: TensorId,
    pub(super) output: TensorId,
    /// Matrices, rows of the output, elements of a sum, columns of the output.
    pub(super) batch: u32,
    pub(super) rows: u32,
    pub(super) summed: u32,
    pub(super) columns: u32,
    pub(super) a_zp: i32,
    pub(super) b_zp: i32,
}

impl Product {
    /// What MATMUL computes, if it is of i8.
    pub(super) fn of(graph: &Graph, node: &Node, (a_zp, b_zp): (i32, i32)) -> Option<Product> {
        let (a, b) = (node.inputs[0], node.inputs[1]);
        let sides = |id: TensorId| graph.tensor(id).shape.dimensions();
        let (&[batch, rows, summed], &[_, _, columns]) = (sides(a), sides(b)) else {
            return None;
        };
        (graph.tensor(a).data_type == DataType::I8).then_some(Product {
            a,
            b,
            output: node.outputs[0],
            batch,
            rows,
            summed,
            columns,
            a_zp,
            b_zp,
        })
    }
}

impl Lowering<'_> {
    /// MATMUL of i8.
    pub(super) fn matmul(&mut self, product: &Product) -> Result<(), String> {
        #[cfg(feature = "cooperative-matrix")]
        if let Some(tile) = self.cooperative_tile(product) {
            return self.cooperative_matmul(product, tile);
        }
        if product.batch == 1
            && product.b_zp == 0
            && let Some(weight) = self.constant_bytes(product.b)
        {
            let window = Window::one_by_one(
                (product.a, product.output),
                product.rows,
                [product.summed, product.columns],
                product.a_zp,
            );
            let weights = ConstantWeights {
                weight: turned(weight, product.columns as usize),
                bias: vec![0],
            };
            return self.conv2d(&window, &weights);
        }
        let summed_words = product.summed.div_ceil(4);
        let groups = product.columns.div_ceil(4);
        // Tiles go along sums of rows and columns apart, where zero points ask for them.
        let loops = if product.a_zp == 0 && product.b_zp == 0 {
            1
        } else {
            2
        };
        let rounds = loops * u64::from(summed_words) + 22;
        expect_rounds(rounds)?;
        let tiles = product.batch * product.rows.div_ceil(4) * groups;
        let sums = Sums {
            tensor: product.output,
            positions: product.batch * product.rows,
            channels: product.columns,
            row_bytes: Some(4 * summed_words),
            second: Some(Second {
                matrices: product.batch,
                summed: product.summed,
            }),
            blocks: Some(Blocks {
                operator: block::Operator::MatMul,
                matrices: product.batch,
                row_words: summed_words,
                taps: 1,
            }),
        };
        let rows = [product.rows, product.summed, summed_words];
        let columns = [product.columns, groups];
        let zero_points = [product.a_zp, product.b_zp].map(signed);
        let positions = sums.positions;
        let params = move |pieces: u32| {
            let own = [positions / pieces];
            [&rows[..], &columns, &own, &zero_points].concat()
        };
        let work = Work {
            invocations: tiles,
            rounds,
        };
        let inputs = vec![(product.a, product.summed), (product.b, product.columns)];
        let tiled = match product.rows {
            0..4 => &tile::MATMUL_ROW,
            _ => &tile::MATMUL,
        };
        let frames = (&kernels::MATMUL, &**tiled);
        self.frame(frames, inputs, Vec::new(), work, sums, params)
    }
}

/// The columns of a matrix, one after the other.
fn turned(matrix: &[u8], columns: usize) -> Vec<i8> {
    let column = |index: usize| matrix[index..].iter().step_by(columns);
    (0..columns)
        .flat_map(column)
        .map(|byte| byte.cast_signed())
        .collect()
}
