//! The families of random graphs: one for each kind of kernel, and what real models put together.

use crate::generator::{Generator, Value};
use crate::model::{BOOL, I8, I16, I48, INT32};

/// A kind of graph.
#[derive(Debug)]
pub struct Family {
    /// Its name: that of the operator, or of what it does.
    pub name: &'static str,
    /// Sets of data that each shape runs on.
    pub cases: u32,
    /// Different structures, each with any number of shapes: a bound for kernels that are generated and compiled.
    pub structures: u32,
    /// How many shapes of a round are of this family.
    pub weight: u32,
    /// Adds its operators to an empty graph.
    pub(crate) build: fn(&mut Generator),
}

const fn family(
    name: &'static str,
    weight: u32,
    structures: u32,
    build: fn(&mut Generator),
) -> Family {
    Family {
        name,
        cases: 50,
        structures,
        weight,
        build,
    }
}

/// A family whose cases take long: large ones, and those that a GPU back end drives from the host.
const fn driven(name: &'static str, structures: u32, build: fn(&mut Generator)) -> Family {
    Family {
        cases: 5,
        ..family(name, 1, structures, build)
    }
}

/// Every family, in the order of reports.
pub const FAMILIES: &[Family] = &[
    family("argmax", 1, 4, argmax),
    family("arithmetic", 2, 40, |g| one(g, ARITHMETIC)),
    family("avg_pool2d", 1, 6, |g| pool(g, "AVG_POOL2D")),
    family("bitwise", 1, 24, |g| one(g, BITWISE)),
    family("cast_clamp", 1, 20, |g| one(g, CAST)),
    family("chain", 3, 48, chain),
    family("comparison", 1, 20, |g| one(g, COMPARISON)),
    family("concat", 1, 16, |g| movement(g, &["CONCAT"])),
    family("conv2d", 3, 32, |g| linear(g, "CONV2D")),
    family("conv3d", 1, 12, |g| linear(g, "CONV3D")),
    family("depthwise_conv2d", 2, 32, |g| linear(g, "DEPTHWISE_CONV2D")),
    family("gather", 1, 16, |g| rows(g, "GATHER")),
    family("layer_norm", 1, 4, Generator::layer_norm),
    family("logical", 1, 16, |g| one(g, LOGICAL)),
    family("matmul", 2, 32, |g| linear(g, "MATMUL")),
    family("max_pool2d", 1, 4, |g| pool(g, "MAX_POOL2D")),
    family("move", 2, 48, |g| {
        movement(
            g,
            &["RESHAPE", "REVERSE", "TRANSPOSE", "SLICE", "TILE", "PAD"],
        );
    }),
    family("reduce", 2, 16, reduction),
    family("rescale", 2, 80, |g| one(g, RESCALE)),
    family("resize", 1, 8, resize),
    family("scatter", 1, 16, |g| rows(g, "SCATTER")),
    family("shift", 1, 32, |g| one(g, SHIFT)),
    family("softmax", 1, 4, Generator::softmax),
    family("table", 1, 8, |g| one(g, TABLE)),
    family("transpose_conv2d", 1, 12, |g| linear(g, "TRANSPOSE_CONV2D")),
    family("graph", 1, 40, mixed),
    driven("long", 16, long),
    driven("control", 12, control),
    driven("late", 12, late),
    driven("variable", 12, variable),
];

/// Types and names of operators.
type Choice = &'static [(&'static [i32], &'static [&'static str])];

const ARITHMETIC: Choice = &[
    (
        &[INT32],
        &[
            "ADD", "SUB", "MUL", "INTDIV", "MAXIMUM", "MINIMUM", "ABS", "CLZ", "NEGATE",
        ],
    ),
    (&[I8, I16], &["MUL", "NEGATE"]),
];
const BITWISE: Choice = &[(
    &[I8, I16, INT32],
    &["BITWISE_AND", "BITWISE_OR", "BITWISE_XOR", "BITWISE_NOT"],
)];
const CAST: Choice = &[
    (&[I8, I16], &["CAST", "CLAMP"]),
    (&[INT32, BOOL], &["CAST"]),
];
const COMPARISON: Choice = &[
    (&[INT32], &["EQUAL", "GREATER", "GREATER_EQUAL", "SELECT"]),
    (&[I8, I16, BOOL], &["SELECT", "SELECT"]),
];
const LOGICAL: Choice = &[(
    &[BOOL],
    &[
        "LOGICAL_AND",
        "LOGICAL_OR",
        "LOGICAL_XOR",
        "LOGICAL_NOT",
        "condition",
    ],
)];
const RESCALE: Choice = &[(&[I8, I16, INT32, I48], &["RESCALE"])];
const SHIFT: Choice = &[(
    &[I8, I16, INT32],
    &[
        "ARITHMETIC_RIGHT_SHIFT",
        "LOGICAL_LEFT_SHIFT",
        "LOGICAL_RIGHT_SHIFT",
    ],
)];
const TABLE: Choice = &[(&[I8, I16], &["TABLE"])];

