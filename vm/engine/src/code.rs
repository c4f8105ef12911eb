//! Code of contracts, prepared once per hash: validated, metered and lowered; compiled at a deployment, or when a call
//! first wants compiled code, which one in mode interpret never does.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aivm_core::{B256, GasSchedule, Limits};
use aivm_jit::{CodeFolder, CompileError, CompiledModule, Origin};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{ENTRYPOINT, Refusal, Rules};

use crate::machine::{Compiled, Interpreter, Machine};
use crate::metrics::Counters;

/// Prepared code of one contract.
pub(crate) struct Code {
    /// The function that a call runs, in the function index space.
    pub(crate) entrypoint: u32,
    /// Pages of memory that a call begins with.
    pub(crate) memory_pages: u32,
    /// What a call pays before its code runs: those pages, at the price of grown ones.
    pub(crate) instantiation_ink: u64,
    pub(crate) interpreter: Interpreter,
    /// Empty until compiled code is wanted; `None` if the compile failed.
    pub(crate) compiled: OnceLock<Option<Box<dyn Machine>>>,
}

impl Code {
    /// Prepares `bytes` for the interpreter.
    ///
    /// # Errors
    /// The first rule that the code breaks.
    pub(crate) fn prepare(
        bytes: &[u8],
        rules: Rules,
        limits: &Limits,
        schedule: &GasSchedule,
    ) -> Result<Code, Refusal> {
        let validated = aivm_wasm::validate(bytes, limits, rules)?;
        let module = Arc::new(aivm_wasm::meter(&validated, schedule));
        let entrypoint = module
            .exported_function(ENTRYPOINT)
            .expect("validation found the entry point among the exports");
        let pages = module.memory.map_or(0, |memory| memory.min_pages);
        let instantiation_ink = module.dynamic_costs.grow(pages);
        Ok(Code {
            entrypoint,
            memory_pages: pages,
            instantiation_ink,
            interpreter: Interpreter(Arc::new(aivm_interpreter::Program::new(module))),
            compiled: OnceLock::new(),
        })
    }

    /// The code compiled, by whoever asks first; others wait. `None` if that failed: then the contract runs
    /// interpreted, with the same outcome.
    pub(crate) fn compiled(
        &self,
        folder: Option<&CodeFolder>,
        counters: &Counters,
    ) -> Option<&dyn Machine> {
        let compile = || match compile(self.interpreter.0.module(), folder) {
            Ok((compiled, origin)) => {
                if origin == Origin::Folder {
                    counters.codes_from_folder.add();
                }
                Some(Box::new(Compiled(Arc::new(compiled))) as Box<dyn Machine>)
            }
            Err(_) => {
                counters.compile_failures.add();
                None
            }
        };
        self.compiled.get_or_init(compile).as_deref()
    }
}

/// The module's native code: from the folder, if there is one and it has it.
fn compile(
    module: &Arc<MeteredModule>,
    folder: Option<&CodeFolder>,
) -> Result<(CompiledModule, Origin), CompileError> {
    match folder {
        Some(folder) => CompiledModule::load_or_compile(module, folder),
        None => Ok((CompiledModule::compile(module)?, Origin::Compiled)),
    }
}

/// Prepared code by hash. Belongs to one engine, whose limits and schedule never change, so neither is
/// part of the key.
#[derive(Default)]
pub(crate) struct CodeCache {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// Looked up only, never iterated.
    by_hash: HashMap<B256, Arc<Code>>,
    /// Hashes in order of insertion: the oldest goes first.
    order: VecDeque<B256>,
}

impl CodeCache {
    /// Contracts held at most. A contract that fell out is prepared again, with the same outcome.
    const CAPACITY: usize = 256;

    /// The code of this hash; prepared by `prepare` if it is not held.
    ///
    /// # Errors
    /// Those of `prepare`; they are not held.
    pub(crate) fn get<E>(
        &self,
        hash: B256,
        prepare: impl FnOnce() -> Result<Code, E>,
    ) -> Result<Arc<Code>, E> {
        if let Some(code) = self.lock().by_hash.get(&hash) {
            return Ok(Arc::clone(code));
        }
        // Not under the lock: other contracts need not wait for this one's compile.
        let code = Arc::new(prepare()?);
        let mut entries = self.lock();
        if entries.by_hash.insert(hash, Arc::clone(&code)).is_none() {
            entries.order.push_back(hash);
        }
        if entries.order.len() > Self::CAPACITY
            && let Some(oldest) = entries.order.pop_front()
        {
            entries.by_hash.remove(&oldest);
        }
        Ok(code)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
