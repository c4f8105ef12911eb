//! A metered module as native code: refused or compiled, mapped, and asked for addresses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use aivm_core::{B256, keccak256};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::work::WorkLimits;

use crate::abi::Entry;
use crate::artefact::{Artefact, Layout};
use crate::codegen;
use crate::folder::CodeFolder;
use crate::limits::{self, Budget};
use crate::mapping::CodeMapping;
use crate::traps::{TrapSite, Traps};

/// Why a module was not compiled. The interpreter runs it instead, with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // The messages name the fields.
pub enum CompileError {
    /// The operating system or processor is not supported.
    #[error("no native code on this host: {0}")]
    UnsupportedHost(String),
    /// A function is too large to compile in bounded time.
    #[error("function {function} has {work} units of compile work, at most {limit}")]
    FunctionTooLarge {
        function: usize,
        work: u64,
        limit: u64,
    },
    /// All functions together are.
    #[error("the module has {work} units of compile work, at most {limit}")]
    ModuleTooLarge { work: u64, limit: u64 },
    /// A function takes no stack words, so nothing bounds its recursion.
    #[error("function {function} has a frame of 0 words")]
    FrameWithoutWords { function: usize },
    /// A function's native frame is too large for its stack words.
    #[error("function {function} has a native frame of {bytes} bytes for {words} stack words")]
    FrameTooLarge {
        function: usize,
        bytes: u64,
        words: u32,
    },
    /// A function type has more results than native code passes.
    #[error("a function type has too many results")]
    TooManyResults,
    /// Memory beyond what 32-bit addresses reach.
    #[error("memory larger than 65,536 pages")]
    MemoryTooLarge,
    /// The native code is too large.
    #[error("native code of over {limit} bytes")]
    CodeTooLarge { limit: usize },
    /// It took too long: this machine is in trouble.
    #[error("compiling took longer than {limit:?}")]
    Deadline { limit: Duration },
    /// Cranelift refused.
    #[error("code generation: {0}")]
    CodeGeneration(String),
    /// Cranelift or the translator panicked; the panic ended here.
    #[error("the compiler panicked")]
    Panicked,
    /// The code could not be made executable.
    #[error("mapping the code: {0}")]
    Mapping(String),
}

/// A module as native code. Immutable; instances share it and keep it alive.
pub struct CompiledModule {
    module: Arc<MeteredModule>,
    mapping: CodeMapping,
    traps: Traps,
    layout: Layout,
}

/// Where compiled code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It had been compiled before.
    Folder,
    /// It was compiled now.
    Compiled,
}

impl CompiledModule {
    /// Compiles every function of `module`, with the best form of traps that this process has. The code
    /// depends on the module, that form and the architecture only, not on the processor's model.
    ///
    /// # Errors
    /// A [`CompileError`]: the caller falls back to the interpreter.
    pub fn compile(module: &Arc<MeteredModule>) -> Result<CompiledModule, CompileError> {
        CompiledModule::compile_with(module, Traps::best())
    }

    /// As [`CompiledModule::compile_with`], however large the functions are: for tests, since it may take minutes.
    ///
    /// # Errors
    /// A [`CompileError`], but never that something is too large to compile.
    pub fn compile_any_size(
        module: &Arc<MeteredModule>,
        traps: Traps,
    ) -> Result<CompiledModule, CompileError> {
        CompiledModule::compile_within(module, traps, WorkLimits::NONE, Duration::MAX)
    }

    /// As [`CompiledModule::compile`], with traps in this form.
    ///
    /// # Errors
    /// A [`CompileError`], also if the form does not work in this process.
    pub fn compile_with(
        module: &Arc<MeteredModule>,
        traps: Traps,
    ) -> Result<CompiledModule, CompileError> {
        CompiledModule::compile_within(module, traps, WorkLimits::NODE, limits::COMPILE_TIME)
    }

    pub(crate) fn compile_within(
        module: &Arc<MeteredModule>,
        traps: Traps,
        work: WorkLimits,
        time: Duration,
    ) -> Result<CompiledModule, CompileError> {
        if traps == Traps::Signals && Traps::best() != Traps::Signals {
            let reason = "no guard pages or no signal handlers";
            return Err(CompileError::UnsupportedHost(reason.into()));
        }
        contained(|| {
            limits::check(module, work)?;
            let artefact = codegen::generate(module, traps, &Budget::new(time))?;
            CompiledModule::map(module, traps, artefact)
        })
    }

