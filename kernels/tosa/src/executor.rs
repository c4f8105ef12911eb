//! What every back end offers: an [`Executor`] prepares a model once, the [`Plan`] runs it.
//!
//! A case is one run. Bytes of a case are its inputs (outputs) in declared order, each row-major,
//! little-endian, [`crate::DataType::bytes`] an element; cases follow each other.

use std::sync::Arc;

use crate::{ExecutorMetrics, Priced, Variables, Verification};

/// One of the back ends: the reference, the CPU executor, a GPU adapter.
pub trait Executor: Send + Sync {
    /// How users name it, for example `reference` or `gpu:llvmpipe (LLVM 15.0.6, 256 bits)`.
    fn name(&self) -> &str;

    /// Plans `model`: packs and uploads weights, builds kernels. Immutable afterwards, shared by threads.
    ///
    /// # Errors
    /// [`ExecutorFault`] if this machine cannot run it; another back end may.
    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault>;

    /// Makes the executor fit for use again after a fault: opens its device anew if that was lost, and proves itself
    /// by known answers. Plans made before stay usable. What has no device of its own has nothing to do.
    ///
    /// # Errors
    /// Why it is not fit. [`FaultKind::WrongAnswer`] means that it must never be used again.
    fn recover(&self) -> Result<(), ExecutorFault> {
        Ok(())
    }

    /// What it has done so far.
    fn metrics(&self) -> ExecutorMetrics {
        ExecutorMetrics::default()
    }
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

    /// How its runs can be verified; not at all, unless a back end says more.
    fn verification(&self) -> Verification<'_> {
        Verification::None
    }

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

/// What kind of trouble a back end has: it decides when the back end is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// It cannot run this model: a limit, an instruction set. Asking again changes nothing; other models may run.
    Unsupported,
    /// Memory was lacking. It still works; the same may succeed later, or now with fewer cases.
    OutOfMemory,
    /// The device or its driver failed: lost, an unexpected error, a panic.
    Lost,
    /// The device was not done in time.
    Deadline,
    /// An answer was found to be wrong. It is never used again.
    WrongAnswer,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 5] = [
        FaultKind::Unsupported,
        FaultKind::OutOfMemory,
        FaultKind::Lost,
        FaultKind::Deadline,
        FaultKind::WrongAnswer,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Unsupported => "unsupported",
            FaultKind::OutOfMemory => "out_of_memory",
            FaultKind::Lost => "lost",
            FaultKind::Deadline => "deadline",
            FaultKind::WrongAnswer => "wrong_answer",
        }
    }
}

/// This machine's trouble with a back end (device lost, out of memory, failed self-check).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{executor}: {what}")]
pub struct ExecutorFault {
    /// The back end's name.
    pub executor: String,
    /// What kind of trouble.
    pub kind: FaultKind,
    /// What happened.
    pub what: String,
}

impl ExecutorFault {
    /// A fault of the back end `executor`.
    #[must_use]
    pub fn new(
        executor: impl Into<String>,
        kind: FaultKind,
        what: impl Into<String>,
    ) -> ExecutorFault {
        ExecutorFault {
            executor: executor.into(),
            kind,
            what: what.into(),
        }
    }
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
