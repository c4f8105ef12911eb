//! A module's functions to machine code: each by Cranelift on its own, on several threads where that pays, and
//! joined in a fixed order, so that the code is the same however many threads there are. A [`Budget`] ends it between
//! two functions.

use std::collections::{BTreeMap, BTreeSet};

use aivm_wasm::plan::MeteredModule;
use aivm_wasm::work::{OPTIMISED_OPS, WorkLimits};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, Signature, UserFuncName};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rayon::prelude::*;

use crate::abi::{LEADING_PARAMETERS, entry_signature, guest_signature};
use crate::artefact::{Artefact, Layout};
use crate::compile::CompileError;
use crate::limits::{self, Budget};
use crate::translate::{ModuleFacts, translate_entry, translate_function, translate_thunk};
use crate::traps::{TrapSite, Traps};

/// Native stack that the compiler finds at least: its passes recurse a little. Every bomb of `tests/engines` compiles on a
/// quarter of it, and a thread of rayon has more, so that a new stack, which takes longer than a small function, is rare.
const COMPILER_STACK_BYTES: usize = 512 << 10;
/// Modules of fewer ops are compiled by the calling thread: waking others takes as long.
const SHARED_OPS: usize = 2000;

/// What one piece of a module's code stands for, in the order they are joined.
#[derive(Clone, Copy)]
enum Item {
    Thunk(u32),
    Function(u32),
    Entry(u32),
}

/// Compiles every function of `module`, its thunks and entries. May panic if Cranelift does.
pub(crate) fn generate(
    module: &MeteredModule,
    traps: Traps,
    budget: &Budget,
) -> Result<Artefact, CompileError> {
    let shared = Shared::new(module, traps)?;
    let compile = |worker: &mut Worker<'_, '_>, item: &Item| {
        budget.check_time()?;
        let piece = worker.compile(*item)?;
        budget.take_code(piece.code.len() + piece.alignment)?;
        Ok(piece)
    };
    let imports = (0..count(module.imports.len())).map(Item::Thunk);
    let functions = (0..count(module.functions.len())).map(Item::Function);
    let own_types = module.functions.iter().map(|function| function.ty);
    let types: BTreeSet<u32> = own_types.chain(module.import_types.clone()).collect();
    let entries = types.into_iter().map(Item::Entry);
    let items: Vec<Item> = imports.chain(functions).chain(entries).collect();

    let ops: usize = module.functions.iter().map(|one| one.ops.len()).sum();
    // The first error ends all: which one it is matters to nobody but a reader.
    let pieces: Vec<Piece> = match ops < SHARED_OPS {
        true => {
            let mut worker = Worker::new(&shared);
            let pieces = items.iter().map(|item| compile(&mut worker, item));
            pieces.collect::<Result<_, CompileError>>()?
        }
        false => items
            .par_iter()
            .map_init(|| Worker::new(&shared), compile)
            .collect::<Result<_, CompileError>>()?,
    };

    let mut joined = Joined::default();
    for (item, piece) in items.into_iter().zip(pieces) {
        joined.append(item, piece);
    }
    joined.finish(module)
}

/// What all workers share.
struct Shared<'m> {
    facts: ModuleFacts<'m>,
    optimised: OwnedTargetIsa,
    linear: OwnedTargetIsa,
}

impl<'m> Shared<'m> {
    fn new(module: &'m MeteredModule, traps: Traps) -> Result<Shared<'m>, CompileError> {
        let linear = host_isa(Effort::Linear)?;
        Ok(Shared {
            facts: ModuleFacts::new(module, linear.frontend_config(), traps),
            optimised: host_isa(Effort::Optimised)?,
            linear,
        })
    }
}

/// Compiles one piece after the other; what it keeps in between are buffers.
struct Worker<'s, 'm> {
    shared: &'s Shared<'m>,
    context: Context,
    builder_context: FunctionBuilderContext,
    /// Whether Cranelift keeps the code as text too.
    writes_text: bool,
}

/// The code of one item, not yet at its place.
struct Piece {
    code: Vec<u8>,
    alignment: usize,
    /// Offsets are the piece's.
    trap_sites: Vec<TrapSite>,
    /// Offsets are the piece's.
    calls: Vec<PendingCall>,
    /// What its frame adds to the native stack at most.
    stack_bytes: u64,
}

/// A call whose distance is to be filled in.
struct PendingCall {
    offset: usize,
    kind: Reloc,
    addend: i64,
    function: u32,
}

impl<'s, 'm> Worker<'s, 'm> {
    fn new(shared: &'s Shared<'m>) -> Worker<'s, 'm> {
        Worker {
            shared,
            context: Context::new(),
            builder_context: FunctionBuilderContext::new(),
            writes_text: false,
        }
    }

