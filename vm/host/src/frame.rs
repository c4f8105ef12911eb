//! One activation of a contract as its host functions see it, and the dispatch to them.

use aivm_core::ports::{StatePort, TensorPort};
use aivm_core::{Address, GasSchedule, Guest, Host, HostExit, HostFunction, Limits, U256};

use crate::models::Inference;
use crate::storage::StorageCache;

/// What a contract may ask about its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// Who calls.
    pub sender: Address,
    /// The account whose storage the frame uses and that its logs name.
    pub contract: Address,
    /// Value sent along.
    pub value: U256,
    /// Call data. Whoever opens the frame has checked its length against `Limits::call_data_bytes`.
    pub data: Vec<u8>,
    /// Whether this contract is already on the call stack.
    pub reentrant: bool,
}

/// What a frame leaves behind besides its effects on state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameOutcome {
    /// The bytes of the last `write_result`; empty if there was none.
    pub output: Vec<u8>,
    /// The inferences that gave an output, in the order in which they ran.
    pub inferences: Vec<Inference>,
}

/// The host functions of one activation of a contract.
///
/// It buffers storage writes until the contract flushes them; what is unflushed when the frame ends is
/// lost. It never commits or reverts: that is the work of whoever opened the frame.
pub struct Frame<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) schedule: &'a GasSchedule,
    pub(crate) limits: &'a Limits,
    pub(crate) state: &'a mut dyn StatePort,
    pub(crate) tensors: &'a dyn TensorPort,
    pub(crate) storage: StorageCache,
    pub(crate) outcome: FrameOutcome,
}

impl<'a> Frame<'a> {
    /// Opens a frame: nothing cached, no output.
    pub fn new(
        context: &'a CallContext,
        schedule: &'a GasSchedule,
        limits: &'a Limits,
        state: &'a mut dyn StatePort,
        tensors: &'a dyn TensorPort,
    ) -> Frame<'a> {
        Frame {
            context,
            schedule,
            limits,
            state,
            tensors,
            storage: StorageCache::default(),
            outcome: FrameOutcome::default(),
        }
    }

    /// Closes the frame. Unflushed storage writes are lost.
    #[must_use]
    pub fn close(self) -> FrameOutcome {
        self.outcome
    }

    /// Takes the price of copying `bytes` bytes between guest and host.
    pub(crate) fn charge_copy(&self, guest: &mut dyn Guest, bytes: u64) -> Result<(), HostExit> {
        guest.charge(self.schedule.host_byte.saturating_mul(bytes))
    }

    /// The price of the keccak-256 of `bytes` bytes, without its base.
    pub(crate) fn keccak_price(&self, bytes: u64) -> u64 {
        self.schedule.keccak_word.saturating_mul(bytes.div_ceil(32))
    }
}

impl Host for Frame<'_> {
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        guest.charge(self.schedule.host_call(function))?;
        let arguments = Arguments(arguments);
        let word = |index| arguments.word(index);
        match function {
            HostFunction::ReadArgs => self.read_args(guest, word(0)?)?,
            HostFunction::WriteResult => self.write_result(guest, word(0)?, word(1)?)?,
            HostFunction::StorageLoadBytes32 => self.storage_load(guest, word(0)?, word(1)?)?,
            HostFunction::StorageCacheBytes32 => self.storage_cache(guest, word(0)?, word(1)?)?,
            HostFunction::StorageFlushCache => self.storage_flush(guest, word(0)? != 0)?,
            HostFunction::EmitLog => self.emit_log(guest, word(0)?, word(1)?, word(2)?)?,
            HostFunction::MsgSender => self.msg_sender(guest, word(0)?)?,
            HostFunction::MsgValue => self.msg_value(guest, word(0)?)?,
            HostFunction::MsgReentrant => return Ok(u64::from(self.context.reentrant)),
            HostFunction::NativeKeccak256 => {
                self.native_keccak256(guest, word(0)?, word(1)?, word(2)?)?;
            }
            HostFunction::PayForMemoryGrow => self.pay_for_memory_grow(guest, word(0)?)?,
            HostFunction::Infer => {
                let request = crate::models::InferRequest {
                    hash: word(0)?,
                    input: word(1)?,
                    input_len: word(2)?,
                    output: word(3)?,
                    output_capacity: word(4)?,
                };
                return self.infer(guest, request).map(i32_result);
            }
            HostFunction::ModelInfo => {
                return self.model_info(guest, word(0)?, word(1)?).map(i32_result);
            }
        }
        Ok(0)
    }
}

/// The arguments of a call; engines pass as many as the signature has.
struct Arguments<'a>(&'a [u64]);

impl Arguments<'_> {
    /// Argument `index`, an i32. An engine that passes another count or a value above 32 bits is broken,
    /// which is this node's trouble and not the contract's.
    fn word(&self, index: usize) -> Result<u32, HostExit> {
        self.0
            .get(index)
            .and_then(|&value| u32::try_from(value).ok())
            .ok_or_else(|| {
                HostExit::Fault(aivm_core::NodeFault(format!(
                    "an engine passed no i32 as argument {index} of a host function"
                )))
            })
    }
}

/// An i32 result as engines expect it: zero-extended to u64.
fn i32_result(value: i32) -> u64 {
    u64::from(value.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_ports::{Ports, TestGuest, V1};

    #[test]
    fn every_function_is_out_of_ink_one_below_its_fixed_price() {
        for &function in HostFunction::ALL {
            let arguments = vec![0; function.signature().parameters.len()];
            let price = V1.host_call(function);
            let mut ports = Ports::default();
            let mut guest = TestGuest::with_ink(price - 1);
            assert_eq!(
                ports.frame().call(function, &arguments, &mut guest),
                Err(HostExit::OutOfInk),
                "{function:?}"
            );
            assert_eq!(guest.ink, 0);
            assert!(ports.untouched(), "{function:?} acted before it was paid");
            assert!(guest.memory.iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn a_missing_or_wide_argument_is_a_node_fault() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(u64::MAX);
        let wide = [1 << 32];
        for arguments in [&[][..], &wide[..]] {
            let exit = ports
                .frame()
                .call(HostFunction::ReadArgs, arguments, &mut guest);
            assert!(matches!(exit, Err(HostExit::Fault(_))));
        }
    }

    #[test]
    fn negative_codes_are_zero_extended() {
        assert_eq!(i32_result(-1), 0xFFFF_FFFF);
        assert_eq!(i32_result(7), 7);
    }
}
