//! Classes P and W at the exact boundary, and of the models at hand.

use std::path::Path;

use crate::model::{BOOL, I8, I32, INT32, Ints, Model, Table, add};
use crate::regions::{accumulator, choice, counting};
use aivm_tosa::{Class, ModelLimits, NodeId, PriceTable, RegionId, load};

fn class(model: &Model) -> Class {
    let model = load(&model.file(), &ModelLimits::TOOL, &PriceTable::V1);
    model.expect("it is valid").class()
}

fn may_wrap(node: u32) -> Class {
    Class::W {
        region: None,
        node: NodeId(node),
    }
}

fn conv_attribute() -> Table {
    vec![
        (0, Ints(vec![0; 4])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![1; 2])),
        (4, I32(5)),
    ]
}

/// Four products of an i8 with 1: −512 to 508.
fn convolution(bias: i32) -> Model {
    Model::default()
        .input("x", I8, &[1, 1, 1, 4])
        .constant("w", I8, &[1, 1, 1, 4], &[1; 4])
        .constant("b", INT32, &[1], &bias.to_le_bytes())
        .constant("z", I8, &[1], &[0])
        .output("y", INT32, &[1, 1, 1, 1])
        .operator(
            "CONV2D",
            conv_attribute(),
            &["x", "w", "b", "z", "z"],
            &["y"],
        )
}

#[test]
fn an_accumulator_may_reach_the_ends_of_its_type() {
    for (bias, expected) in [
        (0, Class::P),
        (i32::MAX - 508, Class::P),
        (i32::MAX - 507, may_wrap(0)),
        (i32::MIN + 512, Class::P),
        (i32::MIN + 511, may_wrap(0)),
    ] {
        assert_eq!(class(&convolution(bias)), expected, "bias {bias}");
    }
}

#[test]
fn a_computed_weight_counts_with_all_its_values() {
    // 1,024 channels of −128 · −128 are 2^24; a bias decides.
    let model = |bias: i32| {
        Model::default()
            .input("x", I8, &[1, 1, 1, 1024])
            .input("w", I8, &[1, 1, 1, 1024])
            .constant("b", INT32, &[1], &bias.to_le_bytes())
            .constant("z", I8, &[1], &[0])
            .output("y", INT32, &[1, 1, 1, 1])
            .operator(
                "CONV2D",
                conv_attribute(),
                &["x", "w", "b", "z", "z"],
                &["y"],
            )
    };
    assert_eq!(class(&model(i32::MAX - (1 << 24))), Class::P);
    assert_eq!(class(&model(i32::MAX - (1 << 24) + 1)), may_wrap(0));
}

#[test]
fn matmul_and_reduce_sum_count_their_terms() {
    // Without zero points, 131,071 products of two i8 stay inside, 131,072 reach 2^31.
    let product = |channels: i32| {
        Model::default()
            .input("a", I8, &[1, 1, channels])
            .input("b", I8, &[1, channels, 1])
            .constant("z", I8, &[1], &[0])
            .output("y", INT32, &[1, 1, 1])
            .operator("MATMUL", vec![], &["a", "b", "z", "z"], &["y"])
    };
    assert_eq!(class(&product(131_071)), Class::P);
    assert_eq!(class(&product(131_072)), may_wrap(0));
    // −128 · 2^24 is −2^31, which is still an i32.
    let sum = |count: i32| {
        Model::default()
            .input("x", I8, &[count])
            .tensor("wide", INT32, &[count])
            .output("y", INT32, &[1])
            .operator("CAST", vec![], &["x"], &["wide"])
            .operator("REDUCE_SUM", vec![(0, I32(0))], &["wide"], &["y"])
    };
    assert_eq!(class(&sum(1 << 24)), Class::P);
    assert_eq!(class(&sum((1 << 24) + 1)), may_wrap(1));
}

