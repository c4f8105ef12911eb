//! Random graphs of the operators that move data, on every adapter, against the reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{DataType, Executor, ModelLimits, PriceTable, Priced, load};

use crate::choices::Choices;
use crate::generator::{Generator, Value};
use crate::model::{BOOL, I8, I16, I32, I48, INT32, Ints};
use crate::support::executors;

const GRAPHS: u64 = 400;
const CASES: u32 = 3;
/// The most elements that a value may have.
const ELEMENTS_MAX: i32 = 6000;

#[test]
fn random_movements_give_the_bytes_of_the_reference() {
    for executor in executors() {
        let mut ran = BTreeMap::new();
        for seed in 0..GRAPHS {
            let model = load(&graph(seed), &ModelLimits::TOOL, &PriceTable::V1);
            let model = Arc::new(model.unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}")));
            let input = input(&model, &mut Choices::new(!seed));
            let reference = ReferenceExecutor.prepare(&model).expect("it runs all");
            let plan = executor
                .prepare(&model)
                .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            let given = plan.run_cases(CASES, &input);
            assert!(
                given == reference.run_cases(CASES, &input),
                "seed {seed} on {}",
                executor.name()
            );
            for node in model.graph().nodes() {
                *ran.entry(node.operator.name()).or_insert(0) += 1;
            }
        }
        println!("{ran:?}");
        assert_eq!(ran.len(), 11, "{ran:?}");
        assert!(ran.values().all(|&count| count >= 20), "{ran:?}");
    }
}

/// The file of the graph that follows from a seed.
fn graph(seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(seed), "t", 0);
    let data_type = generator.choices.one_of(&[BOOL, I8, I16, INT32]);
    let rank = generator.choices.number(1, 6);
    let mut shape: Vec<i32> = (0..rank).map(|_| generator.choices.number(1, 4)).collect();
    // Rows of whole words, of half ones, and odd ones.
    if let Some(last) = shape.last_mut() {
        *last *= generator.choices.one_of(&[1, 1, 2, 3, 4]);
    }
    generator.input(data_type, &shape);
    for _ in 0..generator.choices.number(1, 4) {
        let at = generator.choices.bits() as usize % generator.values.len();
        let value = generator.values[at].clone();
        step(&mut generator, &value);
    }
    generator.finish().file()
}

/// Random values for all inputs of all cases.
fn input(model: &Priced, choices: &mut Choices) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..CASES {
        for &id in model.graph().inputs() {
            let tensor = model.graph().tensor(id);
            let size = tensor.data_type.bytes() as usize;
            for _ in 0..tensor.shape.elements() {
                let value = match tensor.data_type {
                    DataType::Bool => choices.element(1),
                    // Also indices that lie inside.
                    DataType::I32 if choices.percent(50) => i64::from(choices.number(-1, 6)),
                    _ => choices.element(8 * size as u32),
                };
                bytes.extend_from_slice(&value.to_le_bytes()[..size]);
            }
        }
    }
    bytes
}

fn wide(values: &[i32]) -> Vec<i64> {
    values.iter().map(|&value| i64::from(value)).collect()
}

/// Adds an operator that moves `value`, if the choice allows it.
fn step(to: &mut Generator, value: &Value) {
    let (data_type, shape) = (value.data_type, &value.shape);
    let rank = shape.len() as i32;
    if data_type == I48 || rank == 0 {
        to.operator("IDENTITY", vec![], &[&value.name], data_type, shape);
        return;
    }
    match to.choices.number(0, 11) {
        0 => {
            to.operator("IDENTITY", vec![], &[&value.name], data_type, shape);
        }
        1 => concat(to, value),
        2 => pad(to, value),
        3 => {
            let axis = to.choices.number(0, rank - 1);
            let inputs = [&*value.name];
            to.operator("REVERSE", vec![(0, I32(axis))], &inputs, data_type, shape);
        }
        4 => slice(to, value),
        5 => {
            let times: Vec<_> = shape.iter().map(|_| to.choices.number(1, 3)).collect();
            let tiled: Vec<_> = shape.iter().zip(&times).map(|(a, b)| a * b).collect();
            if tiled.iter().product::<i32>() <= ELEMENTS_MAX {
                let times = to.shape(&wide(&times));
                to.operator("TILE", vec![], &[&value.name, &times], data_type, &tiled);
            }
        }
        6 => {
            let mut perms: Vec<i32> = (0..rank).collect();
            for index in (1..perms.len()).rev() {
                perms.swap(index, to.choices.bits() as usize % (index + 1));
            }
            let turned: Vec<_> = perms.iter().map(|&axis| shape[axis as usize]).collect();
            let attribute = vec![(0, Ints(perms))];
            to.operator("TRANSPOSE", attribute, &[&value.name], data_type, &turned);
        }
        7 => {
            reshaped(to, value, rank as usize % 6 + 1);
        }
        8..10 if data_type != BOOL => rows(to, value),
        _ if matches!(data_type, I8 | I16) => resize(to, value),
        _ => {}
    }
}

