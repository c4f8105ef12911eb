//! The TOSA integer operators as the specification says them: the authority over every other back end.
//!
//! One operator a file, written to be read beside the specification. Elements are held as i64 whatever
//! their type; where the specification computes in fewer bits, `value::wrap` stands. Where it
//! leaves a result open, `docs/semantics.md` gives the rule.

#![forbid(unsafe_code)]

mod executor;

mod broadcast;
mod scale;
mod value;

mod add;
mod arithmetic_right_shift;
mod avg_pool2d;
mod clamp;
mod clz;
mod conv2d;
mod logical_left_shift;
mod max_pool2d;
mod mul;
mod reduce;
mod reduce_max;
mod reduce_sum;
mod rescale;
mod reshape;
mod slice;
mod sub;
mod table;

pub use executor::ReferenceExecutor;
