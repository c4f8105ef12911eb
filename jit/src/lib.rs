//! [`MeteredModule`](aivm_wasm::plan::MeteredModule) → native code with Cranelift, with exactly the result, trap and ink of the interpreter.
//!
//! Reading order is the order of the flow: what is compiled at all (`limits`), how native functions call
//! each other (`abi`), plan to CLIF (`translate`, bounds checks in `translate/memory.rs`), CLIF to a
//! module's code (`compile`), pages (`mapping`), what native code sees of an instance (`context`),
//! what it asks Rust to do (`runtime`), how calls end (`status`), and the instance (`instance`).
//!
//! Traps are explicit tests and a status that every call returns: no signal handlers, no guard pages, no
//! unwinding through native frames.

// Machine code is mapped and called here; each use says why it is sound.
#![allow(unsafe_code)]

mod abi;
mod compile;
mod context;
mod instance;
mod limits;
mod mapping;
mod runtime;
mod status;
mod translate;
mod work;

#[cfg(test)]
mod tests;

pub use compile::{CompileError, CompiledModule, clif_text};
pub use instance::Instance;
