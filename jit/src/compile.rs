//! A metered module to native code: caps, translation, Cranelift, relocation, mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aivm_wasm::plan::MeteredModule;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, Signature, UserFuncName};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::abi::{Entry, LEADING_PARAMETERS, entry_signature, guest_signature};
use crate::limits::{self, WorkLimits};
use crate::mapping::CodeMapping;
use crate::translate::{ModuleFacts, translate_entry, translate_function, translate_thunk};

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
    /// Offset of each function of the index space, imports first.
    functions: Vec<u32>,
    /// Offset of the entry of each function type in use, by type index.
    entries: BTreeMap<u32, u32>,
    native_stack_bytes: usize,
}

/// Native stack that the compiler may use: its passes recurse a little.
const COMPILER_STACK_BYTES: usize = 2 << 20;

impl CompiledModule {
    /// Compiles every function of `module`. The code depends on the module and the architecture only, not
    /// on the processor's model.
    ///
    /// # Errors
    /// A [`CompileError`]: the caller falls back to the interpreter.
    pub fn compile(module: &Arc<MeteredModule>) -> Result<CompiledModule, CompileError> {
        Self::compile_within(module, WorkLimits::NODE)
    }

    /// As [`CompiledModule::compile`], however large the functions are: for tests, since it may take minutes.
    ///
    /// # Errors
    /// A [`CompileError`], but never that something is too large to compile.
    pub fn compile_any_size(module: &Arc<MeteredModule>) -> Result<CompiledModule, CompileError> {
        Self::compile_within(module, WorkLimits::NONE)
    }

    fn compile_within(
        module: &Arc<MeteredModule>,
        work: WorkLimits,
    ) -> Result<CompiledModule, CompileError> {
        limits::check(module, work)?;
        // A stack that cannot be allocated is a panic too.
        let artefact = catch_unwind(AssertUnwindSafe(|| {
            stacker::maybe_grow(COMPILER_STACK_BYTES, COMPILER_STACK_BYTES, || {
                Compiler::new(module)?.compile()
            })
        }));
        let artefact = artefact.unwrap_or(Err(CompileError::Panicked))?;
        let mapping = CodeMapping::new(&artefact.code).map_err(CompileError::Mapping)?;
        Ok(CompiledModule {
            module: Arc::clone(module),
            mapping,
            functions: artefact.functions,
            entries: artefact.entries,
            native_stack_bytes: artefact.native_stack_bytes,
        })
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

    /// Address of a function of the index space.
    pub(crate) fn function_address(&self, index: u32) -> *const u8 {
        self.mapping.address(self.functions[index as usize])
    }

    /// The entry for functions of type `ty`.
    pub(crate) fn entry(&self, ty: u32) -> Option<Entry> {
        let address = self.mapping.address(*self.entries.get(&ty)?);
        // SAFETY: at this offset the compiler put an entry, whose signature is `Entry`'s.
        Some(unsafe { std::mem::transmute::<*const u8, Entry>(address) })
    }

    /// Native stack that guest frames of one call can use at most.
    pub(crate) fn native_stack_bytes(&self) -> usize {
        self.native_stack_bytes
    }
}

/// How much is done for good code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Cranelift's optimiser runs: for small functions.
    Optimised,
    /// Time is linear in the function's size.
    Linear,
}

/// The code generator of this host's architecture with its fixed flags: the baseline instruction set, so
/// that code is the same on every processor of the architecture.
fn host_isa(effort: Effort) -> Result<OwnedTargetIsa, CompileError> {
    let opt_level = match effort {
        Effort::Optimised => "speed",
        Effort::Linear => "none",
    };
    let unsupported =
        |error: &dyn std::fmt::Display| CompileError::UnsupportedHost(error.to_string());
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return Err(unsupported(&"only x86-64 and aarch64 are compiled for"));
    }
    let mut flags = settings::builder();
    let settings = [
        ("opt_level", opt_level),
        (
            "enable_verifier",
            if cfg!(any(test, debug_assertions)) {
                "true"
            } else {
                "false"
            },
        ),
        // Nothing unwinds through native code, and the stack is measured before it is entered.
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
    ];
    for (name, value) in settings {
        flags
            .set(name, value)
            .map_err(|error| unsupported(&error))?;
    }
    let builder =
        cranelift_native::builder_with_options(false).map_err(|error| unsupported(&error))?;
    builder
        .finish(settings::Flags::new(flags))
        .map_err(|error| unsupported(&error))
}

/// What compilation makes, before it is mapped.
struct Artefact {
    code: Vec<u8>,
    functions: Vec<u32>,
    entries: BTreeMap<u32, u32>,
    native_stack_bytes: usize,
}

/// What one function of the module's code section becomes, in the order they are emitted.
#[derive(Clone, Copy)]
enum Item {
    Thunk(u32),
    Function(u32),
    Entry(u32),
}

