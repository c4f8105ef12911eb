//! The TOSA integer operators as the specification says them: the authority over every other back end.
//!
//! One operator a file, written to be read beside the specification; control flow and variables are in `run.rs`.
//! Elements are held as i64 whatever their type; where the specification computes in fewer bits, `value::wrap` stands.
//! Where it leaves a result open, `docs/semantics.md` gives the rule.

#![forbid(unsafe_code)]

// What runs a model.
mod compute;
mod executor;
mod partial;
mod run;

// What several operators share.
mod broadcast;
mod places;
mod products;
mod reduce;
mod scale;
mod value;

// Tensor operators.
mod argmax;
mod avg_pool2d;
mod conv2d;
mod conv3d;
mod depthwise_conv2d;
mod matmul;
mod max_pool2d;
mod transpose_conv2d;

// Activation functions.
mod clamp;

// Element-wise operators of two tensors, and TABLE.
mod add;
mod arithmetic_right_shift;
mod bitwise_and;
mod bitwise_or;
mod bitwise_xor;
mod intdiv;
mod logical_and;
mod logical_left_shift;
mod logical_or;
mod logical_right_shift;
mod logical_xor;
mod maximum;
mod minimum;
mod mul;
mod sub;
mod table;

// Of one tensor.
mod abs;
mod bitwise_not;
mod clz;
mod logical_not;
mod negate;

// Of three, and comparisons.
mod equal;
mod greater;
mod greater_equal;
mod select;

// Reductions.
mod reduce_all;
mod reduce_any;
mod reduce_max;
mod reduce_min;
mod reduce_sum;

// Data layout.
mod concat;
mod pad;
mod reshape;
mod reverse;
mod slice;
mod tile;
mod transpose;

// Gather, scatter, image.
mod gather;
mod resize;
mod scatter;

// Type conversion and data nodes.
mod cast;
mod identity;
mod rescale;

pub use executor::{ReferenceExecutor, ReferencePlan};
pub use partial::recompute;
pub use run::Elements;
