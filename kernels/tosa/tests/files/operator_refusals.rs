//! Operators that break one rule each, by operator.

use aivm_tosa::RefusalCode;

use crate::model::{Bytes, Field, I8, I16, I32, I48, INT32, Ints, Model, Table, U8, add, set};
use crate::operator_rules;
use crate::refusals::Cases;
use crate::single::Part::Constant;
use crate::single::single;

/// Adds every case of this file.
pub(crate) fn add_to(cases: &mut Cases) {
    operator_cases(cases);
    window_cases(cases);
    rescale_cases(cases);
    operator_rules::add_to(cases);
}

/// `d = operator(c)` behind ADD, where both are i32 `[2]`.
pub(crate) fn one_more(
    name: &str,
    attribute: Table,
    inputs: &[&str],
    data_type: i32,
    shape: &[i32],
) -> Model {
    let mut model = add().tensor("d", data_type, shape);
    model = model.operator(name, attribute, inputs, &["d"]);
    model
}

fn operator_cases(cases: &mut Cases) {
    cases.push(
        RefusalCode::UnsupportedOperator,
        "ERF",
        &one_more("ERF", vec![], &["c"], INT32, &[2]),
    );
    let mut unknown = add();
    set(&mut unknown.operators[0], 0, I32(4711));
    cases.push(RefusalCode::UnsupportedOperator, "4711", &unknown);
    let mut mismatch = add();
    set(&mut mismatch.operators[0], 1, U8(30));
    cases.push(RefusalCode::AttributeMismatch, "SUB's attribute", &mismatch);
    let mut missing = add();
    missing.operators[0].retain(|(slot, _)| *slot != 2);
    cases.push(RefusalCode::MissingField, "no attribute", &missing);
    cases.push(
        RefusalCode::OperandCount,
        "CLZ of two",
        &one_more("CLZ", vec![], &["a", "c"], INT32, &[2]),
    );
    let shape = add().shape("s", &[2]);
    let shape = shape.tensor("d", INT32, &[2]);
    cases.push(
        RefusalCode::OperandKind,
        "ADD of a shape",
        &shape.clone().operator("ADD", vec![], &["c", "s"], &["d"]),
    );
    cases.push(
        RefusalCode::OperandKind,
        "RESHAPE by a tensor",
        &shape.operator("RESHAPE", vec![], &["c", "a"], &["d"]),
    );
    cases.push(
        RefusalCode::OperandType,
        "CLZ into i8",
        &one_more("CLZ", vec![], &["c"], I8, &[2]),
    );
    cases.push(
        RefusalCode::OperandShape,
        "CLZ of [2] into [3]",
        &one_more("CLZ", vec![], &["c"], INT32, &[3]),
    );
    for (shape, code) in [
        (&[3][..], RefusalCode::BroadcastOutput),
        (&[1], RefusalCode::BroadcastOutput),
        (&[1, 2], RefusalCode::BroadcastRank),
    ] {
        cases.push(
            code,
            "[2] and [2] to another shape",
            &one_more("ADD", vec![], &["a", "b"], INT32, shape),
        );
    }
    for (axis, code) in [(1, RefusalCode::Axis), (-1, RefusalCode::Axis)] {
        let attribute = vec![(0, I32(axis))];
        let model = one_more("REDUCE_SUM", attribute, &["c"], INT32, &[1]);
        cases.push(code, "no such axis", &model);
    }
    for (shape, side) in [(&[3_i64][..], 2), (&[3], 3), (&[-1], 2)] {
        let model = add().shape("s", shape).tensor("d", INT32, &[side]);
        let model = model.operator("RESHAPE", vec![], &["c", "s"], &["d"]);
        cases.push(RefusalCode::ReshapeSize, "[2] to another size", &model);
    }
    for amount in [-1, 32] {
        let data = [i32::to_le_bytes(0), i32::to_le_bytes(amount)].concat();
        let model = add()
            .constant("k", INT32, &[2], &data)
            .tensor("d", INT32, &[2]);
        let model = model.operator("LOGICAL_LEFT_SHIFT", vec![], &["c", "k"], &["d"]);
        cases.push(RefusalCode::ShiftAmount, "constant amount", &model);
    }
    for shift in [-1_i8, 64] {
        let model = add()
            .constant("k", I8, &[1], &[shift as u8])
            .tensor("d", INT32, &[2]);
        let model = model.operator("MUL", vec![], &["a", "b", "k"], &["d"]);
        cases.push(RefusalCode::MulShift, "constant shift", &model);
    }
    let computed = Model::default()
        .input("a", INT32, &[2])
        .input("k", I8, &[1])
        .output("c", INT32, &[2])
        .operator("MUL", vec![], &["a", "a", "k"], &["c"]);
    cases.push(
        RefusalCode::LateFromOutside,
        "MUL's shift is an input",
        &computed,
    );
    let mut steep = [0; 2 * 513];
    steep[2..4].copy_from_slice(&i16::MAX.to_le_bytes());
    steep[4..6].copy_from_slice(&(-2_i16).to_le_bytes());
    let table = Model::default()
        .input("a", I16, &[2])
        .constant("t", I16, &[513], &steep)
        .output("c", INT32, &[2])
        .operator("TABLE", vec![], &["a", "t"], &["c"]);
    cases.push(RefusalCode::TableSlope, "a step of −32769", &table);
    for (min, max) in [(vec![5], vec![4]), (vec![1, 1], vec![2]), (vec![], vec![2])] {
        let model = Model::default()
            .input("a", I8, &[2])
            .output("c", I8, &[2])
            .operator(
                "CLAMP",
                vec![(0, Bytes(min)), (1, Bytes(max))],
                &["a"],
                &["c"],
            );
        cases.push(RefusalCode::ClampBounds, "bounds", &model);
    }
}

