//! Linear operators whose operands do not fit one uniform buffer: cut into parts and pieces, with the reference's bytes.

use std::sync::Arc;

use aivm_gpu::{GpuExecutor, GpuOptions, Operands, PlanOptions};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced};

use crate::model::{I8, I32, INT32, Ints, Model};
use crate::support::model;

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
