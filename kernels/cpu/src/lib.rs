//! TOSA graphs on the CPU with SIMD and threads, with the bits of the reference.
//!
//! The way of a model: a graph's nodes are grouped into units that run together (`plan::units`); each tensor that
//! leaves a unit gets a place in an arena (`memory`); a unit becomes a step: a linear operator with what is fused
//! behind it (`linear`), a chain of element-wise operators (`chain`), or one operator (`ops`). A plan is immutable;
//! runs take their memory from a pool and allocate nothing but their output (and what rayon takes to hand work over).

pub mod isa;
pub mod linear;

mod chain;
mod dispatch;
mod executor;
mod memory;
mod operation;
mod ops;
mod plan;
mod run;
mod scale;
mod step;
mod threads;

pub use executor::{CpuExecutor, CpuOptions, CpuPlan, ISA_VARIABLE};
pub use isa::Isa;
pub use threads::Sharing;
