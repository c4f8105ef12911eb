//! What every back end offers: an [`Executor`] prepares a model once, the [`Plan`] runs it.
//!
//! A case is one run. Bytes of a case are its inputs (outputs) in declared order, each row-major,
//! little-endian, [`crate::DataType::bytes`] an element; cases follow each other.

use std::sync::Arc;

use crate::Priced;

/// One of the back ends: reference, GPU adapter, …
pub trait Executor: Send + Sync {
    /// How users name it, for example `reference` or `gpu:llvmpipe (LLVM 15.0.6, 256 bits)`.
    fn name(&self) -> &str;

    /// Plans `model`: packs and uploads weights, builds kernels. Immutable afterwards, shared by threads.
    ///
    /// # Errors
    /// [`ExecutorFault`] if this machine cannot run it; another back end may.
    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault>;
}

/// A prepared model.
pub trait Plan: Send + Sync {
    /// Runs `cases` independent cases; `input` holds their inputs one after the other.
    ///
    /// # Errors
    /// [`RunError::Status`] is deterministic and the same on every back end (checked before any kernel
    /// runs); [`RunError::Fault`] is this machine's.
    fn run_cases(&self, cases: u32, input: &[u8]) -> Result<Vec<u8>, RunError>;

    /// Runs one case.
    ///
    /// # Errors
    /// As [`Plan::run_cases`].
    fn run(&self, input: &[u8]) -> Result<Vec<u8>, RunError> {
        self.run_cases(1, input)
    }
}

/// A deterministic refusal of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunStatus {
    /// The input has another length than all cases need.
    #[error("input has {actual} bytes, the model needs {expected}")]
    InputLength {
        /// Bytes needed.
        expected: u64,
        /// Bytes given.
        actual: u64,
    },
    /// The inputs or the outputs of all cases together are longer than one run may take.
    #[error("{bytes} bytes of inputs or outputs in one run, the limit is {limit}")]
    TooManyCases {
        /// Bytes of the longer side.
        bytes: u64,
        /// [`crate::bytes::RUN_BYTES_MAX`].
        limit: u64,
    },
    /// A byte pattern is no value of the input's type (bool above 1, i4 or i48 out of range).
    #[error("case {case}, input {input}, element {element}: the value is outside {data_type}")]
    InputValue {
        /// Index of the case.
        case: u32,
        /// Index among the inputs.
        input: u32,
        /// Index of the element.
        element: u32,
        /// Its type.
        data_type: crate::DataType,
    },
}

/// This machine's trouble with a back end (device lost, out of memory, failed self-check).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{executor}: {what}")]
pub struct ExecutorFault {
    /// The back end's name.
    pub executor: String,
    /// What happened.
    pub what: String,
}

/// Why a run gave no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Deterministic.
    #[error(transparent)]
    Status(#[from] RunStatus),
    /// Local.
    #[error(transparent)]
    Fault(#[from] ExecutorFault),
}
