//! Code of contracts, prepared once per hash: validated, metered and lowered; compiled at a deployment, or when a call
//! first wants compiled code, which one in mode interpret never does.

use std::sync::{Arc, OnceLock};

use aivm_core::{B256, GasSchedule, Limits};
use aivm_jit::{CodeFolder, CompileError, CompiledModule, Origin};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{ENTRYPOINT, Refusal, Rules};

use crate::machine::{Compiled, Interpreter, Machine};
use crate::metrics::Counters;

/// Prepared code of one contract.
pub(crate) struct Code {
    /// Keccak-256 of the file.
    pub(crate) hash: B256,
    /// The function that a call runs, in the function index space.
    pub(crate) entrypoint: u32,
    /// Pages of memory that a call begins with.
    pub(crate) memory_pages: u32,
    /// What a call pays before its code runs: those pages, at the price of grown ones.
    pub(crate) instantiation_ink: u64,
    /// What its creation pays besides its bytes, the same whether this node compiles it or not.
    pub(crate) activation_ink: u64,
    pub(crate) interpreter: Interpreter,
    /// Empty until compiled code is wanted; `None` if the compile failed.
    pub(crate) compiled: OnceLock<Option<Box<dyn Machine>>>,
}

impl Code {
    /// Prepares `bytes`, whose hash is `hash`, for the interpreter.
    ///
    /// # Errors
    /// The first rule that the code breaks.
    pub(crate) fn prepare(
        hash: B256,
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
        let activation_ink = aivm_wasm::cost::activation(&module, schedule);
        Ok(Code {
            hash,
            entrypoint,
            memory_pages: pages,
            instantiation_ink,
            activation_ink,
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

    /// Whether somebody has wanted it compiled.
    pub(crate) fn was_compiled(&self) -> bool {
        self.compiled.get().is_some()
    }

    /// Bytes of memory that it holds, nearly.
    pub(crate) fn bytes_held(&self) -> usize {
        let compiled = self.compiled.get().and_then(Option::as_deref);
        self.interpreter.bytes_held() + compiled.map_or(0, Machine::bytes_held)
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
