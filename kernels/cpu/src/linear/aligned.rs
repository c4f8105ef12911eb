//! Bytes that begin at a cache line: a vector load across two lines costs two.

use std::ops::Deref;

const LINE: usize = 64;

/// Owned bytes whose first lies at the beginning of a cache line.
#[derive(Debug)]
pub(crate) struct Aligned {
    storage: Vec<u8>,
    offset: usize,
    len: usize,
}

impl Aligned {
    /// `len` bytes, filled in by `fill`, which gets them zeroed.
    pub(crate) fn new(len: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut storage = vec![0; len + LINE];
        let offset = storage.as_ptr().align_offset(LINE);
        fill(&mut storage[offset..offset + len]);
        Self {
            storage,
            offset,
            len,
        }
    }
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.storage[self.offset..self.offset + self.len]
    }
}

/// Bytes to ask for when `len` from the beginning of a cache line are wanted.
pub(crate) fn with_slack(len: usize) -> usize {
    len + LINE
}

/// The bytes from the first beginning of a cache line on.
pub(crate) fn from_line(bytes: &mut [u8]) -> &mut [u8] {
    let offset = bytes.as_ptr().align_offset(LINE);
    &mut bytes[offset..]
}

/// `len` rounded up to whole cache lines.
pub(crate) const fn lines(len: usize) -> usize {
    len.next_multiple_of(LINE)
}