struct Compiler<'m> {
    facts: ModuleFacts<'m>,
    optimised: OwnedTargetIsa,
    linear: OwnedTargetIsa,
    context: Context,
    builder_context: FunctionBuilderContext,
    code: Vec<u8>,
    /// Calls to fill in: where, and which function.
    calls: Vec<PendingCall>,
    functions: Vec<u32>,
    /// Largest native frame of a thunk, which stands on top of the deepest function.
    thunk_bytes: u64,
    /// Most native bytes per stack word over all functions, rounded up.
    bytes_per_word: u64,
}

struct PendingCall {
    offset: usize,
    kind: Reloc,
    addend: i64,
    function: u32,
}

impl<'m> Compiler<'m> {
    fn new(module: &'m MeteredModule) -> Result<Compiler<'m>, CompileError> {
        let linear = host_isa(Effort::Linear)?;
        Ok(Compiler {
            facts: ModuleFacts::new(module, linear.frontend_config()),
            optimised: host_isa(Effort::Optimised)?,
            linear,
            context: Context::new(),
            builder_context: FunctionBuilderContext::new(),
            code: Vec::new(),
            calls: Vec::new(),
            functions: Vec::new(),
            thunk_bytes: 0,
            bytes_per_word: 0,
        })
    }

    fn compile(mut self) -> Result<Artefact, CompileError> {
        let module = self.facts.module;
        for import in 0..count(module.imports.len()) {
            let offset = self.emit(Item::Thunk(import))?;
            self.functions.push(offset);
        }
        for function in 0..count(module.functions.len()) {
            let offset = self.emit(Item::Function(function))?;
            self.functions.push(offset);
        }
        let own_types = module.functions.iter().map(|function| function.ty);
        let types: BTreeSet<u32> = own_types.chain(module.import_types.clone()).collect();
        let mut entries = BTreeMap::new();
        for ty in types {
            entries.insert(ty, self.emit(Item::Entry(ty))?);
        }
        self.resolve_calls()?;
        let guest_bytes = u64::from(module.stack_words).saturating_mul(self.bytes_per_word);
        let native_stack_bytes = guest_bytes.saturating_add(self.thunk_bytes);
        Ok(Artefact {
            code: self.code,
            functions: self.functions,
            entries,
            native_stack_bytes: usize::try_from(native_stack_bytes).unwrap_or(usize::MAX),
        })
    }

    /// Compiles one item and appends its code; returns its offset.
    fn emit(&mut self, item: Item) -> Result<u32, CompileError> {
        let module = self.facts.module;
        let is_small = match item {
            Item::Function(index) => {
                module.functions[index as usize].ops.len() <= limits::OPTIMISED_OPS
            }
            Item::Thunk(_) | Item::Entry(_) => false,
        };
        if is_small {
            match self.generate(item, Effort::Optimised) {
                // The optimiser may have kept more values alive than the plan's frame allows.
                Err(CompileError::FrameTooLarge { .. }) => {}
                Err(other) => return Err(other),
                Ok(()) => return self.append(),
            }
        }
        self.generate(item, Effort::Linear)?;
        self.append()
    }

    /// Compiles one item into the context and accounts for its frame.
    fn generate(&mut self, item: Item, effort: Effort) -> Result<(), CompileError> {
        let isa = match effort {
            Effort::Optimised => &*self.optimised,
            Effort::Linear => &*self.linear,
        };
        self.context.clear();
        build(
            &self.facts,
            item,
            &mut self.context.func,
            &mut self.builder_context,
        );
        self.context
            .compile(isa, &mut ControlPlane::default())
            .map_err(|error| CompileError::CodeGeneration(error.inner.to_string()))?;
        self.account_for_stack(item)
    }

    fn append(&mut self) -> Result<u32, CompileError> {
        let compiled = self.context.compiled_code().expect("just compiled");
        let alignment = 16.max(compiled.buffer.alignment as usize);
        self.code
            .resize(self.code.len().next_multiple_of(alignment), 0);
        let start = self.code.len();
        self.code.extend_from_slice(compiled.buffer.data());
        if self.code.len() > limits::CODE_BYTES {
            return Err(CompileError::CodeTooLarge {
                limit: limits::CODE_BYTES,
            });
        }
        for relocation in compiled.buffer.relocs() {
            self.calls.push(PendingCall {
                offset: start + relocation.offset as usize,
                kind: relocation.kind,
                addend: relocation.addend,
                function: called_function(&self.context.func, &relocation.target)?,
            });
        }
        Ok(count(start))
    }

    /// Bounds what the compiled frame adds to the native stack.
    fn account_for_stack(&mut self, item: Item) -> Result<(), CompileError> {
        let compiled = self.context.compiled_code().expect("just compiled");
        let frame = compiled
            .buffer
            .frame_layout()
            .map(|layout| u64::from(layout.frame_to_fp_offset))
            .ok_or_else(|| CompileError::CodeGeneration("no frame layout".into()))?;
        // Return address, frame pointer, alignment, and arguments as if all were on the stack.
        let parameters = self.context.func.signature.params.len();
        let bytes = frame + 32 + 8 * parameters as u64;
        match item {
            Item::Thunk(_) | Item::Entry(_) => self.thunk_bytes = self.thunk_bytes.max(bytes),
            Item::Function(index) => {
                let words = self.facts.module.functions[index as usize].frame_words;
                let per_word = bytes.div_ceil(u64::from(words));
                if per_word > limits::NATIVE_BYTES_PER_WORD {
                    return Err(CompileError::FrameTooLarge {
                        function: index as usize,
                        bytes,
                        words,
                    });
                }
                self.bytes_per_word = self.bytes_per_word.max(per_word);
            }
        }
        Ok(())
    }

    fn resolve_calls(&mut self) -> Result<(), CompileError> {
        for call in std::mem::take(&mut self.calls) {
            let target = i64::from(self.functions[call.function as usize]);
            let distance = target + call.addend - call.offset as i64;
            let place = &mut self.code[call.offset..call.offset + 4];
            patch_call(place, call.kind, distance)?;
        }
        Ok(())
    }
}

/// Writes the distance of a near call into its instruction.
fn patch_call(place: &mut [u8], kind: Reloc, distance: i64) -> Result<(), CompileError> {
    let out_of_reach = || CompileError::CodeGeneration("a call out of reach".into());
    let field: [u8; 4] = match kind {
        Reloc::X86CallPCRel4 => i32::try_from(distance)
            .map_err(|_| out_of_reach())?
            .to_le_bytes(),
        Reloc::Arm64Call => {
            // 26 bits of a distance in instructions.
            let instructions = distance / 4;
            if distance % 4 != 0 || !(-(1 << 25)..1 << 25).contains(&instructions) {
                return Err(out_of_reach());
            }
            let opcode = u32::from_le_bytes([place[0], place[1], place[2], place[3]]);
            let low = instructions as u32 & 0x03ff_ffff;
            (opcode & 0xfc00_0000 | low).to_le_bytes()
        }
        other => {
            return Err(CompileError::CodeGeneration(format!(
                "unexpected relocation {other}"
            )));
        }
    };
    place.copy_from_slice(&field);
    Ok(())
}

/// The function of the index space that a relocation names.
fn called_function(
    function: &Function,
    target: &FinalizedRelocTarget,
) -> Result<u32, CompileError> {
    match target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            Ok(function.params.user_named_funcs()[*name].index)
        }
        other => Err(CompileError::CodeGeneration(format!(
            "unexpected relocation target {other:?}"
        ))),
    }
}