#[test]
fn the_first_node_that_may_wrap_is_named() {
    assert_eq!(class(&add()), may_wrap(0));
    let later = Model::default()
        .input("a", INT32, &[2])
        .tensor("b", INT32, &[2])
        .tensor("c", INT32, &[2])
        .output("d", INT32, &[2])
        .operator("CLZ", vec![], &["a"], &["b"])
        .operator("ADD", vec![], &["b", "b"], &["c"])
        .operator("ADD", vec![], &["c", "a"], &["d"]);
    assert_eq!(class(&later), may_wrap(2));
    let later = later
        .output("e", INT32, &[2])
        .operator("CLZ", vec![], &["d"], &["e"])
        .output("f", INT32, &[2])
        .operator("ADD", vec![], &["e", "e"], &["f"])
        .output("g", INT32, &[2])
        .operator("ADD", vec![], &["d", "e"], &["g"]);
    let later = load(&later.file(), &ModelLimits::CHAIN, &PriceTable::V1).expect("it is valid");
    let wraps = [0, 1, 2, 3, 4, 5].map(|index| later.may_wrap(NodeId(index)));
    // What wrapped has any value: CLZ makes 0 to 32 of it all the same.
    assert_eq!(wraps, [false, false, true, false, false, true]);
}

#[test]
fn regions_are_looked_at_with_all_values_of_their_types() {
    assert_eq!(class(&choice()), Class::P);
    // The body of the loop adds what it carries: `n - 1` comes first.
    let in_body = Class::W {
        region: Some(RegionId(1)),
        node: NodeId(0),
    };
    assert_eq!(class(&counting()), in_body);
    // A variable may hold anything.
    assert_eq!(class(&accumulator()), may_wrap(1));
    // What a branch gives is known outside: 0 to 32 here.
    let known = |other: &str| {
        let branch = |operator: &str| {
            Model::default()
                .input("x", INT32, &[2])
                .output("y", INT32, &[2])
                .operator(operator, vec![], &["x"], &["y"])
        };
        Model::default()
            .input("c", BOOL, &[1])
            .input("x", INT32, &[2])
            .tensor("y", INT32, &[2])
            .output("twice", INT32, &[2])
            .control_flow("COND_IF", ["p", "q"], &["c", "x"], &["y"])
            .operator("ADD", vec![], &["y", "y"], &["twice"])
            .region("p", branch("CLZ"))
            .region("q", branch(other))
    };
    assert_eq!(class(&known("CLZ")), Class::P);
    assert_eq!(class(&known("IDENTITY")), may_wrap(1));
}

#[test]
fn values_that_come_late_are_not_known() {
    let late = Model::default()
        .input("x", INT32, &[2])
        .input("shift", I8, &[1])
        .constant("one", INT32, &[2], &[1, 0, 0, 0, 1, 0, 0, 0])
        .output("y", INT32, &[2])
        .operator("MUL", vec![], &["one", "one", "shift"], &["y"]);
    assert_eq!(class(&late), may_wrap(0));
}

/// One small weight that thousands of nodes name: the analysis stops looking, and the time stays short.
#[test]
fn a_weight_named_by_many_nodes_is_not_scanned_by_each() {
    let mut model = Model::default()
        .input("x", I8, &[1, 1, 1, 60_000])
        .constant("w", I8, &[1, 1, 1, 60_000], &[1; 60_000])
        .constant("b", INT32, &[1], &[0; 4])
        .constant("z", I8, &[1], &[0]);
    for index in 0..4_000 {
        let name = format!("y{index}");
        model = model.output(&name, INT32, &[1, 1, 1, 1]).operator(
            "CONV2D",
            conv_attribute(),
            &["x", "w", "b", "z", "z"],
            &[&name],
        );
    }
    let start = std::time::Instant::now();
    // Five scans fit: four times the constants, and 65,536 elements more.
    assert_eq!(class(&model), may_wrap(5));
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn classes_of_the_models_at_hand() {
    let read = |path: &Path| {
        let file = std::fs::read(path).expect("the model is there");
        let model = load(&file, &ModelLimits::CHAIN, &PriceTable::V1);
        let model = model.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        println!("{}: {:?}", path.display(), model.class());
        model.class()
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/models");
    // A softmax in integers shifts by what CLZ counts, which one interval a tensor cannot follow: models with one
    // are of class W at that node.
    assert_eq!(read(&examples.join("mnist_cnn.tosa")), Class::P);
    let Some(folder) = crate::shared::folder("models") else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "tosa")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        read(&file);
    }
}
