//! Linear memory: bounds, loads and stores, growth, bulk operations, and the view a host function has.

use std::ops::Range;

use aivm_core::{Guest, HostExit, TrapCode, limits::PAGE_BYTES};
use aivm_wasm::plan;

use crate::pool;

/// Linear memory of one instance; a module without memory has one of 0 pages that cannot grow.
#[derive(Default)]
pub(crate) struct Memory {
    bytes: Vec<u8>,
    max_pages: u32,
}

impl Memory {
    /// Zeroed memory of the plan's first size.
    pub(crate) fn new(plan: Option<plan::Memory>) -> Memory {
        let (min_pages, max_pages) =
            plan.map_or((0, 0), |memory| (memory.min_pages, memory.max_pages));
        // Room for all of it now, so that growing never waits for, or fails in, the allocator.
        let bytes = pool::take_memory(byte_len(min_pages), byte_len(max_pages.max(min_pages)));
        Memory { bytes, max_pages }
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes, to be written.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Size in pages.
    pub(crate) fn pages(&self) -> u32 {
        pages(&self.bytes)
    }

    /// Lowers the maximum to `pages`, if it is above.
    pub(crate) fn limit(&mut self, pages: u32) {
        self.max_pages = self.max_pages.min(pages);
    }

    /// Whether `delta` pages more are within the maximum.
    pub(crate) fn may_grow(&self, delta: u32) -> bool {
        self.pages()
            .checked_add(delta)
            .is_some_and(|pages| pages <= self.max_pages)
    }

    /// Adds `delta` zeroed pages, which [`Memory::may_grow`] has allowed.
    pub(crate) fn grow(&mut self, delta: u32) {
        debug_assert!(self.may_grow(delta));
        self.bytes.resize(self.bytes.len() + byte_len(delta), 0);
    }

    /// `len` bytes from `pointer`. An empty range may begin at the end, not beyond it.
    pub(crate) fn slice(&self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        let start = pointer as usize;
        start
            .checked_add(len as usize)
            .and_then(|end| self.bytes.get(start..end))
            .ok_or(TrapCode::MemoryOutOfBounds)
    }

    /// As [`Memory::slice`], to be written.
    pub(crate) fn slice_mut(&mut self, pointer: u32, len: u32) -> Result<&mut [u8], TrapCode> {
        let start = pointer as usize;
        start
            .checked_add(len as usize)
            .and_then(|end| self.bytes.get_mut(start..end))
            .ok_or(TrapCode::MemoryOutOfBounds)
    }

    /// `memory.copy`: as if through a buffer when the ranges overlap.
    pub(crate) fn copy(&mut self, to: u32, from: u32, len: u32) -> Result<(), TrapCode> {
        self.slice(to, len)?;
        self.slice(from, len)?;
        let start = from as usize;
        self.bytes
            .copy_within(start..start + len as usize, to as usize);
        Ok(())
    }

    /// `memory.fill` with the low byte of `value`.
    pub(crate) fn fill(&mut self, to: u32, value: u32, len: u32) -> Result<(), TrapCode> {
        let bytes = self.slice_mut(to, len)?;
        // Nothing is written under a mask by some C libraries: 100 ns on a page that nobody has written.
        if !bytes.is_empty() {
            bytes.fill(value as u8);
        }
        Ok(())
    }

    /// `memory.init`; `segment` is empty when it was dropped.
    pub(crate) fn init(
        &mut self,
        segment: &[u8],
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), TrapCode> {
        let start = from as usize;
        let source = start
            .checked_add(len as usize)
            .and_then(|end| segment.get(start..end))
            .ok_or(TrapCode::MemoryOutOfBounds)?;
        self.slice_mut(to, len)?.copy_from_slice(source);
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        pool::give_memory(std::mem::take(&mut self.bytes));
    }
}

/// Size of a memory in pages.
pub(crate) fn pages(memory: &[u8]) -> u32 {
    (memory.len() / PAGE_BYTES as usize) as u32
}

/// Length of `pages` pages in bytes; a memory that does not fit this machine's addresses cannot be planned.
fn byte_len(pages: u32) -> usize {
    pages as usize * PAGE_BYTES as usize
}

/// The `N` bytes of `memory` at address + offset, added without wrapping.
#[inline(always)]
pub(crate) fn load<const N: usize>(memory: &[u8], address: u32, offset: u32) -> Option<[u8; N]> {
    memory.get(access(address, offset, N)?)?.try_into().ok()
}

/// Stores `N` bytes in `memory` at address + offset, or nothing.
#[inline(always)]
pub(crate) fn store<const N: usize>(
    memory: &mut [u8],
    address: u32,
    offset: u32,
    value: [u8; N],
) -> Option<()> {
    memory
        .get_mut(access(address, offset, N)?)?
        .copy_from_slice(&value);
    Some(())
}

/// The bytes of an access. They do not fit `usize` on a machine of 32 bits only when they are out of bounds
/// there.
#[inline(always)]
fn access(address: u32, offset: u32, len: usize) -> Option<Range<usize>> {
    let start = u64::from(address) + u64::from(offset);
    let end = usize::try_from(start + len as u64).ok()?;
    Some(end - len..end)
}

/// The running contract as a host function sees it.
pub(crate) struct GuestView<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) ink: &'a mut u64,
}

impl Guest for GuestView<'_> {
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        self.memory.slice(pointer, len)
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode> {
        let len = u32::try_from(bytes.len()).map_err(|_| TrapCode::MemoryOutOfBounds)?;
        self.memory.slice_mut(pointer, len)?.copy_from_slice(bytes);
        Ok(())
    }

    fn memory_pages(&self) -> u32 {
        self.memory.pages()
    }

    fn ink_left(&self) -> u64 {
        *self.ink
    }

    fn charge(&mut self, ink: u64) -> Result<(), HostExit> {
        charge(self.ink, ink)
    }
}

/// Takes `price` from `ink`; if less is left, leaves 0.
///
/// # Errors
/// [`HostExit::OutOfInk`] if less was left.
#[inline(always)]
pub(crate) fn charge(ink: &mut u64, price: u64) -> Result<(), HostExit> {
    match ink.checked_sub(price) {
        Some(left) => {
            *ink = left;
            Ok(())
        }
        None => {
            *ink = 0;
            Err(HostExit::OutOfInk)
        }
    }
}
