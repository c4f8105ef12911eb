//! Linear operators as models of their own: plain products, and the layers of the models that are measured whole.

use crate::model::{I8, I32, INT32, Ints, Model, Table, U8};

/// One operator.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    operator: Operator,
}

enum Operator {
    /// MATMUL to i32, of two inputs or of an input with constant columns.
    MatMul {
        /// Matrices, rows, elements of a sum, columns.
        sides: [i32; 4],
        constant: bool,
        zero_point: u8,
    },
    /// CONV2D or DEPTHWISE_CONV2D, padded so that the output is the input divided by `stride`, with RESCALE behind.
    Window {
        input: [i32; 3],
        output_channels: i32,
        kernel: [i32; 2],
        stride: i32,
        depthwise: bool,
    },
}

/// All shapes, in the order they are reported.
pub(crate) fn shapes() -> Vec<Shape> {
    let product = |name, sides, constant, zero_point| Shape {
        name,
        operator: Operator::MatMul {
            sides,
            constant,
            zero_point,
        },
    };
    let window = |name, input, output_channels, kernel, stride, depthwise| Shape {
        name,
        operator: Operator::Window {
            input,
            output_channels,
            kernel,
            stride,
            depthwise,
        },
    };
    let conv = |name, input, output_channels, kernel, stride| {
        window(name, input, output_channels, kernel, stride, false)
    };
    vec![
        product("matmul/1024x1024x1024", [1, 1024, 1024, 1024], false, 0),
        product("matmul/1024x1024x1024-zp", [1, 1024, 1024, 1024], false, 3),
        product("matmul/2048x2048x2048", [1, 2048, 2048, 2048], false, 0),
        product("matmul/8-128x64x128", [8, 128, 64, 128], false, 0),
        product("matmul/8-128x128x64", [8, 128, 128, 64], false, 0),
        product("matmul/8-17x33x15-zp", [8, 17, 33, 15], false, 3),
        product("dense/1024x1024x1024", [1, 1024, 1024, 1024], true, 0),
        product("dense/512x512x512", [1, 512, 512, 512], true, 0),
        product("dense/1x1024x1024", [1, 1, 1024, 1024], true, 0),
        conv("resnet8/3x3-32x32x3-16", [32, 32, 3], 16, [3, 3], 1),
        conv("resnet8/3x3-32x32x16-16", [32, 32, 16], 16, [3, 3], 1),
        conv("resnet8/3x3-32x32x16-32-s2", [32, 32, 16], 32, [3, 3], 2),
        conv("resnet8/1x1-31x31x16-32-s2", [31, 31, 16], 32, [1, 1], 2),
        conv("resnet8/3x3-16x16x32-32", [16, 16, 32], 32, [3, 3], 1),
        conv("resnet8/3x3-16x16x32-64-s2", [16, 16, 32], 64, [3, 3], 2),
        conv("resnet8/3x3-8x8x64-64", [8, 8, 64], 64, [3, 3], 1),
        conv("kws_dscnn/10x4-49x10x1-64-s2", [49, 10, 1], 64, [10, 4], 2),
        window(
            "kws_dscnn/depthwise-25x5x64",
            [25, 5, 64],
            64,
            [3, 3],
            1,
            true,
        ),
        conv("kws_dscnn/1x1-25x5x64-64", [25, 5, 64], 64, [1, 1], 1),
        conv("mnist_cnn/3x3-28x28x1-16", [28, 28, 1], 16, [3, 3], 1),
        conv("mnist_cnn/3x3-14x14x16-32", [14, 14, 16], 32, [3, 3], 1),
        conv("ad01/dense-640-128", [1, 1, 640], 128, [1, 1], 1),
        conv("ad01/dense-128-640", [1, 1, 128], 640, [1, 1], 1),
    ]
}

impl Shape {
    /// The model's file.
    pub(crate) fn file(&self) -> Vec<u8> {
        match &self.operator {
            Operator::MatMul {
                sides,
                constant,
                zero_point,
            } => product(*sides, *constant, *zero_point),
            Operator::Window {
                input,
                output_channels,
                kernel,
                stride,
                depthwise,
            } => window(*input, *output_channels, *kernel, *stride, *depthwise),
        }
        .file()
    }
}

/// Bytes of every size; times do not depend on them.
fn values(count: i32) -> Vec<u8> {
    (0..count as usize)
        .map(|at| (at * 89 % 251) as u8)
        .collect()
}

fn product([matrices, rows, summed, columns]: [i32; 4], constant: bool, zero_point: u8) -> Model {
    let b = [matrices, summed, columns];
    let model = Model::default()
        .input("a", I8, &[matrices, rows, summed])
        .constant("zp", I8, &[1], &[zero_point])
        .output("y", INT32, &[matrices, rows, columns]);
    let model = match constant {
        false => model.input("b", I8, &b),
        true => model.constant("b", I8, &b, &values(b.iter().product())),
    };
    model.operator("MATMUL", vec![], &["a", "b", "zp", "zp"], &["y"])
}

fn window(
    [height, width, channels]: [i32; 3],
    output_channels: i32,
    kernel: [i32; 2],
    stride: i32,
    depthwise: bool,
) -> Model {
    let side = |input: i32, kernel: i32| {
        let output = (input + stride - 1) / stride;
        let before = ((output - 1) * stride + kernel - input).max(0) / 2;
        // As much behind as makes the window fit a whole number of times.
        (
            output,
            before,
            (output - 1) * stride + kernel - input - before,
        )
    };
    let (output_height, top, bottom) = side(height, kernel[0]);
    let (output_width, left, right) = side(width, kernel[1]);
    let attribute: Table = vec![
        (0, Ints(vec![top, bottom, left, right])),
        (1, Ints(vec![stride; 2])),
        (2, Ints(vec![1; 2])),
        (3, U8(0)),
        (4, I32(5)),
    ];
    let (operator, weight) = match depthwise {
        true => ("DEPTHWISE_CONV2D", [kernel[0], kernel[1], channels, 1]),
        false => ("CONV2D", [output_channels, kernel[0], kernel[1], channels]),
    };
    let output = [1, output_height, output_width, output_channels];
    let words = |value: i32| value.to_le_bytes().repeat(output_channels as usize);
    Model::default()
        .input("x", I8, &[1, height, width, channels])
        .constant("weight", I8, &weight, &values(weight.iter().product()))
        .constant("bias", INT32, &[output_channels], &words(1000))
        .constant("x_zp", I8, &[1], &[0x80])
        .constant("w_zp", I8, &[1], &[0])
        .tensor("sums", INT32, &output)
        .operator(
            operator,
            attribute,
            &["x", "weight", "bias", "x_zp", "w_zp"],
            &["sums"],
        )
        .constant("multiplier", INT32, &[output_channels], &words(1 << 30))
        .constant(
            "shift",
            I8,
            &[output_channels],
            &vec![40; output_channels as usize],
        )
        .constant("sum_zp", INT32, &[1], &[0; 4])
        .constant("y_zp", I8, &[1], &[0x80])
        .output("y", I8, &output)
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1)), (2, U8(1)), (3, U8(0)), (4, U8(0))],
            &["sums", "multiplier", "shift", "sum_zp", "y_zp"],
            &["y"],
        )
}
