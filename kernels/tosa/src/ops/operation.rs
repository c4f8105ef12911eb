//! An operator of the file with its operands found, and the questions that every rule asks of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attribute::Attribute;
use crate::declaration::FileShape;
use crate::operator::{RescaleFactor, TableContent};
use crate::refusal::Quoted;
use crate::{
    DataType, LateOperand, Node, Operator, Refusal, RefusalCode, Slot, Tensor, TensorId,
    VariableId, bytes,
};

/// What an operand's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operand {
    Tensor(TensorId),
    /// Index among the shapes.
    Shape(u32),
    /// What VARIABLE_READ reads and VARIABLE_WRITE writes.
    Variable(VariableId),
}

/// One operator, before its rules are checked.
pub(crate) struct Operation<'a> {
    pub number: u32,
    pub attribute: &'a Attribute<'a>,
    pub inputs: &'a [Operand],
    pub outputs: &'a [Operand],
    pub tensors: &'a [Tensor],
    pub shapes: &'a [FileShape<'a>],
}

/// Operands that were resolved once and are shared by the operators that name the same constants.
///
/// Constants of a small file can be named by many operators in many combinations, and i4 constants take twice
/// their bytes in the file: constants and what is resolved from them are held to `budget` bytes together.
pub(crate) struct Resolved {
    budget: u64,
    pub factors: BTreeMap<(TensorId, TensorId), Arc<[RescaleFactor]>>,
    pub tables: BTreeMap<TensorId, TableContent>,
    /// Constant shift amounts that were found to be in range: each is read once, however many operators name it.
    pub amounts: BTreeSet<TensorId>,
    /// Inputs of the block that no late value may be.
    outside: BTreeSet<TensorId>,
}

impl Resolved {
    /// Nothing resolved, with room for `budget` bytes and a little more for small models.
    pub(crate) fn new(budget: u64) -> Resolved {
        Resolved {
            budget: budget.saturating_add(1 << 16),
            factors: BTreeMap::new(),
            tables: BTreeMap::new(),
            amounts: BTreeSet::new(),
            outside: BTreeSet::new(),
        }
    }

    /// Forgets what belongs to one block: the next one numbers its tensors anew. The room taken stays taken. No
    /// late value of the next block may come straight from `outside`.
    pub(crate) fn next_block(&mut self, outside: &[TensorId]) {
        self.factors.clear();
        self.tables.clear();
        self.amounts.clear();
        self.outside = outside.iter().copied().collect();
    }

    /// Checks that no late value of `node` comes straight from outside. What IDENTITY and RESHAPE hand on counts as
    /// their input.
    pub(super) fn trace(&mut self, node: &Node) -> Result<(), Refusal> {
        for late in &node.late {
            if self.outside.contains(&late.tensor) {
                return Err(Refusal::new(
                    RefusalCode::LateFromOutside,
                    format!("{:?}", late.slot),
                ));
            }
        }
        if matches!(node.operator, Operator::Identity | Operator::Reshape)
            && node.inputs.iter().any(|id| self.outside.contains(id))
        {
            self.outside.extend(&node.outputs);
        }
        Ok(())
    }

    /// Takes room for `bytes` bytes.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.budget = self.budget.checked_sub(bytes).ok_or_else(|| {
            Refusal::new(
                RefusalCode::ResolvedBytes,
                format!("{bytes} bytes more than {} left", self.budget),
            )
        })?;
        Ok(())
    }
}

impl<'a> Operation<'a> {
    /// Checks the number of operands.
    pub(crate) fn expect(&self, inputs: usize, outputs: usize) -> Result<(), Refusal> {
        expect_counts((self.inputs.len(), self.outputs.len()), (inputs, outputs))
    }

    fn tensor_of(&self, operand: Operand, what: &str) -> Result<TensorId, Refusal> {
        match operand {
            Operand::Tensor(id) => Ok(id),
            Operand::Shape(_) => Err(Refusal::new(
                RefusalCode::OperandKind,
                format!("{what} is a shape, not a tensor"),
            )),
            Operand::Variable(_) => Err(Refusal::new(
                RefusalCode::OperandKind,
                format!("{what} is a variable, not a tensor"),
            )),
        }
    }

