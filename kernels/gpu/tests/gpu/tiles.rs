//! Linear operators whose operands do not fit one uniform buffer: cut into parts and pieces, with the reference's bytes.

use std::sync::Arc;

use aivm_cases::plan::shapes;
use aivm_gpu::{GpuExecutor, GpuOptions, Operands, PlanOptions};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced};

use crate::model::{I8, I32, INT32, Ints, Model};
use crate::support::{executors, model};

/// Values of every size.
fn values(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 89 % 251) as u8).collect()
}

/// MATMUL of `rows` of an input with constant columns.
fn product(rows: i32, summed: i32, columns: i32) -> Arc<Priced> {
    let weight = values((summed * columns) as usize);
    let product = Model::default()
        .input("a", I8, &[1, rows, summed])
        .constant("b", I8, &[1, summed, columns], &weight)
        .constant("a_zp", I8, &[1], &[3])
        .constant("b_zp", I8, &[1], &[0])
        .output("y", INT32, &[1, rows, columns])
        .operator("MATMUL", vec![], &["a", "b", "a_zp", "b_zp"], &["y"]);
    model(&product.file())
}

/// MATMUL of two inputs, or, if `a` or `b` says so, of a constant one.
struct Product {
    /// Matrices, rows, elements of a sum, columns.
    sides: [i32; 4],
    zero_points: [i8; 2],
    a_is_constant: bool,
    b_is_constant: bool,
}

impl Product {
    /// Of two inputs.
    fn new(sides: [i32; 4], zero_points: [i8; 2]) -> Product {
        Product {
            sides,
            zero_points,
            a_is_constant: false,
            b_is_constant: false,
        }
    }

    fn model(&self) -> Arc<Priced> {
        let [matrices, rows, summed, columns] = self.sides;
        let (a, b) = ([matrices, rows, summed], [matrices, summed, columns]);
        let operand = |model: Model, name, shape: &[i32; 3], constant| match constant {
            false => model.input(name, I8, shape),
            true => model.constant(
                name,
                I8,
                shape,
                &values(shape.iter().product::<i32>() as usize),
            ),
        };
        let product = operand(Model::default(), "a", &a, self.a_is_constant);
        let product = operand(product, "b", &b, self.b_is_constant)
            .constant("a_zp", I8, &[1], &[self.zero_points[0].cast_unsigned()])
            .constant("b_zp", I8, &[1], &[self.zero_points[1].cast_unsigned()])
            .output("y", INT32, &[matrices, rows, columns])
            .operator("MATMUL", vec![], &["a", "b", "a_zp", "b_zp"], &["y"]);
        model(&product.file())
    }
}

/// DEPTHWISE_CONV2D of single positions.
fn scaled_channels(side: i32, channels: i32) -> Arc<Priced> {
    let shape = [1, side, side, channels];
    let attribute = vec![
        (0, Ints(vec![0; 4])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![1; 2])),
        (4, I32(INT32)),
    ];
    let weight = values(channels as usize);
    let layer = Model::default()
        .input("x", I8, &shape)
        .constant("weight", I8, &[1, 1, channels, 1], &weight)
        .constant("bias", INT32, &[1], &[7, 0, 0, 0])
        .constant("x_zp", I8, &[1], &[3])
        .constant("weight_zp", I8, &[1], &[0])
        .output("y", INT32, &shape);
    let inputs = ["x", "weight", "bias", "x_zp", "weight_zp"];
    model(
        &layer
            .operator("DEPTHWISE_CONV2D", attribute, &inputs, &["y"])
            .file(),
    )
}

/// Runs some cases of a model with every kind of operands against the reference.
fn agrees(model: &Arc<Priced>, cases: u32) {
    let input = values(model.input_bytes() as usize * cases as usize);
    let reference = ReferenceExecutor.prepare(model).expect("it runs all");
    let expected = reference.run_cases(cases, &input).expect("a result");
    for operands in [Operands::Uniform, Operands::Storage] {
        for adapter in aivm_gpu::adapters() {
            let plan = PlanOptions {
                operands,
                ..PlanOptions::default()
            };
            let options = GpuOptions {
                plan,
                ..GpuOptions::default()
            };
            let executor = GpuExecutor::open_with(&adapter, options).expect("the adapter opens");
            let dispatches = executor.dispatches(model).expect("a plain model");
            let uniform = dispatches.iter().any(|dispatch| dispatch.uniform_operands);
            assert_eq!(uniform, operands == Operands::Uniform, "{dispatches:?}");
            let plan = executor.prepare(model).expect("the model fits");
            let output = plan.run_cases(cases, &input).expect("a result");
            assert!(
                output == expected,
                "{operands:?} on {}, {cases} cases",
                executor.name()
            );
        }
    }
}

