//! Operators of one step: functions from sizes to a [`Step`], used by the table and by the search.
//!
//! A function gives `None` where the sizes make no valid operator or one that takes too long to measure.

use aivm_tosa::DataType::{self, Bool, I8, I16, I32, I48};

use crate::step::{Fill, Operand, Step, ints};
use aivm_cases::model::{Bytes, I32 as Number, Table, U8};

/// Bytes of the tensors of an operator that is measured at most.
const BYTES_MAX: usize = 24 << 20;

pub(crate) fn fits(step: Step) -> Option<Step> {
    (step.bytes() <= BYTES_MAX).then_some(step)
}

pub(crate) fn elements(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The attribute of one axis.
fn axis_attribute(axis: usize) -> Table {
    vec![(0, Number(axis as i32))]
}

/// The shape that operands broadcast to.
fn broadcast(shapes: &[Vec<usize>]) -> Vec<usize> {
    let side = |axis| shapes.iter().map(|shape| shape[axis]).max().unwrap_or(1);
    (0..shapes[0].len()).map(side).collect()
}

/// Element-wise operators of two tensors of `data_type`.
pub(crate) fn binary(
    op: &'static str,
    data_type: DataType,
    shapes: &[Vec<usize>],
    constant: bool,
) -> Option<Step> {
    let result = match op {
        "EQUAL" | "GREATER" | "GREATER_EQUAL" => Bool,
        _ => data_type,
    };
    let fill = match op {
        "ARITHMETIC_RIGHT_SHIFT" | "LOGICAL_LEFT_SHIFT" | "LOGICAL_RIGHT_SHIFT" => {
            Fill::Range(0, 7)
        }
        _ => Fill::Any,
    };
    let attribute = match op {
        "ARITHMETIC_RIGHT_SHIFT" => vec![(0, U8(1))],
        "MAXIMUM" | "MINIMUM" => vec![(0, Number(1))],
        _ => vec![],
    };
    let operands = vec![
        Operand::input(data_type, &shapes[0]),
        Operand::constant(data_type, &shapes[1], fill).if_constant(constant),
    ];
    fits(Step::new(
        op,
        attribute,
        operands,
        (result, &broadcast(shapes)),
    ))
}

/// MUL.
pub(crate) fn mul(
    data_type: DataType,
    shapes: &[Vec<usize>],
    shift: i64,
    late: bool,
) -> Option<Step> {
    let shift = if data_type == I32 { shift } else { 0 };
    let operands = vec![
        Operand::input(data_type, &shapes[0]),
        Operand::input(data_type, &shapes[1]),
        Operand::constant(I8, &[1], Fill::Range(shift, shift)).if_constant(!late),
    ];
    let step = Step::new("MUL", vec![], operands, (I32, &broadcast(shapes)));
    fits(step.note(format!("shift {shift}")))
}

/// SELECT.
pub(crate) fn select(data_type: DataType, shapes: &[Vec<usize>]) -> Option<Step> {
    let operands = vec![
        Operand::input(Bool, &shapes[0]),
        Operand::input(data_type, &shapes[1]),
        Operand::input(data_type, &shapes[2]),
    ];
    fits(Step::new(
        "SELECT",
        vec![],
        operands,
        (data_type, &broadcast(shapes)),
    ))
}

/// Element-wise operators of one tensor without parameters.
pub(crate) fn unary(op: &'static str, data_type: DataType, shape: &[usize]) -> Option<Step> {
    let operands = vec![Operand::input(data_type, shape)];
    fits(Step::new(op, vec![], operands, (data_type, shape)))
}

/// NEGATE.
pub(crate) fn negate(data_type: DataType, shape: &[usize], late: bool) -> Option<Step> {
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::zero(data_type).if_constant(!late),
        Operand::zero(data_type),
    ];
    fits(Step::new("NEGATE", vec![], operands, (data_type, shape)))
}

/// CLAMP.
pub(crate) fn clamp(data_type: DataType, shape: &[usize]) -> Option<Step> {
    let width = data_type.bytes() as usize;
    let bound = |value: i64| Bytes(value.to_le_bytes()[..width].to_vec());
    let attribute = vec![(0, bound(-100)), (1, bound(100)), (2, Number(1))];
    let operands = vec![Operand::input(data_type, shape)];
    fits(Step::new("CLAMP", attribute, operands, (data_type, shape)))
}

/// CAST.
pub(crate) fn cast(from: DataType, to: DataType, shape: &[usize]) -> Option<Step> {
    let operands = vec![Operand::input(from, shape)];
    (from != to)
        .then(|| Step::new("CAST", vec![], operands, (to, shape)))
        .and_then(fits)
}

/// How RESCALE is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rescaling {
    pub from: DataType,
    pub to: DataType,
    pub per_channel: bool,
    pub double: bool,
    /// Of all elements, or spread over 2 to 62.
    pub shift: Option<u8>,
    pub late: bool,
}

/// RESCALE.
pub(crate) fn rescale(how: Rescaling, shape: &[usize]) -> Option<Step> {
    let scale32 = how.from != I48;
    let (multiplier, max) = if scale32 {
        (I32, 0x7fff_ffff)
    } else {
        (I16, 0x7fff)
    };
    let channels = if how.per_channel { *shape.last()? } else { 1 };
    let shift = how
        .shift
        .map_or(Fill::Range(2, 62), |s| Fill::Range(s.into(), s.into()));
    let attribute = vec![
        (0, U8(u8::from(scale32))),
        (1, Number(if how.double && scale32 { 3 } else { 1 })),
        (2, U8(u8::from(how.per_channel))),
        (3, U8(0)),
        (4, U8(0)),
    ];
    let operands = vec![
        Operand::input(how.from, shape),
        Operand::constant(multiplier, &[channels], Fill::Range(max / 2, max))
            .if_constant(!how.late),
        Operand::constant(I8, &[channels], shift).if_constant(!how.late),
        Operand::zero(how.from),
        Operand::zero(how.to),
    ];
    let step = Step::new("RESCALE", attribute, operands, (how.to, shape));
    fits(step.note(format!("{how:?}")))
}

