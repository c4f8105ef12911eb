//! Linear operators in blocks of workgroup memory, at every edge of a block and of a step along the sum, with the
//! reference's bytes.

use std::sync::Arc;

use aivm_gpu::{BlockSize, GpuExecutor, GpuOptions, Operands, PlanOptions};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced};

use crate::model::{I8, I32, INT32, Ints, Model, Table, U8};
use crate::support::{block_executors, kernels, model};

/// Values of every size.
pub(crate) fn values(count: i32) -> Vec<u8> {
    (0..count as usize)
        .map(|at| (at * 89 % 251) as u8)
        .collect()
}

/// The file of MATMUL, of two inputs or of an input with constant columns.
pub(crate) fn product_file(
    [matrices, rows, summed, columns]: [i32; 4],
    zps: [u8; 2],
    constant: bool,
) -> Vec<u8> {
    let sides = [matrices, summed, columns];
    let product = Model::default()
        .input("a", I8, &[matrices, rows, summed])
        .constant("a_zp", I8, &[1], &zps[..1])
        .constant("b_zp", I8, &[1], &zps[1..])
        .output("y", INT32, &[matrices, rows, columns]);
    let product = match constant {
        false => product.input("b", I8, &sides),
        true => product.constant("b", I8, &sides, &values(sides.iter().product())),
    };
    let inputs = ["a", "b", "a_zp", "b_zp"];
    product.operator("MATMUL", vec![], &inputs, &["y"]).file()
}

fn product(sides: [i32; 4], zps: [u8; 2], constant: bool) -> Arc<Priced> {
    model(&product_file(sides, zps, constant))
}

/// A window of CONV2D: `[N, H, W, IC]`, output channels, and kernel, stride, dilation and padding along y and x.
struct Window {
    input: [i32; 4],
    output_channels: i32,
    kernel: [i32; 2],
    stride: [i32; 2],
    dilation: [i32; 2],
    pad: [i32; 2],
}

/// CONV2D, with RESCALE to i8 by a factor for each channel behind it.
fn convolution(window: &Window) -> Arc<Priced> {
    let channels = window.output_channels;
    let [images, height, width, input_channels] = window.input;
    // As much padding behind as makes the window fit a whole number of times.
    let side = |input: i32, axis: usize| {
        let span = (window.kernel[axis] - 1) * window.dilation[axis];
        let steps = input + window.pad[axis] - 1 - span;
        let behind = (-steps).rem_euclid(window.stride[axis]);
        ((steps + behind) / window.stride[axis] + 1, behind)
    };
    let ((output_height, bottom), (output_width, right)) = (side(height, 0), side(width, 1));
    let [top, left] = window.pad;
    let attribute: Table = vec![
        (0, Ints(vec![top, bottom, left, right])),
        (1, Ints(window.stride.to_vec())),
        (2, Ints(window.dilation.to_vec())),
        (3, U8(0)),
        (4, I32(INT32)),
    ];
    let weight = [channels, window.kernel[0], window.kernel[1], input_channels];
    let output = [images, output_height, output_width, channels];
    let words = |first: i32| {
        let words = (0..channels).map(|channel| first + channel * 9973);
        words.flat_map(i32::to_le_bytes).collect::<Vec<u8>>()
    };
    let shift: Vec<u8> = (0..channels)
        .map(|channel| 36 + (channel % 5) as u8)
        .collect();
    let layer = Model::default()
        .input("x", I8, &window.input)
        .constant("weight", I8, &weight, &values(weight.iter().product()))
        .constant("bias", INT32, &[channels], &words(-5000))
        .constant("x_zp", I8, &[1], &[0x85])
        .constant("w_zp", I8, &[1], &[0])
        .tensor("sums", INT32, &output)
        .operator(
            "CONV2D",
            attribute,
            &["x", "weight", "bias", "x_zp", "w_zp"],
            &["sums"],
        )
        .constant("multiplier", INT32, &[channels], &words(1 << 30))
        .constant("shift", I8, &[channels], &shift)
        .constant("sum_zp", INT32, &[1], &[0; 4])
        .constant("y_zp", I8, &[1], &[0x80])
        .output("y", I8, &output)
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1)), (2, U8(1)), (3, U8(0)), (4, U8(0))],
            &["sums", "multiplier", "shift", "sum_zp", "y_zp"],
            &["y"],
        );
    model(&layer.file())
}

