//! Damaged and hostile files: never a panic, never a long wait, and never more heap than the file's length allows.

use std::path::Path;

use crate::damage::{Random, flip};
use crate::limits::combinations;
use crate::model::{self, I4, I8, INT32, Ints, Model, Table, U8};
use crate::operator_types::{COMBINATIONS, valid};
use crate::{heap, time};
use aivm_tosa::{ModelLimits, PriceTable, Priced, Refusal, RefusalCode, load};

/// Loads `file` and checks the time and the peak of the heap.
fn load_bounded(file: &[u8]) -> Result<Priced, Refusal> {
    let load = || load(file, &ModelLimits::CHAIN, &PriceTable::V1);
    let (result, peak) = time::bounded(file, || heap::peak_of(load));
    let bound = 4 * file.len() + (1 << 20);
    assert!(
        peak <= bound,
        "{peak} bytes of heap for a file of {}",
        file.len()
    );
    result
}

/// Loads damaged copies of `file`: 10,000, or `AIVM_MUTATIONS`.
fn damage(file: &[u8], seed: u64) {
    let rounds =
        std::env::var("AIVM_MUTATIONS").map_or(10_000, |rounds| rounds.parse().expect("a number"));
    let mut random = Random(seed);
    let mut accepted = 0_u64;
    for round in 0..rounds {
        let mut copy = file.to_vec();
        match round % 4 {
            0 => copy.truncate(random.below(file.len())),
            // Flips anywhere mostly meet weights; flips at the ends meet structure.
            1 => flip(&mut copy, random.below(file.len()), &mut random),
            2 => flip(&mut copy, random.below(file.len().min(6000)), &mut random),
            _ => {
                for _ in 0..1 + random.below(8) {
                    let from_end = 1 + random.below(file.len().min(16_000));
                    flip(&mut copy, file.len() - from_end, &mut random);
                }
            }
        }
        match load_bounded(&copy) {
            Ok(_) => accepted += 1,
            Err(refusal) => {
                let located = refusal.offset.is_some() || refusal.node.is_some();
                assert!(located, "round {round}: {refusal} says no place");
            }
        }
    }
    println!("campaign: tosa_files={rounds} tosa_accepted={accepted}");
    println!("slowest: {:?}", time::slowest());
    // A flipped weight is still a model; structure mostly is not.
    let percent = accepted * 100 / rounds;
    assert!(
        (5..90).contains(&percent),
        "{accepted} of {rounds} accepted"
    );
}

#[test]
fn damaged_digit_models() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/models/mnist_cnn.tosa");
    let file = std::fs::read(path).expect("the model is in the repository");
    load_bounded(&file).expect("the undamaged file is valid");
    damage(&file, 1);
}

#[test]
fn damaged_resnets() {
    let Some(folder) = crate::shared::folder("models") else {
        return;
    };
    let file = std::fs::read(folder.join("resnet8.tosa")).expect("the model is there");
    load_bounded(&file).expect("the undamaged file is valid");
    damage(&file, 2);
}

#[test]
fn damaged_control_flow_and_variables() {
    let gate = crate::regions::gate(&[1, 0, 0, 0, 2, 0, 0, 0]);
    for (mut model, seed) in [(crate::regions::counting(), 3), (gate, 4)] {
        // Constants beside the structure, as models have them: else hardly any damage would be accepted.
        let region = &mut model.regions[0].1;
        *region = region.clone().constant("k", I8, &[4000], &[7; 4000]);
        let file = model.constant("k", I8, &[2000], &[7; 2000]).file();
        load_bounded(&file).expect("the undamaged file is valid");
        damage(&file, seed);
    }
}

#[test]
fn no_prefix_of_a_model_is_a_model() {
    let file = model::add().file();
    for len in 0..file.len() {
        load_bounded(&file[..len]).expect_err("a prefix is refused");
    }
}

/// A chain of many operators with the shortest names.
fn long_chain(len: u32) -> Model {
    let name = |index: u32| {
        let digit = |shift: u32| char::from(b'0' + ((index >> shift) & 63) as u8);
        [digit(12), digit(6), digit(0)].iter().collect::<String>()
    };
    let mut model = Model::default().input(&name(0), INT32, &[]);
    for index in 1..=len {
        model = model.tensor(&name(index), INT32, &[]);
        model = model.operator("CLZ", vec![], &[&name(index - 1)], &[&name(index)]);
    }
    model.outputs.push(name(len));
    model
}

#[test]
fn many_small_nodes_stay_within_the_heap_bound() {
    load_bounded(&long_chain(30_000).file()).expect("the chain is valid");
}

