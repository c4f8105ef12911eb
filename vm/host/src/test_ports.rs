//! Ports and a guest for tests: state, other contracts, tensors and linear memory that a test can look into.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aivm_core::ports::{
    Access, CallAnswer, CallPort, CallRequest, CreateAnswer, CreateRequest, InferStatus, Log,
    ModelSummary, StatePort, TensorPort,
};
use aivm_core::{
    Address, B256, BlockContext, Environment, GasSchedule, Guest, HostExit, Limits, NodeFault,
    TransactionContext, TrapCode, U256, keccak256,
};

use crate::{CallContext, Frame};

pub(crate) const V1: GasSchedule = GasSchedule::V1;
/// Size of a [`TestGuest`]'s memory.
pub(crate) const MEMORY_BYTES: u32 = 1024;
/// What a host function answers to a bad pointer.
pub(crate) const OUT_OF_BOUNDS: Result<u64, HostExit> =
    Err(HostExit::Trap(TrapCode::MemoryOutOfBounds));
/// Hash of the one model that [`TestTensors`] knows: it reverses 4 bytes for 7 gas.
pub(crate) const REVERSE: B256 = B256::repeat_byte(0xAB);

/// An account besides the contract's: its code is [1, 2, 3, 4].
pub(crate) const OTHER: Address = Address::repeat_byte(0x33);
/// Pages that a [`TestGuest`] says it holds.
pub(crate) const PAGES: u32 = 5;

/// Linear memory and ink, nothing else.
pub(crate) struct TestGuest {
    pub(crate) memory: Vec<u8>,
    pub(crate) ink: u64,
}

impl TestGuest {
    pub(crate) fn with_ink(ink: u64) -> TestGuest {
        let memory = vec![0; MEMORY_BYTES as usize];
        TestGuest { memory, ink }
    }

    fn range(&self, pointer: u32, len: usize) -> Result<std::ops::Range<usize>, TrapCode> {
        let start = pointer as usize;
        let end = start
            .checked_add(len)
            .filter(|&end| end <= self.memory.len());
        end.map(|end| start..end).ok_or(TrapCode::MemoryOutOfBounds)
    }
}

impl Guest for TestGuest {
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        let range = self.range(pointer, len as usize)?;
        Ok(&self.memory[range])
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode> {
        let range = self.range(pointer, bytes.len())?;
        self.memory[range].copy_from_slice(bytes);
        Ok(())
    }

    fn memory_pages(&self) -> u32 {
        PAGES
    }

    fn ink_left(&self) -> u64 {
        self.ink
    }

    fn charge(&mut self, ink: u64) -> Result<(), HostExit> {
        match self.ink.checked_sub(ink) {
            Some(left) => {
                self.ink = left;
                Ok(())
            }
            None => {
                self.ink = 0;
                Err(HostExit::OutOfInk)
            }
        }
    }
}

/// Storage of one contract and what other accounts hold, with what was asked of them.
#[derive(Default)]
pub(crate) struct TestWorld {
    words: BTreeMap<B256, B256>,
    touched_words: BTreeSet<B256>,
    touched_accounts: BTreeSet<Address>,
    balances: BTreeMap<Address, U256>,
    pub(crate) loads: u32,
    pub(crate) account_reads: u32,
    pub(crate) stores: Vec<(B256, B256)>,
    pub(crate) logs: Vec<Log>,
    pub(crate) console: Vec<String>,
    pub(crate) calls: Vec<CallRequest>,
    /// What a call answers; its `ink_left` counts down from the request's ink.
    pub(crate) call_answer: Option<(CallAnswer, u64)>,
    pub(crate) creates: Vec<CreateRequest>,
    /// What a creation answers, and the ink it uses.
    pub(crate) create_answer: Option<(CreateAnswer, u64)>,
}

impl TestWorld {
    pub(crate) fn set(&mut self, key: B256, value: B256) {
        self.words.insert(key, value);
    }

    pub(crate) fn set_balance(&mut self, address: Address, balance: U256) {
        self.balances.insert(address, balance);
    }
}

fn access(new: bool) -> Access {
    if new { Access::Cold } else { Access::Warm }
}

impl StatePort for TestWorld {
    fn touch_word(&mut self, _: Address, key: B256) -> Result<Access, NodeFault> {
        Ok(access(self.touched_words.insert(key)))
    }

    fn load(&mut self, _: Address, key: B256) -> Result<B256, NodeFault> {
        self.loads += 1;
        Ok(self.words.get(&key).copied().unwrap_or_default())
    }

    fn store(&mut self, _: Address, key: B256, value: B256) -> Result<(), NodeFault> {
        self.stores.push((key, value));
        self.set(key, value);
        Ok(())
    }

