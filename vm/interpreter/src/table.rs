//! The table of functions that `call_indirect` calls through.

use aivm_core::TrapCode;

/// The table of one instance; a module without table has one of 0 entries. It cannot grow.
pub(crate) struct Table {
    entries: Vec<Option<u32>>,
}

impl Table {
    /// A table of `entries` null entries.
    pub(crate) fn new(entries: u32) -> Table {
        Table {
            entries: vec![None; entries as usize],
        }
    }

    /// All entries: function indices, `None` is null.
    pub(crate) fn entries(&self) -> &[Option<u32>] {
        &self.entries
    }

    /// The function index at `index`.
    #[inline(always)]
    pub(crate) fn function(&self, index: u32) -> Result<u32, TrapCode> {
        self.entries
            .get(index as usize)
            .ok_or(TrapCode::TableOutOfBounds)?
            .ok_or(TrapCode::IndirectCallToNull)
    }

    /// `table.copy`: as if through a buffer when the ranges overlap.
    pub(crate) fn copy(&mut self, to: u32, from: u32, len: u32) -> Result<(), TrapCode> {
        let destination = range(to, len, self.entries.len())?;
        let source = range(from, len, self.entries.len())?;
        self.entries.copy_within(source, destination.start);
        Ok(())
    }

    /// `table.init`; `segment` is empty when it was dropped.
    pub(crate) fn init(
        &mut self,
        segment: &[Option<u32>],
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), TrapCode> {
        let destination = range(to, len, self.entries.len())?;
        let source = range(from, len, segment.len())?;
        self.entries[destination].copy_from_slice(&segment[source]);
        Ok(())
    }
}

/// `len` entries from `start`, if all are below `size`.
fn range(start: u32, len: u32, size: usize) -> Result<std::ops::Range<usize>, TrapCode> {
    let start = start as usize;
    match start.checked_add(len as usize) {
        Some(end) if end <= size => Ok(start..end),
        _ => Err(TrapCode::TableOutOfBounds),
    }
}