/// CONV2D of `[1,5,5,2]` with `[3,3,3,2]` to `[1,3,3,3]`, and what the closure changes.
pub(crate) fn conv2d(change: impl FnOnce(&mut Table, &mut Model)) -> Model {
    let mut attribute = vec![
        (0, Ints(vec![0; 4])),
        (1, Ints(vec![1, 1])),
        (2, Ints(vec![1, 1])),
        (4, I32(INT32)),
    ];
    let mut model = Model::default()
        .input("x", I8, &[1, 5, 5, 2])
        .input("w", I8, &[3, 3, 3, 2])
        .input("bias", INT32, &[3])
        .constant("zx", I8, &[1], &[128])
        .constant("zw", I8, &[1], &[0])
        .output("y", INT32, &[1, 3, 3, 3]);
    change(&mut attribute, &mut model);
    model.operator("CONV2D", attribute, &["x", "w", "bias", "zx", "zw"], &["y"])
}

/// MAX_POOL2D of `[1,4,4,1]` by 2×2 to `[1,2,2,1]`, and what the closure changes.
pub(crate) fn max_pool2d(change: impl FnOnce(&mut Table)) -> Model {
    let mut attribute = vec![
        (0, Ints(vec![2, 2])),
        (1, Ints(vec![2, 2])),
        (2, Ints(vec![0; 4])),
    ];
    change(&mut attribute);
    Model::default()
        .input("x", I8, &[1, 4, 4, 1])
        .output("y", I8, &[1, 2, 2, 1])
        .operator("MAX_POOL2D", attribute, &["x"], &["y"])
}

