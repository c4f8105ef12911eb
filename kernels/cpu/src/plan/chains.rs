//! Element-wise nodes → a program of a chain: registers, loads, stores.

use std::collections::BTreeMap;

use aivm_tosa::operator::TableContent;
use aivm_tosa::{DataType, Operator, TensorId};

use super::lower::Operands;
use crate::chain::{
    Axis, Binary, Channels, Instruction, Program, Register, Rescaling, Splat, Unary, Walk, Width,
};
use crate::scale::Scale;

/// What is in a register: the tensor, and along which axes it was read.
type Value = (TensorId, Vec<Axis>);

/// A node of a chain.
pub(crate) struct ChainNode<'a> {
    pub operator: &'a Operator,
    pub inputs: &'a [TensorId],
    pub output: TensorId,
}

/// The program that computes `nodes`. `operands.place` gives a place to outputs that others read.
pub(crate) fn program(operands: &Operands<'_>, nodes: &[ChainNode<'_>]) -> Program {
    let mut builder = Builder {
        operands,
        elements: operands.shape(nodes[0].output).elements() as usize,
        values: BTreeMap::new(),
        last_use: BTreeMap::new(),
        free: Vec::new(),
        registers: 0,
        splats: Vec::new(),
        body: Vec::new(),
        outputs: Vec::new(),
    };
    for (index, node) in nodes.iter().enumerate() {
        for &input in node.inputs {
            let value = builder.value(input, node.output);
            builder.last_use.insert(value, index);
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        builder.node(index, node);
    }
    builder.finish()
}

struct Builder<'a> {
    operands: &'a Operands<'a>,
    elements: usize,
    values: BTreeMap<Value, Register>,
    /// The last node that reads each value.
    last_use: BTreeMap<Value, usize>,
    free: Vec<Register>,
    registers: u16,
    splats: Vec<Splat>,
    body: Vec<Instruction>,
    outputs: Vec<(crate::memory::Place, usize, u16)>,
}

/// How a type is held in memory.
pub(crate) fn width(data_type: DataType) -> Width {
    match data_type {
        DataType::Bool | DataType::I4 | DataType::I8 => Width::I8,
        DataType::I16 => Width::I16,
        DataType::I32 => Width::I32,
        DataType::I48 => Width::I64,
    }
}

/// The axes along which an operand of shape `from` is read for an output of shape `to`; none if they are equal or the
/// operand has one element.
fn axes(from: &[u32], to: &[u32]) -> Vec<Axis> {
    if from == to || from.iter().all(|&side| side == 1) {
        return Vec::new();
    }
    let mut axes: Vec<Axis> = Vec::new();
    let mut step = 1;
    // Innermost first; neighbours that go through like one are one.
    for (&from, &to) in from.iter().zip(to).rev() {
        let own = Axis {
            side: to as usize,
            step: if from == 1 { 0 } else { step },
        };
        step *= from as usize;
        if own.side == 1 {
            continue;
        }
        match axes.last_mut() {
            Some(inner) if own.step == inner.step * inner.side => inner.side *= own.side,
            _ => axes.push(own),
        }
    }
    axes.reverse();
    axes
}

