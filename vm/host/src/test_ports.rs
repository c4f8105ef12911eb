//! Ports and a guest for tests: state, tensors and linear memory that a test can look into.

use std::cell::Cell;
use std::collections::BTreeMap;

use aivm_core::ports::{InferStatus, Log, ModelSummary, StatePort, TensorPort};
use aivm_core::{Address, B256, GasSchedule, Guest, HostExit, Limits, NodeFault, TrapCode, U256};

use crate::{CallContext, Frame};

pub(crate) const V1: GasSchedule = GasSchedule::V1;
/// Size of a [`TestGuest`]'s memory.
pub(crate) const MEMORY_BYTES: u32 = 1024;
/// What a host function answers to a bad pointer.
pub(crate) const OUT_OF_BOUNDS: Result<u64, HostExit> =
    Err(HostExit::Trap(TrapCode::MemoryOutOfBounds));
/// Hash of the one model that [`TestTensors`] knows: it reverses 4 bytes for 7 gas.
pub(crate) const REVERSE: B256 = B256::repeat_byte(0xAB);

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

/// Storage of one contract, with what was asked of it.
#[derive(Default)]
pub(crate) struct TestState {
    words: BTreeMap<B256, B256>,
    pub(crate) loads: u32,
    pub(crate) stores: Vec<(B256, B256)>,
    pub(crate) logs: Vec<Log>,
}

impl TestState {
    pub(crate) fn set(&mut self, key: B256, value: B256) {
        self.words.insert(key, value);
    }
}

impl StatePort for TestState {
    fn load(&mut self, _: Address, key: B256) -> Result<B256, NodeFault> {
        self.loads += 1;
        Ok(self.words.get(&key).copied().unwrap_or_default())
    }

    fn store(&mut self, _: Address, key: B256, value: B256) -> Result<(), NodeFault> {
        self.stores.push((key, value));
        self.set(key, value);
        Ok(())
    }

    fn log(&mut self, log: Log) -> Result<(), NodeFault> {
        self.logs.push(log);
        Ok(())
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
    pub(crate) state: TestState,
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
            },
            state: TestState::default(),
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
            &V1,
            &Limits::CONTRACT,
            &mut self.state,
            &self.tensors,
        )
    }

    /// Whether no effect reached state.
    pub(crate) fn untouched(&self) -> bool {
        self.state.stores.is_empty() && self.state.logs.is_empty()
    }
}
