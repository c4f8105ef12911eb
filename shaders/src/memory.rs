//! Loads and stores: what a path's variables hold, and the rules on memory that several invocations see.

use naga::{
    AddressSpace, GlobalVariable, Handle, LocalVariable, Span, StorageAccess, Type, TypeInner,
};

use crate::evaluate::shape;
use crate::range::{Kind, Range};
use crate::rule::{LintError, Rule};
use crate::sharing;
use crate::state::State;
use crate::values::{Node, Taint, Value};
use crate::walk::Walk;

/// Where a pointer leads.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) root: Root,
    pub(crate) path: Vec<Value>,
}

/// The variable a pointer leads into.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root {
    Local(Handle<LocalVariable>),
    Global(Handle<GlobalVariable>),
}

impl Walk<'_> {
    /// A store, with the rules on memory that others see.
    pub(crate) fn store(
        &mut self,
        place: Place,
        value: Value,
        span: Span,
        state: &mut State,
    ) -> Result<(), LintError> {
        let index = place.path.iter().fold(Taint::NONE, |taint, &index| {
            taint.with(self.values.taint(index))
        });
        let variable = match place.root {
            Root::Local(local) => {
                let slot = (self.frames.len(), Some(local));
                let before = state.locals[&slot];
                let after = self.replaced(before, &place.path, value);
                state.locals.insert(slot, after);
                return Ok(());
            }
            Root::Global(variable) => variable,
        };
        let single = sharing::is_single(&mut self.values, &state.facts, self.workgroup_size);
        let checked = match self.module.global_variables[variable].space {
            AddressSpace::WorkGroup => sharing::check_workgroup_store(index, single)
                .and_then(|()| state.shared.write(variable)),
            _ => sharing::check_storage_store(index, single),
        };
        checked.map_err(|refusal| self.error(span, refusal))
    }

    /// `before` with the part at `path` replaced.
    fn replaced(&mut self, before: Value, path: &[Value], value: Value) -> Value {
        let Some((&index, rest)) = path.split_first() else {
            return value;
        };
        let (kind, lanes) = (self.values.kind(before), self.values.lanes(before));
        let position = self.values.constant_of(index);
        let parts = match self.values.node(before) {
            Node::Compose(parts) => Some(parts.clone()),
            _ if lanes > 1 => Some(
                (0..i64::from(lanes))
                    .map(|lane| {
                        let lane = self.values.constant(lane, Kind::U32);
                        self.values.element(before, lane, kind, 1)
                    })
                    .collect(),
            ),
            _ => None,
        };
        if let (Some(position), Some(mut parts)) = (position, parts)
            && let Some(&part) = parts.get(position as usize)
        {
            parts[position as usize] = self.replaced(part, rest, value);
            return self.values.compose(parts, kind, lanes);
        }
        let taint = path
            .iter()
            .fold(self.values.taint(before), |taint, &index| {
                taint.with(self.values.taint(index))
            });
        let taint = taint.with(self.values.taint(value));
        self.values.opaque(kind, lanes, taint, Range::all(kind))
    }

    /// A load, with the same rules.
    pub(crate) fn load(
        &mut self,
        place: &Place,
        kind: Kind,
        lanes: u8,
        span: Span,
        state: &mut State,
    ) -> Result<Value, LintError> {
        let index = place.path.iter().fold(Taint::NONE, |taint, &index| {
            taint.with(self.values.taint(index))
        });
        let mut value = match place.root {
            Root::Local(local) => state.locals[&(self.frames.len(), Some(local))],
            Root::Global(variable) => match self.module.global_variables[variable].space {
                AddressSpace::Uniform => self.values.memory(variable, Taint::NONE),
                AddressSpace::Storage { access } if !access.contains(StorageAccess::STORE) => {
                    self.values.memory(variable, Taint::DATA)
                }
                AddressSpace::WorkGroup => {
                    state
                        .shared
                        .read(variable)
                        .map_err(|refusal| self.error(span, refusal))?;
                    let taint = index.with(Taint::SHARED).with(Taint::DATA);
                    return Ok(self.values.opaque(kind, lanes, taint, Range::all(kind)));
                }
                _ => {
                    let detail = "load from a buffer declared read_write: a buffer is only read (declare it `read`) or only written";
                    return Err(self.error(span, (Rule::ReadWriteStorage, detail.into())));
                }
            },
        };
        let mut ty = self.root_type(place.root);
        for (position, &index) in place.path.iter().enumerate() {
            ty = ty.and_then(|ty| self.part_type(ty, index));
            // A component of a vector has no type of its own in the module; it is always the last part.
            let (kind, lanes) = match ty {
                Some(ty) if position + 1 < place.path.len() => shape(&self.module.types[ty].inner),
                _ => (kind, lanes),
            };
            value = self.values.element(value, index, kind, lanes);
        }
        Ok(value)
    }

    fn root_type(&self, root: Root) -> Option<Handle<Type>> {
        Some(match root {
            Root::Local(local) => self.frames.last()?.function.local_variables[local].ty,
            Root::Global(variable) => self.module.global_variables[variable].ty,
        })
    }

    fn part_type(&self, ty: Handle<Type>, index: Value) -> Option<Handle<Type>> {
        match &self.module.types[ty].inner {
            TypeInner::Array { base, .. } => Some(*base),
            TypeInner::Struct { members, .. } => members
                .get(self.values.constant_of(index)? as usize)
                .map(|member| member.ty),
            _ => None,
        }
    }
}
