//! Address space for linear memories: with guard pages behind the memory, or exactly its largest size.
//!
//! ```text
//! base          accessible                                        GUARDED_BYTES
//! | read, write | may not be touched: unused pages, then the guard           |
//! ```
//!
//! A guarded reservation spans every sum of a 32-bit address, a 32-bit offset and a width, whatever the
//! memory's size, so that an access needs no test. Its pages cost address space, not memory, until the contract
//! touches them. Reservations that are done with are emptied and kept for the next instance, because mapping
//! and unmapping cost more than all else that making an instance does.
//!
//! Without guard pages all of the largest size is readable and writable from the start, and growth changes a
//! number.

use std::ptr::NonNull;
use std::sync::{Mutex, OnceLock, PoisonError};

use aivm_core::limits::PAGE_BYTES;

use crate::clearing::clear;
use crate::pages;
use crate::traps::Traps;

/// Bytes behind the base of a guarded memory which are reserved: no access of a contract reaches further. The
/// highest address and the highest offset are both below 2^32, and no access is as wide as a page.
pub(crate) const GUARDED_BYTES: u64 = (1 << 33) + PAGE_BYTES as u64;
/// Idle reservations that are kept. More instances than these at a time are mapped and unmapped.
const KEPT: usize = 64;
/// Memories of at most so many bytes are looked through and keep their pages: giving pages back and faulting two
/// in again takes longer. Which pages of a larger one were touched is known to the system only.
const CLEARED_BYTES: usize = 4 * PAGE_BYTES as usize;

/// Reservations without an owner: all zero, `accessible` bytes of each readable and writable.
static IDLE: Mutex<Vec<Guarded>> = Mutex::new(Vec::new());

/// One linear memory's address space; given back when dropped.
pub(crate) struct Reservation(Form);

enum Form {
    Guarded(Guarded),
    /// Mapped for one owner, all of it accessible.
    Exact {
        base: NonNull<u8>,
        bytes: usize,
    },
    /// A memory that can have no byte.
    Nothing,
}

/// A mapping of [`GUARDED_BYTES`].
struct Guarded {
    base: NonNull<u8>,
    /// The first bytes that may be touched, in whole pages.
    accessible: usize,
}

// SAFETY: a mapping belongs to no thread, and only the owner has its address.
unsafe impl Send for Guarded {}

impl Reservation {
    /// Zeroed memory of `bytes` bytes that can become `max_bytes` long.
    ///
    /// # Errors
    /// What the operating system refused.
    pub(crate) fn new(traps: Traps, bytes: usize, max_bytes: usize) -> Result<Reservation, String> {
        assert!(bytes <= max_bytes, "a memory starts within its maximum");
        let form = match traps {
            Traps::Signals => {
                let mut guarded = Guarded::take(bytes)?;
                if let Err(reason) = guarded.resize(bytes) {
                    guarded.unmap();
                    return Err(reason);
                }
                Form::Guarded(guarded)
            }
            Traps::Explicit if max_bytes == 0 => Form::Nothing,
            Traps::Explicit => Form::Exact {
                base: pages::map_writable(max_bytes)?,
                bytes: max_bytes,
            },
        };
        Ok(Reservation(form))
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        match &self.0 {
            Form::Guarded(Guarded { base, .. }) | Form::Exact { base, .. } => base.as_ptr(),
            Form::Nothing => std::ptr::dangling_mut(),
        }
    }

    /// Makes the first `bytes` bytes, no fewer than before, readable and writable; new ones are zero.
    ///
    /// # Errors
    /// What the operating system refused.
    pub(crate) fn make_accessible(&mut self, bytes: usize) -> Result<(), String> {
        match &mut self.0 {
            Form::Guarded(guarded) => {
                assert!(bytes >= guarded.accessible, "memory never shrinks");
                guarded.resize(bytes)
            }
            Form::Exact { bytes: most, .. } => {
                assert!(bytes <= *most, "memory grows to its maximum");
                Ok(())
            }
            Form::Nothing => {
                assert!(bytes == 0, "memory grows to its maximum");
                Ok(())
            }
        }
    }