/// Runs a model in blocks of every size against the reference, one of its kernels being `kernel` and the size.
fn agrees(model: &Arc<Priced>, cases: u32, kernel: &str) {
    let input = values((model.input_bytes() as u32 * cases) as i32);
    let reference = ReferenceExecutor.prepare(model).expect("it runs all");
    let expected = reference.run_cases(cases, &input).expect("a result");
    for (size, name) in BlockSize::ALL.into_iter().zip(["64", "128"]) {
        for executor in block_executors(size) {
            let names = kernels(&executor, model);
            let block = kernel.replace('@', name);
            let own = |name: &String| *name == block || name.starts_with(&format!("{block}+"));
            assert!(names.iter().any(own), "{block}: {names:?}");
            let plan = executor.prepare(model).expect("the model fits");
            let output = plan.run_cases(cases, &input).expect("a result");
            assert!(
                output == expected,
                "{block} on {}, {cases} cases",
                executor.name()
            );
        }
    }
}

#[test]
fn products_at_the_edges_of_a_block_and_of_a_step() {
    for (rows, summed, columns) in [(1, 4, 1), (63, 27, 66), (65, 33, 130), (129, 100, 64)] {
        agrees(
            &product([1, rows, summed, columns], [3, 0], true),
            2,
            "conv2d_block_@_words",
        );
        agrees(
            &product([1, rows, summed, columns], [3, 250], false),
            1,
            "matmul_block_@_words",
        );
    }
    for (rows, summed, columns) in [(2, 16, 5), (64, 32, 64), (130, 48, 67)] {
        agrees(
            &product([1, rows, summed, columns], [130, 0], true),
            1,
            "conv2d_block_@",
        );
        agrees(
            &product([1, rows, summed, columns], [130, 7], false),
            2,
            "matmul_block_@",
        );
    }
}

#[test]
fn several_matrices_with_and_without_zero_points() {
    for zps in [[0, 0], [5, 0], [0, 5], [128, 127]] {
        agrees(&product([3, 70, 32, 20], zps, false), 2, "matmul_block_@");
        agrees(
            &product([5, 3, 18, 9], zps, false),
            3,
            "matmul_block_@_words",
        );
    }
}

#[test]
fn windows_with_padding_strides_and_dilations() {
    let window = Window {
        input: [1, 12, 11, 16],
        output_channels: 20,
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [1, 1],
    };
    agrees(&convolution(&window), 3, "conv2d_block_@");
    let strided = Window {
        input: [2, 13, 10, 32],
        output_channels: 68,
        kernel: [2, 3],
        stride: [2, 3],
        pad: [0, 2],
        ..window
    };
    agrees(&convolution(&strided), 2, "conv2d_block_@");
    let dilated = Window {
        input: [1, 9, 9, 20],
        output_channels: 132,
        dilation: [2, 3],
        pad: [3, 1],
        ..window
    };
    agrees(&convolution(&dilated), 1, "conv2d_block_@_words");
    let few = Window {
        input: [1, 14, 10, 3],
        output_channels: 8,
        kernel: [5, 4],
        ..window
    };
    agrees(&convolution(&few), 2, "conv2d_block_@_words");
}

#[test]
fn fewer_rows_than_asked_for_and_small_workgroups_take_no_blocks() {
    let model = product([1, 20, 16, 8], [3, 5], false);
    for (positions_min, invocations_max, blocks) in
        [(20, 256, true), (21, 256, false), (20, 255, false)]
    {
        for mut adapter in aivm_gpu::adapters() {
            adapter.limits.invocations_max = invocations_max;
            let options = GpuOptions {
                plan: PlanOptions {
                    operands: Operands::Blocks {
                        size: BlockSize::Block128,
                        positions_min,
                    },
                    ..PlanOptions::default()
                },
                ..GpuOptions::default()
            };
            let executor = GpuExecutor::open_with(&adapter, options).expect("it opens");
            let name = if blocks { "matmul_block_128" } else { "matmul" };
            assert_eq!(kernels(&executor, &model), [name]);
        }
    }
}

/// The models of the self-tune that are no oracle's. `AIVM_BLESS=1` writes them.
#[test]
fn the_models_of_the_self_tune_are_as_written() {
    for (name, sides) in [
        ("matmul_square", [256, 256, 256]),
        ("matmul_flat", [32, 512, 512]),
    ] {
        let [rows, summed, columns] = sides;
        let product = product_file([1, rows, summed, columns], [0, 0], false);
        let file = format!("{}/tuning/{name}.tosa", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("AIVM_BLESS").is_some() {
            std::fs::write(&file, &product).expect("writable");
        }
        assert!(std::fs::read(&file).expect("a model") == product, "{file}");
    }
}