    /// Compiles one item, on a stack that is large enough.
    fn compile(&mut self, item: Item) -> Result<Piece, CompileError> {
        stacker::maybe_grow(COMPILER_STACK_BYTES, 2 * COMPILER_STACK_BYTES, || {
            let is_small = match item {
                Item::Function(index) => {
                    let module = self.shared.facts.module;
                    module.functions[index as usize].ops.len() <= OPTIMISED_OPS
                }
                Item::Thunk(_) | Item::Entry(_) => false,
            };
            if is_small {
                match self.compile_with(item, Effort::Optimised) {
                    // The optimiser may have kept more values alive than the plan's frame allows.
                    Err(CompileError::FrameTooLarge { .. }) => {}
                    other => return other,
                }
            }
            self.compile_with(item, Effort::Linear)
        })
    }

    fn compile_with(&mut self, item: Item, effort: Effort) -> Result<Piece, CompileError> {
        let isa = match effort {
            Effort::Optimised => &*self.shared.optimised,
            Effort::Linear => &*self.shared.linear,
        };
        self.context.clear();
        self.context.set_disasm(self.writes_text);
        build(
            &self.shared.facts,
            item,
            &mut self.context.func,
            &mut self.builder_context,
        );
        self.context
            .compile(isa, &mut ControlPlane::default())
            .map_err(|error| CompileError::CodeGeneration(error.inner.to_string()))?;
        let stack_bytes = self.stack_bytes(item)?;
        self.piece(stack_bytes)
    }

    fn piece(&self, stack_bytes: u64) -> Result<Piece, CompileError> {
        let compiled = self.context.compiled_code().expect("just compiled");
        let trap_sites = match self.shared.facts.traps {
            Traps::Explicit => Vec::new(),
            Traps::Signals => {
                let sites = compiled.buffer.traps().iter();
                sites
                    .map(|trap| TrapSite::new(trap.offset, trap.code))
                    .collect()
            }
        };
        let calls = compiled.buffer.relocs().iter().map(|relocation| {
            Ok(PendingCall {
                offset: relocation.offset as usize,
                kind: relocation.kind,
                addend: relocation.addend,
                function: called_function(&self.context.func, &relocation.target)?,
            })
        });
        Ok(Piece {
            code: compiled.buffer.data().to_vec(),
            alignment: 16.max(compiled.buffer.alignment as usize),
            trap_sites,
            calls: calls.collect::<Result<_, CompileError>>()?,
            stack_bytes,
        })
    }

    /// Bounds what the compiled frame adds to the native stack.
    fn stack_bytes(&self, item: Item) -> Result<u64, CompileError> {
        let compiled = self.context.compiled_code().expect("just compiled");
        let frame = compiled
            .buffer
            .frame_layout()
            .map(|layout| u64::from(layout.frame_to_fp_offset))
            .ok_or_else(|| CompileError::CodeGeneration("no frame layout".into()))?;
        // Return address, frame pointer, alignment, and arguments as if all were on the stack.
        let parameters = self.context.func.signature.params.len();
        let bytes = frame + 32 + 8 * parameters as u64;
        if let Item::Function(index) = item {
            let words = self.shared.facts.module.functions[index as usize].frame_words;
            if bytes.div_ceil(u64::from(words)) > limits::NATIVE_BYTES_PER_WORD {
                return Err(CompileError::FrameTooLarge {
                    function: index as usize,
                    bytes,
                    words,
                });
            }
        }
        Ok(bytes)
    }
}

/// A module's code as far as it is joined.
#[derive(Default)]
struct Joined {
    code: Vec<u8>,
    trap_sites: Vec<TrapSite>,
    calls: Vec<PendingCall>,
    functions: Vec<u32>,
    entries: BTreeMap<u32, u32>,
    /// Native frames of the module's own functions.
    frames: Vec<u64>,
    /// Largest native frame of a thunk or entry: one stands on top of the deepest function, one below the first.
    thunk_bytes: u64,
}

impl Joined {
    fn append(&mut self, item: Item, piece: Piece) {
        self.code
            .resize(self.code.len().next_multiple_of(piece.alignment), 0);
        let start = self.code.len();
        self.code.extend_from_slice(&piece.code);
        let offset = count(start);
        let sites = piece.trap_sites.into_iter().map(|site| TrapSite {
            offset: offset + site.offset,
            ..site
        });
        self.trap_sites.extend(sites);
        let calls = piece.calls.into_iter().map(|call| PendingCall {
            offset: start + call.offset,
            ..call
        });
        self.calls.extend(calls);
        match item {
            Item::Thunk(_) | Item::Entry(_) => {
                self.thunk_bytes = self.thunk_bytes.max(piece.stack_bytes);
            }
            Item::Function(_) => self.frames.push(piece.stack_bytes),
        }
        match item {
            Item::Thunk(_) | Item::Function(_) => self.functions.push(offset),
            Item::Entry(ty) => {
                self.entries.insert(ty, offset);
            }
        }
    }

