//! The plan: a validated module with its metering made explicit, as both engines execute it.
//!
//! Code stays in WebAssembly's structured form (blocks, loops, branches by depth), with these
//! differences, so that an engine needs no knowledge of the binary format and makes no decision that
//! could differ from the other's:
//!
//! - only integer types exist; a float cannot be expressed;
//! - dead code is gone: after `Br`, `BrTable`, `Return` and `Unreachable` the next op is the `Else` or
//!   `End` of the enclosing block (an `End` may still be reached by branches only, or never);
//! - every metering block begins with an explicit [`Op::Charge`];
//! - every function carries its stack need in words.
//!
//! # What an engine does with it
//!
//! - **Entering a function** (by `invoke`, `Call` or `CallIndirect`): if fewer than `frame_words` stack
//!   words are left, trap `StackOverflow`; else take them, and give them back on return. This comes
//!   before the function's first `Charge`.
//! - **`Charge(ink)`**: if less ink is left, set it to 0 and end with `OutOfInk`; else take it.
//! - **Bulk operations** (`MemoryCopy`, `MemoryFill`, `MemoryInit`, `TableCopy`, `TableInit`): first
//!   charge [`DynamicCosts::bulk`] of the length operand (×4 for table entries), then check bounds, then act on
//!   all bytes or none. Base charges are already in `Charge`.
//! - **`MemoryGrow`**: if the new size would exceed `Memory::max_pages`, the result is −1 and nothing more
//!   is charged; else charge `memory_page` ink per page, then grow. It cannot fail for any other reason.
//! - **Tables** lie one after the other in one space of entries ([`Table::first`]); an index is checked
//!   against the entries of its own table.
//! - **`CallIndirect`** checks, in this order: index within the table (`TableOutOfBounds`), entry not null
//!   (`IndirectCallToNull`), type equal in structure (`BadSignature`). The index is popped first.
//! - **Division**: divisor zero (`IntegerDivisionByZero`) before overflow (`IntegerOverflow`).
//! - **Host calls**: `arguments` as u64, i32 zero-extended; ink is exact when the host sees it. An
//!   [`Import::Host`] goes to `Host::call`, an [`Import::Linked`] to `Host::call_linked`.
//!
//! The function index space is WebAssembly's: imports first, then `functions`.

mod op;

use aivm_core::{HostFunction, ValueType};

pub use op::{BinaryOp, BlockType, LoadKind, Op, StoreKind, UnaryOp};

/// Parameters and results of a function or block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncType {
    /// Parameter types.
    pub parameters: Vec<ValueType>,
    /// Result types.
    pub results: Vec<ValueType>,
}

/// A module that was validated, stripped and metered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeteredModule {
    /// Types, deduplicated by structure: equal types have equal indices. Block types index it too.
    pub types: Vec<FuncType>,
    /// Imported functions: function indices `0..imports.len()`.
    pub imports: Vec<Import>,
    /// Type index of each import, like `Function::ty`.
    pub import_types: Vec<u32>,
    /// The module's own functions.
    pub functions: Vec<Function>,
    /// Its tables of functions: at most one in a contract.
    pub tables: Vec<Table>,
    /// Its linear memory, if it has one.
    pub memory: Option<Memory>,
    /// Globals.
    pub globals: Vec<Global>,
    /// Element segments.
    pub elements: Vec<ElementSegment>,
    /// Data segments.
    pub data: Vec<DataSegment>,
    /// Exports of functions, memories, tables and globals, in file order.
    pub exports: Vec<Export>,
    /// The start function, if the rules allowed one. The caller of the engine invokes it.
    pub start: Option<u32>,
    /// Run-time prices that depend on operands.
    pub dynamic_costs: DynamicCosts,
    /// Stack words that one call of this module may use.
    pub stack_words: u32,
    /// Length of the file: what is done to a module is bounded by it.
    pub bytes: u32,
}

impl MeteredModule {
    /// Type index of function `index` of the whole index space.
    #[must_use]
    pub fn function_type(&self, index: u32) -> u32 {
        let imports = self.imports.len();
        match (index as usize).checked_sub(imports) {
            None => self.import_types[index as usize],
            Some(own) => self.functions[own].ty,
        }
    }

    /// Entries of all tables together.
    #[must_use]
    pub fn table_entries(&self) -> u32 {
        self.tables
            .last()
            .map_or(0, |last| last.first.saturating_add(last.entries))
    }

