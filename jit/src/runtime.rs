//! Runtime functions: what native code cannot do by itself. Native code calls them through the context,
//! with its ink written back first and read again afterwards.
//!
//! All share one signature, [`RuntimeFn`]: the context, four arguments (zero-extended, unused ones 0),
//! and a status, which native code tests: other than 0 it ends the call. None of them unwinds: they cannot
//! panic on any input, and the host's panics are caught.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aivm_core::limits::PAGE_BYTES;
use aivm_core::{Guest, HostExit, NodeFault, TrapCode};
use aivm_wasm::plan::Import;

use crate::context::{TableEntry, VmContext, offset};
use crate::status;

/// The signature of every runtime function.
pub(crate) type RuntimeFn = unsafe extern "C" fn(*mut VmContext, u64, u64, u64, u64) -> u32;

/// The runtime functions, in the order of [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RuntimeFunction {
    /// `(import, arguments pointer)`; the result in `context.result`.
    HostCall,
    /// `(pages)`; the old size or −1 in `context.result`.
    MemoryGrow,
    /// `(destination, source, length)`.
    MemoryCopy,
    /// `(destination, value, length)`.
    MemoryFill,
    /// `(destination, source, length, segment)`.
    MemoryInit,
    /// `(segment)`.
    DataDrop,
    /// `(destination, source, length, tables)`: the table written to in the high half of `tables`, the
    /// table read in the low half.
    TableCopy,
    /// `(destination, source, length, table and segment)`: the table in the high half.
    TableInit,
    /// `(segment)`.
    ElemDrop,
}

impl RuntimeFunction {
    /// Where its address is in the context.
    pub(crate) fn offset(self) -> i32 {
        offset::RUNTIME + 8 * i32::from(self as u8)
    }
}

/// How many runtime functions there are.
pub(crate) const RUNTIME_FUNCTIONS: usize = 9;

/// Every runtime function, by [`RuntimeFunction`].
pub(crate) const TABLE: [RuntimeFn; RUNTIME_FUNCTIONS] = [
    host_call,
    memory_grow,
    memory_copy,
    memory_fill,
    memory_init,
    data_drop,
    table_copy,
    table_init,
    elem_drop,
];

/// What a runtime function answers: success, or the status that ends the call.
type Outcome = Result<(), HostExit>;

/// Runs `body` on the context and turns its outcome into a status.
///
/// # Safety
/// `context` is the context that native code was entered with, so it is valid and nothing else borrows it.
unsafe fn with_context(
    context: *mut VmContext,
    body: impl FnOnce(&mut VmContext) -> Outcome,
) -> u32 {
    // SAFETY: the caller's promise; the borrow ends before native code goes on.
    let context = unsafe { &mut *context };
    match body(context) {
        Ok(()) => status::OK,
        Err(exit) => {
            let (status, fault) = status::of_host_exit(exit);
            context.store.fault = fault;
            status
        }
    }
}

unsafe extern "C" fn host_call(
    context: *mut VmContext,
    import: u64,
    arguments: u64,
    _: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            let module = context.store.module.module();
            let import = import as usize;
            let imported = module.imports[import];
            let ty = &module.types[module.import_types[import] as usize];
            // SAFETY: the import's thunk stored one u64 a parameter here, in its own frame.
            let arguments =
                std::slice::from_raw_parts(arguments as *const u64, ty.parameters.len());
            let Some(host) = context.store.host else {
                return Err(HostExit::Fault(NodeFault("no host is running".into())));
            };
            // SAFETY: `invoke` set the pointer from a `&mut` that lives until it returns, and while native
            // code waits here nobody else uses it.
            let host = &mut *host;
            let mut guest = NativeGuest { context };
            let outcome = catch_unwind(AssertUnwindSafe(|| match imported {
                Import::Host(function) => host.call(function, arguments, &mut guest),
                Import::Linked => host.call_linked(import as u32, arguments, &mut guest),
            }));
            match outcome {
                Ok(result) => {
                    context.result = result?;
                    Ok(())
                }
                Err(_) => Err(HostExit::Fault(NodeFault(format!(
                    "imported function {imported} panicked"
                )))),
            }
        })
    }
}

