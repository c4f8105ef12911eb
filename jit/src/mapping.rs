//! Pages from the operating system: one mapping for a module's code, one for an instance's memory.
//!
//! Code is written while its pages are writable and run while they are executable, never both. Linear
//! memory is reserved whole at its largest size: pages the contract never touches cost address space
//! only, growth changes a number, and so neither can fail for a reason that differs between nodes.

use std::ptr::NonNull;

/// The native code of a module: readable and executable, freed when dropped.
pub(crate) struct CodeMapping {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the mapping is owned, and after `new` nobody writes to it.
unsafe impl Send for CodeMapping {}
// SAFETY: as above; reading and executing are shared freely.
unsafe impl Sync for CodeMapping {}

impl CodeMapping {
    /// Copies `code` into pages of its own and makes them executable.
    ///
    /// # Errors
    /// What the operating system refused.
    pub(crate) fn new(code: &[u8]) -> Result<CodeMapping, String> {
        let bytes = code.len().max(1);
        let base = pages::map(bytes)?;
        let mapping = CodeMapping { base, bytes };
        // SAFETY: the pages are new, writable and at least as long as `code`.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), base.as_ptr(), code.len()) };
        // SAFETY: the range is this mapping's own, and no reference into it exists.
        unsafe { pages::make_executable(base, bytes) }?;
        flush_instruction_cache(base, bytes)?;
        Ok(mapping)
    }

    /// The address of the code at `offset`.
    pub(crate) fn address(&self, offset: u32) -> *const u8 {
        let offset = offset as usize;
        assert!(offset < self.bytes, "code offset outside the mapping");
        // SAFETY: inside the mapping, as asserted.
        unsafe { self.base.as_ptr().add(offset) }
    }

    /// Bytes of code.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }
}

impl Drop for CodeMapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, unmapped once; instances keep their module alive while code may run.
        unsafe { pages::unmap(self.base, self.bytes) };
    }
}

/// Address space for one linear memory: zeroed, readable and writable, freed when dropped.
pub(crate) struct Reservation {
    base: NonNull<u8>,
    bytes: usize,
}

impl Reservation {
    /// Reserves `bytes` bytes, at least one.
    ///
    /// # Errors
    /// What the operating system refused.
    pub(crate) fn new(bytes: usize) -> Result<Reservation, String> {
        Ok(Reservation {
            base: pages::map(bytes)?,
            bytes,
        })
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Bytes reserved.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, unmapped once; the owner gives no pointer away that outlives it.
        unsafe { pages::unmap(self.base, self.bytes) };
    }
}

/// Makes freshly written code visible to instruction fetch on every core.
#[cfg(target_arch = "aarch64")]
fn flush_instruction_cache(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
    use wasmtime_internal_jit_icache_coherence as icache;
    // SAFETY: the range is a live mapping.
    unsafe { icache::clear_cache(base.as_ptr().cast(), bytes) }
        .and_then(|()| icache::pipeline_flush_mt())
        .map_err(|error| format!("instruction cache: {error}"))
}

/// x86-64 keeps its instruction cache coherent; no other architecture is compiled for.
#[cfg(not(target_arch = "aarch64"))]
#[allow(clippy::unnecessary_wraps)] // One signature for all architectures.
fn flush_instruction_cache(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
mod pages {
    use std::ptr::NonNull;

    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    /// New zeroed pages, readable and writable; memory is committed when a page is first touched.
    pub(super) fn map(bytes: usize) -> Result<NonNull<u8>, String> {
        #[cfg(target_os = "linux")]
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        #[cfg(not(target_os = "linux"))]
        let flags = MapFlags::PRIVATE;
        // SAFETY: no address is asked for, so no existing mapping is touched.
        let base = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
            )
        }
        .map_err(|error| format!("mmap of {bytes} bytes: {error}"))?;
        NonNull::new(base.cast()).ok_or_else(|| "mmap returned null".into())
    }

    /// From writable to executable.
    ///
    /// # Safety
    /// The range is a whole mapping of [`map`] that nothing writes to any more.
    pub(super) unsafe fn make_executable(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
        // SAFETY: the caller's promise.
        unsafe {
            mprotect(
                base.as_ptr().cast(),
                bytes,
                MprotectFlags::READ | MprotectFlags::EXEC,
            )
        }
        .map_err(|error| format!("mprotect: {error}"))
    }

    /// Gives the pages back.
    ///
    /// # Safety
    /// The range is a whole mapping of [`map`] that nothing uses any more.
    pub(super) unsafe fn unmap(base: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller's promise. A failure would only leak the range.
        let _ = unsafe { munmap(base.as_ptr().cast(), bytes) };
    }
}

/// Elsewhere nothing is mapped, so nothing is compiled and every call is interpreted.
#[cfg(not(unix))]
mod pages {
    use std::ptr::NonNull;

    pub(super) fn map(_bytes: usize) -> Result<NonNull<u8>, String> {
        Err("no executable pages on this operating system".into())
    }

    pub(super) unsafe fn make_executable(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err("no executable pages on this operating system".into())
    }

    pub(super) unsafe fn unmap(_base: NonNull<u8>, _bytes: usize) {}
}
