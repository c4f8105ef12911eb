//! Transaction to receipt: the one place where the parts are put together.
//!
//! Reading order is the way of a call: what is asked and answered ([`receipt`]), what it acts on
//! ([`state`]), how code is prepared (`code`) once per hash (`cache`), the two engines behind one trait
//! (`machine`), the call itself ([`Engine`]) with its frames (`execution`), and how two engines are compared on it (`record`, `replay`,
//! `compare`). `tensors` adapts the coprocessor to the port of the host functions; `trace` records what a call did, for tools.
//!
//! Architecture Invariant: a [`Receipt`] holds nothing that differs between nodes. What a node may want to
//! know about itself (compiles that failed, runs repeated) is in [`Metrics`].

#![forbid(unsafe_code)]

mod cache;
mod code;
mod compare;
mod engine;
mod error;
mod execution;
mod machine;
mod metrics;
pub mod receipt;
mod record;
mod replay;
pub mod state;
mod tensors;
mod trace;

pub use aivm_host::Inference;
pub use aivm_jit::{CodeFolder, CodeFolderError};
pub use compare::Difference;
pub use engine::{Engine, Mode};
pub use error::{DeployError, EngineError};
pub use metrics::Metrics;
pub use receipt::{Call, Receipt};
pub use state::State;
pub use trace::{Callee, InkStack, Trace, TracedCall};
