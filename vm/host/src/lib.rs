//! Host functions: decode guest arguments, charge, call a port.
//!
//! A [`Frame`] is one activation of a contract as its imports see it. Every host function keeps the same
//! order: it takes the fixed price of [`aivm_core::GasSchedule::host_call`], decodes and checks its
//! arguments, takes what depends on lengths, and only then acts. So no work is ever done unpaid, and a
//! bad pointer or argument is a trap before any effect.
//!
//! One file a family: `call` (call data, result, sender, value), `storage`, `logs`, `crypto`, `memory`,
//! `models`.

#![forbid(unsafe_code)]

mod call;
mod crypto;
mod frame;
mod logs;
mod memory;
mod models;
mod storage;
#[cfg(test)]
mod test_ports;

pub use frame::{CallContext, Frame, FrameOutcome};
pub use models::Inference;
