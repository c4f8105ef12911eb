//! Host functions: decode guest arguments, charge, call a port.
//!
//! A [`Frame`] is one activation of a contract as its imports see it. Every host function keeps the same
//! order: it takes the fixed price of [`aivm_core::GasSchedule::host_call`], decodes and checks its
//! arguments, takes what depends on lengths, and only then acts. So no work is ever done unpaid, and a
//! bad pointer or argument is a trap before any effect.
//!
//! One file a family: `call` (call data, result), `storage`, `logs`, `subcalls` (calls and creations, their
//! return data), `accounts`, `crypto`, `memory`, `models`, `console`; what only reads the context is in `frame`.
//! Names, types and prices are the table's ([`aivm_core::HostFunction`]); meanings are those of Stylus: the
//! comments of `hostio.rs` in stylus-sdk 0.10.10, and where they leave something open the host code of
//! OffchainLabs/nitro (`arbitrator/wasm-libraries/user-host-trait`, `arbos/programs/api.go`). Where this machine
//! differs is said in docs/adr/0013.

#![forbid(unsafe_code)]

mod accounts;
mod call;
mod console;
mod crypto;
mod frame;
mod logs;
mod memory;
mod models;
mod storage;
mod subcalls;
#[cfg(test)]
mod test_ports;

pub use aivm_core::ports::Inference;
pub use frame::{CallContext, Frame, FrameOutcome};
