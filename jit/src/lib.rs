//! [`MeteredModule`](aivm_wasm::plan::MeteredModule) → native code with Cranelift, with exactly the result, trap and ink of the interpreter.
//!
//! Reading order is the order of the flow: what is compiled at all (`limits`), how native functions call
//! each other (`abi`), plan to CLIF (`translate`, memory in `translate/memory.rs`), CLIF to machine code
//! (`codegen`) and its pieces to a module's (`codegen/join.rs`), all of that within a budget (`compile`), the same as
//! bytes (`artefact`) and on disk (`folder`), its pages (`mapping`, `pages`), an instance's memory (`reservation`,
//! `clearing`), what native code sees of an instance (`context`), what it asks Rust to do (`runtime`), how it is
//! entered and left (`boundary`), how traps leave it (`traps`, `signals`), how calls end (`status`), and the instance
//! (`instance`).
//!
//! A trap ends the call at once, from any depth: no function tests whether a callee trapped. On Linux the
//! processor finds most traps (guard pages behind memory, illegal instructions, divisions) and a signal handler
//! ends the call; elsewhere, and where [`Traps::Explicit`] is asked for, they are tests in the code.

// Machine code is mapped and called here; each use says why it is sound.
#![allow(unsafe_code)]

mod abi;
mod artefact;
mod boundary;
mod clearing;
mod codegen;
mod compile;
mod context;
mod folder;
mod instance;
mod limits;
mod mapping;
mod pages;
mod reservation;
mod runtime;
mod signals;
mod status;
mod translate;
mod traps;

#[cfg(test)]
mod tests;

pub use codegen::{clif_text, native_text};
pub use compile::{CompileError, CompiledModule, Origin};
pub use folder::{CodeFolder, CodeFolderError};
pub use instance::Instance;
pub use traps::Traps;