unsafe extern "C" fn memory_grow(
    context: *mut VmContext,
    pages: u64,
    _: u64,
    _: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            let page = u64::from(PAGE_BYTES);
            let max_pages = context.max_pages();
            let old_pages = context.memory_bytes / page;
            // Both are below 2^32, so the sum is exact.
            let new_pages = old_pages + pages;
            if new_pages > max_pages {
                context.result = u64::from(u32::MAX);
                return Ok(());
            }
            let costs = context.store.module.module().dynamic_costs;
            context.charge(costs.grow(pages as u32))?;
            let grown = context.grow_memory(new_pages * page);
            grown.map_err(|reason| HostExit::Fault(NodeFault(reason)))?;
            context.result = old_pages;
            Ok(())
        })
    }
}

unsafe extern "C" fn memory_copy(
    context: *mut VmContext,
    destination: u64,
    source: u64,
    length: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.charge_bulk(length)?;
            let memory = context.memory_mut();
            let destination = range(memory.len(), destination, length)?;
            let source = range(memory.len(), source, length)?;
            memory.copy_within(source, destination.start);
            Ok(())
        })
    }
}

unsafe extern "C" fn memory_fill(
    context: *mut VmContext,
    destination: u64,
    value: u64,
    length: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.charge_bulk(length)?;
            let memory = context.memory_mut();
            let range = range(memory.len(), destination, length)?;
            // Nothing is written under a mask by some C libraries: 100 ns on a page that nobody has written.
            if !range.is_empty() {
                memory[range].fill(value as u8);
            }
            Ok(())
        })
    }
}

unsafe extern "C" fn memory_init(
    context: *mut VmContext,
    destination: u64,
    source: u64,
    length: u64,
    segment: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.charge_bulk(length)?;
            let module = context.store.module.module().clone();
            let segment = segment as usize;
            let bytes: &[u8] = match context.store.dropped_data[segment] {
                true => &[],
                false => &module.data[segment].bytes,
            };
            let source = range(bytes.len(), source, length)?;
            let memory = context.memory_mut();
            let destination = range(memory.len(), destination, length)?;
            memory[destination].copy_from_slice(&bytes[source]);
            Ok(())
        })
    }
}

unsafe extern "C" fn data_drop(
    context: *mut VmContext,
    segment: u64,
    _: u64,
    _: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.store.dropped_data[segment as usize] = true;
            Ok(())
        })
    }
}

unsafe extern "C" fn table_copy(
    context: *mut VmContext,
    destination: u64,
    source: u64,
    length: u64,
    tables: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.charge_entries(length)?;
            let (to, from) = halves(tables);
            let destination = context.entries(to, destination, length)?;
            let source = context.entries(from, source, length)?;
            context.store.table.copy_within(source, destination.start);
            Ok(())
        })
    }
}

unsafe extern "C" fn table_init(
    context: *mut VmContext,
    destination: u64,
    source: u64,
    length: u64,
    table_and_segment: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.charge_entries(length)?;
            let (table, segment) = halves(table_and_segment);
            context.table_init(table, destination, source, length, segment as usize)?;
            Ok(())
        })
    }
}

unsafe extern "C" fn elem_drop(
    context: *mut VmContext,
    segment: u64,
    _: u64,
    _: u64,
    _: u64,
) -> u32 {
    // SAFETY: called by native code with its context.
    unsafe {
        with_context(context, |context| {
            context.store.dropped_elements[segment as usize] = true;
            Ok(())
        })
    }
}

