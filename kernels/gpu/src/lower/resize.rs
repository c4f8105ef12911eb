//! Lowering of RESIZE. Where each line and column of the output lies between those of the input is a table that is
//! computed here, so the device divides nothing and needs no rule for what lies outside.

use aivm_shaders::kernels;
use aivm_tosa::operator::{ResizeAxis, ResizeMode};
use aivm_tosa::{DataType, Node};

use super::strides::lanes_together;
use super::{Lowering, Work, check_types};
use crate::layout::word_bytes;

impl Lowering<'_> {
    /// RESIZE.
    pub(super) fn resize(
        &mut self,
        node: &Node,
        mode: ResizeMode,
        (along_y, along_x): (ResizeAxis, ResizeAxis),
    ) -> Result<(), String> {
        const NARROW: &[DataType] = &[DataType::I8, DataType::I16];
        const SUMS: &[DataType] = &[DataType::I32, DataType::I48];
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let mut lanes_log2 = self.lanes_log2(from)?;
        let wide = self.tensor(to).data_type == DataType::I48;
        let (kernel, outputs) = match mode {
            ResizeMode::Nearest => (&kernels::RESIZE_NEAREST, NARROW),
            ResizeMode::Bilinear if wide => (&kernels::RESIZE_BILINEAR_I48, SUMS),
            ResizeMode::Bilinear => (&kernels::RESIZE_BILINEAR, SUMS),
        };
        check_types(self.graph, node, &[NARROW, outputs])?;
        let input_shape = self.tensor(from).shape.dimensions();
        let output_shape = self.tensor(to).shape.dimensions();
        let mut channels = input_shape[3];
        let mut elements = self.tensor(to).shape.elements();
        let mut output_lanes_log2 = 0;
        if mode == ResizeMode::Nearest {
            let together = lanes_together(lanes_log2, [channels]);
            lanes_log2 -= together;
            output_lanes_log2 = lanes_log2;
            channels >>= together;
            elements >>= together;
        }
        let invocations = elements.div_ceil(1 << output_lanes_log2);
        let output_words = if wide { 2 * invocations } else { invocations };
        let lines = (0..output_shape[1]).map(|line| between(along_y, line, input_shape[1], mode));
        let columns =
            (0..output_shape[2]).map(|column| between(along_x, column, input_shape[2], mode));
        let table = word_bytes(lines.chain(columns).flatten());
        let table = self.new_constant(table);
        let input = self.place(from)?;
        let input_words = self.case_words(input);
        let work = Work {
            invocations,
            rounds: 4,
        };
        self.step(kernel, vec![input, table], to, work, |row| {
            let mut words = input_shape[1..3].to_vec();
            words.extend_from_slice(&output_shape[1..3]);
            words.extend([channels, elements, output_words, output_lanes_log2]);
            words.extend([input_words, lanes_log2, row]);
            words
        })
    }
}

/// Where index `out` of the output looks in a side of `side` elements: the neighbours before and behind, both brought
/// inside, and the weight of each. The nearest element stands as both.
fn between(axis: ResizeAxis, out: u32, side: u32, mode: ResizeMode) -> [u32; 4] {
    let unit = i64::from(axis.scale_n);
    let position = i64::from(out) * i64::from(axis.scale_d) + i64::from(axis.offset);
    let (index, rest) = (position.div_euclid(unit), position.rem_euclid(unit));
    // A side fits an i32.
    let inside = |index: i64| index.clamp(0, i64::from(side) - 1) as u32;
    match mode {
        ResizeMode::Nearest => {
            let nearest = inside(index + i64::from(2 * rest >= unit));
            [nearest, nearest, 0, 0]
        }
        ResizeMode::Bilinear => [
            inside(index),
            inside(index + 1),
            (unit - rest) as u32,
            rest as u32,
        ],
    }
}
