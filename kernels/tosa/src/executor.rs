//! What every back end offers: an [`Executor`] prepares a model once, the [`Plan`] runs it.
//!
//! A case is one run. Bytes of a case are its inputs (outputs) in declared order, each row-major,
//! little-endian, [`crate::DataType::bytes`] an element; cases follow each other.

use std::sync::Arc;

use crate::{Priced, Variables};

/// One of the back ends: the reference, the CPU executor, a GPU adapter.
pub trait Executor: Send + Sync {
    /// How users name it, for example `reference` or `gpu:llvmpipe (LLVM 15.0.6, 256 bits)`.
    fn name(&self) -> &str;

    /// Plans `model`: packs and uploads weights, builds kernels. Immutable afterwards, shared by threads.
    ///
    /// # Errors
    /// [`ExecutorFault`] if this machine cannot run it; another back end may.
    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault>;
}

/// A prepared model. Immutable: the caller owns the [`Variables`].
pub trait Plan: Send + Sync {
    /// Runs `cases` independent cases, each from the variables `start`, whose new values are dropped; `input` holds
    /// their inputs one after the other. Appends the outputs to `output`.
    ///
    /// # Errors
    /// [`RunError::Status`] is deterministic and the same on every back end; [`RunError::Fault`] is this machine's.
    /// After an error `output` is as before.
    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError>;

    /// Runs one case from `variables` and leaves their new values there.
    ///
    /// # Errors
    /// As [`Plan::run_cases_from`]; after an error the variables are as before.
    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError>;

    /// The variables as the model file gives them.
    fn initial(&self) -> &Variables;

    /// Runs `cases` independent cases from the initial variables.
    ///
    /// # Errors
    /// As [`Plan::run_cases_from`].
    fn run_cases(&self, cases: u32, input: &[u8]) -> Result<Vec<u8>, RunError> {
        let mut output = Vec::new();
        self.run_cases_from(self.initial(), cases, input, &mut output)?;
        Ok(output)
    }

    /// Runs one case from the initial variables.
    ///
    /// # Errors
    /// As [`Plan::run_cases_from`].
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
    /// A WHILE_LOOP's condition still held after as many iterations as the model may take.
    #[error("a loop is not done after {limit} iterations")]
    IterationLimit {
        /// [`crate::ModelLimits::loop_iterations`].
        limit: u32,
    },
    /// A snapshot of variables has another length than the model's.
    #[error("the snapshot has {actual} bytes, the variables take {expected}")]
    VariableBytes {
        /// Bytes needed.
        expected: u64,
        /// Bytes given.
        actual: u64,
    },
    /// A byte pattern of a snapshot is no value of the variable's type.
    #[error("variable {variable}, element {element}: the value is outside {data_type}")]
    VariableValue {
        /// Index of the variable.
        variable: u32,
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
