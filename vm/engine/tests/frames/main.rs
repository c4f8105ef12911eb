//! Contracts that call contracts: what stands and what is undone, who pays, and how deep it goes; in every mode
//! with the same receipt and state.

mod creations;
mod depth;
mod ink;
mod puppet;
mod semantics;
