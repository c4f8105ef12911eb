//! Why the engine gave no receipt or deployed nothing.

use aivm_core::{Address, NodeFault, U256};
use aivm_wasm::Refusal;

use crate::compare::Difference;
use crate::receipt::Receipt;

/// Why a call has no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no contract at the address.
    #[error("there is no contract at {0}")]
    NoContract(Address),
    /// The call data is too long.
    #[error("call data of {actual} bytes; at most {limit} are allowed")]
    CallDataLength {
        /// Its length in bytes.
        actual: u64,
        /// The limit.
        limit: u32,
    },
    /// The sender has less than the value to send along.
    #[error("{sender} has {balance} wei; the call sends {value}")]
    Balance {
        /// Who calls.
        sender: Address,
        /// What it has.
        balance: U256,
        /// What it would send.
        value: U256,
    },
    /// This machine's trouble; all effects are undone.
    #[error(transparent)]
    Fault(#[from] NodeFault),
    /// In mode compare, the JIT did something else than the interpreter. State has the interpreter's
    /// effects, and its receipt is inside: it is the authority.
    #[error("the JIT differs from the interpreter: {difference}")]
    EnginesDisagree {
        /// What differed first.
        difference: Difference,
        /// The interpreter's receipt.
        receipt: Box<Receipt>,
    },
}

/// Why nothing was deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The code breaks a rule.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The account has code already.
    #[error("there is a contract at {0} already; choose another salt")]
    AddressTaken(Address),
}
