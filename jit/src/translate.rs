//! The plan's functions to Cranelift's intermediate form (CLIF).
//!
//! Translation keeps a stack of SSA values for the operands and a stack of open blocks; locals, ink and
//! (if it can grow) the memory's size are Cranelift variables, from which the frontend makes block
//! parameters where paths meet. One file a group: [`control`] blocks and branches, [`ink`] charges and
//! [`mod@arrivals`] what ways to a label pay, [`calls`], [`memory`] bounds checks, loads and stores, [`numeric`]
//! arithmetic, [`bridges`] thunks and entries.
//!
//! A function ends before its end by a trap: an instruction that the processor refuses, which a signal
//! handler turns into a status ([`Traps::Signals`]), or a branch to a cold block that leaves native code with
//! one ([`Traps::Explicit`]).

mod arrivals;
mod bridges;
mod calls;
mod control;
mod ink;
mod memory;
mod numeric;

use std::collections::BTreeMap;

use aivm_core::{TrapCode, ValueType};
use aivm_wasm::plan::{Function, MeteredModule, Op};
use cranelift_codegen::ir::{
    AliasRegionData, Block, Endianness, FuncRef, InstBuilder, InstructionData, MemFlagsData,
    Opcode, SigRef, TrapCode as CraneliftTrap, Value, ValueDef, types,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, Variable};

use arrivals::{Arrival, arrivals};
use bridges::emit_leave;
pub(crate) use bridges::{translate_entry, translate_thunk};
use ink::leaves_charges_owed;

use crate::abi::{LEADING_PARAMETERS, clif_type, leading_parameters};
use crate::context::offset;
use crate::status;
use crate::traps::Traps;
use control::Frame;
use memory::{CheckedAddresses, MemorySize};

/// What every translation of one module needs.
pub(crate) struct ModuleFacts<'m> {
    pub(crate) module: &'m MeteredModule,
    /// The host's C convention and pointers.
    pub(crate) target: TargetFrontendConfig,
    /// How traps leave native code.
    pub(crate) traps: Traps,
    /// Whether any function contains `memory.grow`; if none does, memory has a constant size.
    memory_grows: bool,
}

impl<'m> ModuleFacts<'m> {
    pub(crate) fn new(
        module: &'m MeteredModule,
        target: TargetFrontendConfig,
        traps: Traps,
    ) -> ModuleFacts<'m> {
        let grows = |function: &Function| function.ops.contains(&Op::MemoryGrow);
        ModuleFacts {
            module,
            target,
            traps,
            memory_grows: module.functions.iter().any(grows),
        }
    }
}

/// Translates one of the module's own functions into `builder`'s function, whose signature is set already.
pub(crate) fn translate_function(
    facts: &ModuleFacts<'_>,
    function: &Function,
    builder: FunctionBuilder<'_>,
) {
    let mut translator = FunctionTranslator::new(facts, function, builder);
    for op in &function.ops {
        translator.op(op);
    }
    translator.finish();
}

/// What is known while one function is translated.
struct FunctionTranslator<'m, 'b> {
    facts: &'m ModuleFacts<'m>,
    module: &'m MeteredModule,
    function: &'m Function,
    builder: FunctionBuilder<'b>,
    flags: Flags,
    /// The context's address.
    context: Value,
    /// Stack words that callees find, in the form of [`crate::abi::spent_when`].
    stack_words: Value,
    /// Ink, in the same form.
    ink: Variable,
    /// Charges that are not taken yet: see [`FunctionTranslator::charge`].
    owed: u64,
    /// What ways to the labels that are not opened yet do with it.
    arrivals: std::vec::IntoIter<Arrival>,
    /// Whether the next charge was taken on every way to it.
    paid_ahead: bool,
    /// Native address of linear memory, if the function accesses it.
    memory_base: Option<Value>,
    memory_size: MemorySize,
    checked: CheckedAddresses,
    locals: Vec<Variable>,
    /// Operands, top last.
    stack: Vec<Value>,
    /// Open blocks, the function's own first.
    control: Vec<Frame>,
    /// Whether the current block has its terminator, so that only `Else` or `End` can follow.
    terminated: bool,
    /// Cold blocks that leave with a constant status, filled by [`FunctionTranslator::finish`].
    exits: BTreeMap<u32, Block>,
    /// The cold block that leaves with the status it is passed.
    status_exit: Option<Block>,
    functions: BTreeMap<u32, FuncRef>,
    signatures: BTreeMap<u32, SigRef>,
    runtime_signature: Option<SigRef>,
}

