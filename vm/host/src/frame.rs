//! One activation of a contract as its host functions see it, and the dispatch to them.

use aivm_core::ports::{Access, CallKind, Inference, TensorPort, World};
use aivm_core::{
    Address, Environment, GasSchedule, Guest, Host, HostExit, HostFunction, INK_PER_GAS, Limits,
    NodeFault, TrapCode, U256,
};

use crate::storage::StorageCache;
use crate::subcalls::{CallArguments, CreateArguments};

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
    /// Whether the frame may change nothing: it, or one above it, was called statically.
    pub read_only: bool,
}

/// What a frame leaves behind besides its effects on state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameOutcome {
    /// The bytes of the last `write_result`; empty if there was none.
    pub output: Vec<u8>,
    /// The inferences that gave an output, in the order in which they ran, those of sub-calls included.
    pub inferences: Vec<Inference>,
}

/// The host functions of one activation of a contract.
///
/// It buffers storage writes until the contract flushes them; what is unflushed when the frame ends is
/// lost. It never commits or reverts: that is the work of whoever opened the frame.
pub struct Frame<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) environment: &'a Environment,
    pub(crate) schedule: &'a GasSchedule,
    pub(crate) limits: &'a Limits,
    pub(crate) world: &'a mut dyn World,
    pub(crate) tensors: &'a dyn TensorPort,
    pub(crate) storage: StorageCache,
    /// What the last sub-call returned.
    pub(crate) return_data: Vec<u8>,
    pub(crate) outcome: FrameOutcome,
}

