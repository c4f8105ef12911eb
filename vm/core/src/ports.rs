//! What stands behind the host functions: traits that the engine implements or adapts.

use crate::{Address, B256, NodeFault};

/// A log, as the receipt holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The contract that emitted it.
    pub address: Address,
    /// 0 to 4 topics.
    pub topics: Vec<B256>,
    /// Payload.
    pub data: Vec<u8>,
}

/// Storage and logs of the frame that runs. Whoever opened the frame commits or reverts it.
pub trait StatePort {
    /// The word stored under `key` by `address`, zero when there is none.
    ///
    /// # Errors
    /// A [`NodeFault`] if the state cannot be read.
    fn load(&mut self, address: Address, key: B256) -> Result<B256, NodeFault>;

    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// A [`NodeFault`] if the state cannot be written.
    fn store(&mut self, address: Address, key: B256, value: B256) -> Result<(), NodeFault>;

    /// Appends a log.
    ///
    /// # Errors
    /// A [`NodeFault`] if it cannot be kept.
    fn log(&mut self, log: Log) -> Result<(), NodeFault>;
}

/// Sizes and price of a registered model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelSummary {
    /// Bytes of all inputs together, in declared order.
    pub input_bytes: u64,
    /// Bytes of all outputs together, in declared order.
    pub output_bytes: u64,
    /// Price of one run, in gas.
    pub gas: u64,
}

/// A deterministic refusal of one run, seen by the contract as a negative code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InferStatus {
    /// An input value is outside its type (−4).
    InputValue,
    /// A loop exceeded its registered iterations (−5).
    IterationLimit,
}

/// The tensor coprocessor as contracts reach it. Which back end runs is never visible here.
pub trait TensorPort {
    /// Sizes and price of the model of this hash (keccak-256 of its file), if it is registered.
    fn model(&self, hash: B256) -> Option<ModelSummary>;

    /// Runs the model once on `input`, whose length the caller has checked, and whose price it has
    /// charged.
    ///
    /// # Errors
    /// A [`NodeFault`] if no back end of this node can run it.
    fn infer(&self, hash: B256, input: &[u8]) -> Result<Result<Vec<u8>, InferStatus>, NodeFault>;
}