    /// As [`CompiledModule::compile`], but takes the code from `folder` if it has been compiled before, and puts it
    /// there if not.
    ///
    /// # Errors
    /// A [`CompileError`]. A folder that cannot be read or written only costs time.
    pub fn load_or_compile(
        module: &Arc<MeteredModule>,
        folder: &CodeFolder,
    ) -> Result<(CompiledModule, Origin), CompileError> {
        contained(|| {
            let traps = Traps::best();
            let key = key(module, traps)?;
            if let Some(bytes) = folder.read(&key) {
                match Artefact::from_bytes(&bytes, module) {
                    Some(artefact) => {
                        let loaded = CompiledModule::map(module, traps, artefact)?;
                        return Ok((loaded, Origin::Folder));
                    }
                    None => folder.remove(&key),
                }
            }
            let compiled = CompiledModule::compile_with(module, traps)?;
            folder.write(&key, &compiled.to_bytes());
            Ok((compiled, Origin::Compiled))
        })
    }

    fn map(
        module: &Arc<MeteredModule>,
        traps: Traps,
        artefact: Artefact,
    ) -> Result<CompiledModule, CompileError> {
        Ok(CompiledModule {
            module: Arc::clone(module),
            mapping: CodeMapping::new(&artefact.code).map_err(CompileError::Mapping)?,
            traps,
            layout: artefact.layout,
        })
    }

    /// What [`Artefact::from_bytes`] reads.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.layout.to_bytes(self.mapping.code())
    }

    /// The plan that was compiled.
    #[must_use]
    pub fn module(&self) -> &Arc<MeteredModule> {
        &self.module
    }

    /// Bytes of native code, thunks and entries included.
    #[must_use]
    pub fn code_bytes(&self) -> usize {
        self.mapping.len()
    }

    /// Bytes of memory that it holds besides its plan.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        let layout = &self.layout;
        self.mapping.len()
            + size_of_val(&layout.trap_sites[..])
            + size_of_val(&layout.functions[..])
            + layout.entries.len() * size_of::<(u32, u32)>()
    }

    /// The native code.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &[u8] {
        self.mapping.code()
    }

    /// How its traps leave native code.
    #[must_use]
    pub fn traps(&self) -> Traps {
        self.traps
    }

    /// The trap that a signal at this program counter may be.
    pub(crate) fn trap_site(&self, program_counter: usize) -> Option<TrapSite> {
        let offset = self.mapping.offset(program_counter)?;
        let index = self
            .layout
            .trap_sites
            .binary_search_by_key(&offset, |site| site.offset);
        self.layout.trap_sites.get(index.ok()?).copied()
    }

    /// Address of a function of the index space.
    pub(crate) fn function_address(&self, index: u32) -> *const u8 {
        self.mapping.address(self.layout.functions[index as usize])
    }

    /// The entry for functions of type `ty`.
    pub(crate) fn entry(&self, ty: u32) -> Option<Entry> {
        let address = self.mapping.address(*self.layout.entries.get(&ty)?);
        // SAFETY: at this offset the compiler put an entry, whose signature is `Entry`'s.
        Some(unsafe { std::mem::transmute::<*const u8, Entry>(address) })
    }

    /// Native stack that guest frames of one call can use at most.
    pub(crate) fn native_stack_bytes(&self) -> usize {
        usize::try_from(self.layout.native_stack_bytes).unwrap_or(usize::MAX)
    }
}

/// A panic inside is an error: nothing that compiles may end the node. A stack that cannot be allocated is a panic too.
fn contained<T>(body: impl FnOnce() -> Result<T, CompileError>) -> Result<T, CompileError> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(CompileError::Panicked))
}

/// Names what the code of `module` depends on: the plan (and so the contract's code, the metering, prices and limits), the
/// form of traps, and [`codegen::fingerprint`].
pub(crate) fn key(module: &MeteredModule, traps: Traps) -> Result<B256, CompileError> {
    let mut bytes = format!("{}{traps:?}\n", codegen::fingerprint()?).into_bytes();
    bytes.extend_from_slice(module.digest().as_slice());
    Ok(keccak256(bytes))
}
