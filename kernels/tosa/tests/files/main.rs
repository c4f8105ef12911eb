//! Model files, good, bad and hostile.

mod classes;
mod damage;
mod damaged;
mod heap;
mod late;
mod layout_rules;
mod limits;
#[allow(
    unreachable_pub,
    reason = "kernels/cases, which uses this crate, ships it to all others"
)]
#[path = "../../../cases/src/model.rs"]
mod model;
mod operator_refusals;
mod operator_rules;
mod operator_types;
mod prices;
mod refusals;
mod regions;
#[path = "../../../reference/tests/support/shared.rs"]
mod shared;
mod single;
mod time;
mod window_rules;