    /// The numbers of the inputs before `end`, tensors.
    pub(crate) fn input_ids(&self, end: usize) -> Result<Vec<TensorId>, Refusal> {
        (0..end).map(|index| self.input_id(index)).collect()
    }

    /// Number of input `index`, a tensor.
    pub(crate) fn input_id(&self, index: usize) -> Result<TensorId, Refusal> {
        self.tensor_of(self.inputs[index], &format!("input {index}"))
    }

    /// Input `index`, a tensor.
    pub(crate) fn input(&self, index: usize) -> Result<&'a Tensor, Refusal> {
        Ok(&self.tensors[self.input_id(index)?.0 as usize])
    }

    /// The numbers of all outputs, tensors.
    pub(crate) fn output_ids(&self) -> Result<Vec<TensorId>, Refusal> {
        self.outputs
            .iter()
            .map(|&operand| self.tensor_of(operand, "an output"))
            .collect()
    }

    /// The one output, a tensor.
    pub(crate) fn output(&self) -> Result<&'a Tensor, Refusal> {
        let id = self.tensor_of(self.outputs[0], "the output")?;
        Ok(&self.tensors[id.0 as usize])
    }

    /// The `N` values of input `index`, a shape, named `name` in the specification.
    pub(crate) fn numbers<const N: usize>(
        &self,
        index: usize,
        name: &str,
    ) -> Result<[i64; N], Refusal> {
        let shape = self.shape(index)?;
        expect_numbers(shape, name, N)?;
        let mut numbers = [0; N];
        for (number, value) in numbers.iter_mut().zip(shape.values()) {
            *number = value;
        }
        Ok(numbers)
    }

    /// The values of input `index`, a shape.
    pub(crate) fn shape(&self, index: usize) -> Result<&'a FileShape<'a>, Refusal> {
        match self.inputs[index] {
            Operand::Shape(id) => Ok(&self.shapes[id as usize]),
            Operand::Tensor(_) | Operand::Variable(_) => Err(Refusal::new(
                RefusalCode::OperandKind,
                format!("input {index} is a tensor or variable, not a shape"),
            )),
        }
    }

    /// A value of the operator, a tensor of `data_type` and shape `[len]`: its bytes if it is a constant, `None` if
    /// it comes late (EXT-DYNAMIC).
    pub(crate) fn value(
        &self,
        place: Place,
        data_type: DataType,
        len: u32,
    ) -> Result<Option<&'a [u8]>, Refusal> {
        let tensor = self.input(place.index)?;
        expect_type(tensor, place.name, data_type)?;
        expect_shape(tensor, place.name, &[len])?;
        Ok(tensor.constant.as_deref())
    }

    /// A value of the operator, of one element.
    pub(crate) fn scalar(&self, place: Place, data_type: DataType) -> Result<Option<i64>, Refusal> {
        let value = self.value(place, data_type, 1)?;
        Ok(value.map(|value| bytes::read(data_type, value)))
    }

    /// The tensor at `place`, whose elements come late.
    pub(crate) fn late(&self, place: Place) -> Result<LateOperand, Refusal> {
        Ok(LateOperand {
            slot: place.slot,
            tensor: self.input_id(place.index)?,
            data_type: self.input(place.index)?.data_type,
        })
    }

    /// A zero point: any value for i8, else 0. One that comes late stands as 0, and is read for i8 only.
    pub(crate) fn zero_point(
        &self,
        place: Place,
        data_type: DataType,
        late: &mut Vec<LateOperand>,
    ) -> Result<i32, Refusal> {
        match self.scalar(place, data_type)? {
            Some(value) if value != 0 && data_type != DataType::I8 => Err(Refusal::new(
                place.zero_point_code(),
                format!("{} {value} for {data_type}", place.name),
            )),
            Some(value) => Ok(value as i32),
            None => {
                if data_type == DataType::I8 {
                    late.push(self.late(place)?);
                }
                Ok(0)
            }
        }
    }
}

/// Where among the inputs a value of the operator stands, its name in the specification, and what it is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub index: usize,
    pub name: &'static str,
    pub slot: Slot,
}

impl Place {
    pub(crate) const fn new(index: usize, name: &'static str, slot: Slot) -> Place {
        Place { index, name, slot }
    }

