//! Rules on loops, and the one walk of a body that stands for every iteration.

use std::collections::BTreeSet;

use naga::{BinaryOperator as Op, Block, Expression, Handle, LocalVariable, Span, Statement};

use crate::range::{Kind, Range};
use crate::rule::{LintError, Rule};
use crate::sharing::Shared;
use crate::state::{Slot, State, join_paths};
use crate::values::{Node, Taint, Value};
use crate::walk::{Jump, Walk};

/// The largest bound that tensor data may give a loop.
const DATA_BOUND_MAX: i64 = 1 << 16;

/// The test at a loop's head: the loop goes on while counter < bound, or <= if inclusive.
struct Test {
    slot: Slot,
    counter: Value,
    bound: Value,
    inclusive: bool,
}

/// What is assumed at a loop's head of all iterations; grown until a walk of the body confirms it.
#[derive(Clone, PartialEq, Eq)]
struct Assumed {
    taints: Vec<Taint>,
    control: Taint,
    shared: Shared,
}

impl<'a> Walk<'a> {
    pub(crate) fn walk_loop(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        span: Span,
        entry: State,
    ) -> Result<Option<State>, LintError> {
        if break_if.is_some() {
            return Err(self.error(
                span,
                (
                    Rule::LoopForm,
                    "`break if` is not the canonical test; write a `for` loop".into(),
                ),
            ));
        }
        let depth = self.frames.len();
        let mut stored = BTreeSet::new();
        self.stored(body, &mut stored);
        self.stored(continuing, &mut stored);
        let slots: Vec<Slot> = stored
            .into_iter()
            .map(|local| (depth, Some(local)))
            .collect();
        let mut assumed = Assumed {
            taints: slots
                .iter()
                .map(|slot| self.values.taint(entry.locals[slot]))
                .collect(),
            control: entry.control,
            shared: entry.shared.clone(),
        };
        let first_return = self.frame().returns.len();
        loop {
            self.frame().returns.truncate(first_return);
            let (found, after) = self.iterate(body, continuing, span, &entry, &slots, &assumed)?;
            if found == assumed {
                return Ok(after);
            }
            assumed = found;
        }
    }

    /// Walks one iteration that stands for all, under the assumption. Gives what would have had to be assumed, and the
    /// state after the loop.
    fn iterate(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        span: Span,
        entry: &State,
        slots: &[Slot],
        assumed: &Assumed,
    ) -> Result<(Assumed, Option<State>), LintError> {
        let mark = self.values.mark();
        let mut head = entry.clone();
        head.control = assumed.control;
        head.shared = assumed.shared.clone();
        for (slot, &taint) in slots.iter().zip(&assumed.taints) {
            let (kind, lanes) = (
                self.values.kind(entry.locals[slot]),
                self.values.lanes(entry.locals[slot]),
            );
            let unknown = self.values.opaque(kind, lanes, taint, Range::all(kind));
            head.locals.insert(*slot, unknown);
        }
        let first_return = self.frame().returns.len();
        let (test, condition, taken, start) = self.test(body, span, &mut head, slots)?;
        self.check_bound(&test, mark, span, &head, entry)?;
        let last = head.facts.range(&self.values, test.bound).hi - i64::from(!test.inclusive);

        let tested = self.values.taint(condition);
        let mut exit = head.clone();
        exit.facts.assume(&self.values, condition, !taken);
        let mut inside = head;
        inside.control = inside.control.with(tested);
        inside.facts.assume(&self.values, condition, taken);
        let first = entry.locals[&test.slot];
        let least = entry.facts.range(&self.values, first).lo;
        inside.facts.narrow(
            test.counter,
            Range::new(least, Range::all(self.values.kind(test.counter)).hi),
        );
        inside.facts.note(&self.values, first, test.counter, 0);

        self.frame().jumps.push(Jump {
            is_loop: true,
            ..Jump::default()
        });
        let end = self.block(body, start, inside)?;
        let jump = self.frame().jumps.pop().unwrap_or_default();
        // Who has left the loop takes no part in the iterations that follow.
        let mut control = assumed.control.with(tested);
        let mut leaving = Taint::NONE;
        for state in jump
            .breaks
            .iter()
            .chain(&self.frame().returns[first_return..])
        {
            leaving = leaving.with(state.control);
        }
        control = control.with(leaving);

        let mut found = Assumed {
            control,
            ..assumed.clone()
        };
        let mut paths = jump.continues;
        paths.extend(end);
        if let Some(mut state) = join_paths(&mut self.values, &self.lengths, paths) {
            state.control = control;
            if state.locals[&test.slot] != test.counter {
                return Err(self.error(
                    span,
                    (
                        Rule::LoopCounter,
                        "the counter is stored to in the loop's body".into(),
                    ),
                ));
            }
            if let Some(state) = self.block(continuing, 0, state)? {
                self.check_step(&test, state.locals[&test.slot], last, span)?;
                for (taint, slot) in found.taints.iter_mut().zip(slots) {
                    *taint = taint.with(self.values.taint(state.locals[slot]));
                }
                found.shared.join(&state.shared);
            }
        }
        // How often the body has run depends on what ended it.
        for slot in slots {
            let value = exit.locals[slot];
            let taint = self.values.taint(value).with(control);
            if taint != self.values.taint(value) {
                let unknown = self.values.opaque(
                    self.values.kind(value),
                    self.values.lanes(value),
                    taint,
                    self.values.range(value),
                );
                exit.locals.insert(*slot, unknown);
            }
        }
        let returned = self.frame().returns.len() > first_return;
        let mut exits = jump.breaks;
        exits.push(exit);
        let after = join_paths(&mut self.values, &self.lengths, exits).map(|mut state| {
            state.control = if returned {
                entry.control.with(control)
            } else {
                entry.control
            };
            state
        });
        Ok((found, after))
    }

