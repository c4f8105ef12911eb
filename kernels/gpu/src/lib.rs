//! TOSA graphs on the GPU through wgpu, with the bits of the reference.
//!
//! The way of a model: [`aivm_tosa::Graph`] → a program of dispatches (`lower`) → buffers by lifetime (`memory`)
//! → constants and parameters on the device (`resident`) → a plan, which lies there with those of other models (`models`) as
//! long as there is room. That of a plain graph (`plan`) runs any number of cases in one submission; control flow, variables
//! and late values are driven by the host, case by case (`staged`, `run`). What the user holds (`model`) outlives the device.
//!
//! Architecture Invariant: the only crate that names wgpu. Whatever wgpu reports becomes an
//! [`aivm_tosa::ExecutorFault`]; nothing here decides what a model's answer is.

// Allowed again in `unchecked`, for calls of wgpu.
#![deny(unsafe_code)]

mod adapter;
mod buffer;
mod cache;
#[cfg(feature = "cooperative-matrix")]
mod cooperative;
mod counters;
mod device;
mod executor;
mod inject;
mod known_answers;
mod layout;
mod limits;
mod lower;
mod memory;
mod model;
mod models;
mod observe;
mod operands;
mod pipeline_cache;
mod pipelines;
mod plan;
mod prepared;
mod program;
mod resident;
mod run;
mod scratch;
pub mod script;
mod staged;
mod tuning;
mod unchecked;

pub use aivm_shaders::block::Size as BlockSize;

pub use adapter::{AdapterInfo, AdapterLimits, DeviceType, adapters};
pub use cache::cache_folder;
#[cfg(feature = "cooperative-matrix")]
pub use cooperative::CooperativeTile;
pub use executor::{DEADLINE, GpuExecutor, GpuOptions};
pub use inject::{Injected, Stage, Trouble};
pub use known_answers::KernelCheck;
pub use observe::{BitFlip, FlipPlace};
pub use operands::{KERNELS_VARIABLE, Operands};
pub use plan::{Dispatch, PlanOptions};
