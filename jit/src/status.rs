//! Status codes: how native code and runtime functions say how they ended.
//!
//! 0 is success, a trap is its [`TrapCode`], and two more codes say the rest. Each is also the code by which
//! Cranelift lists an instruction that ends with it.

use aivm_core::{Exit, HostExit, NodeFault, TrapCode};

/// Success.
pub(crate) const OK: u32 = 0;
/// A charge exceeded the ink left.
pub(crate) const OUT_OF_INK: u32 = 0x80;
/// The node failed; the fault is in the instance's store.
pub(crate) const FAULT: u32 = 0x81;

/// The status of a trap.
pub(crate) const fn of_trap(trap: TrapCode) -> u32 {
    trap as u32
}

/// The code by which Cranelift lists an instruction that ends with this status.
pub(crate) const fn code(status: u32) -> cranelift_codegen::ir::TrapCode {
    assert!(status < 0x100);
    cranelift_codegen::ir::TrapCode::unwrap_user(status as u8)
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
        assert!(matches!(to_exit(0x55, None), Exit::Fault(_)));
    }
}
