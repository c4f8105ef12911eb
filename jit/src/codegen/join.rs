//! Pieces of code to a module's code: laid one behind the other, with the calls between them filled in.

use std::collections::BTreeMap;

use aivm_wasm::plan::MeteredModule;
use cranelift_codegen::binemit::Reloc;

use super::{Item, PendingCall, Piece, count};
use crate::artefact::{Artefact, Layout};
use crate::compile::CompileError;
use crate::traps::TrapSite;

/// A module's code as far as it is joined.
#[derive(Default)]
pub(super) struct Joined {
    code: Vec<u8>,
    trap_sites: Vec<TrapSite>,
    calls: Vec<PendingCall>,
    functions: Vec<u32>,
    entries: BTreeMap<u32, u32>,
    /// Native frames of the module's own functions.
    frames: Vec<u64>,
    /// Largest native frame of a thunk or entry: one stands on top of the deepest function, one below the first.
    thunk_bytes: u64,
}

impl Joined {
    pub(super) fn append(&mut self, item: Item, piece: Piece) {
        self.code
            .resize(self.code.len().next_multiple_of(piece.alignment), 0);
        let start = self.code.len();
        self.code.extend_from_slice(&piece.code);
        let offset = count(start);
        let sites = piece.trap_sites.into_iter().map(|site| TrapSite {
            offset: offset + site.offset,
            ..site
        });
        self.trap_sites.extend(sites);
        let calls = piece.calls.into_iter().map(|call| PendingCall {
            offset: start + call.offset,
            ..call
        });
        self.calls.extend(calls);
        match item {
            Item::Thunk(_) | Item::Entry(_) => {
                self.thunk_bytes = self.thunk_bytes.max(piece.stack_bytes);
            }
            Item::Function(_) => self.frames.push(piece.stack_bytes),
        }
        match item {
            Item::Thunk(_) | Item::Function(_) => self.functions.push(offset),
            Item::Entry(ty) => {
                self.entries.insert(ty, offset);
            }
        }
    }

    pub(super) fn finish(mut self, module: &MeteredModule) -> Result<Artefact, CompileError> {
        for call in std::mem::take(&mut self.calls) {
            let target = i64::from(self.functions[call.function as usize]);
            let distance = target + call.addend - call.offset as i64;
            let place = &mut self.code[call.offset..call.offset + 4];
            patch_call(place, call.kind, distance)?;
        }
        // In order already, as far as Cranelift shows; the search relies on it.
        self.trap_sites.sort_unstable_by_key(|site| site.offset);
        let per_word = module
            .functions
            .iter()
            .zip(&self.frames)
            .map(|(function, bytes)| bytes.div_ceil(u64::from(function.frame_words)))
            .max();
        let guest_bytes = u64::from(module.stack_words).saturating_mul(per_word.unwrap_or(0));
        let native_stack_bytes = guest_bytes.saturating_add(2 * self.thunk_bytes);
        let layout = Layout {
            trap_sites: self.trap_sites,
            functions: self.functions,
            entries: self.entries,
            native_stack_bytes,
        };
        Ok(Artefact {
            code: self.code,
            layout,
        })
    }
}

/// Writes the distance of a near call into its instruction.
fn patch_call(place: &mut [u8], kind: Reloc, distance: i64) -> Result<(), CompileError> {
    let out_of_reach = || CompileError::CodeGeneration("a call out of reach".into());
    let field: [u8; 4] = match kind {
        Reloc::X86CallPCRel4 => i32::try_from(distance)
            .map_err(|_| out_of_reach())?
            .to_le_bytes(),
        Reloc::Arm64Call => {
            // 26 bits of a distance in instructions.
            let instructions = distance / 4;
            if distance % 4 != 0 || !(-(1 << 25)..1 << 25).contains(&instructions) {
                return Err(out_of_reach());
            }
            let opcode = u32::from_le_bytes([place[0], place[1], place[2], place[3]]);
            let low = instructions as u32 & 0x03ff_ffff;
            (opcode & 0xfc00_0000 | low).to_le_bytes()
        }
        other => {
            return Err(CompileError::CodeGeneration(format!(
                "unexpected relocation {other}"
            )));
        }
    };
    place.copy_from_slice(&field);
    Ok(())
}