impl Builder<'_> {
    fn value(&self, input: TensorId, output: TensorId) -> Value {
        let (from, to) = (self.operands.shape(input), self.operands.shape(output));
        let axes = axes(from.dimensions(), to.dimensions());
        (self.operands.root(input), axes)
    }

    fn take(&mut self) -> Register {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            Register(self.registers - 1)
        })
    }

    /// The register of an operand, which is loaded if it is in none.
    fn operand(&mut self, input: TensorId, output: TensorId) -> Register {
        let value = self.value(input, output);
        if let Some(&register) = self.values.get(&value) {
            return register;
        }
        let from = self.operands.place(input);
        let width = width(self.operands.data_type(input));
        let one = self.operands.shape(input).elements() == 1 && self.elements > 1;
        let to = if one {
            // Never free again: it is loaded once and read in every block.
            self.registers += 1;
            let to = Register(self.registers - 1);
            self.splats.push(Splat { to, from, width });
            to
        } else {
            let to = self.take();
            let walk = match &value.1[..] {
                [] => Walk::Same,
                axes => Walk::Broadcast(axes.into()),
            };
            self.body.push(Instruction::Load {
                to,
                from,
                width,
                walk,
            });
            to
        };
        self.values.insert(value, to);
        to
    }

    fn node(&mut self, index: usize, node: &ChainNode<'_>) {
        let to = if self.clamps_in_place(index, node) {
            self.operand(node.inputs[0], node.output)
        } else {
            self.compute(node)
        };
        let result = (self.operands.root(node.output), Vec::new());
        for &input in node.inputs {
            let value = self.value(input, node.output);
            let is_last = self.last_use.get(&value) == Some(&index);
            let is_splat = |register| self.splats.iter().any(|splat| splat.to == register);
            if is_last
                && let Some(&register) = self.values.get(&value)
                && !is_splat(register)
            {
                self.values.remove(&value);
                if register != to {
                    self.free.push(register);
                }
            }
        }
        if let Some(place) = self.operands.stored(node.output) {
            let data_type = self.operands.data_type(node.output);
            let output = self.outputs.len() as u16;
            let bytes = data_type.bytes() as usize;
            self.outputs.push((place, bytes, output));
            self.body.push(Instruction::Store {
                from: to,
                output,
                width: width(data_type),
            });
        }
        if self.last_use.contains_key(&result) {
            self.values.insert(result, to);
        } else {
            self.free.push(to);
        }
    }

    /// Whether the node is a CLAMP right behind a RESCALE or CLAMP that nothing else reads; then that one takes over
    /// the bounds.
    fn clamps_in_place(&mut self, index: usize, node: &ChainNode<'_>) -> bool {
        let &Operator::Clamp { min, max } = node.operator else {
            return false;
        };
        let value = self.value(node.inputs[0], node.output);
        let (low, high) = (min as i32, max as i32);
        let Some(&register) = self.values.get(&value) else {
            return false;
        };
        if self.last_use.get(&value) != Some(&index) {
            return false;
        }
        match self.body.last_mut() {
            Some(Instruction::Unary {
                to,
                operation: Unary::Rescale(Rescaling { min, max, .. }) | Unary::Clamp { min, max },
                ..
            }) if *to == register => {
                (*min, *max) = ((*min).clamp(low, high), (*max).clamp(low, high));
                true
            }
            _ => false,
        }
    }

    fn unary(&mut self, from: Register, operation: Unary) -> Register {
        let to = self.take();
        self.body.push(Instruction::Unary {
            to,
            from,
            operation,
        });
        to
    }

    /// Emits a node and gives the register of its result.
    fn compute(&mut self, node: &ChainNode<'_>) -> Register {
        let data_type = self.operands.data_type(node.output);
        let bits = width(data_type);
        if let Some(operation) = binary(node.operator, bits) {
            let a = self.operand(node.inputs[0], node.output);
            let b = self.operand(node.inputs[1], node.output);
            let to = self.take();
            self.body.push(Instruction::Binary {
                to,
                a,
                b,
                operation,
            });
            return to;
        }
        match node.operator {
            Operator::Select => {
                let condition = self.operand(node.inputs[0], node.output);
                let yes = self.operand(node.inputs[1], node.output);
                let no = self.operand(node.inputs[2], node.output);
                let to = self.take();
                self.body.push(Instruction::Select {
                    to,
                    condition,
                    yes,
                    no,
                });
                to
            }
            Operator::Rescale { .. } => self.rescale(node),
            other => {
                let from = self.operand(node.inputs[0], node.output);
                self.unary(from, unary(other, data_type))
            }
        }
    }

    fn rescale(&mut self, node: &ChainNode<'_>) -> Register {
        let Operator::Rescale {
            factors,
            per_channel,
            rounding,
            input_zp,
            output_zp,
            input_unsigned,
            output_unsigned,
            scale32: _,
        } = node.operator
        else {
            unreachable!("called for RESCALE only")
        };
        let from_type = self.operands.data_type(node.inputs[0]);
        let to_type = self.operands.data_type(node.output);
        // i32 is never unsigned here; shorter types fit i32 either way.
        let (min, max) = match (output_unsigned, to_type) {
            (true, DataType::I8) => (0, 0xff),
            (true, DataType::I16) => (0, 0xffff),
            (true, _) => (0, i32::MAX),
            (false, _) => (to_type.min() as i32, to_type.max() as i32),
        };
        let scales = factors
            .iter()
            .map(|&factor| Scale::new(factor, *rounding))
            .collect();
        let channels = Channels {
            scales,
            input_zp: *input_zp,
            output_zp: *output_zp,
            min,
            max,
        };
        let mut result = if from_type == DataType::I48 {
            let to = self.take();
            let from = self.operands.place(node.inputs[0]);
            self.body
                .push(Instruction::LoadRescaled { to, from, channels });
            to
        } else {
            let mut from = self.operand(node.inputs[0], node.output);
            let mut masked = None;
            if *input_unsigned {
                let mask = (1_i32 << (8 * from_type.bytes().min(2))) - 1;
                from = self.unary(from, Unary::Mask(mask));
                masked = Some(from);
            }
            let operation = if *per_channel && factors.len() > 1 {
                Unary::RescaleChannels(channels)
            } else {
                Unary::Rescale(Rescaling {
                    scale: Scale::new(factors[0], *rounding),
                    input_zp: *input_zp,
                    output_zp: *output_zp,
                    min,
                    max,
                })
            };
            let to = self.unary(from, operation);
            self.free.extend(masked);
            to
        };
        if *output_unsigned {
            let unsigned = result;
            result = self.unary(unsigned, Unary::Wrap(width(to_type)));
            self.free.push(unsigned);
        }
        result
    }

    fn finish(mut self) -> Program {
        // Programs want their outputs by offset.
        self.outputs.sort_by_key(|(place, ..)| place.offset);
        let mut renumbered = vec![0; self.outputs.len()];
        for (new, &(_, _, old)) in self.outputs.iter().enumerate() {
            renumbered[usize::from(old)] = new as u16;
        }
        for instruction in &mut self.body {
            if let Instruction::Store { output, .. } = instruction {
                *output = renumbered[usize::from(*output)];
            }
        }
        let outputs = self
            .outputs
            .into_iter()
            .map(|(place, bytes, _)| (place, bytes));
        Program::new(
            self.elements,
            usize::from(self.registers),
            self.splats,
            self.body,
            outputs.collect(),
        )
    }
}

