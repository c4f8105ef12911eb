//! The words every part of the virtual machine shares; no part of it runs anything.
//!
//! Reading order is the order of a call: what gas is ([`gas`]), what it buys ([`schedule`]), how large
//! anything may be ([`limits`]), how a run can end ([`outcome`]), which host functions a contract may
//! import ([`host_function`]), how an engine reaches them ([`guest`]), what they may know of block and
//! transaction ([`context`]), and what stands behind them ([`ports`]).

#![forbid(unsafe_code)]

pub mod context;
pub mod gas;
pub mod guest;
pub mod host_function;
pub mod limits;
pub mod outcome;
pub mod ports;
pub mod schedule;

pub use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
pub use context::{BlockContext, Environment, TransactionContext};
pub use gas::{INK_PER_GAS, ink_to_gas_ceil};
pub use guest::{Guest, Host};
pub use host_function::{HostFunction, HostSignature, ValueType};
pub use limits::Limits;
pub use outcome::{Exit, HostExit, NodeFault, Status, TrapCode};
pub use schedule::GasSchedule;