/// Per node more is kept than for CLZ: lists of numbers, operands that come late, tensors known to be from outside.
#[test]
fn many_nodes_with_lists_stay_within_the_heap_bound() {
    let name = |index: u32| format!("{index:x}");
    let shape = [1; 6];
    for operator in ["NEGATE", "IDENTITY", "TRANSPOSE", "PAD", "SLICE"] {
        let mut model = Model::default()
            .input(&name(0), I8, &shape)
            .input("z", I8, &[1])
            .tensor("l", I8, &[1])
            .operator("BITWISE_NOT", vec![], &["z"], &["l"])
            .shape("p", &[0; 12])
            .shape("o", &[0; 6])
            .shape("s", &[1; 6]);
        for index in 1..=20_000 {
            let input = name(index - 1);
            let (attribute, inputs): (Table, Vec<&str>) = match operator {
                "NEGATE" => (vec![], vec![&input, "l", "l"]),
                "TRANSPOSE" => (vec![(0, Ints(vec![5, 4, 3, 2, 1, 0]))], vec![&input]),
                "PAD" => (vec![], vec![&input, "p", "l"]),
                "SLICE" => (vec![], vec![&input, "o", "s"]),
                _ => (vec![], vec![&input]),
            };
            model = model.tensor(&name(index), I8, &shape);
            model = model.operator(operator, attribute, &inputs, &[&name(index)]);
        }
        model.outputs.push(name(20_000));
        let priced = load_bounded(&model.file()).expect("the chain is valid");
        assert_eq!(priced.graph().nodes().len(), 20_001);
    }
}

/// One of every operator is damaged, so that every rule meets hostile numbers.
#[test]
fn damaged_operators() {
    for (seed, (operator, _)) in (3..).zip(COMBINATIONS) {
        let file = valid(operator).model().file();
        load_bounded(&file).expect("the undamaged file is valid");
        let mut random = Random(seed);
        let mut accepted = 0;
        for _ in 0..1000 {
            let mut copy = file.clone();
            for _ in 0..1 + random.below(3) {
                flip(&mut copy, random.below(file.len()), &mut random);
            }
            accepted += u32::from(load_bounded(&copy).is_ok());
        }
        assert!(accepted < 1000, "{operator}: no damage is seen");
    }
}

#[test]
fn many_small_constants_stay_within_the_heap_bound() {
    let mut model = model::add();
    for index in 0..30_000 {
        model = model.constant(&format!("k{index:x}"), I8, &[], &[7]);
    }
    load_bounded(&model.file()).expect("the constants are valid");
}

#[test]
fn one_long_list_of_factors_stays_within_the_heap_bound() {
    let channels = 1_000_000;
    let attribute: Table = vec![(0, U8(1)), (1, model::I32(1)), (2, U8(1))];
    let model = Model::default()
        .input("x", I8, &[channels])
        .constant("m", INT32, &[channels], &vec![1; 4 * channels as usize])
        .constant("s", I8, &[channels], &vec![2; channels as usize])
        .constant("z", I8, &[1], &[0])
        .output("y", I8, &[channels])
        .operator("RESCALE", attribute, &["x", "m", "s", "z", "z"], &["y"]);
    load_bounded(&model.file()).expect("the factors are valid");
}

#[test]
fn many_offsets_to_one_string_are_refused_at_the_second() {
    const COUNT: u32 = 100_000;
    let mut model = model::add();
    model.inputs = vec![String::new(); COUNT as usize];
    let mut file = model.file();
    let vector = file
        .windows(4)
        .position(|window| window == COUNT.to_le_bytes());
    let first = vector.expect("the vector is there") + 4;
    let offset =
        |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let target = first as u32 + offset(first);
    for index in 0..COUNT as usize {
        let at = first + 4 * index;
        file[at..at + 4].copy_from_slice(&(target - at as u32).to_le_bytes());
    }
    let refusal = load_bounded(&file).expect_err("one string has many owners");
    assert_eq!(refusal.code, RefusalCode::Overlap);
}

/// Shown in full, escaped, such a name would take five times the file.
#[test]
fn names_of_8_mib_are_refused_within_the_heap_bound() {
    let long = "\u{1}".repeat(8 << 20);
    let operand = model::add().operator("CLZ", vec![], &[&long], &["c"]);
    let mut border = model::add();
    border.outputs.push(long.clone());
    let declared = model::add().tensor(&long, INT32, &[2]);
    let mut variable = model::add();
    model::set(&mut variable.tensors[0], 6, model::Text(long.clone()));
    for model in [operand, border, declared, variable] {
        let refusal = load_bounded(&model.file()).expect_err("the name is too long");
        assert_eq!(refusal.code, RefusalCode::NameBytes);
        assert!(refusal.to_string().len() < 1000);
    }
    let region = vec![
        (0, model::Text(long)),
        (1, model::Tables(vec![model::add().block()])),
    ];
    let mut root = model::add().root();
    model::set(&mut root, 1, model::Tables(vec![region]));
    let refusal = load_bounded(&model::file(&root)).expect_err("the name is too long");
    assert_eq!(refusal.code, RefusalCode::NameBytes);
}

/// The constant takes twice its bytes in the file, and the factors would take as much again.
#[test]
fn an_i4_constant_beside_many_lists_of_factors_stays_within_the_heap_bound() {
    let bytes = 16 << 20;
    let mut model =
        combinations(21, 10_000).constant("k", I4, &[2 * bytes], &vec![0; bytes as usize]);
    // The constant comes first, so that it is held while the factors are resolved.
    model.operators.rotate_right(1);
    let refusal = load_bounded(&model.file()).expect_err("the factors do not fit beside it");
    assert_eq!(refusal.code, RefusalCode::ResolvedBytes);
    let alone = model::add().constant("k", I4, &[2 * bytes], &vec![0; bytes as usize]);
    load_bounded(&alone.file()).expect("the constant alone is valid");
}
