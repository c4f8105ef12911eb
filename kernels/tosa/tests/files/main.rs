//! Model files, good, bad and hostile.

mod damaged;
mod limits;
mod model;
mod operator_refusals;
mod refusals;
mod regions;
#[path = "../../../reference/tests/support/shared.rs"]
mod shared;
