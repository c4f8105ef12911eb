//! How a run can end. Three kinds of ending are kept apart: a [`Status`] is deterministic and enters
//! the receipt, a [`TrapCode`] says why a status is `Trap`, and a [`NodeFault`] is this machine's
//! trouble and never reaches state.

/// Why WebAssembly code stopped. The class is the same on every engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TrapCode {
    /// The `unreachable` instruction ran (a Rust panic compiles to it).
    Unreachable = 1,
    /// A load, store, bulk operation or host function touched memory outside its bounds.
    MemoryOutOfBounds = 2,
    /// A table access, `table.init` or `table.copy` was outside its bounds.
    TableOutOfBounds = 3,
    /// `call_indirect` met a null table entry.
    IndirectCallToNull = 4,
    /// `call_indirect` met a function of another type.
    BadSignature = 5,
    /// `i32.div_s`/`i64.div_s` of the minimum by −1.
    IntegerOverflow = 6,
    /// Division or remainder by zero.
    IntegerDivisionByZero = 7,
    /// The frame's stack words are used up.
    StackOverflow = 8,
    /// A host function was called with arguments its contract forbids (for example too many topics).
    HostArgument = 9,
    /// A frame that may change nothing wrote storage, emitted a log, sent value or created a contract.
    ReadOnly = 10,
}

impl TrapCode {
    /// All trap codes, in code order.
    pub const ALL: [TrapCode; 10] = [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::IndirectCallToNull,
        TrapCode::BadSignature,
        TrapCode::IntegerOverflow,
        TrapCode::IntegerDivisionByZero,
        TrapCode::StackOverflow,
        TrapCode::HostArgument,
        TrapCode::ReadOnly,
    ];

    /// The trap of a code that compiled code reported.
    #[must_use]
    pub fn from_code(code: u8) -> Option<TrapCode> {
        TrapCode::ALL.into_iter().find(|trap| *trap as u8 == code)
    }
}

/// How a transaction ended, as its receipt says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The contract returned 0; its effects stand.
    Ok,
    /// The contract returned another value or ran `unreachable`; effects undone, unused gas returned.
    Revert,
    /// A memory, table, division, stack or host-argument trap; effects undone, all gas burnt.
    Trap,
    /// The gas limit was reached; effects undone, all gas burnt.
    OutOfGas,
}

impl Status {
    /// The name used in JSON output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Revert => "revert",
            Status::Trap => "trap",
            Status::OutOfGas => "out_of_gas",
        }
    }
}

/// This machine's trouble (lost device, broken file, full disk): never part of state or a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node fault: {0}")]
pub struct NodeFault(pub String);

/// How one invocation of a function ended, as an engine reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Returned these values: i32 zero-extended to u64.
    Return(Vec<u64>),
    /// Trapped.
    Trap(TrapCode),
    /// A charge exceeded the ink left; the ink left is then 0.
    OutOfInk,
    /// The node failed; the run has no result.
    Fault(NodeFault),
}

impl Exit {
    /// Whether the ink left is burnt, so that what an engine says it is means nothing: after every trap but
    /// `unreachable`.
    #[must_use]
    pub const fn burns_ink(&self) -> bool {
        matches!(self, Exit::Trap(trap) if !matches!(trap, TrapCode::Unreachable))
    }
}

/// Why a host function did not return to the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostExit {
    /// The contract traps.
    Trap(TrapCode),
    /// A charge exceeded the ink left.
    OutOfInk,
    /// The node failed.
    Fault(NodeFault),
}

impl From<TrapCode> for HostExit {
    fn from(trap: TrapCode) -> Self {
        HostExit::Trap(trap)
    }
}

impl From<HostExit> for Exit {
    fn from(exit: HostExit) -> Self {
        match exit {
            HostExit::Trap(trap) => Exit::Trap(trap),
            HostExit::OutOfInk => Exit::OutOfInk,
            HostExit::Fault(fault) => Exit::Fault(fault),
        }
    }
}
