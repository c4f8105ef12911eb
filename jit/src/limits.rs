//! What is compiled at all. Each cap depends on the plan alone or on Cranelift's output for it, never on
//! time or memory, so every node draws the line at the same place; above it the interpreter runs.

use aivm_wasm::plan::{Function, MeteredModule, Op};

use crate::compile::CompileError;
use crate::context::{CONTEXT_RESULTS, REGISTER_RESULTS};

/// Largest [`work`] of one function.
pub(crate) const FUNCTION_WORK: u64 = 1_000_000;
/// Largest [`work`] of all functions together.
pub(crate) const MODULE_WORK: u64 = 8_000_000;
/// Bytes of native code of a module. Far below the reach of a near call on either architecture.
pub(crate) const CODE_BYTES: usize = 16 << 20;
/// Bytes of native stack that a function may use per stack word of its frame. Multiplied by
/// `MeteredModule::stack_words` it bounds the native stack of a whole call: 4 MiB at 32 Ki words.
pub(crate) const NATIVE_BYTES_PER_WORD: u64 = 128;
/// Pages that a 32-bit address reaches.
const ADDRESSABLE_PAGES: u32 = 65_536;

/// Refuses what must not reach Cranelift.
pub(crate) fn check(module: &MeteredModule) -> Result<(), CompileError> {
    let mut total: u64 = 0;
    for (index, function) in module.functions.iter().enumerate() {
        let work = work(module, function);
        total = total.saturating_add(work);
        if work > FUNCTION_WORK {
            return Err(CompileError::FunctionTooLarge {
                function: index,
                work,
                limit: FUNCTION_WORK,
            });
        }
        if function.frame_words == 0 {
            return Err(CompileError::FrameWithoutWords { function: index });
        }
    }
    if total > MODULE_WORK {
        return Err(CompileError::ModuleTooLarge {
            work: total,
            limit: MODULE_WORK,
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

/// An upper estimate of what Cranelift makes of a function, in SSA values: each op once, and where paths
/// meet possibly one for every local and every operand that a branch passes. Without the second part a few
/// kilobytes of nested loops over many locals become millions of values.
fn work(module: &MeteredModule, function: &Function) -> u64 {
    let locals = function.locals.len() as u64 + 2;
    let widest = module.types.iter().map(|ty| ty.results.len()).max();
    let widest = widest.unwrap_or(0) as u64;
    let of_op = |op: &Op| match op {
        Op::Block(_) | Op::Loop(_) | Op::If(_) => 1 + locals,
        Op::BrTable { targets, .. } => (1 + targets.len() as u64) * (1 + widest),
        _ => 1,
    };
    function.ops.iter().map(of_op).sum()
}
