//! Contracts that call contracts: what stands and what is undone, who pays, how deep it goes, what each frame
//! is told; in every mode with the same receipt and state.

mod console;
mod context;
mod creations;
mod depth;
mod faults;
mod ink;
mod puppet;
mod semantics;
mod trace;
