//! A module's code in pages of its own: written while they are writable, run while they are executable, never
//! both.

use std::ptr::NonNull;

use crate::pages;

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
        let base = pages::map_writable(bytes)?;
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

    /// The offset of an address in the code.
    pub(crate) fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.base.as_ptr() as usize)?;
        match offset < self.bytes {
            true => u32::try_from(offset).ok(),
            false => None,
        }
    }

    /// The code.
    pub(crate) fn code(&self) -> &[u8] {
        // SAFETY: `new` wrote so many bytes, nobody writes any more, and they are mapped as long as `self` lives.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.bytes) }
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