    /// Bytes of memory that it holds: its code, its segments, its names; small parts are left out.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        let of_function = |function: &Function| {
            let tables = function.ops.iter().map(|op| match op {
                Op::BrTable { targets, .. } => size_of_val(&targets[..]),
                _ => 0,
            });
            size_of::<Function>()
                + size_of_val(&function.ops[..])
                + size_of_val(&function.locals[..])
                + tables.sum::<usize>()
        };
        let elements = self
            .elements
            .iter()
            .map(|one| size_of_val(&one.entries[..]));
        let data = self.data.iter().map(|one| one.bytes.len());
        let names = self.exports.iter().map(|export| export.name.len());
        let types = self.types.iter().map(|ty| {
            size_of::<FuncType>() + size_of_val(&ty.parameters[..]) + size_of_val(&ty.results[..])
        });
        self.functions.iter().map(of_function).sum::<usize>()
            + elements.sum::<usize>()
            + data.sum::<usize>()
            + names.sum::<usize>()
            + types.sum::<usize>()
            + size_of_val(&self.globals[..])
    }

    /// The function index that is exported under `name`.
    #[must_use]
    pub fn exported_function(&self, name: &str) -> Option<u32> {
        self.exports.iter().find_map(|export| match export.item {
            ExportItem::Function(index) if export.name == name => Some(index),
            _ => None,
        })
    }
}

/// An imported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Import {
    /// A host function. Contracts import nothing else.
    Host(HostFunction),
    /// A function that the host finds by the import's index: under `Rules::Spec` only. It has one result
    /// at most.
    Linked,
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    /// Index into [`MeteredModule::types`].
    pub ty: u32,
    /// Types of all locals, the parameters first. Locals that are no parameters begin as zero.
    pub locals: Vec<ValueType>,
    /// Highest operand stack, in values.
    pub max_operands: u32,
    /// Stack words of one activation: locals, operands and a header.
    pub frame_words: u32,
    /// The code; the last op is the `End` of the function.
    pub ops: Vec<Op>,
}

/// Linear memory, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Pages at the start.
    pub min_pages: u32,
    /// Pages it may grow to: the smaller of the module's own maximum and the limit.
    pub max_pages: u32,
}

/// A table of functions. It cannot grow (no instruction of the accepted set grows it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// Entries of the tables before it.
    pub first: u32,
    /// Entries, all null until element segments are applied.
    pub entries: u32,
}

/// One global.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global {
    /// Its type.
    pub ty: ValueType,
    /// Whether `global.set` may name it.
    pub mutable: bool,
    /// Its first value, i32 zero-extended.
    pub init: u64,
}

/// How a segment is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SegmentMode {
    /// Copied at instantiation to this offset, in segment order (elements before data); out of bounds is a
    /// trap of the instantiation. The segment counts as dropped afterwards.
    Active {
        /// First byte or entry.
        offset: u32,
    },
    /// Kept for `memory.init` or `table.init`.
    Passive,
    /// Only declares functions; counts as dropped from the start.
    Declared,
}

/// A segment of function references.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElementSegment {
    /// How it is applied.
    pub mode: SegmentMode,
    /// The table that an active segment is copied to.
    pub table: u32,
    /// Function indices; `None` is null.
    pub entries: Vec<Option<u32>>,
}

/// A segment of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataSegment {
    /// How it is applied.
    pub mode: SegmentMode,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A named export.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it names.
    pub item: ExportItem,
}

/// What an export names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportItem {
    /// A function index.
    Function(u32),
    /// The memory.
    Memory,
    /// A table index.
    Table(u32),
    /// A global index.
    Global(u32),
}

/// Prices that an engine computes at run time, in ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DynamicCosts {
    /// Each byte of memory that a bulk operation names.
    pub bulk_byte: u64,
    /// Each entry of a table that a bulk operation names.
    pub table_entry: u64,
    /// Each page that `memory.grow` adds.
    pub memory_page: u64,
}

impl DynamicCosts {
    /// Ink for a bulk operation on `bytes` bytes of memory.
    #[must_use]
    pub const fn bulk(self, bytes: u64) -> u64 {
        self.bulk_byte.saturating_mul(bytes)
    }

    /// Ink for a bulk operation on `entries` entries of a table.
    #[must_use]
    pub const fn entries(self, entries: u64) -> u64 {
        self.table_entry.saturating_mul(entries)
    }

    /// Ink for growing memory by `pages` pages.
    #[must_use]
    pub const fn grow(self, pages: u32) -> u64 {
        self.memory_page.saturating_mul(pages as u64)
    }
}
