//! A module's functions to machine code: each by Cranelift on its own, on several threads where that pays, and
//! joined in a fixed order, so that the code is the same however many threads there are. A [`Budget`] ends it between
//! two functions.

mod host;
mod join;
mod text;

use std::collections::BTreeSet;

use aivm_wasm::plan::MeteredModule;
use aivm_wasm::work::OPTIMISED_OPS;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, Signature, UserFuncName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rayon::prelude::*;

use crate::abi::{LEADING_PARAMETERS, entry_signature, guest_signature};
use crate::artefact::Artefact;
use crate::compile::CompileError;
use crate::limits::{self, Budget};
use crate::translate::{ModuleFacts, translate_entry, translate_function, translate_thunk};
use crate::traps::{TrapSite, Traps};

use self::host::{Effort, host_isa};
use self::join::Joined;

pub(crate) use self::host::fingerprint;
pub use self::text::{clif_text, native_text};

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

/// Indices and offsets are below 2^32: the limits see to it.
fn count(value: usize) -> u32 {
    u32::try_from(value).expect("limits: indices and code offsets fit")
}
