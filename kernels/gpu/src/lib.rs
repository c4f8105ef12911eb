//! TOSA graphs on the GPU through wgpu, with the bits of the reference.
//!
//! The way of a model: [`aivm_tosa::Graph`] → a program of dispatches (`lower`) → buffers by lifetime (`memory`)
//! → constants and parameters on the device (`resident`) → a plan. That of a plain graph (`plan`) runs any number of cases
//! in one submission; control flow, variables and late values are driven by the host, case by case (`staged`, `run`).
//!
//! Architecture Invariant: the only crate that names wgpu. Whatever wgpu reports becomes an
//! [`aivm_tosa::ExecutorFault`]; nothing here decides what a model's answer is.

#![forbid(unsafe_code)]

mod adapter;
mod device;
mod executor;
mod known_answers;
mod layout;
mod limits;
mod lower;
mod memory;
mod observe;
mod pipelines;
mod plan;
mod prepared;
mod program;
mod resident;
mod run;
mod scratch;
pub mod script;
mod staged;

pub use adapter::{AdapterInfo, AdapterLimits, DeviceType, adapters};
pub use executor::{DEADLINE, GpuExecutor};
pub use known_answers::KernelCheck;
pub use observe::{BitFlip, FlipPlace};
pub use plan::{Dispatch, Operands, PlanOptions};