/// TABLE.
pub(crate) fn table(data_type: DataType, shape: &[usize], late: bool) -> Option<Step> {
    let (entries, result) = if data_type == I8 {
        (256, I8)
    } else {
        (513, I32)
    };
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::constant(data_type, &[entries], Fill::Range(-100, 100)).if_constant(!late),
    ];
    fits(Step::new("TABLE", vec![], operands, (result, shape)))
}

/// Reductions and ARGMAX.
pub(crate) fn reduce(
    op: &'static str,
    data_type: DataType,
    shape: &[usize],
    axis: usize,
) -> Option<Step> {
    let mut attribute = axis_attribute(axis);
    if matches!(op, "ARGMAX" | "REDUCE_MAX" | "REDUCE_MIN") {
        attribute.push((1, Number(1)));
    }
    let (mut to, mut result) = (shape.to_vec(), data_type);
    if op == "ARGMAX" {
        to.remove(axis);
        result = I32;
    } else {
        to[axis] = 1;
    }
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(op, attribute, operands, (result, &to));
    fits(step.note(format!("axis {axis}")))
}

/// CONCAT of `count` inputs, all the same tensor if `aliased`.
pub(crate) fn concat(
    data_type: DataType,
    shape: &[usize],
    axis: usize,
    count: usize,
) -> Option<Step> {
    let mut to = shape.to_vec();
    to[axis] *= count;
    let operands = vec![Operand::input(data_type, shape); count];
    let step = Step::new("CONCAT", axis_attribute(axis), operands, (data_type, &to));
    fits(step.note(format!("axis {axis}, {count} inputs")))
}

/// PAD by `before` and `after`.
pub(crate) fn pad(
    data_type: DataType,
    shape: &[usize],
    amounts: &[[usize; 2]],
    late: bool,
) -> Option<Step> {
    let to: Vec<usize> = shape
        .iter()
        .zip(amounts)
        .map(|(side, [a, b])| side + a + b)
        .collect();
    let padding = amounts
        .as_flattened()
        .iter()
        .map(|&amount| amount as i64)
        .collect();
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::Shape(padding),
        Operand::zero(data_type).if_constant(!late),
    ];
    fits(Step::new("PAD", vec![], operands, (data_type, &to)))
}

/// RESHAPE to one axis.
pub(crate) fn reshape(data_type: DataType, shape: &[usize]) -> Option<Step> {
    let to = [elements(shape)];
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::Shape(vec![to[0] as i64]),
    ];
    fits(Step::new("RESHAPE", vec![], operands, (data_type, &to)))
}

/// REVERSE.
pub(crate) fn reverse(data_type: DataType, shape: &[usize], axis: usize) -> Option<Step> {
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(
        "REVERSE",
        axis_attribute(axis),
        operands,
        (data_type, shape),
    );
    fits(step.note(format!("axis {axis}")))
}

/// SLICE of a box of shape `to` at `start` of `start + to + behind`.
pub(crate) fn slice(
    data_type: DataType,
    to: &[usize],
    start: &[usize],
    behind: &[usize],
) -> Option<Step> {
    let from: Vec<usize> = (0..to.len())
        .map(|axis| start[axis] + to[axis] + behind[axis])
        .collect();
    let list = |sides: &[usize]| Operand::Shape(sides.iter().map(|&side| side as i64).collect());
    let operands = vec![Operand::input(data_type, &from), list(start), list(to)];
    fits(Step::new("SLICE", vec![], operands, (data_type, to)))
}

/// TILE.
pub(crate) fn tile(data_type: DataType, shape: &[usize], times: &[usize]) -> Option<Step> {
    let to: Vec<usize> = shape
        .iter()
        .zip(times)
        .map(|(side, times)| side * times)
        .collect();
    let times = times.iter().map(|&times| times as i64).collect();
    let operands = vec![Operand::input(data_type, shape), Operand::Shape(times)];
    fits(Step::new("TILE", vec![], operands, (data_type, &to)))
}

/// TRANSPOSE.
pub(crate) fn transpose(data_type: DataType, shape: &[usize], perms: &[usize]) -> Option<Step> {
    let to: Vec<usize> = perms.iter().map(|&axis| shape[axis]).collect();
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(
        "TRANSPOSE",
        vec![(0, ints(perms))],
        operands,
        (data_type, &to),
    );
    fits(step.note(format!("perms {perms:?}")))
}

/// GATHER of `w` rows out of `k`.
pub(crate) fn gather(data_type: DataType, [n, k, c, w]: [usize; 4]) -> Option<Step> {
    let indices = Operand::Tensor {
        data_type: I32,
        shape: vec![n, w],
        fill: Fill::Range(0, k as i64 - 1),
        constant: false,
    };
    let operands = vec![Operand::input(data_type, &[n, k, c]), indices];
    fits(Step::new(
        "GATHER",
        vec![],
        operands,
        (data_type, &[n, w, c]),
    ))
}

/// SCATTER of `w` rows into `k`.
pub(crate) fn scatter(data_type: DataType, [n, k, c, w]: [usize; 4]) -> Option<Step> {
    let gather = gather(data_type, [n, k, c, w.min(k)])?;
    let mut operands = gather.operands;
    operands.push(Operand::input(data_type, &gather.shape));
    fits(Step::new(
        "SCATTER",
        vec![],
        operands,
        (data_type, &[n, k, c]),
    ))
}
