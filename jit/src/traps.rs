//! How a trap leaves native code, and where it may happen.

use aivm_core::TrapCode;
use cranelift_codegen::ir::TrapCode as CraneliftTrap;

use crate::{reservation, signals, status};

/// How a trap of a contract leaves native code. Both give the same exits and the same ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traps {
    /// The processor raises them: accesses beyond memory meet guard pages, divisions without a result fault,
    /// and other tests end in an illegal instruction. A handler of the process turns the signal into the end
    /// of the call; threads that invoke contracts must not block SIGSEGV, SIGBUS, SIGILL and SIGFPE, and handlers
    /// that are installed later must pass on what is not theirs. Needs gigabytes of address space (not memory) an
    /// instance. Linux on x86-64 and aarch64.
    Signals,
    /// Every trap is a test and a branch in the code. Works in any process.
    Explicit,
}

impl Traps {
    /// The faster form that works in this process, decided once: installs the handlers if there are any.
    #[must_use]
    pub fn best() -> Traps {
        match signals::are_handled() && reservation::can_be_guarded() {
            true => Traps::Signals,
            false => Traps::Explicit,
        }
    }
}

/// A place in the code that may trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrapSite {
    /// Offset of the instruction in the module's code.
    pub(crate) offset: u32,
    /// The status that the call ends with.
    pub(crate) status: u8,
    /// What the instruction is.
    pub(crate) kind: TrapKind,
}

/// How a [`TrapSite`] traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrapKind {
    /// A load or store of linear memory that meets a page which may not be touched.
    Access,
    /// An instruction that cannot be executed: illegal on purpose, or a division without a result.
    Instruction,
}

impl TrapKind {
    /// Both.
    pub(crate) const ALL: [TrapKind; 2] = [TrapKind::Access, TrapKind::Instruction];
}

impl TrapSite {
    /// The site at `offset` that Cranelift lists with `code`: one of its own or one of [`status::code`].
    pub(crate) fn new(offset: u32, code: CraneliftTrap) -> TrapSite {
        let (status, kind) = match code {
            CraneliftTrap::HEAP_OUT_OF_BOUNDS => {
                (TrapCode::MemoryOutOfBounds as u8, TrapKind::Access)
            }
            CraneliftTrap::INTEGER_OVERFLOW => {
                (TrapCode::IntegerOverflow as u8, TrapKind::Instruction)
            }
            CraneliftTrap::INTEGER_DIVISION_BY_ZERO => {
                (TrapCode::IntegerDivisionByZero as u8, TrapKind::Instruction)
            }
            other => (other.as_raw().get(), TrapKind::Instruction),
        };
        TrapSite {
            offset,
            status,
            kind,
        }
    }
}

const _: () = assert!(status::FAULT < CraneliftTrap::STACK_OVERFLOW.as_raw().get() as u32);
