//! Operators of several kinds in one dispatch: which, and that the bits are those of dispatches of their own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, load};

use crate::chains::{CASES, input};
use crate::choices::Choices;
use crate::generator::{Generator, Value};
use crate::model::{I8, I16, I32, INT32};
use crate::support::{executors, kernels, model, unfused_executors};

const GRAPHS: u64 = 60;

/// The dispatches of an oracle case on the first adapter.
fn dispatches(case: &str) -> Option<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let file = std::fs::read(folder.join(case).join("model.tosa")).expect("an oracle case");
    let executor = executors().into_iter().next()?;
    Some(kernels(&executor, &model(&file)))
}

/// How many operators each dispatch does.
fn lengths(case: &str) -> Option<Vec<usize>> {
    let names = dispatches(case)?;
    Some(names.iter().map(|name| name.split('+').count()).collect())
}

#[test]
fn rows_share_one_dispatch() {
    for (case, operators) in [
        ("rows_softmax", 17),
        ("rows_softmax_whole_words", 17),
        ("rows_softmax_reshaped", 17),
        ("rows_normalised", 11),
        ("rows_questions", 5),
        ("rows_spread", 5),
    ] {
        let Some(lengths) = lengths(case) else { return };
        assert_eq!(lengths, [operators], "{case}");
    }
}

#[test]
fn what_follows_sums_shares_their_dispatch() {
    for (case, expected) in [
        (
            "conv2d_residual",
            &["conv2d+rescale+rescale+rescale+add+rescale+table"][..],
        ),
        (
            "conv2d_residual_broadcast",
            &["rescale", "conv2d+rescale+rescale+add+rescale+table"],
        ),
        ("conv2d_reshaped", &["conv2d+rescale+clamp"]),
        // Two linear operators have two kernels.
        (
            "conv2d_twice",
            &[
                "conv2d+rescale+rescale",
                "conv2d+rescale+rescale+add+rescale",
            ],
        ),
        // What is no factor of an output channel cannot be looked up by it.
        ("conv2d_turned", &["conv2d", "rescale"]),
        // Positions do not begin words.
        ("conv2d_rescaled_odd_channels", &["conv2d", "rescale+clamp"]),
        ("conv2d_rescaled_and_read", &["conv2d", "rescale+clamp"]),
        // A tile of four channels is no row.
        (
            "conv2d_softmax",
            &["conv2d+rescale+rescale", "reduce_max+sub"],
        ),
        ("conv2d_sliced", &["pad_channels", "conv2d+rescale"]),
        ("conv2d_sliced_inside", &["pad_channels", "conv2d+rescale"]),
    ] {
        let Some(names) = dispatches(case) else {
            return;
        };
        assert_eq!(names, expected, "{case}");
    }
}

/// The maximum of each of three rows, subtracted from it.
fn row_maxima(length: i32) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(3), "t", 0);
    let x = generator.input(INT32, &[3, length]).name;
    let axis = vec![(0, I32(1))];
    let largest = generator.operator("REDUCE_MAX", axis, &[&x], INT32, &[3, 1]);
    let inputs = [&*x, &*largest.name];
    generator.operator("SUB", vec![], &inputs, INT32, &[3, length]);
    generator.finish().file()
}

#[test]
fn a_row_longer_than_the_limit_is_reduced_alone() {
    for (length, expected) in [
        (2, &["reduce_max+sub"][..]),
        (256, &["reduce_max+sub"]),
        (257, &["reduce_max", "sub"]),
        // A row of one element is its maximum.
        (1, &["reduce_max", "sub"]),
    ] {
        let model = model(&row_maxima(length));
        let input = input(&model, &mut Choices::new(5));
        let known = ReferenceExecutor
            .prepare(&model)
            .expect("it runs all")
            .run_cases(CASES, &input);
        for executor in executors() {
            assert_eq!(kernels(&executor, &model), expected, "{length}");
            let plan = executor.prepare(&model).expect("it fits");
            assert!(plan.run_cases(CASES, &input) == known, "{length}");
        }
    }
}

/// `times` BITWISE_NOTs of a value, one after the other.
fn inverted(generator: &mut Generator, value: &Value, times: usize) -> Value {
    let mut value = value.clone();
    for _ in 0..times {
        let inputs = [&*value.name];
        value = generator.operator("BITWISE_NOT", vec![], &inputs, INT32, &value.shape.clone());
    }
    value
}

/// The difference of a value and of its maxima along rows, these inverted `times` times.
fn less_maxima(generator: &mut Generator, value: &Value, times: usize) -> Value {
    let mut rows = value.shape.clone();
    let last = rows.len() - 1;
    rows[last] = 1;
    let axis = vec![(0, I32(last as i32))];
    let inputs = [&*value.name];
    let largest = generator.operator("REDUCE_MAX", axis, &inputs, INT32, &rows);
    let largest = inverted(generator, &largest, times);
    let inputs = [&*value.name, &*largest.name];
    generator.operator("SUB", vec![], &inputs, INT32, &value.shape.clone())
}

