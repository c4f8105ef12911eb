//! Status codes: how native code and runtime functions say how they ended.
//!
//! 0 is success, a trap is its [`TrapCode`], and two codes outside a byte say the rest. A status travels
//! in a register; every call is followed by a test of it.

use aivm_core::{Exit, HostExit, NodeFault, TrapCode};

/// Success.
pub(crate) const OK: u32 = 0;
/// A charge exceeded the ink left.
pub(crate) const OUT_OF_INK: u32 = 0x100;
/// The node failed; the fault is in the instance's store.
pub(crate) const FAULT: u32 = 0x101;

/// The status of a trap.
pub(crate) const fn of_trap(trap: TrapCode) -> u32 {
    trap as u32
}

/// The exit that a status other than [`OK`] stands for; `fault` is what the store held.
pub(crate) fn to_exit(status: u32, fault: Option<NodeFault>) -> Exit {
    match status {
        OUT_OF_INK => Exit::OutOfInk,
        FAULT => Exit::Fault(fault.unwrap_or_else(|| NodeFault("fault without a cause".into()))),
        code => match u8::try_from(code).ok().and_then(TrapCode::from_code) {
            Some(trap) => Exit::Trap(trap),
            None => Exit::Fault(NodeFault(format!("native code returned status {code}"))),
        },
    }
}

/// The status of a host function's refusal to return, and the fault to keep.
pub(crate) fn of_host_exit(exit: HostExit) -> (u32, Option<NodeFault>) {
    match exit {
        HostExit::Trap(trap) => (of_trap(trap), None),
        HostExit::OutOfInk => (OUT_OF_INK, None),
        HostExit::Fault(fault) => (FAULT, Some(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trap_survives_the_way_through_a_status() {
        for trap in TrapCode::ALL {
            assert_eq!(to_exit(of_trap(trap), None), Exit::Trap(trap));
        }
        assert_eq!(to_exit(OUT_OF_INK, None), Exit::OutOfInk);
        assert!(matches!(to_exit(200, None), Exit::Fault(_)));
    }
}