impl VmContext {
    /// Copies `length` entries of an element segment into a table, all or none. Charges nothing.
    pub(crate) fn table_init(
        &mut self,
        table: u32,
        destination: u64,
        source: u64,
        length: u64,
        segment: usize,
    ) -> Result<(), TrapCode> {
        let compiled = self.store.module.clone();
        let entries: &[Option<u32>] = match self.store.dropped_elements[segment] {
            true => &[],
            false => &compiled.module().elements[segment].entries,
        };
        let source = table_range(entries.len(), source, length)?;
        let destination = self.entries(table, destination, length)?;
        for (entry, function) in self.store.table[destination]
            .iter_mut()
            .zip(&entries[source])
        {
            *entry = function.map_or(TableEntry::NULL, |index| TableEntry {
                code: compiled.function_address(index),
                ty: u64::from(compiled.module().function_type(index)),
            });
        }
        Ok(())
    }

    /// `length` entries of `table` from `start`, if it has them, as a range of all entries.
    fn entries(&self, table: u32, start: u64, length: u64) -> Result<Range<usize>, TrapCode> {
        let table = self.store.module.module().tables[table as usize];
        let (first, entries) = (table.first as usize, table.entries as usize);
        let within = table_range(entries, start, length)?;
        Ok(first + within.start..first + within.end)
    }

    /// Makes memory `bytes` long, at most its reservation. Fails if the machine has no room for it.
    fn grow_memory(&mut self, bytes: u64) -> Result<(), String> {
        if let Some(memory) = &mut self.store.memory {
            let bytes = usize::try_from(bytes).map_err(|error| error.to_string())?;
            memory.make_accessible(bytes)?;
        }
        self.memory_bytes = bytes;
        Ok(())
    }

    fn max_pages(&self) -> u64 {
        u64::from(self.store.max_pages)
    }

    fn charge_bulk(&mut self, bytes: u64) -> Outcome {
        let costs = self.store.module.module().dynamic_costs;
        self.charge(costs.bulk(bytes))
    }

    fn charge_entries(&mut self, entries: u64) -> Outcome {
        let costs = self.store.module.module().dynamic_costs;
        self.charge(costs.entries(entries))
    }

    fn charge(&mut self, ink: u64) -> Outcome {
        match self.ink.checked_sub(ink) {
            Some(left) => {
                self.ink = left;
                Ok(())
            }
            None => {
                self.ink = 0;
                Err(HostExit::OutOfInk)
            }
        }
    }
}

/// `start..start + length` if it is within `len` bytes of memory. Arguments are below 2^32, so the sum is
/// exact.
fn range(len: usize, start: u64, length: u64) -> Result<Range<usize>, TrapCode> {
    match start + length <= len as u64 {
        true => Ok(start as usize..(start + length) as usize),
        false => Err(TrapCode::MemoryOutOfBounds),
    }
}

/// Two indices passed as one operand: the high half, the low half.
fn halves(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}

/// As [`range`], of table entries.
fn table_range(len: usize, start: u64, length: u64) -> Result<Range<usize>, TrapCode> {
    range(len, start, length).map_err(|_| TrapCode::TableOutOfBounds)
}

/// The running contract as a host function sees it.
struct NativeGuest<'a> {
    context: &'a mut VmContext,
}

impl Guest for NativeGuest<'_> {
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        let memory = self.context.memory();
        let range = range(memory.len(), u64::from(pointer), u64::from(len))?;
        Ok(&memory[range])
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode> {
        let memory = self.context.memory_mut();
        let length = u32::try_from(bytes.len()).map_err(|_| TrapCode::MemoryOutOfBounds)?;
        let range = range(memory.len(), u64::from(pointer), u64::from(length))?;
        memory[range].copy_from_slice(bytes);
        Ok(())
    }

    fn memory_pages(&self) -> u32 {
        (self.context.memory_bytes / u64::from(PAGE_BYTES)) as u32
    }

    fn ink_left(&self) -> u64 {
        self.context.ink
    }

    fn charge(&mut self, ink: u64) -> Result<(), HostExit> {
        self.context.charge(ink)
    }
}