fn window_cases(cases: &mut Cases) {
    let mut conv = |code, what, slot, field: Field| {
        cases.push(
            code,
            what,
            &conv2d(|attribute, _| set(attribute, slot, field)),
        );
    };
    conv(
        RefusalCode::AttributeLength,
        "three paddings",
        0,
        Ints(vec![0; 3]),
    );
    conv(
        RefusalCode::Padding,
        "a negative padding",
        0,
        Ints(vec![0, 0, -1, 0]),
    );
    conv(
        RefusalCode::KernelLevel,
        "a wide padding",
        0,
        Ints(vec![8193, 0, 0, 0]),
    );
    conv(RefusalCode::Stride, "a stride of 0", 1, Ints(vec![1, 0]));
    conv(
        RefusalCode::StrideLevel,
        "a long stride",
        1,
        Ints(vec![8193, 1]),
    );
    conv(
        RefusalCode::Dilation,
        "a dilation of 0",
        2,
        Ints(vec![0, 1]),
    );
    conv(
        RefusalCode::KernelLevel,
        "a dilated kernel",
        2,
        Ints(vec![1, 2731]),
    );
    conv(
        RefusalCode::OutputRemainder,
        "a remainder",
        1,
        Ints(vec![4, 1]),
    );
    conv(
        RefusalCode::OutputSize,
        "a larger window",
        2,
        Ints(vec![3, 1]),
    );
    conv(
        RefusalCode::OutputSize,
        "a larger output",
        0,
        Ints(vec![0, 1, 0, 0]),
    );
    conv(
        RefusalCode::AccumulatorType,
        "an i48 accumulator",
        4,
        I32(6),
    );
    let mut tensor = |code, what, index: usize, slot, field: Field| {
        cases.push(
            code,
            what,
            &conv2d(|_, model| set(&mut model.tensors[index], slot, field)),
        );
    };
    tensor(
        RefusalCode::OperandRank,
        "rank 3",
        0,
        1,
        Ints(vec![5, 5, 2]),
    );
    tensor(
        RefusalCode::OperandShape,
        "other channels",
        1,
        1,
        Ints(vec![3, 3, 3, 1]),
    );
    tensor(RefusalCode::BiasLength, "two biases", 2, 1, Ints(vec![2]));
    tensor(RefusalCode::OperandType, "i16 input", 0, 2, I32(I16));
    let mut pool = |code, what, slot, field: Field| {
        cases.push(
            code,
            what,
            &max_pool2d(|attribute| set(attribute, slot, field)),
        );
    };
    pool(RefusalCode::Kernel, "a kernel of 0", 0, Ints(vec![0, 2]));
    pool(
        RefusalCode::KernelLevel,
        "a wide kernel",
        0,
        Ints(vec![2, 8193]),
    );
    pool(
        RefusalCode::PoolPadding,
        "padding as the kernel",
        2,
        Ints(vec![2, 0, 0, 0]),
    );
}

/// RESCALE of i16 `[2]` to i8 by one factor, and what the closure changes.
pub(crate) fn rescale(change: impl FnOnce(&mut Rescale)) -> Model {
    let mut parts = Rescale {
        attribute: vec![(0, U8(1)), (1, I32(1))],
        types: [I16, I8],
        multiplier: 1 << 30,
        shift: 31,
        zero_points: [0, 5],
    };
    change(&mut parts);
    let bytes = |data_type: i32, value: i32| {
        let width = [1, 1, 1, 1, 2, 4][data_type as usize];
        value.to_le_bytes()[..width].to_vec()
    };
    let [from, to] = parts.types;
    Model::default()
        .input("x", from, &[2])
        .constant("m", INT32, &[1], &parts.multiplier.to_le_bytes())
        .constant("s", I8, &[1], &[parts.shift as u8])
        .constant("zx", from, &[1], &bytes(from, parts.zero_points[0]))
        .constant("zy", to, &[1], &bytes(to, parts.zero_points[1]))
        .output("y", to, &[2])
        .operator(
            "RESCALE",
            parts.attribute,
            &["x", "m", "s", "zx", "zy"],
            &["y"],
        )
}

/// What [`rescale`] is made of.
pub(crate) struct Rescale {
    pub attribute: Table,
    pub types: [i32; 2],
    pub multiplier: i32,
    pub shift: i8,
    pub zero_points: [i32; 2],
}

