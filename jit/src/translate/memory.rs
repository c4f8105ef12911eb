//! Linear memory: bounds checks, loads, stores, growth and bulk operations.
//!
//! ```text
//! +-----------------------------------------------------------------------------------------+
//! | DANGER: what is emitted here is the only thing between a contract and the node's own    |
//! | memory. If it lets one address too many through, a contract can read keys and run code  |
//! | on the node. An access of `width` bytes at `address + offset` may touch memory only if  |
//! |     zero_extend(address) + offset + width <= bytes of memory.                           |
//! |                                                                                         |
//! | Guard pages (Traps::Signals): nothing is tested. The sum is made in 64 bits and is      |
//! | below GUARDED_BYTES (reservation.rs), all of which is reserved behind the base; every   |
//! | byte of it beyond the memory's size may not be touched, so the processor refuses. The   |
//! | instruction is listed as one that may trap (flags.memory), else the process would end.  |
//! |                                                                                         |
//! | Tests in the code (Traps::Explicit): an access is emitted only where the rule was       |
//! | tested on every path to it, in 64 bits, where the sum is below 2^34 and can't wrap.     |
//! | A test is left out only if                                                              |
//! | - a test of the same SSA value with an end at least as large dominates the access       |
//! |   (`CheckedAddresses`; memory never shrinks, so a passed test stays true), or           |
//! | - address and end are constants within the memory's smallest size.                      |
//! |                                                                                         |
//! | A change of this file needs two readers.                                                |
//! +-----------------------------------------------------------------------------------------+
//! ```
//!
//! Spectre: with tests in the code, the address is not masked on a mispredicted path. A contract has no clock and no threads, so
//! it cannot time what such a path left in the caches; masking with `select_spectre_guard` made a sieve 11
//! to 18 % slower and would forbid leaving tests out. The table index of `call_indirect` *is* clamped, since
//! there the mispredicted path would choose code to run.

use std::collections::BTreeMap;

use aivm_core::TrapCode;
use aivm_core::limits::PAGE_BYTES;
use aivm_wasm::plan::{Function, LoadKind, Op, StoreKind};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::{FunctionBuilder, Variable};

use super::{FunctionTranslator, ModuleFacts};
use crate::context::offset;
use crate::reservation::GUARDED_BYTES;
use crate::runtime::RuntimeFunction;
use crate::traps::Traps;

/// Bytes of linear memory, as a function's code knows them.
#[derive(Clone, Copy)]
pub(super) enum MemorySize {
    /// No function of the module grows memory.
    Fixed(u64),
    /// Read from the context at entry and after everything that may grow it.
    Growing(Variable),
    /// The function does not need it.
    Unused,
}

impl MemorySize {
    pub(super) fn of(
        facts: &ModuleFacts<'_>,
        function: &Function,
        builder: &mut FunctionBuilder<'_>,
    ) -> MemorySize {
        let tests = facts.traps == Traps::Explicit;
        let needs_size = |op: &Op| *op == Op::MemorySize || tests && is_access(op);
        if !facts.memory_grows {
            MemorySize::Fixed(min_bytes(facts))
        } else if function.ops.iter().any(needs_size) {
            MemorySize::Growing(builder.declare_var(types::I64))
        } else {
            MemorySize::Unused
        }
    }
}

/// Whether the op reads or writes linear memory in native code.
fn is_access(op: &Op) -> bool {
    matches!(op, Op::Load { .. } | Op::Store { .. })
}

/// The size below which memory never is.
fn min_bytes(facts: &ModuleFacts<'_>) -> u64 {
    let pages = facts.module.memory.map_or(0, |memory| memory.min_pages);
    u64::from(pages) * u64::from(PAGE_BYTES)
}

/// Addresses that passed a bounds check on every path to the current place: for each, the largest
/// `offset + width` that was checked.
///
/// Facts are kept by the block structure: what was known when a block was opened dominates all of it and
/// its `End`, what is learnt inside is forgotten there.
#[derive(Default)]
pub(super) struct CheckedAddresses {
    ends: BTreeMap<Value, u64>,
    /// What each change overwrote, to take it back.
    undo: Vec<(Value, Option<u64>)>,
}

