//! The reference interpreter of a [`MeteredModule`](aivm_wasm::plan::MeteredModule): the authority that
//! every other engine must agree with in result, trap, ink and state.
//!
//! Reading order: what the interpreter executes (`instruction`), how a plan becomes it
//! (`lower`, [`Program`]), what a running contract owns (`memory`, `table`,
//! [`Instance`]), what single operations mean (`numeric`), and the loop (`run`).
//!
//! Architecture Invariant: a guest call never becomes a native call. The depth of a contract's calls is
//! bounded by the plan's stack words and by nothing of this machine.

#![forbid(unsafe_code)]

mod instance;
mod instruction;
mod lower;
mod memory;
mod numeric;
mod program;
mod run;
mod table;

pub use instance::Instance;
pub use program::Program;

#[cfg(test)]
mod tests;
