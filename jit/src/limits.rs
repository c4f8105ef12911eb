//! What is compiled at all; above a cap the interpreter runs, with the same outcome. Each cap but the deadline depends on
//! the plan alone or on Cranelift's output for it, so that nodes draw the line at the same place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aivm_wasm::plan::MeteredModule;

use crate::compile::CompileError;
use crate::context::{CONTEXT_RESULTS, REGISTER_RESULTS};
use aivm_wasm::work::{self, WorkLimits};

/// Bytes of native code of a module. Far below the reach of a near call on either architecture.
pub(crate) const CODE_BYTES: usize = 16 << 20;
/// A compile takes no longer than this. The limits of work end it far earlier, so only a machine in trouble gets here; its
/// contract is interpreted, with the same outcome.
pub(crate) const COMPILE_TIME: Duration = Duration::from_secs(20);
/// Bytes of native stack that a function may use per stack word of its frame. Multiplied by
/// `MeteredModule::stack_words` it bounds the native stack of a whole call: 4 MiB at 32 Ki words.
pub(crate) const NATIVE_BYTES_PER_WORD: u64 = 128;
/// Pages that a 32-bit address reaches.
const ADDRESSABLE_PAGES: u32 = 65_536;

/// Refuses what must not reach Cranelift.
pub(crate) fn check(module: &MeteredModule, limits: WorkLimits) -> Result<(), CompileError> {
    let mut total = work::of_connections(module);
    for (index, function) in module.functions.iter().enumerate() {
        let work = work::of_function(module, function);
        total = total.saturating_add(work);
        if work > limits.function {
            return Err(CompileError::FunctionTooLarge {
                function: index,
                work,
                limit: limits.function,
            });
        }
        if function.frame_words == 0 {
            return Err(CompileError::FrameWithoutWords { function: index });
        }
    }
    let limit = limits.of_module(module);
    if total > limit {
        return Err(CompileError::ModuleTooLarge { work: total, limit });
    }
    let results = module.types.iter().map(|ty| ty.results.len()).max();
    if results.is_some_and(|results| results > REGISTER_RESULTS + CONTEXT_RESULTS) {
        return Err(CompileError::TooManyResults);
    }
    match module.memory {
        Some(memory) if memory.max_pages > ADDRESSABLE_PAGES => Err(CompileError::MemoryTooLarge),
        _ => Ok(()),
    }
}

/// What one compile may take, shared by the threads at it.
pub(crate) struct Budget {
    since: Instant,
    time: Duration,
    /// Bytes of code so far.
    code: AtomicUsize,
}

impl Budget {
    /// A budget from now on.
    pub(crate) fn new(time: Duration) -> Budget {
        Budget {
            since: Instant::now(),
            time,
            code: AtomicUsize::new(0),
        }
    }

    /// Whether another function may be begun.
    pub(crate) fn check_time(&self) -> Result<(), CompileError> {
        match self.since.elapsed() < self.time {
            true => Ok(()),
            false => Err(CompileError::Deadline { limit: self.time }),
        }
    }

    /// Counts the code of a function: the bound holds while pieces are made, not only when they are joined.
    pub(crate) fn take_code(&self, bytes: usize) -> Result<(), CompileError> {
        let before = self.code.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) <= CODE_BYTES {
            true => Ok(()),
            false => Err(CompileError::CodeTooLarge { limit: CODE_BYTES }),
        }
    }
}