/// A state of [`CheckedAddresses`] to return to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl CheckedAddresses {
    fn covers(&self, address: Value, end: u64) -> bool {
        self.ends.get(&address).is_some_and(|known| *known >= end)
    }

    /// Records a check that [`Self::covers`] did not make superfluous.
    fn record(&mut self, address: Value, end: u64) {
        let before = self.ends.insert(address, end);
        self.undo.push((address, before));
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    pub(super) fn restore(&mut self, mark: Mark) {
        for (address, before) in self.undo.drain(mark.0..).rev() {
            match before {
                Some(end) => self.ends.insert(address, end),
                None => self.ends.remove(&address),
            };
        }
    }
}

impl FunctionTranslator<'_, '_> {
    /// Pops an address and emits what makes `width` bytes at `address + offset` safe to touch. Returns
    /// where they are: a native pointer and a displacement.
    fn checked_access(&mut self, offset: u32, width: u32) -> (Value, i32) {
        let address = self.pop();
        let end = u64::from(offset) + u64::from(width);
        let wide = self.builder.ins().uextend(types::I64, address);
        match self.facts.traps {
            Traps::Signals => assert!(u64::from(u32::MAX) + end <= GUARDED_BYTES),
            Traps::Explicit => self.check_bounds(address, wide, end),
        }

        let base = self
            .memory_base
            .expect("a function with accesses has the base");
        let native = self.builder.ins().iadd(base, wide);
        match i32::try_from(offset) {
            Ok(displacement) => (native, displacement),
            Err(_) => {
                let offset = self.i64_const(u64::from(offset));
                (self.builder.ins().iadd(native, offset), 0)
            }
        }
    }

    /// Traps unless `wide + end` is within memory. `wide` is `address` zero-extended.
    fn check_bounds(&mut self, address: Value, wide: Value, end: u64) {
        let min_bytes = min_bytes(self.facts);
        let always_inside = self
            .constant(address)
            .is_some_and(|address| address + end <= min_bytes);
        if always_inside || self.checked.covers(address, end) {
            return;
        }
        let out = match self.memory_size {
            MemorySize::Fixed(bytes) => match bytes.checked_sub(end) {
                Some(last) => {
                    let last = self.i64_const(last);
                    self.builder
                        .ins()
                        .icmp(IntCC::UnsignedGreaterThan, wide, last)
                }
                None => self.builder.ins().iconst(types::I8, 1),
            },
            MemorySize::Growing(variable) => {
                let bytes = self.builder.use_var(variable);
                let length = self.i64_const(end);
                let past = self.builder.ins().iadd(wide, length);
                self.builder
                    .ins()
                    .icmp(IntCC::UnsignedGreaterThan, past, bytes)
            }
            MemorySize::Unused => unreachable!("a function with accesses knows the size"),
        };
        self.trap_if(out, TrapCode::MemoryOutOfBounds);
        self.checked.record(address, end);
    }

    pub(super) fn load(&mut self, kind: LoadKind, offset: u32) {
        let (base, at) = self.checked_access(offset, load_width(kind));
        let flags = self.flags.memory;
        let ins = self.builder.ins();
        let value = match kind {
            LoadKind::I32 => ins.load(types::I32, flags, base, at),
            LoadKind::I32From8S => ins.sload8(types::I32, flags, base, at),
            LoadKind::I32From8U => ins.uload8(types::I32, flags, base, at),
            LoadKind::I32From16S => ins.sload16(types::I32, flags, base, at),
            LoadKind::I32From16U => ins.uload16(types::I32, flags, base, at),
            LoadKind::I64 => ins.load(types::I64, flags, base, at),
            LoadKind::I64From8S => ins.sload8(types::I64, flags, base, at),
            LoadKind::I64From8U => ins.uload8(types::I64, flags, base, at),
            LoadKind::I64From16S => ins.sload16(types::I64, flags, base, at),
            LoadKind::I64From16U => ins.uload16(types::I64, flags, base, at),
            LoadKind::I64From32S => ins.sload32(flags, base, at),
            LoadKind::I64From32U => ins.uload32(flags, base, at),
        };
        self.stack.push(value);
    }

    pub(super) fn store(&mut self, kind: StoreKind, offset: u32) {
        let value = self.pop();
        let (base, at) = self.checked_access(offset, store_width(kind));
        let flags = self.flags.memory;
        let ins = self.builder.ins();
        match kind {
            StoreKind::I32 | StoreKind::I64 => ins.store(flags, value, base, at),
            StoreKind::I32To8 | StoreKind::I64To8 => ins.istore8(flags, value, base, at),
            StoreKind::I32To16 | StoreKind::I64To16 => ins.istore16(flags, value, base, at),
            StoreKind::I64To32 => ins.istore32(flags, value, base, at),
        };
    }