    /// The rule that a zero point at this place breaks.
    pub(super) const fn zero_point_code(self) -> RefusalCode {
        match self.slot {
            Slot::WeightZp => RefusalCode::WeightZeroPoint,
            Slot::OutputZp => RefusalCode::OutputZeroPoint,
            _ => RefusalCode::InputZeroPoint,
        }
    }
}

/// Checks a number of inputs and outputs.
pub(super) fn expect_counts(
    (inputs, outputs): (usize, usize),
    expected: (usize, usize),
) -> Result<(), Refusal> {
    if (inputs, outputs) != expected {
        let (from, to) = expected;
        return Err(Refusal::new(
            RefusalCode::OperandCount,
            format!("{inputs} inputs and {outputs} outputs, not {from} and {to}"),
        ));
    }
    Ok(())
}

/// Checks that `tensor` has elements of `data_type`.
pub(crate) fn expect_type(tensor: &Tensor, name: &str, data_type: DataType) -> Result<(), Refusal> {
    expect_type_in(tensor, name, &[data_type])
}

/// Checks that `tensor` has elements of one of `types`.
pub(crate) fn expect_type_in(
    tensor: &Tensor,
    name: &str,
    types: &[DataType],
) -> Result<(), Refusal> {
    if types.contains(&tensor.data_type) {
        return Ok(());
    }
    let expected: Vec<String> = types.iter().map(DataType::to_string).collect();
    Err(Refusal::new(
        RefusalCode::OperandType,
        format!(
            "{name} {} is {}, expected {}",
            Quoted(&tensor.name),
            tensor.data_type,
            expected.join(" or ")
        ),
    ))
}

/// Checks that `tensor` has rank `rank`, and gives its dimensions.
pub(crate) fn expect_rank<'t, const RANK: usize>(
    tensor: &'t Tensor,
    name: &str,
) -> Result<&'t [u32; RANK], Refusal> {
    tensor.shape.dimensions().try_into().map_err(|_| {
        Refusal::new(
            RefusalCode::OperandRank,
            format!(
                "{name} {} has shape {}, expected rank {RANK}",
                Quoted(&tensor.name),
                tensor.shape
            ),
        )
    })
}

/// Checks that `tensor` has shape `dimensions`.
pub(crate) fn expect_shape(tensor: &Tensor, name: &str, dimensions: &[u32]) -> Result<(), Refusal> {
    if tensor.shape.rank() != dimensions.len() {
        return Err(Refusal::new(
            RefusalCode::OperandRank,
            format!(
                "{name} {} has shape {}, expected {dimensions:?}",
                Quoted(&tensor.name),
                tensor.shape
            ),
        ));
    }
    if tensor.shape.dimensions() != dimensions {
        return Err(Refusal::new(
            RefusalCode::OperandShape,
            format!(
                "{name} {} has shape {}, expected {dimensions:?}",
                Quoted(&tensor.name),
                tensor.shape
            ),
        ));
    }
    Ok(())
}

/// Checks that a shape operand has `len` numbers.
pub(crate) fn expect_numbers(shape: &FileShape<'_>, name: &str, len: usize) -> Result<(), Refusal> {
    let given = shape.values().count();
    if given != len {
        return Err(Refusal::new(
            RefusalCode::ShapeLength,
            format!("{name} has {given} numbers, not {len}"),
        ));
    }
    Ok(())
}

/// Checks that `axis` is one of `tensor`'s, and gives it.
pub(crate) fn expect_axis(tensor: &Tensor, axis: i32) -> Result<usize, Refusal> {
    usize::try_from(axis)
        .ok()
        .filter(|&axis| axis < tensor.shape.rank())
        .ok_or_else(|| {
            Refusal::new(
                RefusalCode::Axis,
                format!("axis {axis} of shape {}", tensor.shape),
            )
        })
}

/// Checks that `tensor` has at least one axis.
pub(crate) fn expect_axes(tensor: &Tensor, name: &str) -> Result<(), Refusal> {
    if tensor.shape.rank() == 0 {
        return Err(Refusal::new(
            RefusalCode::OperandRank,
            format!("{name} {} has rank 0", Quoted(&tensor.name)),
        ));
    }
    Ok(())
}
