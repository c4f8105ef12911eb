//! Every refusal code with a file that earns it, and the same file made right, which is accepted.

use std::collections::BTreeSet;

use crate::model::{
    self, BOOL, Bytes, FP32, Field, I4, I8, I32, INT32, Ints, Model, SharedText, Table, Tables,
    Text, U8, U64, add, set,
};
use crate::operator_refusals;
use crate::regions;
use aivm_tosa::{ModelLimits, PriceTable, Refusal, RefusalCode, load};

fn read(file: &[u8]) -> Result<aivm_tosa::Priced, Refusal> {
    load(file, &ModelLimits::CHAIN, &PriceTable::V1)
}

/// The cases of this file: the code expected, what is wrong, the file.
#[derive(Default)]
pub(crate) struct Cases(Vec<(RefusalCode, &'static str, Vec<u8>)>);

impl Cases {
    pub(crate) fn push(&mut self, code: RefusalCode, what: &'static str, model: &Model) {
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
    push(RefusalCode::MainRegion, "no region", vec![]);
    push(
        RefusalCode::MainRegion,
        "another name",
        vec![region("then", vec![block.clone()])],
    );
    push(
        RefusalCode::BlockCount,
        "a second region without a block",
        vec![region("main", vec![block.clone()]), region("then", vec![])],
    );
    push(
        RefusalCode::DuplicateRegion,
        "main twice",
        vec![
            region("main", vec![block.clone()]),
            region("main", vec![block.clone()]),
        ],
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
    push(RefusalCode::VariableTensor, "no variable's name", 4, U8(1));
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
    for data in [vec![0; 16], vec![1, 0, 0, 0, 0, 0, 0, 0]] {
        let mut rank0 = add().shape("s", &[]);
        set(&mut rank0.shapes[0], 2, Bytes(data));
        cases.push(RefusalCode::ConstantLength, "data for rank 0", &rank0);
    }
}

#[test]
fn each_broken_rule_has_its_code() {
    let mut cases = Cases::default();
    file_cases(&mut cases);
    region_cases(&mut cases);
    tensor_cases(&mut cases);
    name_cases(&mut cases);
    constant_cases(&mut cases);
    operator_refusals::add_to(&mut cases);
    regions::add_to(&mut cases);
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
        RefusalCode::RegionCount,
        RefusalCode::VariableCount,
        RefusalCode::NameBytes,
        RefusalCode::ConstantBytes,
        RefusalCode::WeightBytes,
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
        ("CONV2D", operator_refusals::conv2d(|_, _| ())),
        (
            "CONV2D with one bias",
            operator_refusals::conv2d(|_, model| set(&mut model.tensors[2], 1, Ints(vec![1]))),
        ),
        ("MAX_POOL2D", operator_refusals::max_pool2d(|_| ())),
        ("RESCALE", operator_refusals::rescale(|_| ())),
        ("a shape of rank 0", add().shape("s", &[])),
        (
            "RESCALE of u16",
            operator_refusals::rescale(|r| {
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
    let model = operator_refusals::one_more("CLZ", vec![], &["c"], I8, &[2]);
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