/// Translates one item into `function`.
fn build(
    facts: &ModuleFacts<'_>,
    item: Item,
    function: &mut Function,
    builder_context: &mut FunctionBuilderContext,
) {
    let module = facts.module;
    function.signature = signature(facts, item);
    match item {
        Item::Thunk(import) => {
            function.name = UserFuncName::user(0, import);
            let builder = FunctionBuilder::new(function, builder_context);
            translate_thunk(facts, import, builder);
        }
        Item::Function(index) => {
            function.name = UserFuncName::user(0, count(module.imports.len()) + index);
            let builder = FunctionBuilder::new(function, builder_context);
            translate_function(facts, &module.functions[index as usize], builder);
        }
        Item::Entry(ty) => {
            function.name = UserFuncName::user(1, ty);
            let builder = FunctionBuilder::new(function, builder_context);
            translate_entry(facts, &module.types[ty as usize], builder);
        }
    }
}

fn signature(facts: &ModuleFacts<'_>, item: Item) -> Signature {
    let module = facts.module;
    let ty = match item {
        Item::Thunk(import) => module.import_types[import as usize],
        Item::Function(index) => module.functions[index as usize].ty,
        Item::Entry(_) => return entry_signature(facts.target.default_call_conv),
    };
    let signature = guest_signature(&module.types[ty as usize]);
    debug_assert!(signature.params.len() >= LEADING_PARAMETERS);
    signature
}

/// The CLIF of function `index` of the index space before optimisation, verified: for snapshots and tools.
///
/// # Errors
/// As [`CompiledModule::compile`]; also if there is no such function.
pub fn clif_text(module: &MeteredModule, index: u32) -> Result<String, CompileError> {
    limits::check(module, WorkLimits::NODE)?;
    let imports = count(module.imports.len());
    let item = match index.checked_sub(imports) {
        None => Item::Thunk(index),
        Some(own) if (own as usize) < module.functions.len() => Item::Function(own),
        Some(_) => return Err(CompileError::CodeGeneration(format!("no function {index}"))),
    };
    let isa = host_isa(Effort::Linear)?;
    let facts = ModuleFacts::new(module, isa.frontend_config());
    let mut function = Function::new();
    build(
        &facts,
        item,
        &mut function,
        &mut FunctionBuilderContext::new(),
    );
    verify(&function, &*isa)?;
    Ok(function.display().to_string())
}

fn verify(function: &Function, isa: &dyn TargetIsa) -> Result<(), CompileError> {
    cranelift_codegen::verify_function(function, isa)
        .map_err(|errors| CompileError::CodeGeneration(errors.to_string()))
}

/// Indices and offsets are below 2^32: the limits see to it.
fn count(value: usize) -> u32 {
    u32::try_from(value).expect("limits: indices and code offsets fit")
}