    /// Reads the memory's base, once: it never changes.
    pub(super) fn load_memory_base(&mut self) {
        if self.function.ops.iter().any(is_access) {
            self.memory_base = Some(self.constant_field(offset::MEMORY_BASE));
        }
    }

    /// Reads the memory's size again after something that may have grown it.
    pub(super) fn reload_memory_size(&mut self) {
        if let MemorySize::Growing(variable) = self.memory_size {
            let bytes = self.builder.ins().load(
                types::I64,
                self.flags.context,
                self.context,
                offset::MEMORY_BYTES,
            );
            self.builder.def_var(variable, bytes);
        }
    }

    pub(super) fn memory_size(&mut self) {
        let bytes = match self.memory_size {
            MemorySize::Fixed(bytes) => self.i64_const(bytes),
            MemorySize::Growing(variable) => self.builder.use_var(variable),
            MemorySize::Unused => unreachable!("a function with memory.size knows the size"),
        };
        let shift = self.i64_const(u64::from(PAGE_BYTES.trailing_zeros()));
        let pages = self.builder.ins().ushr(bytes, shift);
        let pages = self.builder.ins().ireduce(types::I32, pages);
        self.stack.push(pages);
    }

    pub(super) fn memory_grow(&mut self) {
        let pages = self.pop();
        self.runtime_call(RuntimeFunction::MemoryGrow, &[pages]);
        let old =
            self.builder
                .ins()
                .load(types::I32, self.flags.context, self.context, offset::RESULT);
        self.stack.push(old);
        self.reload_memory_size();
    }

    pub(super) fn memory_copy(&mut self) {
        let operands = self.pop_many(3);
        self.runtime_call(RuntimeFunction::MemoryCopy, &operands);
    }

    pub(super) fn memory_fill(&mut self) {
        let operands = self.pop_many(3);
        self.runtime_call(RuntimeFunction::MemoryFill, &operands);
    }

    pub(super) fn memory_init(&mut self, segment: u32) {
        self.segment_call(RuntimeFunction::MemoryInit, segment.into());
    }

    pub(super) fn table_copy(&mut self, to: u32, from: u32) {
        let mut operands = self.pop_many(3);
        operands.push(self.i64_const(both(to, from)));
        self.runtime_call(RuntimeFunction::TableCopy, &operands);
    }

    pub(super) fn table_init(&mut self, table: u32, segment: u32) {
        self.segment_call(RuntimeFunction::TableInit, both(table, segment));
    }

    pub(super) fn data_drop(&mut self, segment: u32) {
        let segment = self.i64_const(u64::from(segment));
        self.runtime_call(RuntimeFunction::DataDrop, &[segment]);
    }

    pub(super) fn elem_drop(&mut self, segment: u32) {
        let segment = self.i64_const(u64::from(segment));
        self.runtime_call(RuntimeFunction::ElemDrop, &[segment]);
    }

    fn segment_call(&mut self, function: RuntimeFunction, segment: u64) {
        let mut operands = self.pop_many(3);
        operands.push(self.i64_const(segment));
        self.runtime_call(function, &operands);
    }
}

/// Two indices in one operand, `high` above, as the runtime functions of tables take them.
fn both(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn load_width(kind: LoadKind) -> u32 {
    match kind {
        LoadKind::I32From8S | LoadKind::I32From8U | LoadKind::I64From8S | LoadKind::I64From8U => 1,
        LoadKind::I32From16S
        | LoadKind::I32From16U
        | LoadKind::I64From16S
        | LoadKind::I64From16U => 2,
        LoadKind::I32 | LoadKind::I64From32S | LoadKind::I64From32U => 4,
        LoadKind::I64 => 8,
    }
}

fn store_width(kind: StoreKind) -> u32 {
    match kind {
        StoreKind::I32To8 | StoreKind::I64To8 => 1,
        StoreKind::I32To16 | StoreKind::I64To16 => 2,
        StoreKind::I32 | StoreKind::I64To32 => 4,
        StoreKind::I64 => 8,
    }
}
