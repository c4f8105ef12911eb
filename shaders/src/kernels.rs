//! The kernels of `kernels/`: each a module joined from an operator's file and the files it builds on. Those of
//! element-wise operators are generated: [`crate::chain`].

use std::borrow::Cow;

/// A compute kernel. Its entry point is `main`, its workgroup has 64 invocations in a row.
///
/// Bindings of group 0: 0 is the uniform `params`, 1 the output, 2 and up the `inputs` storage buffers read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name: that of the operator file, or of the operators of a generated one. Generated kernels with other types
    /// have the same name.
    pub name: Cow<'static, str>,
    /// WGSL text.
    pub source: Cow<'static, str>,
    /// Storage buffers that it reads.
    pub inputs: u32,
}

/// Declares the kernels: the number of inputs, then the files that are joined into one module.
macro_rules! kernels {
    ($($(#[$doc:meta])* $constant:ident = $inputs:literal, $name:literal $(, $more:literal)*;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: Kernel = Kernel {
                name: Cow::Borrowed($name),
                source: Cow::Borrowed(concat!(
                    include_str!(concat!("../kernels/", $name, ".wgsl")),
                    $("\n", include_str!(concat!("../kernels/", $more, ".wgsl")),)*
                )),
                inputs: $inputs,
            };
        )*
        /// Every kernel of a file, by name.
        pub const ALL: &[Kernel] = &[$($constant),*];
    };
}

kernels! {
    /// ARGMAX, or the first of its steps.
    ARGMAX = 1, "argmax", "largest", "each_element", "lanes";
    /// A step of ARGMAX behind the first. Reads input and what the step before chose.
    ARGMAX_CHUNKS = 2, "argmax_chunks", "largest", "each_element", "lanes";
    /// AVG_POOL2D, or the second of its steps.
    AVG_POOL2D = 1, "avg_pool2d", "pool", "each_element", "scale", "wide", "lanes";
    /// The first step of AVG_POOL2D, where it takes two.
    AVG_POOL2D_SUMS = 1, "avg_pool2d_sums", "pool", "each_element", "lanes";
    /// CONCAT of up to seven inputs.
    CONCAT = 7, "concat", "each_element", "lanes";
    /// CONV2D of i8, constant weights without zero point, and RESCALE and CLAMP behind. Reads factors, input, packed
    /// weights, biases.
    CONV2D = 4, "conv2d", "window", "epilogue", "scale", "wide";
    /// DEPTHWISE_CONV2D of i8, constant weights, and RESCALE and CLAMP behind. Reads factors, input, packed weights,
    /// biases.
    DEPTHWISE_CONV2D = 4, "depthwise_conv2d", "window", "epilogue", "scale", "wide";
    /// GATHER. Reads values and indices.
    GATHER = 2, "gather", "row_index", "each_element", "lanes";
    /// Sums of products to i32: CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL, TRANSPOSE_CONV2D. Reads input, weights, biases.
    LINEAR_I32 = 3, "linear_i32", "linear", "lanes";
    /// Sums of products to i48: the same operators. Reads input, weights, biases.
    LINEAR_I48 = 3, "linear_i48", "linear", "wide", "lanes";
    /// MATMUL of i8, and RESCALE and CLAMP behind. Reads factors and both inputs.
    MATMUL = 3, "matmul", "epilogue", "scale", "wide";
    /// MAX_POOL2D.
    MAX_POOL2D = 1, "max_pool2d", "pool", "each_element", "lanes";
    /// PAD, REVERSE, SLICE, TILE, TRANSPOSE.
    MOVE = 1, "move", "each_element", "lanes";
    /// Pads i8 channels to words, before CONV2D.
    PAD_CHANNELS = 1, "pad_channels", "lanes";
    /// REDUCE_MAX, REDUCE_ANY.
    REDUCE_MAX = 1, "reduce_max", "reduce", "each_element", "lanes";
    /// REDUCE_MIN, REDUCE_ALL.
    REDUCE_MIN = 1, "reduce_min", "reduce", "each_element", "lanes";
    /// REDUCE_SUM.
    REDUCE_SUM = 1, "reduce_sum", "reduce", "each_element", "lanes";
    /// RESIZE, bilinear, of i8. Reads input and places.
    RESIZE_BILINEAR = 2, "resize_bilinear", "resize_lines", "resize_places", "each_element", "lanes";
    /// RESIZE, bilinear, of i16. Reads input and places.
    RESIZE_BILINEAR_I48 = 2, "resize_bilinear_i48", "resize_lines", "resize_places", "wide", "lanes";
    /// RESIZE, nearest. Reads input and places.
    RESIZE_NEAREST = 2, "resize_nearest", "resize_places", "each_element", "lanes";
    /// SCATTER's second step. Reads values, the first step's output, input.
    SCATTER = 3, "scatter", "each_element", "lanes";
    /// SCATTER's first step. Reads indices.
    SCATTER_ROWS = 1, "scatter_rows", "row_index";
}