/// Sides of images that are no multiple of a vector, and of those that are.
const CHANNELS: &[i32] = &[1, 2, 3, 4, 5, 7, 8, 12, 16, 17];

fn any_input(generator: &mut Generator, types: &[i32]) -> Value {
    let data_type = generator.structure.one_of(types);
    let shape = generator.any_shape();
    generator.input(data_type, &shape)
}

/// Images `[N, H, W, C]`, or volumes.
fn images(generator: &mut Generator, axes: usize, types: &[i32]) -> Value {
    let data_type = generator.structure.one_of(types);
    let mut shape = vec![generator.choices.one_of(&[1, 1, 2, 3])];
    let most = if axes == 3 { 4 } else { 8 };
    shape.extend((0..axes).map(|_| generator.choices.number(1, most)));
    shape.push(generator.choices.one_of(CHANNELS));
    while shape.iter().product::<i32>() > generator.elements_max {
        let widest = (0..=axes).max_by_key(|&axis| shape[axis]).unwrap_or(0);
        shape[widest] = (shape[widest] / 2).max(1);
    }
    generator.input(data_type, &shape)
}

/// One element-wise operator.
fn one(generator: &mut Generator, choice: Choice) {
    // The number of structures is that of draws here, so each type and name is met often.
    let (types, names) = generator.structure.one_of(choice);
    let name = generator.structure.one_of(names);
    let value = any_input(generator, types);
    generator.element_wise_named(name, &value);
}

/// Element-wise operators, mostly each on the result of the one before.
fn chain(generator: &mut Generator) {
    let mut value = any_input(generator, &[I8, I16, INT32, INT32, BOOL]);
    for _ in 0..generator.structure.number(2, 12) {
        generator.element_wise(&value);
        let results = generator.values.iter().filter(|value| !value.constant);
        let results: Vec<_> = results.cloned().collect();
        let back = match generator.structure.percent(80) {
            true => 0,
            false => generator.structure.bits() as usize % results.len(),
        };
        value = results[results.len() - 1 - back].clone();
    }
}

fn linear(generator: &mut Generator, name: &str) {
    let axes = if name == "CONV3D" { 3 } else { 2 };
    retried(generator, |generator| {
        let types = &[I8, I8, I8, I16];
        let value = match name {
            "MATMUL" => matrix(generator, types),
            _ => images(generator, axes, types),
        };
        generator.linear_named(name, &value)
    });
}

/// Tries sizes until the operators fit them. Each time begins with the same structure.
fn retried(generator: &mut Generator, attempt: impl Fn(&mut Generator) -> bool) {
    let structure = generator.structure.clone();
    for _ in 0..50 {
        if attempt(generator) {
            return;
        }
        generator.restart(&structure);
    }
    let value = generator.input(I8, &[1]);
    generator.unary("IDENTITY", vec![], &value);
}

fn matrix(generator: &mut Generator, types: &[i32]) -> Value {
    let data_type = generator.structure.one_of(types);
    let n = generator.choices.one_of(&[1, 1, 2, 3]);
    let rows = generator.choices.number(1, 12);
    let columns = generator.choices.number(1, 40);
    generator.input(data_type, &[n, rows, columns])
}

fn pool(generator: &mut Generator, name: &str) {
    retried(generator, |generator| {
        let value = images(generator, 2, &[I8, I8, I16]);
        generator.pool(name, &value)
    });
}

fn resize(generator: &mut Generator) {
    retried(generator, |generator| {
        let value = images(generator, 2, &[I8, I16]);
        generator.resize(&value)
    });
}

