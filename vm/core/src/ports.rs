//! What stands behind the host functions: traits that the engine implements or adapts.

use std::sync::Arc;

use crate::{Address, B256, NodeFault, U256};

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

/// Whether the transaction has touched an account or a storage word before (EIP-2929). What an undone frame
/// touched counts as untouched again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Touched now for the first time.
    Cold,
    /// Touched before.
    Warm,
}

/// Storage, accounts and logs as the frame that runs sees them. Whoever opened the frame commits or reverts it.
///
/// Each method that fails does so with a [`NodeFault`]: the state cannot be read or written.
pub trait StatePort {
    /// Marks a storage word as touched. Reads nothing.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn touch_word(&mut self, address: Address, key: B256) -> Result<Access, NodeFault>;

    /// The word stored under `key` by `address`, zero when there is none.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn load(&mut self, address: Address, key: B256) -> Result<B256, NodeFault>;

    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn store(&mut self, address: Address, key: B256, value: B256) -> Result<(), NodeFault>;

    /// Marks an account as touched. Reads nothing.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn touch_account(&mut self, address: Address) -> Result<Access, NodeFault>;

    /// Whether the account has a balance, a nonce or code (EIP-161).
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn exists(&mut self, address: Address) -> Result<bool, NodeFault>;

    /// The account's balance in wei.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn balance(&mut self, address: Address) -> Result<U256, NodeFault>;

    /// The account's code, empty when it has none.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn code(&mut self, address: Address) -> Result<Arc<[u8]>, NodeFault>;

    /// keccak-256 of the account's code; zero when the account does not exist (EIP-1052).
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn code_hash(&mut self, address: Address) -> Result<B256, NodeFault>;

    /// Appends a log.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn log(&mut self, log: Log) -> Result<(), NodeFault>;

    /// Takes a line that a contract printed in debug mode. Not part of state.
    fn console(&mut self, line: String);
}

/// The three ways to call a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// The callee runs as itself and may be sent value.
    Call,
    /// The callee's code runs as the caller: its storage, sender and value.
    Delegate,
    /// The callee runs as itself and may change nothing, nor may what it calls.
    Static,
}

/// A sub-call that the running frame asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRequest {
    /// How.
    pub kind: CallKind,
    /// Whose code.
    pub target: Address,
    /// Value sent along; zero unless the kind is [`CallKind::Call`].
    pub value: U256,
    /// Call data.
    pub data: Vec<u8>,
    /// Ink that the callee may use.
    pub ink: u64,
    /// Pages of memory that the caller holds while the callee runs.
    pub memory_pages: u32,
}

/// How a sub-call ended, as the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CallStatus {
    /// Its effects stand.
    Ok = 0,
    /// The callee reverted; its effects are undone, the rest of its ink is returned.
    Revert = 1,
    /// It trapped, ran out of ink or never began; its effects are undone.
    Failure = 2,
}

/// The answer to a [`CallRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAnswer {
    /// How it ended.
    pub status: CallStatus,
    /// What the callee returned, or on a revert its data; empty on a failure.
    pub output: Vec<u8>,
    /// What is left of the request's ink.
    pub ink_left: u64,
    /// The inferences that the callee, and what it called, ran.
    pub inferences: Vec<Inference>,
}

/// A contract that the running frame wants to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRequest {
    /// Init code.
    pub code: Vec<u8>,
    /// Balance to give it.
    pub value: U256,
    /// The salt of CREATE2, or none for CREATE.
    pub salt: Option<B256>,
    /// Ink that the creation may use.
    pub ink: u64,
    /// Pages of memory that the creator holds meanwhile.
    pub memory_pages: u32,
}

/// The answer to a [`CreateRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAnswer {
    /// The new contract, if there is one.
    pub contract: Option<Address>,
    /// Revert data of the init code; otherwise empty.
    pub output: Vec<u8>,
    /// What is left of the request's ink.
    pub ink_left: u64,
}

/// Other contracts, reached on behalf of the frame that runs: the implementation knows which one that is.
pub trait CallPort {
    /// Runs a sub-call to its end and commits or reverts its effects.
    ///
    /// # Errors
    /// A [`NodeFault`]: then the caller has no answer either.
    fn call(&mut self, request: CallRequest) -> Result<CallAnswer, NodeFault>;

    /// Creates a contract.
    ///
    /// # Errors
    /// A [`NodeFault`].
    fn create(&mut self, request: CreateRequest) -> Result<CreateAnswer, NodeFault>;
}

/// State and other contracts: one object, since a sub-call works on the state that its caller sees.
pub trait World: StatePort + CallPort {}

impl<T: StatePort + CallPort> World for T {}

/// One run of a model, as the receipt lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inference {
    /// keccak-256 of the model file.
    pub model: B256,
    /// keccak-256 of the input bytes.
    pub input: B256,
    /// keccak-256 of the output bytes.
    pub output: B256,
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