fn rescale_cases(cases: &mut Cases) {
    let i48 = single("RESCALE", &[I48, I16, I8, I8]);
    cases.push(
        RefusalCode::RescaleI48,
        "scale32",
        &i48.input(1, Constant(INT32, vec![1], 1))
            .field(0, U8(1))
            .model(),
    );
    let mut push = |code, what, change: &dyn Fn(&mut Rescale)| {
        cases.push(code, what, &rescale(|parts| change(parts)));
    };
    push(RefusalCode::RescaleMode, "INEXACT_ROUND", &|r| {
        set(&mut r.attribute, 1, I32(2))
    });
    push(RefusalCode::RescaleMode, "no rounding mode", &|r| {
        set(&mut r.attribute, 1, I32(0))
    });
    push(
        RefusalCode::RescaleMode,
        "DOUBLE_ROUND without scale32",
        &|r| {
            r.attribute = vec![(1, I32(3))];
        },
    );
    push(
        RefusalCode::RescaleMultiplier,
        "a negative multiplier",
        &|r| r.multiplier = -1,
    );
    push(RefusalCode::RescaleShift, "shift 1", &|r| r.shift = 1);
    push(RefusalCode::RescaleShift, "shift 63", &|r| r.shift = 63);
    push(RefusalCode::InputZeroPoint, "an i16 zero point", &|r| {
        r.zero_points[0] = 1
    });
    push(
        RefusalCode::U16InputZeroPoint,
        "a u16 zero point of 1",
        &|r| {
            set(&mut r.attribute, 3, U8(1));
            r.zero_points[0] = 1;
        },
    );
    let i16s = |from, to| single("RESCALE", &[from, I16, I8, to]);
    let mut signs = |code, what, from, to, input: u8, output: u8| {
        let model = i16s(from, to).field(3, U8(input)).field(4, U8(output));
        cases.push(code, what, &model.model());
    };
    signs(RefusalCode::RescaleBothUnsigned, "both", I8, I16, 1, 1);
    signs(RefusalCode::RescaleU32Input, "u32 to i8", INT32, I8, 1, 0);
    signs(RefusalCode::RescaleU48Input, "u48 to i8", I48, I8, 1, 0);
    signs(RefusalCode::RescaleU32Output, "i8 to u32", I8, INT32, 0, 1);
    signs(
        RefusalCode::RescaleUnsignedToI32,
        "u8 to i32",
        I8,
        INT32,
        1,
        0,
    );
    signs(
        RefusalCode::RescaleI32ToUnsigned,
        "i32 to u8",
        INT32,
        I8,
        0,
        1,
    );
    signs(
        RefusalCode::RescaleI48ToUnsigned,
        "i48 to u16",
        I48,
        I16,
        0,
        1,
    );
    for (place, code) in [
        (3, RefusalCode::U16InputZeroPoint),
        (4, RefusalCode::U16OutputZeroPoint),
    ] {
        let model = i16s(I16, I16).field(place, U8(1));
        let one = model.input(usize::from(place), Constant(I16, vec![1], 32_767));
        cases.push(code, "a u16 zero point of 32767", &one.model());
    }
    let output = i16s(I8, INT32).input(4, Constant(INT32, vec![1], 1));
    cases.push(
        RefusalCode::OutputZeroPoint,
        "an i32 zero point",
        &output.model(),
    );
    let mut push = |code, what, change: &dyn Fn(&mut Rescale)| {
        cases.push(code, what, &rescale(|parts| change(parts)));
    };
    push(
        RefusalCode::OperandType,
        "the multiplier is not i16",
        &|r| {
            r.attribute = vec![(1, I32(1))];
        },
    );
    push(
        RefusalCode::OperandShape,
        "one factor for two channels",
        &|r| {
            set(&mut r.attribute, 2, U8(1));
        },
    );
    let mut rank0 = rescale(|r| set(&mut r.attribute, 2, U8(1)));
    for name in [0, 5] {
        set(&mut rank0.tensors[name], 1, Ints(vec![]));
    }
    cases.push(
        RefusalCode::RescalePerChannel,
        "per_channel of rank 0",
        &rank0,
    );
}