impl<'a> Frame<'a> {
    /// Opens a frame: nothing cached, no output.
    pub fn new(
        context: &'a CallContext,
        environment: &'a Environment,
        schedule: &'a GasSchedule,
        limits: &'a Limits,
        world: &'a mut dyn World,
        tensors: &'a dyn TensorPort,
    ) -> Frame<'a> {
        Frame {
            context,
            environment,
            schedule,
            limits,
            world,
            tensors,
            storage: StorageCache::default(),
            return_data: Vec::new(),
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

    /// Marks `address` as touched and takes what a first touch costs on top.
    pub(crate) fn touch_account(
        &mut self,
        guest: &mut dyn Guest,
        address: Address,
    ) -> Result<(), HostExit> {
        match self.world.touch_account(address).map_err(HostExit::Fault)? {
            Access::Cold => guest.charge(self.schedule.account_cold),
            Access::Warm => Ok(()),
        }
    }

    /// Ends a frame that may change nothing and is about to.
    pub(crate) fn check_may_change(&self) -> Result<(), HostExit> {
        if self.context.read_only {
            return Err(TrapCode::ReadOnly.into());
        }
        Ok(())
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
        let long = |index| arguments.long(index);
        let block = &self.environment.block;
        let transaction = &self.environment.transaction;
        use HostFunction as F;
        match function {
            F::ReadArgs => self.read_args(guest, word(0)?)?,
            F::WriteResult => self.write_result(guest, word(0)?, word(1)?)?,
            F::ReadReturnData => {
                return self.read_return_data(guest, word(0)?, word(1)?, word(2)?);
            }
            F::ReturnDataSize => return Ok(self.return_data.len() as u64),
            F::StorageLoadBytes32 => self.storage_load(guest, word(0)?, word(1)?)?,
            F::StorageCacheBytes32 => self.storage_cache(guest, word(0)?, word(1)?)?,
            F::StorageFlushCache => self.storage_flush(guest, word(0)? != 0)?,
            F::EmitLog => self.emit_log(guest, word(0)?, word(1)?, word(2)?)?,
            F::CallContract => {
                let call = CallArguments {
                    kind: CallKind::Call,
                    target: word(0)?,
                    data: word(1)?,
                    data_len: word(2)?,
                    value: Some(word(3)?),
                    gas: long(4)?,
                    len_out: word(5)?,
                };
                return self.call_contract(guest, call);
            }
            F::DelegateCallContract | F::StaticCallContract => {
                let call = CallArguments {
                    kind: match function {
                        F::StaticCallContract => CallKind::Static,
                        _ => CallKind::Delegate,
                    },
                    target: word(0)?,
                    data: word(1)?,
                    data_len: word(2)?,
                    value: None,
                    gas: long(3)?,
                    len_out: word(4)?,
                };
                return self.call_contract(guest, call);
            }
            F::Create1 => {
                let create = CreateArguments {
                    code: word(0)?,
                    code_len: word(1)?,
                    value: word(2)?,
                    salt: None,
                    address_out: word(3)?,
                    len_out: word(4)?,
                };
                self.create(guest, create)?;
            }
            F::Create2 => {
                let create = CreateArguments {
                    code: word(0)?,
                    code_len: word(1)?,
                    value: word(2)?,
                    salt: Some(word(3)?),
                    address_out: word(4)?,
                    len_out: word(5)?,
                };
                self.create(guest, create)?;
            }
            F::AccountBalance => self.account_balance(guest, word(0)?, word(1)?)?,
            F::AccountCode => {
                return self.account_code(guest, word(0)?, word(1)?, word(2)?, word(3)?);
            }
            F::AccountCodeSize => return self.account_code_size(guest, word(0)?),
            F::AccountCodehash => self.account_codehash(guest, word(0)?, word(1)?)?,
            F::BlockBasefee => write_u256(guest, word(0)?, block.base_fee)?,
            F::BlockCoinbase => guest.write(word(0)?, block.coinbase.as_slice())?,
            F::BlockGasLimit => return Ok(block.gas_limit),
            F::BlockNumber => return Ok(block.number),
            F::BlockTimestamp => return Ok(block.timestamp),
            F::Chainid => return Ok(block.chain_id),
            F::ContractAddress => guest.write(word(0)?, self.context.contract.as_slice())?,
            F::EvmGasLeft => return Ok(guest.ink_left() / INK_PER_GAS),
            F::EvmInkLeft => return Ok(guest.ink_left()),
            F::PayForMemoryGrow => self.pay_for_memory_grow(guest, word(0)?)?,
            F::MsgReentrant => return Ok(u64::from(self.context.reentrant)),
            F::MsgSender => guest.write(word(0)?, self.context.sender.as_slice())?,
            F::MsgValue => write_u256(guest, word(0)?, self.context.value)?,
            F::NativeKeccak256 => self.native_keccak256(guest, word(0)?, word(1)?, word(2)?)?,
            F::TxGasPrice => write_u256(guest, word(0)?, transaction.gas_price)?,
            F::TxInkPrice => return Ok(INK_PER_GAS),
            F::TxOrigin => guest.write(word(0)?, transaction.origin.as_slice())?,
            F::ConsoleLogI32 => self.world.console(word(0)?.cast_signed().to_string()),
            F::ConsoleLogI64 => self.world.console(long(0)?.cast_signed().to_string()),
            F::ConsoleLogTxt => self.console_log_txt(guest, word(0)?, word(1)?)?,
            F::Infer => {
                let request = crate::models::InferRequest {
                    hash: word(0)?,
                    input: word(1)?,
                    input_len: word(2)?,
                    output: word(3)?,
                    output_capacity: word(4)?,
                };
                return self.infer(guest, request).map(i32_result);
            }
            F::ModelInfo => {
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
        let narrow = |value| u32::try_from(value).ok();
        self.0
            .get(index)
            .and_then(|&value| narrow(value))
            .ok_or_else(|| missing(index, "i32"))
    }

    /// Argument `index`, an i64.
    fn long(&self, index: usize) -> Result<u64, HostExit> {
        let value = self.0.get(index);
        value.copied().ok_or_else(|| missing(index, "i64"))
    }
}

fn missing(index: usize, ty: &str) -> HostExit {
    HostExit::Fault(NodeFault(format!(
        "an engine passed no {ty} as argument {index} of a host function"
    )))
}

/// Writes `value` big-endian, as the EVM has words.
pub(crate) fn write_u256(guest: &mut dyn Guest, pointer: u32, value: U256) -> Result<(), TrapCode> {
    guest.write(pointer, &value.to_be_bytes::<32>())
}

/// An i32 result as engines expect it: zero-extended to u64.
fn i32_result(value: i32) -> u64 {
    u64::from(value.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    /// The functions that write something of the context: how many bytes, and how they end.
    fn context_writes() -> [(HostFunction, u64, Vec<u8>); 7] {
        use HostFunction as F;
        [
            (F::MsgSender, 20, vec![0x11; 20]),
            (F::MsgValue, 32, vec![0, 0, 1, 2]),
            (F::ContractAddress, 20, vec![0x22; 20]),
            (F::BlockCoinbase, 20, vec![0x55; 20]),
            (F::BlockBasefee, 32, vec![0, 0, 5, 6]),
            (F::TxOrigin, 20, vec![0x66; 20]),
            (F::TxGasPrice, 32, vec![0, 0, 7, 8]),
        ]
    }

    #[test]
    fn what_is_written_of_the_context_is_big_endian_and_bounded() {
        for (function, bytes, end) in context_writes() {
            let mut ports = Ports::default();
            let mut guest = TestGuest::with_ink(V1.host_call(function));
            guest.memory.fill(0xEE);
            assert_eq!(ports.frame().call(function, &[8], &mut guest), Ok(0));
            assert_eq!(guest.ink, 0);
            let last = 8 + bytes as usize;
            assert_eq!(
                guest.memory[last - end.len()..last],
                end[..],
                "{function:?}"
            );
            assert_eq!((guest.memory[7], guest.memory[last]), (0xEE, 0xEE));
            guest.ink = V1.host_call(function);
            let pointer = [u64::from(MEMORY_BYTES) - bytes + 1];
            let exit = ports.frame().call(function, &pointer, &mut guest);
            assert_eq!(exit, OUT_OF_BOUNDS, "{function:?}");
        }
    }

    #[test]
    fn what_is_returned_of_the_context_comes_as_it_is() {
        use HostFunction as F;
        let mut ports = Ports::default();
        ports.context.reentrant = true;
        for (function, value) in [
            (F::Chainid, 1001),
            (F::BlockNumber, 1002),
            (F::BlockTimestamp, 1003),
            (F::BlockGasLimit, 1004),
            (F::TxInkPrice, 10_000),
            (F::MsgReentrant, 1),
            (F::ReturnDataSize, 0),
        ] {
            let mut guest = TestGuest::with_ink(V1.host_call(function));
            let result = ports.frame().call(function, &[], &mut guest);
            assert_eq!((result, guest.ink), (Ok(value), 0), "{function:?}");
        }
    }

    #[test]
    fn gas_and_ink_left_are_those_after_the_call() {
        let mut ports = Ports::default();
        for (function, left, expected) in [
            (HostFunction::EvmInkLeft, 29_999, 29_999),
            (HostFunction::EvmGasLeft, 29_999, 2),
            (HostFunction::EvmGasLeft, 30_000, 3),
        ] {
            let mut guest = TestGuest::with_ink(V1.host_base + left);
            let result = ports.frame().call(function, &[], &mut guest);
            assert_eq!(result, Ok(expected));
        }
    }

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
