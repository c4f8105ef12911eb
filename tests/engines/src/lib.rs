//! Do the engines agree? The interpreter, the JIT and `wasmi` run the same modules side by side; everything they
//! can be asked must be equal.
//!
//! Reading order: our engines behind one face ([`engine`]), the host they call ([`host`]), the engines in step
//! ([`lockstep`]), `wasmi` beside them ([`opinion`]), where modules come from ([`smith`], [`mutants`]), one
//! module from bytes to a verdict ([`examine`]) and what was seen over many ([`Tally`]).
//!
//! Between our engines exits, ink left, memory, globals and what the host saw are compared; with `wasmi` all of
//! that but ink, which it does not know. The tests hold hand-written cases with expected outcomes
//! (`tests/cases.rs`) and long rows of modules (`tests/differential.rs`); the fuzz target `wasm` uses the same
//! library.

#![forbid(unsafe_code)]

pub mod bombs;
pub mod engine;
mod examine;
pub mod host;
pub mod lockstep;
pub mod mutants;
pub mod opinion;
mod random;
pub mod smith;
mod tally;

pub use examine::examine;
pub use random::Random;
pub use tally::Tally;

use aivm_core::GasSchedule;

/// Small, different prices: a charge missed or taken twice changes the sum, and a case is cheap enough to
/// be run at every ink limit.
pub const PRICES: GasSchedule = GasSchedule {
    simple: 1,
    convert: 1,
    local_write: 1,
    compare: 1,
    bit_count: 1,
    multiply: 2,
    divide: 3,
    load: 2,
    store: 2,
    global: 2,
    branch: 1,
    branch_table: 1,
    call: 5,
    call_indirect: 3,
    function_header: 4,
    local: 1,
    bulk_base: 6,
    bulk_byte: 1,
    table_entry: 4,
    memory_page: 11,
    ..GasSchedule::V1
};