    /// Walks the loop's head up to its test. Gives the test, its condition, the truth with which the loop goes on, and the
    /// index of the statement after it.
    fn test(
        &mut self,
        body: &'a Block,
        span: Span,
        head: &mut State,
        slots: &[Slot],
    ) -> Result<(Test, Value, bool, usize), LintError> {
        let form = |walk: &Self| {
            let detail = "a loop begins with the test of its counter: `for (var i = start; i < bound; i += step)`";
            walk.error(span, (Rule::LoopForm, detail.into()))
        };
        for (position, statement) in body.iter().enumerate() {
            let (condition, taken) = match statement {
                Statement::Emit(range) => {
                    for handle in range.clone() {
                        self.emit(handle, head)?;
                    }
                    continue;
                }
                Statement::If {
                    condition,
                    accept,
                    reject,
                } => match (&accept[..], &reject[..]) {
                    ([], [Statement::Break]) => (*condition, true),
                    ([Statement::Break], []) => (*condition, false),
                    _ => return Err(form(self)),
                },
                _ => return Err(form(self)),
            };
            let condition = self.value(condition);
            let Node::Binary(op, left, right) = *self.values.node(condition) else {
                return Err(form(self));
            };
            let (counter, bound, inclusive) = match (op, taken) {
                (Op::Less, true) | (Op::GreaterEqual, false) => (left, right, false),
                (Op::LessEqual, true) | (Op::Greater, false) => (left, right, true),
                (Op::Greater, true) | (Op::LessEqual, false) => (right, left, false),
                (Op::GreaterEqual, true) | (Op::Less, false) => (right, left, true),
                _ => return Err(form(self)),
            };
            let Some(&slot) = slots.iter().find(|slot| head.locals[slot] == counter) else {
                return Err(form(self));
            };
            return Ok((
                Test {
                    slot,
                    counter,
                    bound,
                    inclusive,
                },
                condition,
                taken,
                position + 1,
            ));
        }
        Err(form(self))
    }

    fn check_bound(
        &self,
        test: &Test,
        mark: Value,
        span: Span,
        head: &State,
        entry: &State,
    ) -> Result<(), LintError> {
        if !self.values.is_older(test.bound, mark) {
            return Err(self.error(
                span,
                (Rule::LoopBound, "the bound changes inside the loop".into()),
            ));
        }
        let loaded = |value: Value| self.values.taint(value).has(Taint::DATA);
        if loaded(test.bound) && head.facts.range(&self.values, test.bound).hi > DATA_BOUND_MAX {
            let detail = format!(
                "the bound depends on loaded data; cap it: `min(bound, {DATA_BOUND_MAX}u)`"
            );
            return Err(self.error(span, (Rule::LoopBound, detail)));
        }
        let first = entry.locals[&test.slot];
        if loaded(first) && entry.facts.range(&self.values, first).lo < -DATA_BOUND_MAX {
            let detail = format!(
                "the counter's start depends on loaded data; cap it: `max(start, -{DATA_BOUND_MAX})`"
            );
            return Err(self.error(span, (Rule::LoopBound, detail)));
        }
        Ok(())
    }

    /// Checks that an iteration adds a positive constant to the counter, and that the last addition does not wrap.
    fn check_step(&self, test: &Test, next: Value, last: i64, span: Span) -> Result<(), LintError> {
        let refuse = |detail: String| Err(self.error(span, (Rule::LoopStep, detail)));
        let step = match *self.values.node(next) {
            Node::Binary(Op::Add, left, right) if left == test.counter => {
                self.values.constant_of(right)
            }
            Node::Binary(Op::Add, left, right) if right == test.counter => {
                self.values.constant_of(left)
            }
            _ => None,
        };
        let Some(step) = step.filter(|&step| step >= 1) else {
            return refuse("the counter's step is not a positive constant".into());
        };
        let kind = self.values.kind(test.counter);
        if !matches!(kind, Kind::I32 | Kind::U32) || last + step > Range::all(kind).hi {
            return refuse(format!(
                "the counter can reach {last}, and adding {step} overflows: bound it by `min(bound, 0x7fffffff)` or smaller"
            ));
        }
        Ok(())
    }

    /// The variables of this function that a block stores to.
    fn stored(&self, block: &Block, into: &mut BTreeSet<Handle<LocalVariable>>) {
        for statement in block {
            match statement {
                Statement::Store { pointer, .. } => {
                    if let Some(local) = self.local_root(*pointer) {
                        into.insert(local);
                    }
                }
                Statement::Block(inner) => self.stored(inner, into),
                Statement::If { accept, reject, .. } => {
                    self.stored(accept, into);
                    self.stored(reject, into);
                }
                Statement::Switch { cases, .. } => {
                    cases.iter().for_each(|case| self.stored(&case.body, into))
                }
                Statement::Loop {
                    body, continuing, ..
                } => {
                    self.stored(body, into);
                    self.stored(continuing, into);
                }
                _ => {}
            }
        }
    }

    /// The variable of this function that a pointer leads into, if it is one.
    fn local_root(&self, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
        match self.frames.last()?.function.expressions[pointer] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                self.local_root(base)
            }
            Expression::LocalVariable(local) => Some(local),
            _ => None,
        }
    }
}
