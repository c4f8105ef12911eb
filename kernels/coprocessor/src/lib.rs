//! The face of the kernels: registers models, picks a back end, falls back to the CPU in the middle of
//! a call with the same bytes, and counts what happened. The order: accelerators, `cpu`, `reference`.
//!
//! Architecture Invariant: neither the GPU nor the fast CPU executor is an authority. The reference executor is
//! always the last back end and cannot be removed, so a run has a result as long as the node has memory. Which
//! back end gave it is visible in [`Metrics`] only.

#![forbid(unsafe_code)]

mod accelerators;
mod back_end;
pub mod check;
mod clock;
mod coprocessor;
mod health;
mod metrics;
mod prometheus;

pub mod determinism;

pub use accelerators::{Accelerators, Rejected, open_checked};
pub use check::CheckPolicy;
pub use clock::{Clock, ManualClock, SystemClock};
pub use coprocessor::Coprocessor;
pub use health::{Backoff, Standing};
pub use metrics::{BackendMetrics, Metrics, Skip};
