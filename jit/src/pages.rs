//! Pages from the operating system: mapping, protecting, emptying and giving back.

#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
pub(crate) use nowhere::*;

#[cfg(unix)]
mod unix {
    use std::ptr::NonNull;

    use rustix::io::Errno;
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    /// New zeroed pages, readable and writable; memory is committed when a page is first touched.
    pub(crate) fn map_writable(bytes: usize) -> Result<NonNull<u8>, String> {
        map(bytes, ProtFlags::READ | ProtFlags::WRITE)
    }

    /// New pages that may not be touched until [`make_writable`]; then they are zeroed.
    pub(crate) fn reserve(bytes: usize) -> Result<NonNull<u8>, String> {
        map(bytes, ProtFlags::empty())
    }

    fn map(bytes: usize, protection: ProtFlags) -> Result<NonNull<u8>, String> {
        #[cfg(target_os = "linux")]
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        #[cfg(not(target_os = "linux"))]
        let flags = MapFlags::PRIVATE;
        // SAFETY: no address is asked for, so no existing mapping is touched.
        let base = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, protection, flags) }
            .map_err(|error| format!("mmap of {bytes} bytes: {error}"))?;
        NonNull::new(base.cast()).ok_or_else(|| "mmap returned null".into())
    }

    /// From writable to executable.
    ///
    /// # Safety
    /// The range is a whole mapping that nothing writes to any more.
    pub(crate) unsafe fn make_executable(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
        // SAFETY: the caller's promise.
        unsafe { protect(base, bytes, MprotectFlags::READ | MprotectFlags::EXEC) }
    }

    /// Lets pages be read and written.
    ///
    /// # Safety
    /// The range is of whole pages of one mapping and holds no code.
    pub(crate) unsafe fn make_writable(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
        // SAFETY: the caller's promise.
        unsafe { protect(base, bytes, MprotectFlags::READ | MprotectFlags::WRITE) }
    }

    /// Lets nobody touch pages any more.
    ///
    /// # Safety
    /// The range is of whole pages of one mapping, and no reference into it exists.
    pub(crate) unsafe fn make_untouchable(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
        // SAFETY: the caller's promise.
        unsafe { protect(base, bytes, MprotectFlags::empty()) }
    }

    /// # Safety
    /// As the callers': nothing relies on what this forbids.
    unsafe fn protect(
        base: NonNull<u8>,
        bytes: usize,
        protection: MprotectFlags,
    ) -> Result<(), String> {
        // SAFETY: the caller's promise.
        unsafe { mprotect(base.as_ptr().cast(), bytes, protection) }
            .map_err(|error: Errno| format!("mprotect of {bytes} bytes: {error}"))
    }

    /// Makes pages zero again and gives their memory back.
    ///
    /// # Safety
    /// The range is of whole writable pages of one private mapping without a file, and no reference into it
    /// exists.
    #[cfg(target_os = "linux")]
    pub(crate) unsafe fn empty(base: NonNull<u8>, bytes: usize) -> Result<(), String> {
        use rustix::mm::{Advice, madvise};
        // SAFETY: the caller's promise. Linux promises zeros for such pages.
        unsafe { madvise(base.as_ptr().cast(), bytes, Advice::LinuxDontNeed) }
            .map_err(|error| format!("madvise of {bytes} bytes: {error}"))
    }

    /// Other systems promise no zeros.
    ///
    /// # Safety
    /// None is needed.
    #[cfg(not(target_os = "linux"))]
    pub(crate) unsafe fn empty(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err("pages cannot be emptied here".into())
    }

    /// Bytes of a page.
    pub(crate) fn page_bytes() -> usize {
        rustix::param::page_size()
    }

    /// Gives the pages back.
    ///
    /// # Safety
    /// The range is a whole mapping that nothing uses any more.
    pub(crate) unsafe fn unmap(base: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller's promise. A failure would only leak the range.
        let _ = unsafe { munmap(base.as_ptr().cast(), bytes) };
    }
}

/// Elsewhere nothing is mapped, so nothing is compiled and every call is interpreted.
#[cfg(not(unix))]
mod nowhere {
    use std::ptr::NonNull;

    const NO_PAGES: &str = "no pages for native code on this operating system";

    pub(crate) fn map_writable(_bytes: usize) -> Result<NonNull<u8>, String> {
        Err(NO_PAGES.into())
    }

    pub(crate) fn reserve(_bytes: usize) -> Result<NonNull<u8>, String> {
        Err(NO_PAGES.into())
    }

    pub(crate) unsafe fn make_executable(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err(NO_PAGES.into())
    }

    pub(crate) unsafe fn make_writable(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err(NO_PAGES.into())
    }

    pub(crate) unsafe fn make_untouchable(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err(NO_PAGES.into())
    }

    pub(crate) unsafe fn empty(_base: NonNull<u8>, _bytes: usize) -> Result<(), String> {
        Err(NO_PAGES.into())
    }

    pub(crate) fn page_bytes() -> usize {
        usize::MAX
    }

    pub(crate) unsafe fn unmap(_base: NonNull<u8>, _bytes: usize) {}
}
