//! What compilation makes of a module, and the same as bytes.

use std::collections::BTreeMap;

use aivm_wasm::plan::MeteredModule;

use crate::limits;
use crate::traps::{TrapKind, TrapSite};

/// Native code that nothing has mapped yet. It names no address: calls are relative, and everything else is reached
/// through the context.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Artefact {
    pub(crate) code: Vec<u8>,
    pub(crate) layout: Layout,
}

/// What is where in a module's code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Where a signal of the processor is a trap, by offset; empty if none is.
    pub(crate) trap_sites: Vec<TrapSite>,
    /// Offset of each function of the index space, imports first.
    pub(crate) functions: Vec<u32>,
    /// Offset of the entry of each function type in use, by type index.
    pub(crate) entries: BTreeMap<u32, u32>,
    /// Native stack that guest frames of one call can use at most.
    pub(crate) native_stack_bytes: u64,
}

impl Layout {
    /// The artefact of this layout and `code` as bytes: numbers are little-endian, a list is its length and its
    /// items.
    pub(crate) fn to_bytes(&self, code: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(code.len() + 8 * self.trap_sites.len());
        let mut put = |part: &[u8]| bytes.extend_from_slice(part);
        put(&length(code.len()));
        put(code);
        put(&length(self.trap_sites.len()));
        for site in &self.trap_sites {
            put(&site.offset.to_le_bytes());
            put(&[site.status, site.kind as u8]);
        }
        put(&length(self.functions.len()));
        for offset in &self.functions {
            put(&offset.to_le_bytes());
        }
        put(&length(self.entries.len()));
        for (ty, offset) in &self.entries {
            put(&ty.to_le_bytes());
            put(&offset.to_le_bytes());
        }
        put(&self.native_stack_bytes.to_le_bytes());
        bytes
    }
}

impl Artefact {
    /// The artefact of `module` that these bytes are; `None` if they cannot be one of it.
    pub(crate) fn from_bytes(bytes: &[u8], module: &MeteredModule) -> Option<Artefact> {
        let mut reader = Reader(bytes);
        let len = reader.length()?;
        if len > limits::CODE_BYTES {
            return None;
        }
        let code = reader.take(len)?.to_vec();
        let is_inside = |offset: &u32| (*offset as usize) < code.len();
        let trap_sites = reader.list(6, |reader| {
            let offset = reader.number()?;
            let [status, kind] = *reader.take(2)?.first_chunk()?;
            let kind = TrapKind::ALL.into_iter().find(|is| *is as u8 == kind)?;
            is_inside(&offset).then_some(TrapSite {
                offset,
                status,
                kind,
            })
        })?;
        let functions = reader.list(4, Reader::number)?;
        let entries = reader.list(8, |reader| Some((reader.number()?, reader.number()?)))?;
        let native_stack_bytes = u64::from_le_bytes(*reader.take(8)?.first_chunk()?);
        let is_entry =
            |(ty, offset): &(u32, u32)| (*ty as usize) < module.types.len() && is_inside(offset);
        let is_whole = trap_sites.is_sorted_by(|a, b| a.offset < b.offset)
            && functions.len() == module.imports.len() + module.functions.len()
            && functions.iter().all(is_inside)
            && entries.iter().all(is_entry)
            && reader.0.is_empty();
        let layout = Layout {
            trap_sites,
            functions,
            entries: entries.into_iter().collect(),
            native_stack_bytes,
        };
        is_whole.then_some(Artefact { code, layout })
    }
}

fn length(items: usize) -> [u8; 4] {
    u32::try_from(items)
        .expect("limits: a module's code is small")
        .to_le_bytes()
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// A list whose items have `bytes` bytes each; its length is believed only as far as there are bytes.
    fn list<T>(
        &mut self,
        bytes: usize,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let len = self.length()?;
        if len.checked_mul(bytes)? > self.0.len() {
            return None;
        }
        (0..len).map(|_| item(self)).collect()
    }
}
