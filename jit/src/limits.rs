//! What is compiled at all. Each cap depends on the plan alone or on Cranelift's output for it, never on
//! time or memory, so every node draws the line at the same place; above it the interpreter runs.

use aivm_wasm::plan::MeteredModule;

use crate::compile::CompileError;
use crate::context::{CONTEXT_RESULTS, REGISTER_RESULTS};
use crate::work::work;

/// Largest [`work`] of one function: under a second.
pub(crate) const FUNCTION_WORK: u64 = 300_000;
/// Largest [`work`] of all functions together.
pub(crate) const MODULE_WORK: u64 = 800_000;
/// Functions of at most so many ops are optimised. Cranelift's optimiser computes values where they are
/// first needed by an effect; a long chain of loads and sums thus becomes as many live values as it has
/// loads, and register allocation grows with their square: 5,000 loads took minutes and 1.6 GB. Without
/// the optimiser time is linear, and code that an optimising compiler wrote runs about as fast.
pub(crate) const OPTIMISED_OPS: usize = 1000;
/// Bytes of native code of a module. Far below the reach of a near call on either architecture.
pub(crate) const CODE_BYTES: usize = 16 << 20;
/// Bytes of native stack that a function may use per stack word of its frame. Multiplied by
/// `MeteredModule::stack_words` it bounds the native stack of a whole call: 4 MiB at 32 Ki words.
pub(crate) const NATIVE_BYTES_PER_WORD: u64 = 128;
/// Pages that a 32-bit address reaches.
const ADDRESSABLE_PAGES: u32 = 65_536;

/// Most compile work of one function and of all together.
#[derive(Clone, Copy)]
pub(crate) struct WorkLimits {
    pub(crate) function: u64,
    pub(crate) module: u64,
}

impl WorkLimits {
    /// What a node compiles.
    pub(crate) const NODE: WorkLimits = WorkLimits {
        function: FUNCTION_WORK,
        module: MODULE_WORK,
    };
    /// Anything, however long it takes.
    pub(crate) const NONE: WorkLimits = WorkLimits {
        function: u64::MAX,
        module: u64::MAX,
    };
}

/// Refuses what must not reach Cranelift.
pub(crate) fn check(module: &MeteredModule, limits: WorkLimits) -> Result<(), CompileError> {
    let mut total: u64 = 0;
    for (index, function) in module.functions.iter().enumerate() {
        let work = work(module, function);
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
    if total > limits.module {
        return Err(CompileError::ModuleTooLarge {
            work: total,
            limit: limits.module,
        });
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
