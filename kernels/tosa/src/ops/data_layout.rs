//! Rules of the chapter "Data Layout".

use super::operation::{
    Place, expect_axes, expect_axis, expect_numbers, expect_shape, expect_type, expect_type_in,
};
use super::{Checked, Late, Operation, WITH_BOOL};
use crate::declaration::FileShape;
use crate::flatbuffer::Ints;
use crate::{Operator, Refusal, RefusalCode, Shape, Slot, Tensor};

/// Most tensors in a list of operands (level 8K, MAX_TENSOR_LIST_SIZE).
const LIST_MAX: usize = 64;

/// Input 0 and the output, of one type.
fn borders<'a>(operation: &Operation<'a>) -> Result<(&'a Tensor, &'a Tensor), Refusal> {
    let (input, output) = (operation.input(0)?, operation.output()?);
    expect_type_in(input, "input1", &WITH_BOOL)?;
    expect_type(output, "output", input.data_type)?;
    Ok((input, output))
}

/// Checks that both have the same rank, at least 1.
fn expect_equal_rank(input: &Tensor, output: &Tensor) -> Result<(), Refusal> {
    expect_axes(input, "input1")?;
    if input.shape.rank() != output.shape.rank() {
        return Err(Refusal::new(
            RefusalCode::OperandRank,
            format!("{} to {}", input.shape, output.shape),
        ));
    }
    Ok(())
}

/// Whether a shape operand names the shape of `tensor`.
fn names(shape: &FileShape<'_>, tensor: &Tensor) -> bool {
    let sides = tensor.shape.dimensions().iter();
    shape.values().eq(sides.map(|&side| i64::from(side)))
}

fn listed(shape: &FileShape<'_>) -> String {
    let values = shape.values().take(2 * Shape::MAX_RANK);
    format!("{:?}", values.collect::<Vec<_>>())
}

/// CONCAT.
pub(super) fn concat(operation: &Operation<'_>, axis: i32) -> Checked {
    let count = operation.inputs.len();
    if count == 0 {
        return Err(Refusal::new(RefusalCode::ConcatInputs, "no input"));
    }
    if count > LIST_MAX {
        return Err(Refusal::new(
            RefusalCode::TensorListLevel,
            format!("{count} inputs"),
        ));
    }
    let (first, output) = borders(operation)?;
    expect_axes(first, "input1")?;
    let axis = expect_axis(first, axis)?;
    let mut sides = first.shape.dimensions().to_vec();
    let mut sum = 0_u64;
    for index in 0..count {
        let input = operation.input(index)?;
        expect_type(input, "input1", first.data_type)?;
        if input.shape.rank() != first.shape.rank() {
            return Err(Refusal::new(
                RefusalCode::ConcatRank,
                format!("{} beside {}", input.shape, first.shape),
            ));
        }
        let side = input.shape.dimensions()[axis];
        sides[axis] = side;
        if input.shape.dimensions() != sides {
            return Err(Refusal::new(
                RefusalCode::ConcatSides,
                format!("{} beside {} along axis {axis}", input.shape, first.shape),
            ));
        }
        sum += u64::from(side);
    }
    if output.shape.dimensions().get(axis).copied().map(u64::from) != Some(sum) {
        return Err(Refusal::new(
            RefusalCode::ConcatSum,
            format!("{} for {sum} along axis {axis}", output.shape),
        ));
    }
    // The sum is a side of the output.
    sides[axis] = sum as u32;
    expect_shape(output, "output", &sides)?;
    let axis = axis as u32;
    Ok((Operator::Concat { axis }, operation.input_ids(count)?))
}

/// PAD.
pub(super) fn pad(operation: &Operation<'_>, late: &mut Late) -> Checked {
    let (input, output) = borders(operation)?;
    expect_equal_rank(input, output)?;
    let padding = operation.shape(1)?;
    expect_numbers(padding, "padding", 2 * input.shape.rank())?;
    let amounts: Vec<i64> = padding.values().collect();
    if amounts.iter().any(|&amount| amount < 0) {
        return Err(Refusal::new(
            RefusalCode::PadAmount,
            format!("padding {amounts:?}"),
        ));
    }
    let mut before = Vec::with_capacity(input.shape.rank());
    for (index, pair) in amounts.as_chunks::<2>().0.iter().enumerate() {
        let (side, out) = (
            i64::from(input.shape.dimensions()[index]),
            i64::from(output.shape.dimensions()[index]),
        );
        let sum = pair[0]
            .checked_add(pair[1])
            .and_then(|sum| sum.checked_add(side));
        if sum != Some(out) {
            return Err(Refusal::new(
                RefusalCode::PadShape,
                format!("{} to {}, padding {amounts:?}", input.shape, output.shape),
            ));
        }
        // At most a side of the output.
        before.push(pair[0] as u32);
    }
    let place = Place::new(2, "pad_const", Slot::PadConst);
    let pad_const = match operation.scalar(place, input.data_type)? {
        Some(value) => value,
        None => {
            late.push(operation.late(place)?);
            0
        }
    };
    Ok((Operator::Pad { before, pad_const }, operation.input_ids(1)?))
}

