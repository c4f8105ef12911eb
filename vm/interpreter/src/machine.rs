//! What the handlers of instructions share: the code as it is executed, the running machine, and how control
//! goes from one handler to the next.
//!
//! Each [`Cell`] holds the address of the handler of the cell that follows, and a handler ends by calling it. With optimization a compiler makes that call a jump, so that each handler has a jump of its own
//! to the next, which processors foresee far better than one jump for all (docs/adr/0012). Nothing depends on
//! it: the slice of cells that a handler is given is as long as what may still run before control comes back
//! to the loop, so at most [`STRETCH`] handlers are ever nested in each other.

use aivm_core::HostExit;
use aivm_wasm::plan::MeteredModule;

use crate::instance::State;
use crate::instruction::{Slot, Target};
use crate::program::FRAME_SLOTS;

/// Instructions that run before control comes back to the loop.
pub(crate) const STRETCH: usize = 256;

/// Slots of the running function. Every [`Slot`] is below its length, so no access to it is checked.
pub(crate) type Window = [u64; FRAME_SLOTS];

/// Executes the first of the cells and what follows it, with this much ink.
pub(crate) type Handler = for<'m> fn(&mut Machine<'m>, &'m [Cell], &mut Window, u64) -> Pause;

/// An instruction as it is executed. What the operands are, its handler knows.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    /// The handler of the cell after it: known before that cell is read.
    pub(crate) then: Handler,
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) c: u16,
    pub(crate) d: u16,
    pub(crate) wide: u64,
}

// Speed depends on it.
const _: () = assert!(size_of::<Cell>() <= 24);

/// Why control came back to the loop. What else it needs is in the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// It is time; go on at `next`.
    Stretch,
    /// Call function `what`, arguments at `first`, and go on at `next`.
    Call,
    /// Return to the caller; results are in place.
    Return,
    /// Execute rare instruction `what`, and go on at `next`.
    Rare,
    /// The run is over with `exit`.
    End,
}

/// The running machine, but for what handlers hand to each other.
pub(crate) struct Machine<'m> {
    /// A cell that only names the first handler, and one for each instruction.
    pub(crate) code: &'m [Cell],
    pub(crate) state: State,
    /// Ink left at a pause.
    pub(crate) ink: u64,
    /// Where to go on after a pause.
    pub(crate) next: Target,
    /// What a pause is for: the function to call, of the index space, or the rare instruction.
    pub(crate) what: u32,
    /// First slot of a call's arguments.
    pub(crate) first: Slot,
    /// How the run ended.
    pub(crate) exit: Option<HostExit>,
    pub(crate) module: &'m MeteredModule,
}

/// The cell before instruction `target`, and `len` cells from it.
#[inline(always)]
pub(crate) fn stretch_at(code: &[Cell], target: Target, len: usize) -> (&Cell, &[Cell]) {
    let start = target as usize;
    code[start..start + len + 1]
        .split_first()
        .expect("one cell more than none")
}
