//! The context of one instance: the block of memory that native code and runtime functions share.
//!
//! Native code reads and writes the fields before `store` at the offsets of [`offset`]; `store` belongs
//! to Rust alone. Only ink, the memory's size and results ever change while native code runs.

use std::mem::offset_of;
use std::sync::Arc;

use aivm_core::{Host, NodeFault};

use crate::boundary::Leave;
use crate::compile::CompiledModule;
use crate::reservation::Reservation;
use crate::runtime::{RUNTIME_FUNCTIONS, RuntimeFn};

/// Results that a function returns in registers, after its ink. The `tail` convention returns
/// six values in registers on aarch64 and eight on x86-64; the smaller number keeps one form of code.
pub(crate) const REGISTER_RESULTS: usize = 5;
/// Results beyond those, passed in [`VmContext::results`]. A module with more is not compiled.
pub(crate) const CONTEXT_RESULTS: usize = 27;

/// What native code and runtime functions share.
#[repr(C)]
pub(crate) struct VmContext {
    /// Ink left, exact whenever a runtime function or the host looks.
    pub(crate) ink: u64,
    /// First byte of linear memory; never changes.
    pub(crate) memory_base: *mut u8,
    /// Bytes of linear memory now; never shrinks.
    pub(crate) memory_bytes: u64,
    /// First global, 8 bytes each; never changes.
    pub(crate) globals: *mut u64,
    /// First table entry; never changes, nor does the table's length.
    pub(crate) table: *mut TableEntry,
    /// Result of a runtime function that has one.
    pub(crate) result: u64,
    /// Results of a native function beyond the register results, until the caller has read them.
    pub(crate) results: [u64; CONTEXT_RESULTS],
    /// The stack pointer of [`crate::boundary::enter`], to which [`crate::boundary::leave`] returns.
    pub(crate) entered_at: *mut u8,
    /// [`crate::boundary::leave`].
    pub(crate) leave: Leave,
    /// Runtime functions, by [`crate::runtime::RuntimeFunction`].
    pub(crate) runtime: [RuntimeFn; RUNTIME_FUNCTIONS],
    /// What only Rust touches.
    pub(crate) store: Store,
}

/// Offsets of [`VmContext`]'s fields, as native code uses them.
pub(crate) mod offset {
    use super::{VmContext, offset_of};

    #[allow(clippy::cast_possible_truncation)] // The context has a few hundred bytes.
    const fn field(bytes: usize) -> i32 {
        bytes as i32
    }

    pub(crate) const INK: i32 = field(offset_of!(VmContext, ink));
    pub(crate) const MEMORY_BASE: i32 = field(offset_of!(VmContext, memory_base));
    pub(crate) const MEMORY_BYTES: i32 = field(offset_of!(VmContext, memory_bytes));
    pub(crate) const GLOBALS: i32 = field(offset_of!(VmContext, globals));
    pub(crate) const TABLE: i32 = field(offset_of!(VmContext, table));
    pub(crate) const RESULT: i32 = field(offset_of!(VmContext, result));
    pub(crate) const RESULTS: i32 = field(offset_of!(VmContext, results));
    pub(crate) const ENTERED_AT: i32 = field(offset_of!(VmContext, entered_at));
    pub(crate) const LEAVE: i32 = field(offset_of!(VmContext, leave));
    pub(crate) const RUNTIME: i32 = field(offset_of!(VmContext, runtime));
}

/// One entry of the table as `call_indirect` reads it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct TableEntry {
    /// Native code of the function, null for a null entry.
    pub(crate) code: *const u8,
    /// Its type index; equal types have equal indices.
    pub(crate) ty: u64,
}

impl TableEntry {
    /// Bytes of an entry and offset of `ty`, as native code uses them.
    pub(crate) const BYTES: i64 = 16;
    pub(crate) const TYPE_OFFSET: i32 = 8;

    pub(crate) const NULL: TableEntry = TableEntry {
        code: std::ptr::null(),
        ty: 0,
    };
}

const _: () = assert!(size_of::<TableEntry>() as i64 == TableEntry::BYTES);
const _: () = assert!(offset_of!(TableEntry, ty) as i32 == TableEntry::TYPE_OFFSET);

/// The parts of an instance that native code reaches only through runtime functions, and the owners of
/// what the context points to.
pub(crate) struct Store {
    pub(crate) module: Arc<CompiledModule>,
    /// Address space of the linear memory, of which `memory_bytes` are readable and writable; absent if the
    /// module has none.
    pub(crate) memory: Option<Reservation>,
    /// Pages that the memory may grow to: the module's maximum, or less if the instance was limited.
    pub(crate) max_pages: u32,
    pub(crate) globals: Box<[u64]>,
    pub(crate) table: Box<[TableEntry]>,
    pub(crate) dropped_data: Box<[bool]>,
    pub(crate) dropped_elements: Box<[bool]>,
    /// The host of the invocation that runs, null between invocations.
    pub(crate) host: Option<*mut dyn Host>,
    /// The fault behind status [`crate::status::FAULT`].
    pub(crate) fault: Option<NodeFault>,
}

impl VmContext {
    /// Linear memory as it is now.
    pub(crate) fn memory(&self) -> &[u8] {
        // SAFETY: `memory_base` points to `store.memory`'s mapping, or dangles with `memory_bytes` 0; the
        // mapping is readable for at least `memory_bytes` bytes (instance.rs and runtime.rs keep that),
        // and nothing writes to it while `self` is borrowed, since native code runs only under `&mut`.
        unsafe { std::slice::from_raw_parts(self.memory_base, self.memory_len()) }
    }

    /// Linear memory as it is now, to write.
    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `memory`, and `&mut self` makes the borrow unique.
        unsafe { std::slice::from_raw_parts_mut(self.memory_base, self.memory_len()) }
    }

    fn memory_len(&self) -> usize {
        usize::try_from(self.memory_bytes).expect("a mapping's length fits")
    }
}
