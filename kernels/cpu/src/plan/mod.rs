//! Graph → steps: which operators run together, where tensors live, which loops compute them.

mod body;
mod chains;
mod constants;
mod fold;
mod lower;
mod units;

pub(crate) use body::{Body, Planner};
pub(crate) use constants::Constants;
pub(crate) use lower::{Lowered, Operands, lower};
pub(crate) use units::CHAIN_NODES;
