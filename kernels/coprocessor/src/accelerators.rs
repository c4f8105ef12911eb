//! The accelerators of this machine that passed their known-answer tests.

use std::sync::Arc;

use aivm_gpu::{AdapterInfo, GpuExecutor};

/// Adapters that may be used, and those that may not with the reason.
pub struct Accelerators {
    /// Passed every known-answer test, in wgpu's order.
    pub usable: Vec<Arc<GpuExecutor>>,
    /// Could not be opened, or gave a wrong answer.
    pub rejected: Vec<Rejected>,
}

/// An adapter that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its name.
    pub adapter: String,
    /// Why.
    pub reason: String,
}

impl Accelerators {
    /// Opens every adapter that wgpu sees and tests every kernel on it.
    #[must_use]
    pub fn discover() -> Accelerators {
        let mut found = Accelerators {
            usable: Vec::new(),
            rejected: Vec::new(),
        };
        for adapter in aivm_gpu::adapters() {
            match open_checked(&adapter) {
                Ok(executor) => found.usable.push(executor),
                Err(reason) => found.rejected.push(Rejected {
                    adapter: adapter.name.clone(),
                    reason,
                }),
            }
        }
        found
    }
}

/// Opens `adapter` and runs the known-answer test of every kernel on it.
///
/// # Errors
/// The driver's reason, or the first test that failed.
pub fn open_checked(adapter: &AdapterInfo) -> Result<Arc<GpuExecutor>, String> {
    let executor = GpuExecutor::open(adapter).map_err(|fault| fault.what)?;
    match executor
        .known_answer_tests()
        .into_iter()
        .find(|check| !check.passed)
    {
        None => Ok(Arc::new(executor)),
        Some(check) => Err(format!(
            "known-answer test of {} failed: {}",
            check.kernel, check.detail
        )),
    }
}