fn reduction(generator: &mut Generator) {
    let value = some_rank(generator, &[I8, I16, INT32, INT32, BOOL]);
    let names: &[&str] = match value.data_type {
        BOOL => &["REDUCE_ALL", "REDUCE_ANY"],
        INT32 => &["REDUCE_MAX", "REDUCE_MIN", "REDUCE_SUM", "REDUCE_SUM"],
        _ => &["REDUCE_MAX", "REDUCE_MIN"],
    };
    let name = generator.structure.one_of(names);
    generator.reduction_named(name, &value);
}

fn argmax(generator: &mut Generator) {
    let value = some_rank(generator, &[I8, I16]);
    generator.reduction_named("ARGMAX", &value);
}

/// An input of rank 1 or more.
fn some_rank(generator: &mut Generator, types: &[i32]) -> Value {
    let data_type = generator.structure.one_of(types);
    let mut shape = generator.any_shape();
    if shape.is_empty() {
        shape.push(generator.choices.number(1, 100));
    }
    generator.input(data_type, &shape)
}

fn movement(generator: &mut Generator, names: &[&str]) {
    let name = generator.structure.one_of(names);
    let value = some_rank(generator, &[I8, I16, INT32, BOOL]);
    generator.movement(name, &value);
}

fn rows(generator: &mut Generator, name: &str) {
    let data_type = generator.structure.one_of(&[I8, I16, INT32]);
    let channels = generator.choices.one_of(CHANNELS);
    let (n, count) = (
        generator.choices.number(1, 3),
        generator.choices.number(1, 12),
    );
    let value = generator.input(data_type, &[n, count, channels]);
    generator.rows_named(name, &value);
}

/// What real models are more like: operators of all kinds on each other's results.
fn mixed(generator: &mut Generator) {
    any_input(generator, &[I8, I8, I16, INT32]);
    for _ in 0..generator.structure.number(3, 8) {
        generator.plain_step();
    }
}

/// Axes and windows so long that a kernel takes them in several steps.
fn long(generator: &mut Generator) {
    let names = [
        "ARGMAX",
        "ARGMAX",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "REDUCE_SUM",
        "AVG_POOL2D",
        "MAX_POOL2D",
        "CONV2D",
        "MATMUL",
    ];
    let name = generator.structure.one_of(&names);
    let size = generator.choices.number(4_097, 8_192);
    match name {
        "REDUCE_SUM" | "REDUCE_MAX" | "REDUCE_MIN" | "ARGMAX" => {
            let types: &[i32] = match name {
                "REDUCE_SUM" => &[INT32],
                "ARGMAX" => &[I8, I16],
                _ => &[I8, I16, INT32],
            };
            let data_type = generator.structure.one_of(types);
            let sides = [1, 2, size, 1];
            let first = generator.choices.number(0, 2) as usize;
            let value = generator.input(data_type, &sides[first..]);
            generator.reduction_along(name, &value, 2 - first);
        }
        "MATMUL" => {
            let data_type = generator.structure.one_of(&[I8, I16]);
            let value = generator.input(data_type, &[1, 1, size]);
            generator.linear_named(name, &value);
        }
        _ => {
            let data_type = generator.structure.one_of(&[I8, I16]);
            let channels = generator.choices.number(1, 3);
            let value = generator.input(data_type, &[1, 1, size, channels]);
            let width = size - generator.choices.number(0, 2);
            generator.window_of(name, &value, width);
        }
    }
}

fn control(generator: &mut Generator) {
    any_input(generator, &[I8, I16, INT32, BOOL]);
    generator.control();
    generator.plain_step();
}

/// Values of operators that come as inputs.
fn late(generator: &mut Generator) {
    generator.late_percent = 60;
    match generator.structure.number(0, 3) {
        0 => linear(generator, "CONV2D"),
        1 => linear(generator, "MATMUL"),
        2 => one(generator, RESCALE),
        _ => one(
            generator,
            &[(&[I8, I16], &["TABLE", "NEGATE"]), (&[INT32], &["MUL"])],
        ),
    }
}

fn variable(generator: &mut Generator) {
    let data_type = generator.structure.one_of(&[I8, I16, INT32, BOOL]);
    let shape = generator.any_shape();
    generator.input(data_type, &shape);
    let value = generator.variable(data_type, &shape);
    generator.element_wise(&value);
}
