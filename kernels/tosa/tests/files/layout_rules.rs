//! Rules of the chapters "Data Layout" and "Scatter/Gather Operators".

use crate::operator_rules::{Rule, ints};
use crate::operator_types::valid;
use crate::single::Part::{Shape, Tensor};
use aivm_tosa::RefusalCode;

pub(crate) fn concat() -> Vec<Rule> {
    let base = || valid("CONCAT");
    let of = |count: usize| {
        let mut many = base();
        many.inputs = vec![Tensor(many.outputs[0].0, vec![1, 3]); count];
        many.output_shape(&[count as i32, 3])
    };
    let mut none = base();
    none.inputs.clear();
    vec![
        ("one input", of(1), None),
        ("64 inputs", of(64), None),
        ("65 inputs", of(65), Some(RefusalCode::TensorListLevel)),
        ("no input", none, Some(RefusalCode::ConcatInputs)),
        (
            "an input of rank 1",
            base().input_shape(1, &[3]),
            Some(RefusalCode::ConcatRank),
        ),
        (
            "another side",
            base().input_shape(1, &[1, 2]),
            Some(RefusalCode::ConcatSides),
        ),
        (
            "a longer output",
            base().output_shape(&[4, 3]),
            Some(RefusalCode::ConcatSum),
        ),
        (
            "a wider output",
            base().output_shape(&[3, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "rank 0",
            base().input_shape(0, &[]),
            Some(RefusalCode::OperandRank),
        ),
    ]
}

pub(crate) fn data_layout() -> Vec<Rule> {
    let padded = |amounts: &[i64]| valid("PAD").input(1, Shape(amounts.to_vec()));
    let tiled = |times: &[i64]| valid("TILE").input(1, Shape(times.to_vec()));
    let turned = |perms: &[i32]| valid("TRANSPOSE").field(0, ints(perms));
    let mut rules = vec![
        ("no padding", padded(&[0; 4]).output_shape(&[2, 3]), None),
        (
            "three amounts",
            padded(&[1, 0, 0]),
            Some(RefusalCode::ShapeLength),
        ),
        (
            "an amount of -1",
            padded(&[1, 0, 3, -1]),
            Some(RefusalCode::PadAmount),
        ),
        (
            "other amounts",
            padded(&[1, 1, 0, 2]),
            Some(RefusalCode::PadShape),
        ),
        (
            "amounts beyond 64 bits",
            padded(&[i64::MAX, 1, 0, 2]),
            Some(RefusalCode::PadShape),
        ),
        (
            "two constants",
            valid("PAD").input_shape(2, &[2]),
            Some(RefusalCode::OperandShape),
        ),
        ("one multiple", tiled(&[2]), Some(RefusalCode::ShapeLength)),
        (
            "other multiples",
            tiled(&[2, 2]),
            Some(RefusalCode::TileShape),
        ),
        (
            "multiples beyond 64 bits",
            tiled(&[i64::MAX, 1]),
            Some(RefusalCode::TileShape),
        ),
        (
            "a multiple of -2",
            tiled(&[-2, 1]),
            Some(RefusalCode::TileShape),
        ),
        ("in place", turned(&[0, 1]).output_shape(&[2, 3]), None),
        ("one axis", turned(&[0]), Some(RefusalCode::AttributeLength)),
        ("axis 2", turned(&[2, 0]), Some(RefusalCode::PermsRange)),
        ("axis -1", turned(&[-1, 0]), Some(RefusalCode::PermsRange)),
        (
            "axis 0 twice",
            turned(&[0, 0]),
            Some(RefusalCode::PermsTwice),
        ),
        (
            "another order",
            turned(&[0, 1]),
            Some(RefusalCode::TransposeShape),
        ),
        (
            "another shape",
            valid("REVERSE").output_shape(&[3, 2]),
            Some(RefusalCode::OperandShape),
        ),
    ];
    for name in ["PAD", "TILE", "TRANSPOSE"] {
        rules.extend([
            (
                "an output of rank 1",
                valid(name).output_shape(&[6]),
                Some(RefusalCode::OperandRank),
            ),
            (
                "rank 0",
                valid(name).input_shape(0, &[]).output_shape(&[]),
                Some(RefusalCode::OperandRank),
            ),
        ]);
    }
    rules
}

/// SLICE of `[2,3]` from `[1,1]` to `[1,2]`.
pub(crate) fn slice() -> Vec<Rule> {
    let from = |start: &[i64]| valid("SLICE").input(1, Shape(start.to_vec()));
    let sized = |size: &[i64]| valid("SLICE").input(2, Shape(size.to_vec()));
    let mut rank0 = valid("SLICE").input_shape(0, &[]).output_shape(&[]);
    for index in [1, 2] {
        rank0.inputs[index] = Shape(vec![]);
    }
    vec![
        ("from the corner", from(&[0, 0]), None),
        ("one start", from(&[1]), Some(RefusalCode::ShapeLength)),
        (
            "three sizes",
            sized(&[1, 2, 1]),
            Some(RefusalCode::ShapeLength),
        ),
        ("from -1", from(&[-1, 1]), Some(RefusalCode::SliceStart)),
        (
            "past the end",
            from(&[1, 2]),
            Some(RefusalCode::SliceBounds),
        ),
        (
            "from beyond 64 bits",
            from(&[1, i64::MAX]),
            Some(RefusalCode::SliceBounds),
        ),
        (
            "a size beyond the side",
            sized(&[1, i64::MAX]),
            Some(RefusalCode::SliceBounds),
        ),
        ("a size of 0", sized(&[1, 0]), Some(RefusalCode::SliceSize)),
        (
            "another size",
            sized(&[1, 1]),
            Some(RefusalCode::SliceShape),
        ),
        (
            "an output of rank 1",
            valid("SLICE").output_shape(&[2]),
            Some(RefusalCode::OperandRank),
        ),
        ("rank 0", rank0, Some(RefusalCode::OperandRank)),
    ]
}

pub(crate) fn scatter_gather() -> Vec<Rule> {
    let scatter = |rows: i32| {
        valid("SCATTER")
            .input_shape(1, &[2, rows])
            .input_shape(2, &[2, rows, 4])
    };
    vec![
        ("two rows into three", scatter(2), None),
        (
            "four rows into three",
            scatter(4),
            Some(RefusalCode::ScatterRows),
        ),
        (
            "other batches",
            valid("SCATTER").input_shape(1, &[1, 3]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "other rows",
            valid("SCATTER").input_shape(2, &[2, 2, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "another output",
            valid("SCATTER").output_shape(&[2, 3, 3]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "other batches",
            valid("GATHER").input_shape(1, &[1, 5]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "another output",
            valid("GATHER").output_shape(&[2, 3, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "values of rank 2",
            valid("GATHER").input_shape(0, &[2, 3]),
            Some(RefusalCode::OperandRank),
        ),
    ]
}
