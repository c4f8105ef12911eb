//! A module lowered to the interpreter's own code, immutable and shared by its instances.

use std::sync::Arc;

use aivm_core::Limits;
use aivm_wasm::plan::{Function, MeteredModule, Op};

use crate::handlers::assemble;
use crate::instruction::{Instruction, Target};
use crate::lower::{Form, lower};
use crate::machine::{Cell, STRETCH};

/// Most slots of one frame: a slot is named in 16 bits.
pub(crate) const FRAME_SLOTS: usize = 1 << 16;

const _: () = assert!(
    ((Limits::CONTRACT.locals + Limits::CONTRACT.operand_stack) as usize) < FRAME_SLOTS
        && ((Limits::SPEC.locals + Limits::SPEC.operand_stack) as usize) < FRAME_SLOTS,
    "every frame within the limits has room"
);

/// A module in the interpreter's own code.
pub struct Program {
    module: Arc<MeteredModule>,
    /// The code of all functions, one after the other, and a stretch that nothing reaches; before it, a cell that
    /// names the first handler.
    pub(crate) code: Vec<Cell>,
    /// The instructions that the loop executes itself.
    pub(crate) rare: Vec<Instruction>,
    /// What a call needs to know, for each of the module's own functions.
    pub(crate) entries: Vec<Entry>,
}

/// What a call of one function needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Its first instruction.
    pub(crate) start: Target,
    /// What entering it costs, in ink.
    pub(crate) price: u64,
    /// Stack words it takes.
    pub(crate) frame_words: u32,
    /// Slots that hold its parameters.
    pub(crate) parameters: u16,
    /// Slots that hold its parameters and locals.
    pub(crate) locals: u16,
}

impl Program {
    /// Lowers every function of `module`.
    ///
    /// # Panics
    /// If a function's locals and operands exceed 65,535 slots or its `frame_words` do not cover them and a
    /// header. No validated module within [`Limits::CONTRACT`] or [`Limits::SPEC`] does either.
    #[must_use]
    pub fn new(module: Arc<MeteredModule>) -> Program {
        Program::lowered(module, Form::Fused)
    }

    /// As [`Program::new`], but each op of the plan has an instruction of its own, which is slow: for tests that
    /// hold the one against the other.
    #[doc(hidden)]
    #[must_use]
    pub fn plain(module: Arc<MeteredModule>) -> Program {
        Program::lowered(module, Form::Plain)
    }

    fn lowered(module: Arc<MeteredModule>, form: Form) -> Program {
        let mut code = Vec::new();
        let mut entries = Vec::with_capacity(module.functions.len());
        for function in &module.functions {
            let (price, ops) = match function.ops.split_first() {
                Some((Op::Charge(price), ops)) if form == Form::Fused => (*price, ops),
                _ => (0, &function.ops[..]),
            };
            entries.push(entry(&module, function, code.len(), price));
            lower(&module, function, ops, form, &mut code);
        }
        assert!(
            u32::try_from(code.len()).is_ok(),
            "a target names an instruction in 32 bits"
        );
        code.extend([Instruction::Unreachable; STRETCH]);
        let mut rare = Vec::new();
        let first = Instruction::Unreachable;
        let mut cells: Vec<Cell> = [(&first, 0)]
            .into_iter()
            .chain(code.iter().zip(0..))
            .map(|(instruction, place)| assemble(instruction, place, &mut rare))
            .collect();
        for place in 1..cells.len() {
            cells[place - 1].then = cells[place].then;
        }
        Program {
            module,
            code: cells,
            rare,
            entries,
        }
    }

    /// Bytes of memory that it holds besides its plan.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        size_of_val(&self.code[..]) + size_of_val(&self.rare[..]) + size_of_val(&self.entries[..])
    }

    /// The plan it was lowered from.
    #[must_use]
    pub fn module(&self) -> &Arc<MeteredModule> {
        &self.module
    }
}

/// The entry of a function whose code begins at `start` and costs `price`, with the checks that the loop relies
/// on.
fn entry(module: &MeteredModule, function: &Function, start: usize, price: u64) -> Entry {
    let slots = function.locals.len() + function.max_operands as usize;
    assert!(slots < FRAME_SLOTS, "a frame of {slots} slots");
    assert!(
        function.frame_words as usize > slots,
        "{} stack words for {slots} slots and a header",
        function.frame_words
    );
    Entry {
        start: start as Target,
        price,
        frame_words: function.frame_words,
        parameters: module.types[function.ty as usize].parameters.len() as u16,
        locals: function.locals.len() as u16,
    }
}