#[test]
fn parts_of_the_output_channels() {
    // 2,560 bytes for four channels, 33 times, the last of two channels.
    agrees(&product(1, 640, 130), 5);
}

#[test]
fn pieces_of_the_rows() {
    agrees(&product(192, 512, 24), 1);
    agrees(&product(192, 512, 24), 3);
}

#[test]
fn several_pieces_in_each_uniform_buffer() {
    // 5 pieces of 26 rows in a case, two of which fit.
    agrees(&product(130, 1024, 32), 1);
    agrees(&product(130, 1024, 32), 3);
}

#[test]
fn pieces_of_the_positions_of_each_channel() {
    agrees(&scaled_channels(40, 64), 2);
}

#[test]
fn parts_and_pieces() {
    agrees(&product(192, 1024, 130), 2);
}

#[test]
fn several_cases_in_each_uniform_buffer() {
    // 16 cases of 4,096 bytes in each.
    agrees(&product(32, 128, 64), 37);
}

#[test]
fn products_of_two_inputs() {
    for zero_points in [[0, 0], [-7, 0], [0, 100], [-128, 127]] {
        agrees(&Product::new([1, 16, 64, 24], zero_points).model(), 3);
        agrees(&Product::new([1, 1, 64, 24], zero_points).model(), 3);
        // Neither rows nor columns are whole words.
        agrees(&Product::new([3, 13, 7, 9], zero_points).model(), 5);
    }
}

#[test]
fn matrices_in_pieces_and_parts() {
    // 96 KiB and 66 KiB: pieces of 96 rows, and parts of 128 and 4 columns.
    agrees(&Product::new([1, 192, 512, 132], [1, 2]).model(), 2);
    // The rows of each matrix are three pieces, its columns one part.
    agrees(&Product::new([2, 192, 1024, 24], [1, 0]).model(), 2);
    // Each first matrix is a piece, the second several parts.
    agrees(&Product::new([3, 8, 1024, 200], [0, 1]).model(), 2);
}

#[test]
fn several_matrices_in_each_uniform_buffer() {
    agrees(&Product::new([5, 16, 32, 16], [0, 0]).model(), 70);
    // Packed, 1,008 bytes: the next begins 16 bytes behind them.
    agrees(&Product::new([7, 20, 36, 28], [3, -3]).model(), 11);
    // The second matrices are what fills a buffer.
    agrees(&Product::new([9, 1, 128, 112], [3, -3]).model(), 3);
}

#[test]
fn products_with_a_constant() {
    for matrices in [1, 3] {
        let product = Product::new([matrices, 6, 40, 20], [5, 6]);
        agrees(
            &Product {
                b_is_constant: true,
                ..product
            }
            .model(),
            4,
        );
    }
    let product = Product::new([1, 6, 40, 20], [5, 6]);
    agrees(
        &Product {
            a_is_constant: true,
            ..product
        }
        .model(),
        4,
    );
}

#[test]
fn random_products_and_what_follows_them() {
    let (mut ran, executors) = (0, executors());
    for shape in shapes(150_000) {
        if shape.family.name != "matmul" {
            continue;
        }
        let model = shape.model(1).expect("a valid model");
        let input = shape.input(1, &model);
        let known = ReferenceExecutor.prepare(&model).expect("it runs all");
        let known = known.run_cases(shape.cases, &input).expect("a result");
        for executor in &executors {
            let plan = executor.prepare(&model).expect("the model fits");
            let output = plan.run_cases(shape.cases, &input).expect("a result");
            assert!(output == known, "{} on {}", shape.index, executor.name());
        }
        ran += 1;
    }
    assert!(ran > 100, "{ran} shapes");
}