    /// Whether an access to `address` is one to this memory's pages or its guard.
    pub(crate) fn reserves(&self, address: usize) -> bool {
        match &self.0 {
            Form::Guarded(Guarded { base, .. }) => address
                .checked_sub(base.as_ptr() as usize)
                .is_some_and(|offset| (offset as u64) < GUARDED_BYTES),
            Form::Exact { .. } | Form::Nothing => false,
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.0, Form::Nothing) {
            Form::Guarded(guarded) => guarded.give_back(),
            // SAFETY: mapped by `new`, unmapped once; the owner gives no pointer away that outlives it.
            Form::Exact { base, bytes } => unsafe { pages::unmap(base, bytes) },
            Form::Nothing => {}
        }
    }
}

impl Guarded {
    /// An idle reservation, if possible one of which `bytes` are accessible already, or a new one.
    fn take(bytes: usize) -> Result<Guarded, String> {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = idle.iter().rposition(|idle| idle.accessible == bytes);
        if let Some(index) = fitting.or(idle.len().checked_sub(1)) {
            return Ok(idle.swap_remove(index));
        }
        drop(idle);
        Ok(Guarded {
            base: pages::reserve(guarded_bytes())?,
            accessible: 0,
        })
    }

    /// Makes the first `bytes` bytes accessible and no others. What becomes inaccessible must be zero.
    fn resize(&mut self, bytes: usize) -> Result<(), String> {
        assert!(bytes as u64 <= 1 << 32, "a 32-bit memory");
        let (from, to) = (self.accessible.min(bytes), self.accessible.max(bytes));
        if from == to {
            return Ok(());
        }
        // SAFETY: inside the mapping, by the assertion and since `accessible` passed it before.
        let first = unsafe { self.base.add(from) };
        // SAFETY: whole pages of this mapping, as `can_be_guarded` found. They hold no code, and the owner has no
        // references into memory while it resizes it.
        unsafe {
            match bytes > self.accessible {
                true => pages::make_writable(first, to - from)?,
                false => pages::make_untouchable(first, to - from)?,
            }
        }
        self.accessible = bytes;
        Ok(())
    }

    /// Zeroes the pages and keeps the reservation, or unmaps it.
    fn give_back(self) {
        let is_zero = match self.accessible {
            bytes if bytes <= CLEARED_BYTES => {
                // SAFETY: these bytes are readable and writable; the owner is gone, and with it all references.
                clear(unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), bytes) });
                true
            }
            // SAFETY: the accessible pages of this private mapping; nobody refers to them, as above.
            bytes => unsafe { pages::empty(self.base, bytes) }.is_ok(),
        };
        if is_zero {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(self);
                return;
            }
        }
        self.unmap();
    }

    fn unmap(self) {
        // SAFETY: mapped by `take` in this length; nobody else has its address.
        unsafe { pages::unmap(self.base, guarded_bytes()) };
    }
}

/// Whether memories can have guard pages here: the address space is large enough, pages of the system divide
/// WebAssembly's, and emptied pages are zero.
pub(crate) fn can_be_guarded() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let page = PAGE_BYTES as usize;
        if usize::BITS < 64 || !page.is_multiple_of(pages::page_bytes()) {
            return false;
        }
        let Ok(mut trial) = Guarded::take(page) else {
            return false;
        };
        // SAFETY: `resize` made the byte writable, and it is this function's own; afterwards it is read only if
        // the pages are still there.
        let works = trial.resize(page).is_ok()
            && unsafe {
                trial.base.write_volatile(1);
                pages::empty(trial.base, page).is_ok() && trial.base.read_volatile() == 0
            };
        trial.give_back();
        works
    })
}

fn guarded_bytes() -> usize {
    usize::try_from(GUARDED_BYTES).expect("only where addresses have 64 bits")
}