/// RESHAPE.
pub(super) fn reshape(operation: &Operation<'_>) -> Checked {
    let (input, output) = borders(operation)?;
    let shape = operation.shape(1)?;
    if input.shape.elements() != output.shape.elements() || !names(shape, output) {
        return Err(Refusal::new(
            RefusalCode::ReshapeSize,
            format!(
                "{} to {}, the shape operand is {}",
                input.shape,
                output.shape,
                listed(shape)
            ),
        ));
    }
    Ok((Operator::Reshape, operation.input_ids(1)?))
}

/// REVERSE.
pub(super) fn reverse(operation: &Operation<'_>, axis: i32) -> Checked {
    let (input, output) = borders(operation)?;
    expect_shape(output, "output", input.shape.dimensions())?;
    let axis = expect_axis(input, axis)? as u32;
    Ok((Operator::Reverse { axis }, operation.input_ids(1)?))
}

/// SLICE.
pub(super) fn slice(operation: &Operation<'_>) -> Checked {
    let (input, output) = borders(operation)?;
    let (start, size) = (operation.shape(1)?, operation.shape(2)?);
    expect_numbers(start, "start", input.shape.rank())?;
    expect_numbers(size, "size", input.shape.rank())?;
    expect_equal_rank(input, output)?;
    let refuse = |code| {
        let (from, to) = (input.shape.to_string(), output.shape.to_string());
        Err(Refusal::new(
            code,
            format!(
                "{to} from {from}, start {}, size {}",
                listed(start),
                listed(size)
            ),
        ))
    };
    if size.values().any(|size| size < 1) {
        return refuse(RefusalCode::SliceSize);
    }
    if start.values().any(|start| start < 0) {
        return refuse(RefusalCode::SliceStart);
    }
    let sides = input.shape.dimensions().iter().map(|&side| i64::from(side));
    let ends = start.values().zip(size.values());
    if ends
        .zip(sides)
        .any(|((start, size), side)| size > side || start > side - size)
    {
        return refuse(RefusalCode::SliceBounds);
    }
    if !names(size, output) {
        return refuse(RefusalCode::SliceShape);
    }
    // Each start is at most a side of the input.
    let start = start.values().map(|start| start as u32).collect();
    Ok((Operator::Slice { start }, operation.input_ids(1)?))
}

/// TILE.
pub(super) fn tile(operation: &Operation<'_>) -> Checked {
    let (input, output) = borders(operation)?;
    expect_equal_rank(input, output)?;
    let multiples = operation.shape(1)?;
    expect_numbers(multiples, "multiples", input.shape.rank())?;
    let sides = input
        .shape
        .dimensions()
        .iter()
        .zip(output.shape.dimensions());
    let fits = multiples
        .values()
        .zip(sides)
        .all(|(times, (&side, &out))| i64::from(side).checked_mul(times) == Some(i64::from(out)));
    if !fits {
        return Err(Refusal::new(
            RefusalCode::TileShape,
            format!(
                "{} to {}, {} times",
                input.shape,
                output.shape,
                listed(multiples)
            ),
        ));
    }
    Ok((Operator::Tile, operation.input_ids(1)?))
}

/// TRANSPOSE.
pub(super) fn transpose(operation: &Operation<'_>, perms: Ints<'_>) -> Checked {
    let (input, output) = borders(operation)?;
    expect_equal_rank(input, output)?;
    let rank = input.shape.rank();
    if perms.len() != rank {
        return Err(Refusal::new(
            RefusalCode::AttributeLength,
            format!("perms has {} numbers, not {rank}", perms.len()),
        ));
    }
    let refuse = |code| {
        let perms: Vec<i32> = perms.iter().collect();
        Err(Refusal::new(
            code,
            format!("{} to {}, perms {perms:?}", input.shape, output.shape),
        ))
    };
    let mut used = [false; Shape::MAX_RANK];
    let mut axes = Vec::with_capacity(rank);
    for axis in perms.iter() {
        match usize::try_from(axis) {
            Ok(axis) if axis < rank => {
                if used[axis] {
                    return refuse(RefusalCode::PermsTwice);
                }
                used[axis] = true;
                axes.push(axis);
            }
            _ => return refuse(RefusalCode::PermsRange),
        }
    }
    let sides = axes.iter().map(|&axis| input.shape.dimensions()[axis]);
    if !sides.eq(output.shape.dimensions().iter().copied()) {
        return refuse(RefusalCode::TransposeShape);
    }
    let perms = axes.into_iter().map(|axis| axis as u32).collect();
    Ok((Operator::Transpose { perms }, operation.input_ids(1)?))
}
