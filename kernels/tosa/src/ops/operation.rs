//! An operator of the file with its operands found, and the questions that every rule asks of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attribute::Attribute;
use crate::declaration::FileShape;
use crate::flatbuffer::Ints;
use crate::operator::{Extent, Padding, RescaleFactor, TableContent};
use crate::refusal::Quoted;
use crate::{DataType, Refusal, RefusalCode, Tensor, TensorId, bytes};

/// What an operand's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operand {
    Tensor(TensorId),
    /// Index among the shapes.
    Shape(u32),
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
}

impl Resolved {
    /// Nothing resolved, with room for `budget` bytes and a little more for small models.
    pub(crate) fn new(budget: u64) -> Resolved {
        Resolved {
            budget: budget.saturating_add(1 << 16),
            factors: BTreeMap::new(),
            tables: BTreeMap::new(),
            amounts: BTreeSet::new(),
        }
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
        if self.inputs.len() != inputs || self.outputs.len() != outputs {
            return Err(Refusal::new(
                RefusalCode::OperandCount,
                format!(
                    "{} inputs and {} outputs, not {inputs} and {outputs}",
                    self.inputs.len(),
                    self.outputs.len()
                ),
            ));
        }
        Ok(())
    }

    fn tensor_of(&self, operand: Operand, what: &str) -> Result<TensorId, Refusal> {
        match operand {
            Operand::Tensor(id) => Ok(id),
            Operand::Shape(_) => Err(Refusal::new(
                RefusalCode::OperandKind,
                format!("{what} is a shape, not a tensor"),
            )),
        }
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

    /// The values of input `index`, a shape.
    pub(crate) fn shape(&self, index: usize) -> Result<&'a FileShape<'a>, Refusal> {
        match self.inputs[index] {
            Operand::Shape(id) => Ok(&self.shapes[id as usize]),
            Operand::Tensor(_) => Err(Refusal::new(
                RefusalCode::OperandKind,
                format!("input {index} is a tensor, not a shape"),
            )),
        }
    }

    /// Input `index`, a constant tensor of `data_type` and shape `[len]`, named `name` in the
    /// specification: its bytes.
    pub(crate) fn constant(
        &self,
        index: usize,
        name: &str,
        data_type: DataType,
        len: u32,
    ) -> Result<&'a [u8], Refusal> {
        let tensor = self.input(index)?;
        let Some(constant) = &tensor.constant else {
            return Err(Refusal::new(
                RefusalCode::NotConstant,
                format!(
                    "{name} is tensor {}, which is computed",
                    Quoted(&tensor.name)
                ),
            ));
        };
        expect_type(tensor, name, data_type)?;
        expect_shape(tensor, name, &[len])?;
        Ok(constant)
    }

    /// Input `index`, a constant of one element.
    pub(crate) fn constant_scalar(
        &self,
        index: usize,
        name: &str,
        data_type: DataType,
    ) -> Result<i64, Refusal> {
        self.constant(index, name, data_type, 1)
            .map(|constant| bytes::read(data_type, constant))
    }

    /// Input `index`, a zero point: any value for i8, else 0.
    pub(crate) fn zero_point(
        &self,
        index: usize,
        name: &str,
        data_type: DataType,
    ) -> Result<i32, Refusal> {
        let value = self.constant_scalar(index, name, data_type)?;
        if data_type != DataType::I8 && value != 0 {
            return Err(Refusal::new(
                RefusalCode::ZeroPoint,
                format!("{name} {value} for {data_type}"),
            ));
        }
        Ok(value as i32)
    }
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

/// The `N` numbers of an attribute list.
fn numbers<const N: usize>(list: Ints<'_>, name: &str) -> Result<[i32; N], Refusal> {
    if list.len() != N {
        return Err(Refusal::new(
            RefusalCode::AttributeLength,
            format!("{name} has {} numbers, not {N}", list.len()),
        ));
    }
    let mut numbers = [0; N];
    for (number, value) in numbers.iter_mut().zip(list.iter()) {
        *number = value;
    }
    Ok(numbers)
}

/// Level 8K: MAX_KERNEL and MAX_STRIDE.
const LEVEL_MAX: u32 = 8192;

/// Checks a kernel side (or a dilated one) or a padding against the level.
pub(crate) fn expect_kernel_level(name: &str, size: u64) -> Result<(), Refusal> {
    if size > u64::from(LEVEL_MAX) {
        return Err(Refusal::new(
            RefusalCode::KernelLevel,
            format!("{name} {size}"),
        ));
    }
    Ok(())
}

/// A list of two sizes, both at least 1, else a refusal with `code`.
pub(crate) fn extent(list: Ints<'_>, name: &str, code: RefusalCode) -> Result<Extent, Refusal> {
    let [y, x] = numbers::<2>(list, name)?;
    match (u32::try_from(y), u32::try_from(x)) {
        (Ok(y), Ok(x)) if y > 0 && x > 0 => Ok(Extent { y, x }),
        _ => Err(Refusal::new(code, format!("{name} [{y}, {x}]"))),
    }
}

/// A stride: at least 1, at most the level's.
pub(crate) fn stride(list: Ints<'_>) -> Result<Extent, Refusal> {
    let stride = extent(list, "stride", RefusalCode::Stride)?;
    if stride.y > LEVEL_MAX || stride.x > LEVEL_MAX {
        return Err(Refusal::new(
            RefusalCode::StrideLevel,
            format!("stride [{}, {}]", stride.y, stride.x),
        ));
    }
    Ok(stride)
}

/// A padding: not negative, at most the level's.
pub(crate) fn padding(list: Ints<'_>) -> Result<Padding, Refusal> {
    let sides = numbers::<4>(list, "pad")?;
    let mut checked = [0; 4];
    for (checked, side) in checked.iter_mut().zip(sides) {
        *checked = u32::try_from(side)
            .map_err(|_| Refusal::new(RefusalCode::Padding, format!("pad {sides:?}")))?;
        expect_kernel_level("pad", u64::from(*checked))?;
    }
    let [top, bottom, left, right] = checked;
    Ok(Padding {
        top,
        bottom,
        left,
        right,
    })
}

/// Checks one side of a sliding window: `(padded − window) / stride + 1`, without remainder, is `out`.
///
/// `padded` is the input side with its padding, `window` the side of the (dilated) kernel.
pub(crate) fn expect_output_side(
    name: &str,
    (padded, window): (u32, u64),
    stride: u32,
    out: u32,
) -> Result<(), Refusal> {
    let fits = u64::from(padded).checked_sub(window).is_some_and(|room| {
        room.is_multiple_of(u64::from(stride)) && room / u64::from(stride) + 1 == u64::from(out)
    });
    if !fits {
        return Err(Refusal::new(
            RefusalCode::OutputSize,
            format!(
                "{name} {out} from a padded input of {padded}, a window of {window} and a stride of {stride}"
            ),
        ));
    }
    Ok(())
}
