//! What is asked of the engine and what it answers.

use aivm_core::ports::Log;
use aivm_core::{Address, Exit, GasSchedule, NodeFault, Status, TrapCode, U256, gas};
use aivm_host::{FrameOutcome, Inference};

/// A call of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who calls.
    pub sender: Address,
    /// The contract called.
    pub contract: Address,
    /// Value in wei sent along; the sender must have it.
    pub value: U256,
    /// Call data, at most `Limits::call_data_bytes` long.
    pub data: Vec<u8>,
    /// Gas the call may use at most.
    pub gas_limit: u64,
}

/// The answer to a [`Call`], the same on every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub status: Status,
    /// Why, if the status is `Trap`.
    pub trap: Option<TrapCode>,
    /// What the contract wrote with `write_result`: the result, or on a revert its data. Empty on
    /// `unreachable`, a trap and when out of gas.
    pub output: Vec<u8>,
    /// Gas used, the call's base price included, rounded up once. The whole limit on a trap and when out of
    /// gas.
    pub gas_used: u64,
    /// Logs in order of emission; empty unless the status is `Ok`.
    pub logs: Vec<Log>,
    /// The inferences that gave an output, in order, whatever the status: each can be re-run and checked.
    pub inferences: Vec<Inference>,
}

/// Ink that a call of `gas_limit` starts with; `None` if the limit does not cover the base price.
pub(crate) fn starting_ink(schedule: &GasSchedule, gas_limit: u64) -> Option<u64> {
    gas_limit
        .checked_sub(schedule.call_base_gas)
        .map(gas::gas_to_ink)
}

/// The receipt of a call whose limit does not cover the base price.
pub(crate) fn below_base(gas_limit: u64) -> Receipt {
    Receipt {
        status: Status::OutOfGas,
        trap: None,
        output: Vec::new(),
        gas_used: gas_limit,
        logs: Vec::new(),
        inferences: Vec::new(),
    }
}

/// How one run of a contract's entry point ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) exit: Exit,
    pub(crate) ink_left: u64,
    pub(crate) outcome: FrameOutcome,
}

impl Run {
    /// The status that this exit means, with the trap if it is one; `None` if the run has no answer.
    pub(crate) fn status(&self) -> Option<(Status, Option<TrapCode>)> {
        match &self.exit {
            Exit::Return(values) => match values[..] {
                [0] => Some((Status::Ok, None)),
                [_] => Some((Status::Revert, None)),
                _ => None,
            },
            Exit::Trap(TrapCode::Unreachable) => Some((Status::Revert, None)),
            Exit::Trap(trap) => Some((Status::Trap, Some(*trap))),
            Exit::OutOfInk => Some((Status::OutOfGas, None)),
            Exit::Fault(_) => None,
        }
    }

    /// Why the run has no status.
    pub(crate) fn fault(&self) -> NodeFault {
        match &self.exit {
            Exit::Fault(fault) => fault.clone(),
            exit => NodeFault(format!("the entry point ended with {exit:?}")),
        }
    }

    /// What the contract wrote as its output; nothing unless its entry point returned.
    pub(crate) fn output(&mut self) -> Vec<u8> {
        match self.exit {
            Exit::Return(_) => std::mem::take(&mut self.outcome.output),
            _ => Vec::new(),
        }
    }

    /// The receipt of this run. `logs` are those of the frame, already undone unless the status is `Ok`.
    pub(crate) fn receipt(
        mut self,
        status: Status,
        trap: Option<TrapCode>,
        logs: Vec<Log>,
        schedule: &GasSchedule,
        gas_limit: u64,
    ) -> Receipt {
        let start = starting_ink(schedule, gas_limit).unwrap_or(0);
        let used = gas::ink_to_gas_ceil(start.saturating_sub(self.ink_left));
        let gas_used = match status {
            Status::Ok | Status::Revert => schedule.call_base_gas.saturating_add(used),
            Status::Trap | Status::OutOfGas => gas_limit,
        };
        debug_assert!(gas_used <= gas_limit, "more gas used than the limit");
        Receipt {
            status,
            trap,
            output: self.output(),
            gas_used,
            logs,
            inferences: self.outcome.inferences,
        }
    }
}
