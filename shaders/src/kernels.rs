//! The kernels of `kernels/`: each a module joined from an operator's file and the files it builds on. Those of
//! element-wise operators are generated: [`crate::chain`].

use std::borrow::Cow;

use crate::chain::Chain;

/// A compute kernel. Its entry point is `main`, its workgroup has 64 invocations in a row, or those of a block
/// ([`crate::block`]).
///
/// Bindings of group 0: 0 is the uniform `params`, 1 the output, 2 and up the `inputs` buffers that it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name: that of the operator file, or of the operators of a generated one. Generated kernels with other types
    /// have the same name.
    pub name: Cow<'static, str>,
    /// WGSL text.
    pub source: Cow<'static, str>,
    /// Buffers that it reads.
    pub inputs: u32,
    /// Which of its inputs are uniform buffers of [`UNIFORM_BYTES`]: a bit for each, the lowest for the first. The others
    /// are storage buffers.
    pub uniforms: u32,
}

/// Bytes of an input that is a uniform buffer, whatever part of them a kernel reads.
pub const UNIFORM_BYTES: u32 = 64 << 10;

/// A kernel of sums of products without its end, which a chain of operators makes.
///
/// Its text calls `store(case_index, position, group, total: vec4<i32>)` for each position of the output and each group
/// of four output channels, and has `params.positions` (of one case), `params.output_channels`, and `params.epilogue`
/// at the end. It reads buffers from binding 2 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The name of the operator's file.
    pub name: &'static str,
    pub(crate) source: Cow<'static, str>,
    /// Buffers that it reads itself.
    pub inputs: u32,
    /// Which of them are uniform buffers, as in [`Kernel::uniforms`].
    pub uniforms: u32,
}

impl Frame {
    /// The kernel that does what `chain` says with the sums, which are its sources of [`crate::chain::Access::Sum`]. It
    /// is named as the frame and the chain's operators, joined by `+`. A frame that reads uniform buffers gets the chain's
    /// tables as one, too.
    #[must_use]
    pub fn kernel(&self, chain: &Chain) -> Kernel {
        let tables = chain.has_tables() && self.uniforms != 0;
        let inputs = self.inputs + chain.inputs();
        let name = match chain.nodes[..] {
            [] => self.name.to_owned(),
            _ => format!("{}+{}", self.name, chain.name()),
        };
        Kernel {
            name: name.into(),
            source: format!("{}\n{}", self.source, chain.epilogue(self.inputs, tables)).into(),
            inputs,
            // Tables are the last input.
            uniforms: self.uniforms | u32::from(tables) << (inputs - 1),
        }
    }
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
                uniforms: 0,
            };
        )*
        /// Every kernel of a file, by name, except the frames.
        pub const ALL: &[Kernel] = &[$($constant),*];
    };
}

/// Declares the frames, as `kernels` does kernels.
macro_rules! frames {
    ($($(#[$doc:meta])* $constant:ident = $inputs:literal, $name:literal $(, $more:literal)*;)*) => {
        $(
            $(#[$doc])*
            pub static $constant: Frame = Frame {
                name: $name,
                source: Cow::Borrowed(concat!(
                    include_str!(concat!("../kernels/", $name, ".wgsl")),
                    $("\n", include_str!(concat!("../kernels/", $more, ".wgsl")),)*
                )),
                inputs: $inputs,
                uniforms: 0,
            };
        )*
        /// Every frame of a file, by name. Those of [`crate::tile`] and [`crate::block`] are generated.
        pub static FRAMES: &[&Frame] = &[$(&$constant),*];
    };
}

frames! {
    /// CONV2D of i8 and constant weights without zero point. Reads input, packed weights, biases.
    CONV2D = 3, "conv2d", "window", "window_params";
    /// DEPTHWISE_CONV2D of i8 and constant weights. Reads input, packed weights, biases.
    DEPTHWISE_CONV2D = 3, "depthwise_conv2d", "window", "window_params";
    /// MATMUL of i8. Reads both inputs.
    MATMUL = 2, "matmul", "columns", "matmul_params";
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
    /// GATHER. Reads values and indices.
    GATHER = 2, "gather", "row_index", "each_element", "lanes";
    /// Sums of products to i32: CONV2D, CONV3D, DEPTHWISE_CONV2D, MATMUL, TRANSPOSE_CONV2D. Reads input, weights, biases.
    LINEAR_I32 = 3, "linear_i32", "linear", "lanes";
    /// Sums of products to i48: the same operators. Reads input, weights, biases.
    LINEAR_I48 = 3, "linear_i48", "linear", "wide", "lanes";
    /// MAX_POOL2D.
    MAX_POOL2D = 1, "max_pool2d", "pool", "each_element", "lanes";
    /// PAD, REVERSE, SLICE, TILE, TRANSPOSE.
    MOVE = 1, "move", "each_element", "lanes";
    /// Packs the columns of the second input of MATMUL of i8, before a tile of [`crate::tile`].
    PACK_COLUMNS = 1, "pack_columns", "columns";
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

/// Every kernel of a file, the frames as they store their sums, those that are generated included.
#[must_use]
pub fn all() -> Vec<Kernel> {
    let frames = FRAMES
        .iter()
        .copied()
        .chain(crate::tile::all().map(|tiled| &tiled.frame))
        .chain(crate::block::all().map(|blocked| &blocked.frame));
    let frames = frames.map(|frame| frame.kernel(&Chain::SUMS));
    ALL.iter().cloned().chain(frames).collect()
}