/// Memory flags: which of three disjoint regions an access touches.
#[derive(Clone, Copy)]
struct Flags {
    /// Fields of the context and globals, which change.
    context: MemFlagsData,
    /// Fields of the context that never change while native code runs.
    constant: MemFlagsData,
    /// The table.
    table: MemFlagsData,
    /// Linear memory: unaligned, and valid only behind its bounds check, or a trap.
    memory: MemFlagsData,
}

impl Flags {
    fn new(builder: &mut FunctionBuilder<'_>, traps: Traps) -> Flags {
        let mut region = |user_id, description: &'static str| {
            let regions = &mut builder.func.dfg.alias_regions;
            Some(regions.insert(AliasRegionData {
                user_id,
                description: description.into(),
            }))
        };
        let trusted = MemFlagsData::trusted();
        let out_of_bounds = match traps {
            Traps::Signals => Some(CraneliftTrap::HEAP_OUT_OF_BOUNDS),
            Traps::Explicit => None,
        };
        Flags {
            context: trusted.with_alias_region(region(0, "context and globals")),
            constant: trusted.with_readonly().with_can_move(),
            table: trusted.with_alias_region(region(1, "table")),
            memory: MemFlagsData::new()
                .with_trap_code(out_of_bounds)
                .with_endianness(Endianness::Little)
                .with_alias_region(region(2, "memory")),
        }
    }
}

impl<'m, 'b> FunctionTranslator<'m, 'b> {
    /// Emits the function's entry: stack check, locals.
    fn new(
        facts: &'m ModuleFacts<'m>,
        function: &'m Function,
        mut builder: FunctionBuilder<'b>,
    ) -> FunctionTranslator<'m, 'b> {
        let flags = Flags::new(&mut builder, facts.traps);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let parameters = builder.block_params(entry).to_vec();
        let [context, stack_words, spent] = leading_parameters(&parameters);

        let ink = builder.declare_var(types::I64);
        builder.def_var(ink, spent);

        let mut translator = FunctionTranslator {
            facts,
            module: facts.module,
            function,
            memory_size: MemorySize::of(facts, function, &mut builder),
            builder,
            flags,
            memory_base: None,
            context,
            stack_words,
            ink,
            owed: 0,
            arrivals: arrivals(function).into_iter(),
            paid_ahead: false,
            checked: CheckedAddresses::default(),
            locals: Vec::with_capacity(function.locals.len()),
            stack: Vec::new(),
            control: Vec::new(),
            terminated: false,
            exits: BTreeMap::new(),
            status_exit: None,
            functions: BTreeMap::new(),
            signatures: BTreeMap::new(),
            runtime_signature: None,
        };
        translator.take_stack_words();
        translator.declare_locals(&parameters[LEADING_PARAMETERS..]);
        translator.load_memory_base();
        translator.reload_memory_size();
        translator.open_function();
        translator
    }

    /// Takes the frame's words, or traps: before anything is charged.
    fn take_stack_words(&mut self) {
        let frame_words = u64::from(self.function.frame_words);
        let overflow = status::of_trap(TrapCode::StackOverflow);
        self.stack_words = self.take(self.stack_words, frame_words, overflow);
    }

