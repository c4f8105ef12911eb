//! Lowering of element-wise operators.

use aivm_shaders::kernels::{self, Kernel};
use aivm_tosa::operator::{RescaleFactor, TableContent};
use aivm_tosa::{DataType, Node, Operator, RescaleRounding};

use super::strides::{Axes, broadcast};
use super::{Lowering, check_types, signed};
use crate::layout::word_bytes;
use crate::program::Operand;

const INTEGERS: &[DataType] = &[DataType::I8, DataType::I16, DataType::I32];

impl Lowering<'_> {
    /// CLAMP, CLZ, TABLE, RESCALE.
    pub(super) fn unary(&mut self, node: &Node) -> Result<(), String> {
        match &node.operator {
            Operator::Clamp { min, max } => {
                check_types(self.graph, node, &[INTEGERS, INTEGERS])?;
                let bound = |value: i64| {
                    i32::try_from(value).map_err(|_| "the bounds exceed i32".to_owned())
                };
                let arguments = vec![signed(bound(*min)?), signed(bound(*max)?)];
                self.unary_step(&kernels::CLAMP, node, None, arguments)
            }
            Operator::Clz => {
                check_types(self.graph, node, &[&[DataType::I32], &[DataType::I32]])?;
                self.unary_step(&kernels::CLZ, node, None, vec![0])
            }
            Operator::Table(TableContent::I8(entries)) => {
                check_types(self.graph, node, &[&[DataType::I8], &[DataType::I8]])?;
                let table =
                    self.new_constant(entries.iter().map(|entry| entry.cast_unsigned()).collect());
                self.unary_step(&kernels::TABLE_I8, node, Some(table), vec![0])
            }
            Operator::Table(TableContent::I16(entries)) => {
                check_types(self.graph, node, &[&[DataType::I16], &[DataType::I32]])?;
                let mut bytes: Vec<u8> = entries
                    .iter()
                    .flat_map(|entry| entry.to_le_bytes())
                    .collect();
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                let table = self.new_constant(bytes);
                self.unary_step(&kernels::TABLE_I16, node, Some(table), vec![0])
            }
            Operator::Rescale {
                factors,
                per_channel,
                rounding,
                input_zp,
                output_zp,
                input_unsigned,
                output_unsigned,
                ..
            } => {
                check_types(self.graph, node, &[INTEGERS, INTEGERS])?;
                let table = self.new_constant(factor_bytes(factors));
                let output = self.tensor(node.outputs[0]).data_type;
                let (low, high) = saturation(output, *output_unsigned);
                let arguments = vec![
                    if *per_channel {
                        factors.len() as u32
                    } else {
                        1
                    },
                    u32::from(*rounding == RescaleRounding::Double),
                    signed(*input_zp),
                    signed(*output_zp),
                    u32::from(*input_unsigned),
                    signed(low),
                    signed(high),
                ];
                self.unary_step(&kernels::RESCALE, node, Some(table), arguments)
            }
            other => Err(format!(
                "{} is no element-wise operator of one operand",
                other.name()
            )),
        }
    }

    fn unary_step(
        &mut self,
        kernel: &'static Kernel,
        node: &Node,
        table: Option<Operand>,
        arguments: Vec<u32>,
    ) -> Result<(), String> {
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let input = self.place(from)?;
        let input_words = self.case_words(input);
        let (input_lanes, output_lanes) = (self.lanes_log2(from)?, self.lanes_log2(to)?);
        let elements = self.tensor(to).shape.elements();
        let output_words = elements.div_ceil(1 << output_lanes);
        let operands = std::iter::once(input).chain(table).collect();
        self.step(kernel, operands, to, output_words, |row| {
            let mut words = vec![
                elements,
                output_words,
                output_lanes,
                input_words,
                input_lanes,
                row,
                0,
                0,
            ];
            words.extend(arguments);
            words
        })
    }

    /// ADD, SUB, MUL and the shifts.
    pub(super) fn binary(&mut self, node: &Node) -> Result<(), String> {
        check_types(self.graph, node, &[INTEGERS, INTEGERS, INTEGERS])?;
        let (kernel, argument) = match &node.operator {
            Operator::Add => (&kernels::ADD, 0),
            Operator::Sub => (&kernels::SUB, 0),
            Operator::Mul { shift } => (&kernels::MUL, u32::from(*shift)),
            Operator::ArithmeticRightShift { round } => {
                (&kernels::ARITHMETIC_RIGHT_SHIFT, u32::from(*round))
            }
            Operator::LogicalLeftShift => (&kernels::LOGICAL_LEFT_SHIFT, 0),
            other => {
                return Err(format!(
                    "{} is no element-wise operator of two operands",
                    other.name()
                ));
            }
        };
        let (left, right, to) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let shape = &self.tensor(to).shape;
        let axes = Axes::new(
            shape.dimensions(),
            [left, right].map(|id| broadcast(self.tensor(id).shape.dimensions())),
        );
        let elements = shape.elements();
        let lanes = [left, right, to].map(|id| self.lanes_log2(id));
        let [left_lanes, right_lanes, output_lanes] = lanes;
        let (left_lanes, right_lanes, output_lanes) = (left_lanes?, right_lanes?, output_lanes?);
        let output_words = elements.div_ceil(1 << output_lanes);
        let (left, right) = (self.place(left)?, self.place(right)?);
        let (left_words, right_words) = (self.case_words(left), self.case_words(right));
        self.step(kernel, vec![left, right], to, output_words, |row| {
            let mut words = axes.words();
            words.extend([axes.inner(), elements, output_words, output_lanes]);
            words.extend([
                left_words,
                left_lanes,
                right_words,
                right_lanes,
                row,
                argument,
            ]);
            words
        })
    }
}

/// Multiplier and shift of each factor.
pub(super) fn factor_bytes(factors: &[RescaleFactor]) -> Vec<u8> {
    word_bytes(
        factors
            .iter()
            .flat_map(|factor| [signed(factor.multiplier), u32::from(factor.shift)]),
    )
}

/// The range to which RESCALE saturates.
pub(super) fn saturation(data_type: DataType, unsigned: bool) -> (i32, i32) {
    match (data_type, unsigned) {
        (DataType::I8, false) => (i32::from(i8::MIN), i32::from(i8::MAX)),
        (DataType::I8, true) => (0, i32::from(u8::MAX)),
        (DataType::I16, false) => (i32::from(i16::MIN), i32::from(i16::MAX)),
        (DataType::I16, true) => (0, i32::from(u16::MAX)),
        _ => (i32::MIN, i32::MAX),
    }
}
