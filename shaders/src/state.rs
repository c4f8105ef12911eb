//! What a path through the shader carries along, and how paths meet.

use std::collections::BTreeMap;

use naga::{Handle, LocalVariable};

use crate::facts::Facts;
use crate::range::Range;
use crate::sharing::Shared;
use crate::values::{Taint, Value, Values};

/// Where a value is kept: the depth of the call, and the variable, or none for what the call returns.
pub(crate) type Slot = (usize, Option<Handle<LocalVariable>>);

/// One path, up to the statement being walked.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) locals: BTreeMap<Slot, Value>,
    pub(crate) facts: Facts,
    /// What decided that control flow came here, as far as invocations may have parted.
    pub(crate) control: Taint,
    pub(crate) shared: Shared,
}

/// The two sides of an `if` meet: a variable is a `select` between them, which is exact.
pub(crate) fn join_branches(
    values: &mut Values,
    condition: Value,
    accept: State,
    reject: &State,
) -> State {
    let facts = accept.facts.join(values, &reject.facts);
    let mut locals = BTreeMap::new();
    for (&slot, &accepted) in &accept.locals {
        if let Some(&rejected) = reject.locals.get(&slot) {
            locals.insert(slot, values.select(condition, accepted, rejected));
        }
    }
    let control = accept.control.with(reject.control);
    let mut shared = accept.shared;
    shared.join(&reject.shared);
    State {
        locals,
        facts,
        control,
        shared,
    }
}

/// Any number of paths meet. `lengths` are the array lengths against which a common bound is worth keeping.
pub(crate) fn join_paths(
    values: &mut Values,
    lengths: &[Value],
    states: Vec<State>,
) -> Option<State> {
    let (first, rest) = states.split_first()?;
    let mut joined = first.clone();
    for state in rest {
        joined.facts = joined.facts.join(values, &state.facts);
        joined.control = joined.control.with(state.control);
        joined.shared.join(&state.shared);
    }
    joined
        .locals
        .retain(|slot, _| rest.iter().all(|state| state.locals.contains_key(slot)));
    for (slot, value) in &mut joined.locals {
        let first_value = *value;
        if rest.iter().all(|state| state.locals[slot] == first_value) {
            continue;
        }
        let (kind, lanes) = (values.kind(first_value), values.lanes(first_value));
        let taint = states.iter().fold(joined.control, |taint, state| {
            taint.with(values.taint(state.locals[slot]))
        });
        let ranges = states
            .iter()
            .map(|state| state.facts.range(values, state.locals[slot]));
        let range = ranges.reduce(Range::hull).unwrap_or(Range::all(kind));
        *value = values.opaque(kind, lanes, taint, range);
        if lanes != 1 {
            continue;
        }
        for &length in lengths {
            if states
                .iter()
                .all(|state| state.facts.proves(values, state.locals[slot], length, -1))
            {
                joined.facts.note(values, *value, length, -1);
            }
        }
    }
    Some(joined)
}
