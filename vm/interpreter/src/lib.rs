//! The reference interpreter of a [`MeteredModule`](aivm_wasm::plan::MeteredModule): the authority that
//! every other engine must agree with in result, trap, ink and state.
//!
//! Reading order: its instructions (`instruction`), how a plan becomes them (`lower`, [`Program`]), what a
//! running contract owns (`memory`, `table`, [`Instance`]) and what is kept for the next (`pool`), what single
//! operations mean (`numeric`), how handlers follow each other (`machine`), what each does (`handlers`), the loop
//! around them (`run`), what it does itself (`rare`), and who may watch ([`Observer`]).
//!
//! Architecture Invariant: a guest call never becomes a native call. The depth of a contract's calls is
//! bounded by the plan's stack words and by nothing of this machine; handlers nest a fixed number deep at most.

#![forbid(unsafe_code)]

mod handlers;
mod instance;
mod instruction;
mod lower;
mod machine;
mod memory;
mod numeric;
mod observer;
mod pool;
mod program;
mod rare;
mod run;
mod table;

pub use instance::Instance;
pub use observer::Observer;
pub use program::Program;

#[cfg(test)]
mod tests;
