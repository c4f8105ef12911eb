//! Every refusal code with a file that earns it, and the same file made right, which is accepted.

use std::collections::BTreeSet;

use crate::model::{
    self, BOOL, Bytes, FP32, Field, I4, I8, I16, I32, INT32, Ints, Model, SharedText, Table,
    Tables, Text, U8, U64, add, set,
};
use aivm_tosa::{ModelLimits, PriceTable, Refusal, RefusalCode, load};

fn read(file: &[u8]) -> Result<aivm_tosa::Priced, Refusal> {
    load(file, &ModelLimits::CHAIN, &PriceTable::V1)
}

/// The cases of this file: the code expected, what is wrong, the file.
#[derive(Default)]
struct Cases(Vec<(RefusalCode, &'static str, Vec<u8>)>);

impl Cases {
    fn push(&mut self, code: RefusalCode, what: &'static str, model: &Model) {
        self.0.push((code, what, model.file()));
    }

    fn push_file(&mut self, code: RefusalCode, what: &'static str, file: Vec<u8>) {
        self.0.push((code, what, file));
    }
}

/// The position of `pattern` in `file`.
fn find(file: &[u8], pattern: &[u8]) -> usize {
    let mut windows = file.windows(pattern.len());
    windows
        .position(|window| window == pattern)
        .expect("the pattern is there")
}

fn file_cases(cases: &mut Cases) {
    let good = add().file();
    cases.push_file(RefusalCode::NotTosa, "empty", Vec::new());
    let mut file = good.clone();
    file[4] = b'X';
    cases.push_file(RefusalCode::NotTosa, "another identifier", file);
    let mut file = good.clone();
    file[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    cases.push_file(RefusalCode::OutOfBounds, "the root lies outside", file);
    let mut file = good.clone();
    file[0] += 1;
    cases.push_file(
        RefusalCode::Misaligned,
        "the root lies at an odd place",
        file,
    );
    let mut root = add().root();
    let mut block = add().block();
    set(&mut block, 4, SharedText("c".into()));
    set_block(&mut root, block);
    cases.push_file(
        RefusalCode::Overlap,
        "two outputs share a string",
        model::file(&root),
    );
    let mut file = good.clone();
    file.extend([0; 8].iter().chain(&[1]));
    cases.push_file(RefusalCode::UnownedBytes, "a byte behind the end", file);
    let mut file = good.clone();
    file.extend([0; 24]);
    cases.push_file(RefusalCode::UnownedBytes, "zeros behind the end", file);
    let mut root = add().root();
    set(&mut root, 4, U8(1));
    cases.push_file(
        RefusalCode::UnknownField,
        "a fifth field of TosaGraph",
        model::file(&root),
    );
    let mut root = add().root();
    root.retain(|(slot, _)| *slot != 0);
    cases.push_file(RefusalCode::MissingField, "no version", model::file(&root));
    let mut file = good.clone();
    let name = find(&file, b"main\0");
    file[name] = 0xff;
    cases.push_file(RefusalCode::BadText, "not UTF-8", file);
    let mut file = good.clone();
    file[name + 4] = b'!';
    cases.push_file(RefusalCode::BadText, "no zero at the end", file);
    for (major, minor) in [(0, 80), (1, 2), (2, 0)] {
        let mut root = add().root();
        set(
            &mut root,
            0,
            Field::Table(vec![(0, I32(major)), (1, I32(minor))]),
        );
        cases.push_file(RefusalCode::Version, "another version", model::file(&root));
    }
    let mut root = add().root();
    set(&mut root, 3, Field::Table(vec![(1, U64(2))]));
    cases.push_file(
        RefusalCode::Compatibility,
        "MXFP is required",
        model::file(&root),
    );
}

/// Replaces the block of a root table.
fn set_block(root: &mut Table, block: Table) {
    let region = vec![(0, Text("main".into())), (1, Tables(vec![block]))];
    set(root, 1, Tables(vec![region]));
}

fn region_cases(cases: &mut Cases) {
    let region = |name: &str, blocks: Vec<Table>| -> Table {
        vec![(0, Text(name.into())), (1, Tables(blocks))]
    };
    let block = add().block();
    let mut push = |code, what, regions: Vec<Table>| {
        let mut root = add().root();
        set(&mut root, 1, Tables(regions));
        cases.push_file(code, what, model::file(&root));
    };
    push(RefusalCode::ControlFlowRegion, "no region", vec![]);
    push(
        RefusalCode::ControlFlowRegion,
        "another name",
        vec![region("then", vec![block.clone()])],
    );
    push(
        RefusalCode::ControlFlowRegion,
        "two regions",
        vec![region("main", vec![block.clone()]), region("then", vec![])],
    );
    push(
        RefusalCode::BlockCount,
        "no block",
        vec![region("main", vec![])],
    );
    push(
        RefusalCode::BlockCount,
        "two blocks",
        vec![region("main", vec![block.clone(), vec![]])],
    );
}

fn tensor_cases(cases: &mut Cases) {
    let mut push = |code, what, slot, field: Field| {
        let mut model = add();
        set(&mut model.tensors[2], slot, field);
        cases.push(code, what, &model);
    };
    push(RefusalCode::ExternalData, "an offset", 7, U64(4096));
    push(RefusalCode::ExternalData, "a size", 8, U64(8));
    push(RefusalCode::ExternalData, "a scale offset", 12, U64(4096));
    push(RefusalCode::BlockScaled, "a scale type", 9, I32(16));
    push(RefusalCode::BlockScaled, "scale data", 10, Bytes(vec![1]));
    push(RefusalCode::BlockScaled, "a block shape", 11, I32(32));
    push(RefusalCode::VariableTensor, "a variable", 4, U8(1));
    push(
        RefusalCode::VariableTensor,
        "a variable's name",
        6,
        Text("v".into()),
    );
    push(RefusalCode::UnsupportedType, "fp32", 2, I32(FP32));
    push(RefusalCode::UnsupportedType, "no type", 2, I32(0));
    push(RefusalCode::DynamicShape, "a side of −1", 1, Ints(vec![-1]));
    push(
        RefusalCode::DynamicShape,
        "a side of 0",
        1,
        Ints(vec![2, 0]),
    );
    push(RefusalCode::DynamicShape, "unranked", 5, U8(1));
    push(
        RefusalCode::ShapeOverflow,
        "2^62 elements",
        1,
        Ints(vec![i32::MAX, i32::MAX]),
    );
    push(
        RefusalCode::ShapeOverflow,
        "2^64 elements",
        1,
        Ints(vec![1 << 16; 4]),
    );
    push(
        RefusalCode::ShapeOverflow,
        "2^31 bytes",
        1,
        Ints(vec![1 << 29]),
    );
    push(RefusalCode::RankLimit, "rank 7", 1, Ints(vec![1; 7]));
    push(
        RefusalCode::EmptyName,
        "an empty name",
        0,
        Text(String::new()),
    );
    push(RefusalCode::DuplicateName, "a again", 0, Text("a".into()));
    push(
        RefusalCode::UndefinedName,
        "c is d now",
        0,
        Text("d".into()),
    );
    push(
        RefusalCode::DataWithoutConst,
        "a computed tensor with data",
        3,
        Bytes(vec![0; 8]),
    );
}

fn name_cases(cases: &mut Cases) {
    let again = add().operator("SUB", vec![], &["a", "b"], &["c"]);
    cases.push(RefusalCode::WrittenTwice, "two operators", &again);
    let mut twice = add();
    twice.inputs.push("a".into());
    cases.push(RefusalCode::WrittenTwice, "two inputs", &twice);
    let to_input = add().operator("SUB", vec![], &["a", "b"], &["a"]);
    cases.push(RefusalCode::WrittenTwice, "an input", &to_input);
    let shapes = add()
        .shape("s", &[1])
        .operator("CONST_SHAPE", vec![], &[], &["s"]);
    cases.push(RefusalCode::WrittenTwice, "a shape", &shapes);
    let unwritten = add().tensor("d", INT32, &[2]);
    cases.push(RefusalCode::NeverWritten, "d", &unwritten);
    let mut unwritten = add().shape("s", &[1]);
    unwritten.operators.pop();
    cases.push(RefusalCode::NeverWritten, "a shape", &unwritten);
    let early = Model::default()
        .input("a", INT32, &[2])
        .tensor("b", INT32, &[2])
        .output("c", INT32, &[2])
        .operator("ADD", vec![], &["a", "b"], &["c"])
        .operator("ADD", vec![], &["a", "a"], &["b"]);
    cases.push(RefusalCode::ReadBeforeWritten, "b", &early);
    let circle = Model::default()
        .input("a", INT32, &[2])
        .output("b", INT32, &[2])
        .operator("ADD", vec![], &["a", "b"], &["b"]);
    cases.push(RefusalCode::ReadBeforeWritten, "its own output", &circle);
    let mut silent = add();
    silent.outputs.clear();
    cases.push(RefusalCode::NoOutput, "no output", &silent);
    let mut shape = add().shape("s", &[1]);
    shape.outputs.push("s".into());
    cases.push(RefusalCode::OperandKind, "a shape as output", &shape);
}

fn constant_cases(cases: &mut Cases) {
    let constant =
        |data_type, shape: &[i32], data: &[u8]| add().constant("k", data_type, shape, data);
    cases.push(
        RefusalCode::ConstantLength,
        "a byte short",
        &constant(I8, &[3], &[0; 2]),
    );
    cases.push(
        RefusalCode::ConstantLength,
        "a byte more",
        &constant(I8, &[3], &[0; 4]),
    );
    cases.push(
        RefusalCode::ConstantLength,
        "16, not 8",
        &constant(I8, &[3], &[0; 16]),
    );
    cases.push(
        RefusalCode::ConstantLength,
        "none",
        &constant(I8, &[3], &[]),
    );
    let filled = constant(I8, &[3], &[1, 2, 3, 0, 0, 0, 0, 9]);
    cases.push(RefusalCode::ConstantLength, "filling", &filled);
    cases.push(
        RefusalCode::ConstantValue,
        "a bool of 2",
        &constant(BOOL, &[2], &[1, 2]),
    );
    cases.push(
        RefusalCode::ConstantValue,
        "half a byte too much",
        &constant(I4, &[3], &[0x21, 0x43]),
    );
    let mut short = add().shape("s", &[1, 2]);
    set(&mut short.shapes[0], 1, I32(3));
    cases.push(RefusalCode::ConstantLength, "a shape of rank 3", &short);
}

/// `d = operator(c)` behind ADD, where both are i32 `[2]`.
fn one_more(name: &str, attribute: Table, inputs: &[&str], data_type: i32, shape: &[i32]) -> Model {
    let mut model = add().tensor("d", data_type, shape);
    model = model.operator(name, attribute, inputs, &["d"]);
    model
}

fn operator_cases(cases: &mut Cases) {
    cases.push(
        RefusalCode::UnsupportedOperator,
        "IDENTITY",
        &one_more("IDENTITY", vec![], &["c"], INT32, &[2]),
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
    for shape in [&[3][..], &[1], &[1, 2]] {
        cases.push(
            RefusalCode::Broadcast,
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
    for (start, size) in [(-1, 1), (2, 1), (1, 2), (i64::MAX, 1), (0, 1)] {
        let model = add().shape("start", &[start]).shape("size", &[size]);
        let model = model.tensor("d", INT32, &[if start == 0 { 2 } else { size as i32 }]);
        let model = model.operator("SLICE", vec![], &["c", "start", "size"], &["d"]);
        cases.push(RefusalCode::SliceBounds, "outside or another size", &model);
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
        RefusalCode::NotConstant,
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
fn conv2d(change: impl FnOnce(&mut Table, &mut Model)) -> Model {
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
fn max_pool2d(change: impl FnOnce(&mut Table)) -> Model {
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
    conv(RefusalCode::OutputSize, "a remainder", 1, Ints(vec![4, 1]));
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
    tensor(RefusalCode::OperandShape, "two biases", 2, 1, Ints(vec![2]));
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
        RefusalCode::Padding,
        "padding as the kernel",
        2,
        Ints(vec![2, 0, 0, 0]),
    );
}

/// RESCALE of i16 `[2]` to i8 by one factor, and what the closure changes.
fn rescale(change: impl FnOnce(&mut Rescale)) -> Model {
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

struct Rescale {
    attribute: Table,
    types: [i32; 2],
    multiplier: i32,
    shift: i8,
    zero_points: [i32; 2],
}

fn rescale_cases(cases: &mut Cases) {
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
    push(RefusalCode::ZeroPoint, "an i16 zero point", &|r| {
        r.zero_points[0] = 1
    });
    push(RefusalCode::ZeroPoint, "a u16 zero point of 1", &|r| {
        set(&mut r.attribute, 3, U8(1));
        r.zero_points[0] = 1;
    });
    push(RefusalCode::RescaleSigns, "both unsigned", &|r| {
        set(&mut r.attribute, 3, U8(1));
        set(&mut r.attribute, 4, U8(1));
    });
    for unsigned in [3, 4] {
        push(RefusalCode::RescaleSigns, "unsigned beside i32", &|r| {
            set(&mut r.attribute, unsigned, U8(1));
            r.types = [INT32, I8];
        });
        push(RefusalCode::RescaleSigns, "unsigned beside i32", &|r| {
            set(&mut r.attribute, unsigned, U8(1));
            r.types = [I8, INT32];
            r.zero_points = [0, 0];
        });
    }
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
    cases.push(RefusalCode::OperandRank, "per_channel of rank 0", &rank0);
}

#[test]
fn each_broken_rule_has_its_code() {
    let mut cases = Cases::default();
    file_cases(&mut cases);
    region_cases(&mut cases);
    tensor_cases(&mut cases);
    name_cases(&mut cases);
    constant_cases(&mut cases);
    operator_cases(&mut cases);
    window_cases(&mut cases);
    rescale_cases(&mut cases);
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for (code, what, file) in &cases.0 {
        match read(file) {
            Err(refusal) if refusal.code == *code => {
                let located = refusal.offset.is_some() || refusal.node.is_some();
                assert!(located, "{what}: {refusal} says no place");
                seen.insert(*code);
            }
            Err(refusal) => failures.push(format!("{code:?}, {what}: {refusal}")),
            Ok(_) => failures.push(format!("{code:?}, {what}: accepted")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Codes of limits have their tests in `limits.rs`.
    let limits = [
        RefusalCode::FileBytes,
        RefusalCode::TensorCount,
        RefusalCode::NodeCount,
        RefusalCode::NameBytes,
        RefusalCode::ConstantBytes,
        RefusalCode::ActivationBytes,
        RefusalCode::BorderBytes,
        RefusalCode::ResolvedBytes,
        RefusalCode::GasOverflow,
    ];
    let all = RefusalCode::ALL.iter().copied();
    let missing: Vec<_> = all
        .filter(|code| !seen.contains(code) && !limits.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn the_same_files_without_the_fault_are_accepted() {
    for (name, model) in [
        ("ADD", add()),
        ("CONV2D", conv2d(|_, _| ())),
        (
            "CONV2D with one bias",
            conv2d(|_, model| set(&mut model.tensors[2], 1, Ints(vec![1]))),
        ),
        ("MAX_POOL2D", max_pool2d(|_| ())),
        ("RESCALE", rescale(|_| ())),
        (
            "RESCALE of u16",
            rescale(|r| {
                set(&mut r.attribute, 3, U8(1));
                r.zero_points[0] = 32_768;
            }),
        ),
        (
            "constants",
            add()
                .constant("exact", I8, &[3], &[1, 2, 3])
                .constant("filled", I8, &[3], &[1, 2, 3, 0, 0, 0, 0, 0])
                .constant("i4", I4, &[3], &[0x21, 0x0f])
                .constant("i48", 6, &[1], &[0, 0, 0, 0, 0, 0x80])
                .constant("bool", BOOL, &[2], &[0, 1]),
        ),
    ] {
        if let Err(refusal) = read(&model.file()) {
            panic!("{name}: {refusal}");
        }
    }
}

#[test]
fn constants_are_unpacked_to_bytes_at_the_borders() {
    let model = add().constant("i4", I4, &[3], &[0x21, 0x0f]).constant(
        "i48",
        6,
        &[2],
        &[0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0],
    );
    let model = read(&model.file()).expect("the model is valid");
    let constant = |name: &str| {
        let mut tensors = model.graph().tensors().iter();
        let tensor = tensors
            .find(|tensor| tensor.name == name)
            .expect("it is declared");
        tensor
            .constant
            .as_deref()
            .expect("it is a constant")
            .to_vec()
    };
    assert_eq!(constant("i4"), [1, 2, 0xff]);
    assert_eq!(
        constant("i48"),
        [0, 0, 0, 0, 0, 0x80, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]
    );
}

#[test]
fn a_refusal_says_what_is_wrong_where_and_what_would_be_right() {
    let model = one_more("CLZ", vec![], &["c"], I8, &[2]);
    let refusal = read(&model.file()).expect_err("CLZ writes i32");
    assert_eq!(refusal.node, Some(1));
    let text = refusal.to_string();
    for part in [
        "OperandType",
        "operator 1",
        "at byte ",
        "CLZ",
        "\"d\" is i8",
        "expected i32",
    ] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
}

#[test]
fn versions_and_compatible_extras_are_accepted() {
    for minor in [0, 1] {
        let mut root = add().root();
        set(
            &mut root,
            0,
            Field::Table(vec![(0, I32(1)), (1, I32(minor)), (3, U8(1))]),
        );
        let software = vec![(0, I32(2026)), (3, Text("x".into()))];
        set(&mut root, 2, Field::Table(software.clone()));
        set(
            &mut root,
            3,
            Field::Table(vec![(0, Field::Table(software)), (1, U64(0))]),
        );
        read(&model::file(&root)).expect("nothing here concerns the graph");
    }
}
