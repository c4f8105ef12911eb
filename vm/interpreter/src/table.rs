//! The tables of functions that `call_indirect` calls through.

use std::ops::Range;

use aivm_core::TrapCode;
use aivm_wasm::plan;

/// The tables of one instance, their entries one after the other. They cannot grow.
#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Option<u32>>,
    /// The entries of each table.
    ranges: Vec<Range<usize>>,
}

impl Table {
    /// `tables` of null entries.
    pub(crate) fn new(tables: &[plan::Table]) -> Table {
        let ranges: Vec<Range<usize>> = tables
            .iter()
            .map(|table| table.first as usize..(table.first + table.entries) as usize)
            .collect();
        Table {
            entries: vec![None; ranges.last().map_or(0, |range| range.end)],
            ranges,
        }
    }

    /// All entries: function indices, `None` is null.
    pub(crate) fn entries(&self) -> &[Option<u32>] {
        &self.entries
    }

    /// The function index at `index` of `table`.
    #[inline(always)]
    pub(crate) fn function(&self, table: u32, index: u32) -> Result<u32, TrapCode> {
        self.entries[self.ranges[table as usize].clone()]
            .get(index as usize)
            .ok_or(TrapCode::TableOutOfBounds)?
            .ok_or(TrapCode::IndirectCallToNull)
    }

    /// `table.copy`: as if through a buffer when the ranges overlap.
    pub(crate) fn copy(
        &mut self,
        to_table: u32,
        from_table: u32,
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), TrapCode> {
        let destination = self.range(to_table, to, len)?;
        let source = self.range(from_table, from, len)?;
        self.entries.copy_within(source, destination.start);
        Ok(())
    }

    /// `table.init`; `segment` is empty when it was dropped.
    pub(crate) fn init(
        &mut self,
        table: u32,
        segment: &[Option<u32>],
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), TrapCode> {
        let destination = self.range(table, to, len)?;
        let source = range(from, len, segment.len())?;
        self.entries[destination].copy_from_slice(&segment[source]);
        Ok(())
    }

    /// `len` entries of `table` from `start`, if it has them, as a range of all entries.
    fn range(&self, table: u32, start: u32, len: u32) -> Result<Range<usize>, TrapCode> {
        let table = &self.ranges[table as usize];
        let within = range(start, len, table.len())?;
        Ok(table.start + within.start..table.start + within.end)
    }
}

/// `len` entries from `start`, if all are below `size`.
fn range(start: u32, len: u32, size: usize) -> Result<Range<usize>, TrapCode> {
    let start = start as usize;
    match start.checked_add(len as usize) {
        Some(end) if end <= size => Ok(start..end),
        _ => Err(TrapCode::TableOutOfBounds),
    }
}
