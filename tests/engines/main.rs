//! Do the engines agree? Hand-written cases with expected outcomes, and generated modules, run by every
//! engine of ours and, for results and traps, by `wasmi` as a third opinion.
//!
//! - `cases/*.wat`: small modules whose first lines say what must happen (`case`);
//! - generated modules from `wasm-smith`, seeded (`generator`, `differential`).
//!
//! Between our engines everything must agree: exits, ink left, memory, globals and what the host saw.

mod case;
mod differential;
mod engine;
mod generator;
mod host;
mod lockstep;
mod opinion;

use aivm_core::GasSchedule;

/// Small, different prices: a charge missed or taken twice changes the sum, and a case is cheap enough to
/// be run at every ink limit.
const PRICES: GasSchedule = GasSchedule {
    simple: 1,
    multiply: 2,
    divide: 3,
    memory: 2,
    branch: 1,
    call: 5,
    call_indirect: 3,
    function_header: 4,
    local: 1,
    bulk_base: 6,
    bulk_byte: 1,
    memory_page: 11,
    ..GasSchedule::V1
};