    /// Parameters keep their values, other locals begin as zero.
    fn declare_locals(&mut self, parameters: &[Value]) {
        let (mut zero_i32, mut zero_i64) = (None, None);
        for (index, ty) in self.function.locals.iter().enumerate() {
            let local = self.builder.declare_var(clif_type(*ty));
            let first = match (parameters.get(index), ty) {
                (Some(parameter), _) => *parameter,
                (None, ValueType::I32) => *zero_i32.get_or_insert_with(|| self.i32_const(0)),
                (None, ValueType::I64) => *zero_i64.get_or_insert_with(|| self.i64_const(0)),
            };
            self.builder.def_var(local, first);
            self.locals.push(local);
        }
    }

    /// Fills the cold blocks, and gives the function to Cranelift.
    fn finish(mut self) {
        for (status, block) in std::mem::take(&mut self.exits) {
            self.builder.switch_to_block(block);
            let status = self.i32_const(status);
            emit_leave(&mut self.builder, self.facts, self.context, status);
        }
        if let Some(block) = self.status_exit {
            self.builder.switch_to_block(block);
            let status = self.builder.block_params(block)[0];
            emit_leave(&mut self.builder, self.facts, self.context, status);
        }
        self.builder.seal_all_blocks();
        self.builder.finalize(self.facts.target);
    }

    fn op(&mut self, op: &Op) {
        if !leaves_charges_owed(op) {
            self.settle();
        }
        match op {
            Op::Charge(_) if std::mem::take(&mut self.paid_ahead) => {}
            Op::Charge(ink) => self.charge(*ink),
            Op::Unreachable => self.unreachable(),
            Op::Block(ty) => self.open_block(*ty),
            Op::Loop(ty) => self.open_loop(*ty),
            Op::If(ty) => self.open_if(*ty),
            Op::Else => self.begin_else(),
            Op::End => self.end(),
            Op::Br(depth) => self.branch(*depth),
            Op::BrIf(depth) => self.branch_if(*depth),
            Op::BrTable { targets, default } => self.branch_table(targets, *default),
            Op::Return => self.return_from_function(),
            Op::Call(function) => self.call(*function),
            Op::CallIndirect { ty, table } => self.call_indirect(*ty, *table),
            Op::Drop => {
                self.pop();
            }
            Op::Select => self.select(),
            Op::LocalGet(local) => {
                let value = self.builder.use_var(self.locals[*local as usize]);
                self.stack.push(value);
            }
            Op::LocalSet(local) => {
                let value = self.pop();
                self.builder.def_var(self.locals[*local as usize], value);
            }
            Op::LocalTee(local) => {
                let value = self.peek();
                self.builder.def_var(self.locals[*local as usize], value);
            }
            Op::GlobalGet(global) => self.global_get(*global),
            Op::GlobalSet(global) => self.global_set(*global),
            Op::Load { kind, offset } => self.load(*kind, *offset),
            Op::Store { kind, offset } => self.store(*kind, *offset),
            Op::MemorySize => self.memory_size(),
            Op::MemoryGrow => self.memory_grow(),
            Op::MemoryCopy => self.memory_copy(),
            Op::MemoryFill => self.memory_fill(),
            Op::MemoryInit(segment) => self.memory_init(*segment),
            Op::DataDrop(segment) => self.data_drop(*segment),
            Op::TableCopy { to, from } => self.table_copy(*to, *from),
            Op::TableInit { table, segment } => self.table_init(*table, *segment),
            Op::ElemDrop(segment) => self.elem_drop(*segment),
            Op::I32Const(value) => {
                let value = self.i32_const(value.cast_unsigned());
                self.stack.push(value);
            }
            Op::I64Const(value) => {
                let value = self.i64_const(value.cast_unsigned());
                self.stack.push(value);
            }
            Op::Unary(op) => self.unary(*op),
            Op::Binary(op) => self.binary(*op),
        }
    }

    fn select(&mut self) {
        let condition = self.pop();
        let second = self.pop();
        let first = self.pop();
        let value = self.builder.ins().select(condition, first, second);
        self.stack.push(value);
    }