    fn touch_account(&mut self, address: Address) -> Result<Access, NodeFault> {
        Ok(access(self.touched_accounts.insert(address)))
    }

    fn exists(&mut self, address: Address) -> Result<bool, NodeFault> {
        Ok(address == OTHER)
    }

    fn balance(&mut self, address: Address) -> Result<U256, NodeFault> {
        self.account_reads += 1;
        Ok(self.balances.get(&address).copied().unwrap_or_default())
    }

    fn code(&mut self, address: Address) -> Result<Arc<[u8]>, NodeFault> {
        self.account_reads += 1;
        let code: &[u8] = if address == OTHER { &[1, 2, 3, 4] } else { &[] };
        Ok(code.into())
    }

    fn code_hash(&mut self, address: Address) -> Result<B256, NodeFault> {
        if address == OTHER {
            return Ok(keccak256(self.code(address)?));
        }
        Ok(B256::ZERO)
    }

    fn log(&mut self, log: Log) -> Result<(), NodeFault> {
        self.logs.push(log);
        Ok(())
    }

    fn console(&mut self, line: String) {
        self.console.push(line);
    }
}

impl CallPort for TestWorld {
    fn call(&mut self, request: CallRequest) -> Result<CallAnswer, NodeFault> {
        let (mut answer, used) = self
            .call_answer
            .clone()
            .ok_or_else(|| NodeFault("no contract here".to_owned()))?;
        answer.ink_left = request.ink.saturating_sub(used);
        self.calls.push(request);
        Ok(answer)
    }

    fn create(&mut self, request: CreateRequest) -> Result<CreateAnswer, NodeFault> {
        let (mut answer, used) = self
            .create_answer
            .clone()
            .ok_or_else(|| NodeFault("nothing can be created here".to_owned()))?;
        answer.ink_left = request.ink.saturating_sub(used);
        self.creates.push(request);
        Ok(answer)
    }
}

/// Knows [`REVERSE`] only.
pub(crate) struct TestTensors {
    pub(crate) summary: ModelSummary,
    /// What a run answers instead of the reversed input.
    pub(crate) answer: Option<Result<Result<Vec<u8>, InferStatus>, NodeFault>>,
    pub(crate) runs: Cell<u32>,
}

impl TensorPort for TestTensors {
    fn model(&self, hash: B256) -> Option<ModelSummary> {
        (hash == REVERSE).then_some(self.summary)
    }

    fn infer(&self, _: B256, input: &[u8]) -> Result<Result<Vec<u8>, InferStatus>, NodeFault> {
        self.runs.set(self.runs.get() + 1);
        let reversed = || Ok(Ok(input.iter().rev().copied().collect()));
        self.answer.clone().unwrap_or_else(reversed)
    }
}

/// Everything a [`Frame`] needs.
pub(crate) struct Ports {
    pub(crate) context: CallContext,
    pub(crate) environment: Environment,
    pub(crate) world: TestWorld,
    pub(crate) tensors: TestTensors,
}

impl Default for Ports {
    fn default() -> Ports {
        Ports {
            context: CallContext {
                sender: Address::repeat_byte(0x11),
                contract: Address::repeat_byte(0x22),
                value: U256::from(0x0102),
                data: Vec::new(),
                reentrant: false,
                read_only: false,
            },
            environment: Environment {
                block: BlockContext {
                    chain_id: 1001,
                    number: 1002,
                    timestamp: 1003,
                    gas_limit: 1004,
                    base_fee: U256::from(0x0506),
                    coinbase: Address::repeat_byte(0x55),
                },
                transaction: TransactionContext {
                    origin: Address::repeat_byte(0x66),
                    gas_price: U256::from(0x0708),
                },
            },
            world: TestWorld::default(),
            tensors: TestTensors {
                summary: ModelSummary {
                    input_bytes: 4,
                    output_bytes: 4,
                    gas: 7,
                },
                answer: None,
                runs: Cell::new(0),
            },
        }
    }
}

impl Ports {
    pub(crate) fn frame(&mut self) -> Frame<'_> {
        Frame::new(
            &self.context,
            &self.environment,
            &V1,
            &Limits::CONTRACT,
            &mut self.world,
            &self.tensors,
        )
    }

    /// Whether no effect reached state.
    pub(crate) fn untouched(&self) -> bool {
        let TestWorld {
            stores,
            logs,
            console,
            calls,
            creates,
            ..
        } = &self.world;
        stores.is_empty()
            && logs.is_empty()
            && console.is_empty()
            && calls.is_empty()
            && creates.is_empty()
    }
}
