//! What is compiled at all. Each cap depends on the plan alone or on Cranelift's output for it, never on
//! time or memory, so every node draws the line at the same place; above it the interpreter runs.

use aivm_wasm::plan::{Function, MeteredModule, Op};

use crate::compile::CompileError;
use crate::context::{CONTEXT_RESULTS, REGISTER_RESULTS};

/// Largest [`work`] of one function. Nested loops that all carry hundreds of locals reach it with 10 KB of
/// WebAssembly and take about a second.
pub(crate) const FUNCTION_WORK: u64 = 150_000;
/// Largest [`work`] of all functions together.
pub(crate) const MODULE_WORK: u64 = 600_000;
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

/// An upper estimate of what Cranelift makes of a function, in SSA values: each op once, each target of a
/// `br_table` with the operands it passes, and where paths meet one for every local that is used inside the
/// block. Without the last part a few kilobytes of nested loops over many locals become millions of values.
fn work(module: &MeteredModule, function: &Function) -> u64 {
    let locals = function.locals.len() as u64;
    let widest = module.types.iter().map(|ty| ty.results.len()).max();
    let widest = widest.unwrap_or(0) as u64;
    let mut work = 0;
    // Uses of locals inside each open block so far, the function first.
    let mut uses_inside = vec![0_u64];
    for op in &function.ops {
        work += match op {
            Op::BrTable { targets, .. } => (1 + targets.len() as u64) * (1 + widest),
            _ => 1,
        };
        match op {
            Op::Block(_) | Op::Loop(_) | Op::If(_) => uses_inside.push(0),
            Op::LocalGet(_) | Op::LocalSet(_) | Op::LocalTee(_) => {
                if let Some(uses) = uses_inside.last_mut() {
                    *uses += 1;
                }
            }
            Op::End => {
                let uses = uses_inside.pop().unwrap_or(0);
                work += uses.min(locals);
                if let Some(outer) = uses_inside.last_mut() {
                    *outer += uses;
                }
            }
            _ => {}
        }
    }
    work
}