    fn global_get(&mut self, index: u32) {
        let global = self.module.globals[index as usize];
        let ty = clif_type(global.ty);
        let value = if global.mutable {
            let globals = self.constant_field(offset::GLOBALS);
            self.builder
                .ins()
                .load(ty, self.flags.context, globals, global_offset(index))
        } else {
            // An i32's word is zero-extended, as `iconst` wants it.
            self.builder.ins().iconst(ty, global.init.cast_signed())
        };
        self.stack.push(value);
    }

    /// An i32 is written to the low half of its word; the high half is 0 from the start.
    fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let globals = self.constant_field(offset::GLOBALS);
        self.builder
            .ins()
            .store(self.flags.context, value, globals, global_offset(index));
    }

    /// A field of the context that never changes.
    fn constant_field(&mut self, offset: i32) -> Value {
        self.builder
            .ins()
            .load(types::I64, self.flags.constant, self.context, offset)
    }

    /// Ends with `trap` if `condition` is not 0.
    fn trap_if(&mut self, condition: Value, trap: TrapCode) {
        let status = status::of_trap(trap);
        match self.facts.traps {
            Traps::Signals => {
                self.builder.ins().trapnz(condition, status::code(status));
            }
            Traps::Explicit => self.exit_if(condition, status),
        }
    }

    /// Ends with `status`.
    fn trap(&mut self, status: u32) {
        match self.facts.traps {
            Traps::Signals => {
                self.builder.ins().trap(status::code(status));
            }
            Traps::Explicit => {
                let exit = self.exit(status);
                self.builder.ins().jump(exit, &[]);
            }
        }
    }

    /// Leaves native code with `status` if `condition` is not 0, else goes on in a new block.
    fn exit_if(&mut self, condition: Value, status: u32) {
        let exit = self.exit(status);
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, exit, &[], next, &[]);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    /// The cold block that leaves with `status`.
    fn exit(&mut self, status: u32) -> Block {
        *self.exits.entry(status).or_insert_with(|| {
            let block = self.builder.create_block();
            self.builder.set_cold_block(block);
            block
        })
    }

    /// Leaves native code with `status` if it is not 0, else goes on in a new block.
    fn exit_with(&mut self, status: Value) {
        let exit = *self.status_exit.get_or_insert_with(|| {
            let block = self.builder.create_block();
            self.builder.append_block_param(block, types::I32);
            self.builder.set_cold_block(block);
            block
        });
        let next = self.builder.create_block();
        self.builder
            .ins()
            .brif(status, exit, &[status.into()], next, &[]);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated: an operand is there")
    }

    fn peek(&self) -> Value {
        *self.stack.last().expect("validated: an operand is there")
    }

    /// The top `count` operands, in order.
    fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let height = self.stack.len().checked_sub(count);
        self.stack
            .split_off(height.expect("validated: the operands are there"))
    }

    fn i32_const(&mut self, bits: u32) -> Value {
        self.builder.ins().iconst(types::I32, i64::from(bits))
    }

    fn i64_const(&mut self, bits: u64) -> Value {
        self.builder.ins().iconst(types::I64, bits.cast_signed())
    }

    /// The bits of `value` if it is a constant, those above its type cleared.
    fn constant(&self, value: Value) -> Option<u64> {
        let dfg = &self.builder.func.dfg;
        let ValueDef::Result(inst, 0) = dfg.value_def(value) else {
            return None;
        };
        match dfg.insts[inst] {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => {
                let bits = imm.bits().cast_unsigned();
                Some(match dfg.value_type(value) {
                    types::I32 => bits & u64::from(u32::MAX),
                    _ => bits,
                })
            }
            _ => None,
        }
    }

    fn extend_to_u64(&mut self, value: Value) -> Value {
        match self.builder.func.dfg.value_type(value) {
            types::I64 => value,
            _ => self.builder.ins().uextend(types::I64, value),
        }
    }
}

fn global_offset(index: u32) -> i32 {
    i32::try_from(index * 8).expect("limits: few globals")
}
