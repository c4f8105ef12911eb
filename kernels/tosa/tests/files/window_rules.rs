//! Rules of the operators that move windows over images, of zero points, and of RESIZE.

use crate::model::{I8, I16, I32, Ints};
use crate::operator_rules::{Rule, ints};
use crate::operator_types::{COMBINATIONS, valid};
use crate::single::Part::{Constant, Shape};
use crate::single::{Single, single};
use aivm_tosa::RefusalCode;

pub(crate) fn windows() -> Vec<Rule> {
    let mut rules = vec![
        (
            "batches",
            valid("MATMUL").input_shape(1, &[2, 3, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "inner sides",
            valid("MATMUL").input_shape(1, &[1, 2, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "an output",
            valid("MATMUL").output_shape(&[1, 2, 3]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "rank 2",
            valid("MATMUL").input_shape(0, &[2, 3]),
            Some(RefusalCode::OperandRank),
        ),
        (
            "depth by a dilated kernel of 8192",
            valid("CONV3D")
                .field(2, ints(&[4096, 1, 1]))
                .input_shape(0, &[1, 4098, 5, 5, 2]),
            None,
        ),
        (
            "depth by a dilated kernel of 8194",
            valid("CONV3D").field(2, ints(&[4097, 1, 1])),
            Some(RefusalCode::KernelLevel),
        ),
        (
            "depth",
            valid("CONV3D").output_shape(&[1, 3, 3, 3, 3]),
            Some(RefusalCode::OutputSize),
        ),
        (
            "five paddings",
            valid("CONV3D").field(0, ints(&[0; 5])),
            Some(RefusalCode::AttributeLength),
        ),
        (
            "weights of C",
            valid("DEPTHWISE_CONV2D").input_shape(1, &[3, 3, 1, 4]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "output channels",
            valid("DEPTHWISE_CONV2D").output_shape(&[1, 3, 3, 2]),
            Some(RefusalCode::OperandShape),
        ),
    ];
    for name in ["MAX_POOL2D", "AVG_POOL2D"] {
        let padded = |pad: &[i32]| valid(name).field(2, ints(pad));
        rules.extend([
            (
                "padding of 1",
                padded(&[1, 1, 0, 0]).output_shape(&[1, 3, 2, 1]),
                None,
            ),
            (
                "padding of 2",
                padded(&[2, 0, 0, 0]),
                Some(RefusalCode::PoolPadding),
            ),
            (
                "padding of 2",
                padded(&[0, 0, 0, 2]),
                Some(RefusalCode::PoolPadding),
            ),
            (
                "padding of -1",
                padded(&[0, -1, 0, 0]),
                Some(RefusalCode::Padding),
            ),
        ]);
    }
    let acc = valid("AVG_POOL2D").field(3, I32(6));
    rules.push((
        "an i48 accumulator",
        acc,
        Some(RefusalCode::AccumulatorType),
    ));
    for name in ["CONV2D", "CONV3D", "DEPTHWISE_CONV2D"] {
        let axes = if name == "CONV3D" { 3 } else { 2 };
        for axis in 0..axes {
            let with = |rest: i32, value: i32| {
                let mut list = vec![rest; axes];
                list[axis] = value;
                Ints(list)
            };
            let mut pad = vec![0; 2 * axes];
            pad[2 * axis + 1] = -1;
            rules.extend([
                (
                    "a stride of 0",
                    valid(name).field(1, with(1, 0)),
                    Some(RefusalCode::Stride),
                ),
                (
                    "a stride of 8193",
                    valid(name).field(1, with(1, 8193)),
                    Some(RefusalCode::StrideLevel),
                ),
                (
                    "a dilation of 0",
                    valid(name).field(2, with(1, 0)),
                    Some(RefusalCode::Dilation),
                ),
                (
                    "a padding of -1",
                    valid(name).field(0, Ints(pad)),
                    Some(RefusalCode::Padding),
                ),
            ]);
        }
    }
    for name in ["CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D"] {
        rules.extend([
            ("one bias", valid(name).input_shape(2, &[1]), None),
            (
                "another bias",
                valid(name).input_shape(2, &[5]),
                Some(RefusalCode::BiasLength),
            ),
            (
                "a bias of rank 2",
                valid(name).input_shape(2, &[1, 1]),
                Some(RefusalCode::OperandRank),
            ),
        ]);
    }
    rules
}

/// TRANSPOSE_CONV2D of 3×3 by a kernel of 3×3 to 5×5, with two channels.
pub(crate) fn transposed() -> Vec<Rule> {
    let base = || valid("TRANSPOSE_CONV2D");
    let mut rules = vec![
        (
            "a stride",
            base().field(1, ints(&[2, 1])).output_shape(&[1, 7, 5, 2]),
            None,
        ),
        (
            "a stride of 0",
            base().field(1, ints(&[0, 1])),
            Some(RefusalCode::Stride),
        ),
        (
            "a stride of 8193",
            base().field(1, ints(&[1, 8193])),
            Some(RefusalCode::StrideLevel),
        ),
        (
            "another height",
            base().output_shape(&[1, 4, 5, 2]),
            Some(RefusalCode::OutputSize),
        ),
        (
            "another width",
            base().output_shape(&[1, 5, 6, 2]),
            Some(RefusalCode::OutputSize),
        ),
        (
            "a kernel of 8192",
            base()
                .input_shape(1, &[2, 8192, 3, 2])
                .output_shape(&[1, 8194, 5, 2]),
            None,
        ),
        (
            "a kernel of 8193",
            base()
                .input_shape(1, &[2, 8193, 3, 2])
                .output_shape(&[1, 8195, 5, 2]),
            Some(RefusalCode::KernelLevel),
        ),
        (
            "an out_pad of 8192",
            base()
                .field(0, ints(&[8192, 0, 0, 0]))
                .output_shape(&[1, 8197, 5, 2]),
            None,
        ),
        (
            "an out_pad of 8193",
            base()
                .field(0, ints(&[8193, 0, 0, 0]))
                .output_shape(&[1, 8198, 5, 2]),
            Some(RefusalCode::KernelLevel),
        ),
    ];
    for side in 0..4 {
        let cut = |by: i32| {
            let mut pad = [0; 4];
            pad[side] = by;
            base().field(0, ints(&pad))
        };
        let smaller = if side < 2 { [1, 3, 5, 2] } else { [1, 5, 3, 2] };
        rules.extend([
            ("an out_pad of -2", cut(-2).output_shape(&smaller), None),
            ("an out_pad of -3", cut(-3), Some(RefusalCode::OutPadding)),
        ]);
    }
    rules
}

/// Zero points: any for i8, else 0.
pub(crate) fn zero_points() -> Vec<Rule> {
    let mut rules = Vec::new();
    let (input, weight, output) = (
        RefusalCode::InputZeroPoint,
        RefusalCode::WeightZeroPoint,
        RefusalCode::OutputZeroPoint,
    );
    for (name, places) in [
        ("AVG_POOL2D", [(1, input), (2, output)]),
        ("CONV2D", [(3, input), (4, weight)]),
        ("CONV3D", [(3, input), (4, weight)]),
        ("DEPTHWISE_CONV2D", [(3, input), (4, weight)]),
        ("TRANSPOSE_CONV2D", [(3, input), (4, weight)]),
        ("MATMUL", [(2, input), (3, weight)]),
        ("NEGATE", [(1, input), (2, output)]),
    ] {
        let entry = COMBINATIONS.iter().find(|entry| entry.0 == name);
        for types in entry.expect("an operator").1 {
            for (place, code) in places {
                let base = single(name, types);
                let Constant(data_type, shape, _) = base.inputs[place].clone() else {
                    panic!("{name} has a zero point at {place}");
                };
                let one = base.input(place, Constant(data_type, shape, -1));
                let code = (data_type != I8).then_some(code);
                rules.push(("a zero point of -1", one, code));
            }
        }
    }
    let two = valid("MATMUL").input_shape(2, &[2]);
    rules.push(("two zero points", two, Some(RefusalCode::OperandShape)));
    let other = valid("MATMUL").input(2, Constant(I16, vec![1], 0));
    rules.push(("an i16 zero point", other, Some(RefusalCode::OperandType)));
    rules
}

/// RESIZE where both axes look alike: `n/d`, offset, border, and the sides of input and output.
fn resized([n, d, offset, border]: [i64; 4], [from, to]: [i32; 2]) -> Single {
    valid("RESIZE nearest")
        .input(1, Shape(vec![n, d, n, d]))
        .input(2, Shape(vec![offset; 2]))
        .input(3, Shape(vec![border; 2]))
        .input_shape(0, &[1, from, from, 1])
        .output_shape(&[1, to, to, 1])
}

/// RESIZE where only the width is asked for a rule.
fn widened([n, d, offset, border]: [i64; 4], [from, to]: [i32; 2]) -> Single {
    valid("RESIZE nearest")
        .input(1, Shape(vec![1, 1, n, d]))
        .input(2, Shape(vec![0, offset]))
        .input(3, Shape(vec![0, border]))
        .input_shape(0, &[1, 1, from, 1])
        .output_shape(&[1, 1, to, 1])
}

pub(crate) fn resize() -> Vec<Rule> {
    let base = || valid("RESIZE nearest");
    let mut rules = vec![
        (
            "no mode",
            base().field(0, I32(0)),
            Some(RefusalCode::ResizeMode),
        ),
        (
            "a third mode",
            base().field(0, I32(3)),
            Some(RefusalCode::ResizeMode),
        ),
        (
            "three scales",
            base().input(1, Shape(vec![2; 3])),
            Some(RefusalCode::ShapeLength),
        ),
        (
            "one offset",
            base().input(2, Shape(vec![0])),
            Some(RefusalCode::ShapeLength),
        ),
        (
            "three borders",
            base().input(3, Shape(vec![0; 3])),
            Some(RefusalCode::ShapeLength),
        ),
        (
            "other channels",
            base().output_shape(&[1, 3, 3, 2]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "other batches",
            base().output_shape(&[2, 3, 3, 1]),
            Some(RefusalCode::OperandShape),
        ),
        (
            "rank 3",
            base().input_shape(0, &[2, 2, 1]),
            Some(RefusalCode::OperandRank),
        ),
        ("a side of 16383", widened([1, 1, 0, 0], [16_383; 2]), None),
        (
            "a side of 16384",
            widened([1, 1, 0, 0], [16_384; 2]),
            Some(RefusalCode::ResizeSide),
        ),
        (
            "an output of 16384",
            widened([1, 1, 0, 0], [1, 16_384]),
            Some(RefusalCode::ResizeSide),
        ),
    ];
    let of = |what, numbers, sides, code| {
        [
            (what, resized(numbers, sides), code),
            (what, widened(numbers, sides), code),
        ]
    };
    rules.extend(
        [
            of(
                "n of 0",
                [0, 1, 0, 0],
                [2, 3],
                Some(RefusalCode::ResizeScale),
            ),
            of(
                "d of 0",
                [1, 0, 0, 0],
                [2, 3],
                Some(RefusalCode::ResizeScale),
            ),
            of("n of 2048", [2048, 8, 0, 0], [2, 257], None),
            of(
                "n of 2049",
                [2049, 16, 0, 0],
                [2, 129],
                Some(RefusalCode::ResizeNumerator),
            ),
            of("d of 15 n", [1, 15, 0, 0], [16, 2], None),
            of(
                "d of 16 n",
                [1, 16, 0, 0],
                [17, 2],
                Some(RefusalCode::ResizeDenominator),
            ),
            of("a scale of 256", [256, 1, 0, 0], [2, 257], None),
            of(
                "a scale of 257",
                [257, 1, 0, 0],
                [2, 258],
                Some(RefusalCode::ResizeLevel),
            ),
            of(
                "a scale of 2048 / 7",
                [2048, 7, 0, 4],
                [2, 294],
                Some(RefusalCode::ResizeLevel),
            ),
            of("an offset of -n", [2, 1, -2, 0], [2, 5], None),
            of(
                "an offset of -n - 1",
                [2, 1, -3, 0],
                [2, 6],
                Some(RefusalCode::ResizeOffset),
            ),
            of("an offset of 16 n - 1", [2, 1, 31, 0], [20, 8], None),
            of(
                "an offset of 16 n",
                [2, 1, 32, 0],
                [20, 7],
                Some(RefusalCode::ResizeOffset),
            ),
            of("a border of n - 1", [2, 1, 0, 1], [2, 4], None),
            of(
                "a border of n",
                [2, 1, 0, 2],
                [2, 5],
                Some(RefusalCode::ResizeBorder),
            ),
            of("a border of -16 n", [2, 1, 0, -32], [20, 7], None),
            of(
                "a border of -16 n - 1",
                [2, 1, 0, -33],
                [20, 6],
                Some(RefusalCode::ResizeBorder),
            ),
            of(
                "an extreme offset",
                [2, 1, i64::MIN, 0],
                [2, 3],
                Some(RefusalCode::ResizeOffset),
            ),
            of(
                "an extreme scale",
                [1, i64::MAX, 0, 0],
                [2, 3],
                Some(RefusalCode::ResizeDenominator),
            ),
            of(
                "a remainder",
                [2, 3, 0, 0],
                [2, 1],
                Some(RefusalCode::OutputRemainder),
            ),
            of(
                "another output",
                [2, 1, 0, 0],
                [2, 4],
                Some(RefusalCode::OutputSize),
            ),
            of(
                "nothing left",
                [2, 1, 31, 0],
                [2, 1],
                Some(RefusalCode::OutputSize),
            ),
        ]
        .into_iter()
        .flatten(),
    );
    rules
}