    fn finish(mut self, module: &MeteredModule) -> Result<Artefact, CompileError> {
        for call in std::mem::take(&mut self.calls) {
            let target = i64::from(self.functions[call.function as usize]);
            let distance = target + call.addend - call.offset as i64;
            let place = &mut self.code[call.offset..call.offset + 4];
            patch_call(place, call.kind, distance)?;
        }
        // In order already, as far as Cranelift shows; the search relies on it.
        self.trap_sites.sort_unstable_by_key(|site| site.offset);
        let per_word = module
            .functions
            .iter()
            .zip(&self.frames)
            .map(|(function, bytes)| bytes.div_ceil(u64::from(function.frame_words)))
            .max();
        let guest_bytes = u64::from(module.stack_words).saturating_mul(per_word.unwrap_or(0));
        let native_stack_bytes = guest_bytes.saturating_add(2 * self.thunk_bytes);
        let layout = Layout {
            trap_sites: self.trap_sites,
            functions: self.functions,
            entries: self.entries,
            native_stack_bytes,
        };
        Ok(Artefact {
            code: self.code,
            layout,
        })
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

/// What the code of every module depends on besides the plan and the form of traps: this crate's sources and features, Cranelift's
/// version, its flags and the architecture.
pub(crate) fn fingerprint() -> Result<String, CompileError> {
    let mut text = format!(
        "{}\n{}\n",
        env!("AIVM_JIT_SOURCES"),
        cranelift_codegen::VERSION
    );
    for effort in [Effort::Optimised, Effort::Linear] {
        let isa = host_isa(effort)?;
        text += &format!("{}\n{}", isa.triple(), isa.flags());
        for flag in isa.isa_flags() {
            text += &format!("{flag}\n");
        }
    }
    Ok(text)
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
/// As [`compile`](crate::CompiledModule::compile); also if there is no such function.
pub fn clif_text(module: &MeteredModule, index: u32, traps: Traps) -> Result<String, CompileError> {
    let item = item_of(module, index)?;
    let isa = host_isa(Effort::Linear)?;
    let facts = ModuleFacts::new(module, isa.frontend_config(), traps);
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

/// The machine code of function `index` of the index space as text, one instruction a line: for tools.
///
/// # Errors
/// As [`compile`](crate::CompiledModule::compile); also if there is no such function.
pub fn native_text(
    module: &MeteredModule,
    index: u32,
    traps: Traps,
) -> Result<String, CompileError> {
    let item = item_of(module, index)?;
    let shared = Shared::new(module, traps)?;
    let mut worker = Worker::new(&shared);
    worker.writes_text = true;
    worker.compile(item)?;
    let compiled = worker.context.compiled_code();
    Ok(compiled
        .and_then(|code| code.vcode.clone())
        .unwrap_or_default())
}

/// The function that has this index, for the texts.
fn item_of(module: &MeteredModule, index: u32) -> Result<Item, CompileError> {
    limits::check(module, WorkLimits::NODE)?;
    let imports = count(module.imports.len());
    match index.checked_sub(imports) {
        None => Ok(Item::Thunk(index)),
        Some(own) if (own as usize) < module.functions.len() => Ok(Item::Function(own)),
        Some(_) => Err(CompileError::CodeGeneration(format!("no function {index}"))),
    }
}

fn verify(function: &Function, isa: &dyn TargetIsa) -> Result<(), CompileError> {
    cranelift_codegen::verify_function(function, isa)
        .map_err(|errors| CompileError::CodeGeneration(errors.to_string()))
}

/// Indices and offsets are below 2^32: the limits see to it.
fn count(value: usize) -> u32 {
    u32::try_from(value).expect("limits: indices and code offsets fit")
}