/// That a graph takes one dispatch, or more, and gives the bytes of the reference.
fn check(generator: Generator, one: bool) {
    let mut file = generator.finish();
    // The last value alone.
    file.outputs.drain(..file.outputs.len() - 1);
    let model = model(&file.file());
    let input = input(&model, &mut Choices::new(5));
    let reference = ReferenceExecutor.prepare(&model).expect("it runs all");
    let known = reference.run_cases(CASES, &input);
    for executor in executors() {
        let kernels = kernels(&executor, &model);
        assert_eq!(kernels.len() == 1, one, "{kernels:?}");
        let plan = executor.prepare(&model).expect("it fits");
        assert!(plan.run_cases(CASES, &input) == known, "{kernels:?}");
    }
}

#[test]
fn rows_of_more_operators_than_the_limit_are_split() {
    for (times, one) in [(62, true), (63, false)] {
        let mut generator = Generator::new(Choices::new(3), "t", 0);
        let x = generator.input(INT32, &[3, 4]);
        less_maxima(&mut generator, &x, times);
        check(generator, one);
    }
}

#[test]
fn rows_that_compute_more_for_an_element_than_the_limit_are_split() {
    // Three loops compute 16, 17 + times and 18 + times operators for each element.
    for (times, one) in [(22, true), (23, false)] {
        let mut generator = Generator::new(Choices::new(3), "t", 0);
        let x = generator.input(INT32, &[3, 4]);
        let x = inverted(&mut generator, &x, 16);
        let x = less_maxima(&mut generator, &x, 0);
        let x = inverted(&mut generator, &x, times);
        less_maxima(&mut generator, &x, 0);
        check(generator, one);
    }
}

/// The file of the graph that follows from a seed: mostly operators that may share a dispatch.
fn graph(seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(seed), "t", 0);
    let data_type = generator.choices.one_of(&[I8, I8, I16, INT32]);
    let shape = match generator.choices.percent(70) {
        true => [1, 3, 5, 8]
            .map(|most| generator.choices.number(1, most))
            .to_vec(),
        false => generator.any_shape(),
    };
    generator.input(data_type, &shape);
    for _ in 0..generator.choices.number(3, 16) {
        let values = generator.values.iter().filter(|value| !value.constant);
        let values: Vec<_> = values.cloned().collect();
        // Mostly the newest, so that groups are long.
        let back = match generator.choices.percent(75) {
            true => 0,
            false => generator.choices.bits() as usize % values.len(),
        };
        let value = values[values.len() - 1 - back].clone();
        match generator.choices.number(0, 99) {
            0..25 => generator.linear(&value),
            25..45 if value.data_type == INT32 && !value.shape.is_empty() => {
                less_maxima(&mut generator, &value, 1);
            }
            25..45 => generator.reduction(&value),
            45..55 => generator.layout(&value),
            _ => generator.element_wise(&value),
        }
    }
    generator.finish().file()
}

#[test]
fn random_graphs_give_the_same_bytes_fused_and_unfused() {
    for (fused, apart) in executors().into_iter().zip(unfused_executors()) {
        let (mut ran, mut saved, mut shared) = (0, 0, BTreeSet::new());
        for seed in 0..GRAPHS {
            let model = load(&graph(seed), &ModelLimits::TOOL, &PriceTable::V1);
            let model = Arc::new(model.unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}")));
            if !model.program().is_plain() || model.graph().output_bytes() == 0 {
                continue;
            }
            let input = input(&model, &mut Choices::new(!seed));
            let plans = [&ReferenceExecutor as &dyn Executor, &fused, &apart].map(|executor| {
                executor
                    .prepare(&model)
                    .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"))
            });
            let [known, together, alone] = plans.map(|plan| plan.run_cases(CASES, &input));
            assert!(together == known, "seed {seed} on {}, fused", fused.name());
            assert!(alone == known, "seed {seed} on {}, unfused", apart.name());
            let (few, many) = (kernels(&fused, &model), kernels(&apart, &model));
            assert!(few.len() <= many.len(), "seed {seed}: {few:?}, {many:?}");
            ran += 1;
            saved += many.len() - few.len();
            let groups = few.iter().filter(|name| name.contains('+'));
            shared.extend(groups.flat_map(|name| name.split('+')).map(str::to_owned));
        }
        assert!(
            ran > GRAPHS / 2 && saved > 50,
            "{ran} graphs, {saved} dispatches fewer"
        );
        for kind in ["conv2d", "matmul", "reduce_max", "rescale", "clamp"] {
            assert!(shared.contains(kind), "no group has {kind}: {shared:?}");
        }
    }
}