/// The instruction of an operator with two operands.
fn binary(operator: &Operator, bits: Width) -> Option<Binary> {
    Some(match *operator {
        Operator::Add => Binary::Add,
        Operator::Sub => Binary::Sub,
        Operator::Mul { shift } => Binary::Mul { shift },
        Operator::ArithmeticRightShift { round } => Binary::ArithmeticRightShift { round, bits },
        Operator::LogicalLeftShift => Binary::LogicalLeftShift(bits),
        Operator::LogicalRightShift => Binary::LogicalRightShift(bits),
        Operator::BitwiseAnd | Operator::LogicalAnd => Binary::And,
        Operator::BitwiseOr | Operator::LogicalOr => Binary::Or,
        Operator::BitwiseXor | Operator::LogicalXor => Binary::Xor,
        Operator::IntDiv => Binary::IntDiv,
        Operator::Maximum => Binary::Maximum,
        Operator::Minimum => Binary::Minimum,
        Operator::Equal => Binary::Equal,
        Operator::Greater => Binary::Greater,
        Operator::GreaterEqual => Binary::GreaterEqual,
        _ => return None,
    })
}

/// The instruction of an operator with one operand.
fn unary(operator: &Operator, output: DataType) -> Unary {
    match operator {
        Operator::Clamp { min, max } => Unary::Clamp {
            min: *min as i32,
            max: *max as i32,
        },
        Operator::Table(TableContent::I8(table)) => Unary::Table8(table.clone()),
        Operator::Table(TableContent::I16(table)) => Unary::Table16(table.clone()),
        Operator::Abs => Unary::Abs,
        Operator::BitwiseNot => Unary::BitwiseNot,
        Operator::LogicalNot => Unary::LogicalNot,
        Operator::Clz => Unary::CountLeadingZeros,
        Operator::Negate {
            input_zp,
            output_zp,
        } => Unary::Negate {
            input_zp: *input_zp,
            output_zp: *output_zp,
            min: output.min() as i32,
            max: output.max() as i32,
        },
        Operator::Cast if output == DataType::Bool => Unary::NonZero,
        Operator::Cast => Unary::Wrap(width(output)),
        other => unreachable!("{} has not one operand", other.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_go_through_like_one_are_one() {
        let axis = |side, step| Axis { side, step };
        assert_eq!(axes(&[2, 3], &[2, 3]), []);
        assert_eq!(axes(&[1, 1], &[2, 3]), []);
        assert_eq!(axes(&[1, 1, 3], &[4, 2, 3]), [axis(8, 0), axis(3, 1)]);
        assert_eq!(axes(&[4, 2, 1], &[4, 2, 3]), [axis(8, 1), axis(3, 0)]);
        assert_eq!(
            axes(&[4, 1, 3], &[4, 2, 3]),
            [axis(4, 3), axis(2, 0), axis(3, 1)]
        );
    }
}