/// As many inputs as an operator may have, rarely.
fn concat(to: &mut Generator, value: &Value) {
    let axis = to.choices.number(0, value.shape.len() as i32 - 1);
    let more = match to.choices.number(0, 9) {
        0 => 63,
        1..4 => to.choices.number(6, 20),
        _ => to.choices.number(0, 3),
    };
    let mut names = vec![value.name.clone()];
    let mut joined = value.shape.clone();
    for _ in 0..more {
        let mut part = value.shape.clone();
        part[axis as usize] = to.choices.one_of(&[1, 2, 4, part[axis as usize]]);
        joined[axis as usize] += part[axis as usize];
        if joined.iter().product::<i32>() > ELEMENTS_MAX {
            return;
        }
        names.push(to.operand(value.data_type, &part).name);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    to.operator(
        "CONCAT",
        vec![(0, I32(axis))],
        &names,
        value.data_type,
        &joined,
    );
}

fn pad(to: &mut Generator, value: &Value) {
    let multiple = to.choices.one_of(&[1, 1, 2, 4]);
    let ends: Vec<_> = (0..2 * value.shape.len())
        .map(|_| to.choices.one_of(&[0, 0, 1, 2]) * multiple)
        .collect();
    let sides = value.shape.iter().zip(ends.chunks(2));
    let padded: Vec<_> = sides.map(|(side, ends)| side + ends[0] + ends[1]).collect();
    if padded.iter().product::<i32>() <= ELEMENTS_MAX {
        let ends = to.shape(&wide(&ends));
        let bits = crate::generator::bits(value.data_type);
        let filling = to.choices.element(bits);
        let filling = to.constant(value.data_type, &[1], &[filling]);
        let inputs = [&*value.name, &ends, &filling.name];
        to.operator("PAD", vec![], &inputs, value.data_type, &padded);
    }
}

fn slice(to: &mut Generator, value: &Value) {
    let (mut start, mut size) = (Vec::new(), Vec::new());
    for &side in &value.shape {
        // Often the whole axis.
        let first = to.choices.percent(60) as i32 * to.choices.number(0, side - 1);
        let rest = side - first;
        start.push(first);
        size.push(if to.choices.percent(50) {
            rest
        } else {
            to.choices.number(1, rest)
        });
    }
    let (start, sizes) = (to.shape(&wide(&start)), to.shape(&wide(&size)));
    let inputs = [&*value.name, &start, &sizes];
    to.operator("SLICE", vec![], &inputs, value.data_type, &size);
}

/// The value with another rank, at least 1: sides are split or joined.
fn reshaped(to: &mut Generator, value: &Value, rank: usize) -> Value {
    let mut rest = value.elements();
    let mut shape = vec![1; rank];
    for side in shape.iter_mut().skip(1).rev() {
        let divisors: Vec<_> = (1..=rest.min(24)).filter(|d| rest % d == 0).collect();
        *side = to.choices.one_of(&divisors);
        rest /= *side;
    }
    shape[0] = rest;
    let sides = to.shape(&wide(&shape));
    let inputs = [&*value.name, &sides];
    to.operator("RESHAPE", vec![], &inputs, value.data_type, &shape)
}

/// GATHER or SCATTER.
fn rows(to: &mut Generator, value: &Value) {
    let value = reshaped(to, value, 3);
    let (n, rows, channels) = (value.shape[0], value.shape[1], value.shape[2]);
    let gather = to.choices.percent(40);
    let chosen = to.choices.number(1, if gather { 9 } else { rows });
    let indices = to.operand(INT32, &[n, chosen]);
    let moved = [n, chosen, channels];
    if gather {
        let inputs = [&*value.name, &indices.name];
        to.operator("GATHER", vec![], &inputs, value.data_type, &moved);
    } else {
        let new = to.operand(value.data_type, &moved);
        let inputs = [&*value.name, &indices.name, &new.name];
        to.operator("SCATTER", vec![], &inputs, value.data_type, &value.shape);
    }
}

fn resize(to: &mut Generator, value: &Value) {
    let value = reshaped(to, value, 4);
    let mut axis = |side: i32| {
        let n = to.choices.number(1, 5);
        let d = to.choices.number(1, 7);
        let offset = to.choices.number(-n, n);
        let border = to.choices.number(-n, n - 1);
        let rest = (side - 1) * n - offset + border;
        let over = rest.rem_euclid(d);
        let (border, rest) = (border - over, rest - over);
        let fits = rest >= 0 && border >= -16 * n && rest / d < 40;
        fits.then_some([n, d, offset, border, rest / d + 1])
    };
    let (Some(y), Some(x)) = (axis(value.shape[1]), axis(value.shape[2])) else {
        return;
    };
    let shape = [value.shape[0], y[4], x[4], value.shape[3]];
    if shape.iter().product::<i32>() > ELEMENTS_MAX {
        return;
    }
    let scale = to.shape(&wide(&[y[0], y[1], x[0], x[1]]));
    let offset = to.shape(&wide(&[y[2], x[2]]));
    let border = to.shape(&wide(&[y[3], x[3]]));
    let mode = to.choices.number(1, 2);
    let data_type = match (mode, value.data_type) {
        (2, I8) => INT32,
        (2, _) => I48,
        (_, other) => other,
    };
    let inputs = [&*value.name, &scale, &offset, &border];
    to.operator("RESIZE", vec![(0, I32(mode))], &inputs, data_type, &shape);
}

/// SCATTER compares each row with each index: beyond a bound that would hold the device too long.
#[test]
fn a_scatter_of_too_many_rows_is_a_fault() {
    let mut generator = Generator::new(Choices::new(0), "t", 0);
    let values = generator.input(I8, &[1, 40_000, 1]);
    let indices = generator.input(INT32, &[1, 40_000]);
    let inputs = [&*values.name, &indices.name, &values.name];
    generator.operator("SCATTER", vec![], &inputs, I8, &[1, 40_000, 1]);
    let model = crate::support::model(&generator.finish().file());
    for executor in executors() {
        let fault = executor.prepare(&model).err().expect("too many");
        assert!(
            fault.what.contains("400000000 rounds of loops in one step"),
            "{fault}"
        );
    }
}
