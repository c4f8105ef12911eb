//! Operators, constants and shapes of the TOSA graph, within the limits of an import.

use aivm_tosa::DataType;

use super::{Fault, Lowered, Lowering, unsupported};
use crate::tosa_file::{Op, Operand, TensorId};

/// The most tensors in a list of operands, at TOSA's level 8K.
const OPERANDS_MAX: usize = 64;

impl<'a> Lowering<'a> {
    /// Adds an operator and gives its output.
    pub(super) fn emit(
        &mut self,
        op: Op,
        inputs: &[Operand],
        data_type: DataType,
        shape: &[u32],
    ) -> Lowered<TensorId> {
        let fits = aivm_tosa::Shape::new(shape).is_some_and(|shape| {
            u64::from(shape.elements()) * data_type.bytes() <= self.limits.elements
        });
        if !fits {
            return Err(unsupported(
                format!("{} would have an output of shape {shape:?}", op.name()),
                "TOSA has ranks up to 6 and up to 2^31 - 1 bytes a tensor, and no empty ones",
            ));
        }
        if inputs.len() > OPERANDS_MAX {
            return Err(unsupported(
                format!("{} tensors would be joined", inputs.len()),
                format!("TOSA joins at most {OPERANDS_MAX} at a time; join them in two steps"),
            ));
        }
        self.room_for_a_tensor()?;
        let name = std::mem::take(&mut self.name);
        let id = self.writer.operator(op, inputs, (&name, data_type, shape));
        self.name = name;
        Ok(id)
    }

    /// A constant of one element, as operands that are no tensors are written.
    pub(super) fn scalar(&mut self, data_type: DataType, value: i64) -> Lowered<Operand> {
        self.emit_constant(data_type, &[1], &[value])
            .map(Operand::Tensor)
    }

    /// Adds a constant; each value is one of the type.
    pub(super) fn emit_constant(
        &mut self,
        data_type: DataType,
        shape: &[u32],
        values: &[i64],
    ) -> Lowered<TensorId> {
        self.room_for_a_tensor()?;
        if aivm_tosa::Shape::new(shape).is_none() {
            return Err(unsupported(
                format!("a constant of shape {shape:?}"),
                "TOSA has no empty tensors",
            ));
        }
        self.spend(values.len() as u64 * data_type.bytes())?;
        let mut data = Vec::with_capacity(values.len() * data_type.bytes() as usize);
        aivm_tosa::bytes::encode(data_type, values, &mut data);
        let name = format!("{}.constant", self.name);
        Ok(self.writer.constant(&name, data_type, shape, data))
    }

    /// An element-wise operator on i32 whose other operand is constant: one number, or one for each index of the last
    /// axis.
    pub(super) fn emit_beside(
        &mut self,
        op: Op,
        id: TensorId,
        numbers: &[i64],
    ) -> Lowered<TensorId> {
        let shape = self.writer.dimensions(id).to_vec();
        let mut sides = vec![1; shape.len()];
        if let Some(last) = sides.last_mut() {
            *last = numbers.len() as u32;
        }
        let numbers = self.emit_constant(DataType::I32, &sides, numbers)?;
        self.emit(op, &[id.into(), numbers.into()], DataType::I32, &shape)
    }

    /// Numbers that stand for sides or places, as operands.
    pub(super) fn shape_operand(&mut self, values: &[i64]) -> Lowered<Operand> {
        self.room_for_a_tensor()?;
        Ok(self.writer.shape(values).into())
    }

    /// Fails where the graph is full.
    fn room_for_a_tensor(&self) -> Lowered<()> {
        if self.writer.tensor_count() as u64 >= u64::from(self.limits.tosa_tensors) {
            return Err(Fault::Limit(format!(
                "the TOSA graph would have more than {} tensors",
                self.limits.tosa_tensors
            )));
        }
        Ok(())
    }

    /// Takes `bytes` from what may be computed during the import.
    pub(super) fn spend(&self, bytes: u64) -> Lowered<()> {
        let left = self.computed_bytes_left.get().checked_sub(bytes);
        let left = left.ok_or_else(|| {
            Fault::Limit("more bytes of constants than an import may compute".into())
        })?;
        self.computed_bytes_left.set(left);
        Ok(())
    }

    /// Remarks on the current node.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}
