//! Rules on memory that several invocations see: workgroup variables, storage buffers, barriers.

use std::collections::BTreeMap;

use naga::{BuiltIn, GlobalVariable, Handle};

use crate::facts::Facts;
use crate::range::Kind;
use crate::rule::Rule;
use crate::values::{Taint, Values};

/// What happened to one workgroup variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Uses {
    /// Since the last barrier.
    read: bool,
    written: bool,
    /// Before the last barrier.
    written_before: bool,
}

/// What happened to every workgroup variable on a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared(BTreeMap<Handle<GlobalVariable>, Uses>);

/// Why an access is refused.
pub(crate) type Refusal = (Rule, String);

impl Shared {
    pub(crate) fn read(&mut self, variable: Handle<GlobalVariable>) -> Result<(), Refusal> {
        let uses = self.0.entry(variable).or_default();
        if uses.written {
            let detail = "read of workgroup memory written since the last workgroupBarrier(); put one between".into();
            return Err((Rule::WorkgroupRace, detail));
        }
        if !uses.written_before {
            let detail = "read of workgroup memory that nothing has been stored to; store, then workgroupBarrier()".into();
            return Err((Rule::WorkgroupUnwritten, detail));
        }
        uses.read = true;
        Ok(())
    }

    pub(crate) fn write(&mut self, variable: Handle<GlobalVariable>) -> Result<(), Refusal> {
        let uses = self.0.entry(variable).or_default();
        if uses.read {
            let detail =
                "store to workgroup memory read since the last workgroupBarrier(); put one between"
                    .into();
            return Err((Rule::WorkgroupRace, detail));
        }
        uses.written = true;
        Ok(())
    }

    /// All invocations have come here: what was stored is visible, and what was read may be overwritten.
    pub(crate) fn barrier(&mut self) {
        for uses in self.0.values_mut() {
            *uses = Uses {
                read: false,
                written: false,
                written_before: uses.written_before || uses.written,
            };
        }
    }

    /// What may have happened on either of two paths.
    pub(crate) fn join(&mut self, other: &Shared) {
        for (&variable, theirs) in &other.0 {
            let ours = self.0.entry(variable).or_default();
            ours.read |= theirs.read;
            ours.written |= theirs.written;
            ours.written_before |= theirs.written_before;
        }
    }
}

/// Whether only one invocation of a workgroup is on this path.
pub(crate) fn is_single(values: &mut Values, facts: &Facts, workgroup_size: [u32; 3]) -> bool {
    let index = values.builtin(BuiltIn::LocalInvocationIndex);
    if facts.range(values, index).is_single() {
        return true;
    }
    [BuiltIn::LocalInvocationId, BuiltIn::GlobalInvocationId]
        .into_iter()
        .any(|builtin| {
            let id = values.builtin(builtin);
            (0..3).all(|axis| {
                let axis_index = values.constant(axis, Kind::U32);
                let component = values.element(id, axis_index, Kind::U32, 1);
                workgroup_size[axis as usize] == 1 || facts.range(values, component).is_single()
            })
        })
}

/// Checks that a store to workgroup memory is not made by several invocations to one word, as far as its index shows.
pub(crate) fn check_workgroup_store(index: Taint, single: bool) -> Result<(), Refusal> {
    if single || index.has(Taint::LOCAL) || index.has(Taint::GLOBAL) {
        return Ok(());
    }
    let detail = "every invocation stores to the same word: let the index depend on a local id, or store under `if (local_index == 0u)`";
    Err((Rule::SharedStore, detail.into()))
}

/// The same for a storage buffer, where other workgroups store too.
pub(crate) fn check_storage_store(index: Taint, single: bool) -> Result<(), Refusal> {
    let of_group = index.has(Taint::GROUP) && (single || index.has(Taint::LOCAL));
    if index.has(Taint::GLOBAL) || of_group {
        return Ok(());
    }
    let detail = "several invocations store to the same word: let the index depend on global_invocation_id, or on \
                  workgroup_id and a local id, or on workgroup_id under `if (local_index == 0u)`";
    Err((Rule::SharedStore, detail.into()))
}

/// Checks that all invocations of a workgroup come to this barrier.
pub(crate) fn check_barrier(control: Taint) -> Result<(), Refusal> {
    if control.varies() {
        let detail = "whether control flow comes to this barrier depends on an invocation id or on shared memory".into();
        return Err((Rule::Barrier, detail));
    }
    Ok(())
}
