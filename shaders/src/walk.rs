//! The symbolic walk of an entry point: statement by statement, calls inlined, every rule on executed code applied on
//! the path where it matters.
//!
//! Soundness rests on four points. Values are nodes that never change (`values`). A path's facts are about values, not
//! about variables. A loop's variables are made unknown before its body is walked, so that the one walk stands for
//! every iteration (`loops`). And where paths meet, only what holds on each of them is kept (`state`).

use std::collections::{BTreeMap, HashMap};

use naga::{
    Barrier, Block, Expression, Function, FunctionArgument, Handle, Span, Statement, SwitchValue,
    TypeInner,
};

use crate::facts::Facts;
use crate::memory::Place;
use crate::range::{Kind, Range};
use crate::rule::{LintError, Rule};
use crate::sharing::{self, Refusal, Shared};
use crate::state::{State, join_branches, join_paths};
use crate::types::error;
use crate::values::{Taint, Value, Values};

/// Statements and expressions walked at most; a kernel takes some thousands.
const BUDGET: u32 = 400_000;
/// Calls inside calls; bounds the stack that the walk itself takes.
const CALL_DEPTH_MAX: usize = 64;

/// What an expression has come to.
pub(crate) enum Known {
    Value(Value),
    Place(Place),
}

/// A loop or switch that is being walked.
#[derive(Default)]
pub(crate) struct Jump {
    pub(crate) is_loop: bool,
    pub(crate) breaks: Vec<State>,
    pub(crate) continues: Vec<State>,
}

/// A call that is being walked.
pub(crate) struct Frame<'a> {
    pub(crate) function: &'a Function,
    pub(crate) info: &'a naga::valid::FunctionInfo,
    pub(crate) arguments: Vec<Value>,
    pub(crate) known: HashMap<Handle<Expression>, Known>,
    pub(crate) jumps: Vec<Jump>,
    pub(crate) returns: Vec<State>,
}

/// The walk of one entry point.
pub(crate) struct Walk<'a> {
    source: &'a str,
    pub(crate) module: &'a naga::Module,
    pub(crate) info: &'a naga::valid::ModuleInfo,
    pub(crate) workgroup_size: [u32; 3],
    pub(crate) values: Values,
    pub(crate) frames: Vec<Frame<'a>>,
    /// Lengths of runtime-sized arrays met so far.
    pub(crate) lengths: Vec<Value>,
    budget: u32,
}

/// Walks every entry point of a module that has passed the other checks.
pub(crate) fn check(
    source: &str,
    module: &naga::Module,
    info: &naga::valid::ModuleInfo,
) -> Result<(), LintError> {
    for (index, entry) in module.entry_points.iter().enumerate() {
        let mut walk = Walk {
            source,
            module,
            info,
            workgroup_size: entry.workgroup_size,
            values: Values::new(entry.workgroup_size),
            frames: Vec::new(),
            lengths: Vec::new(),
            budget: BUDGET,
        };
        let arguments = entry
            .function
            .arguments
            .iter()
            .map(|argument| walk.entry_argument(argument))
            .collect();
        let state = State {
            locals: BTreeMap::new(),
            facts: Facts::default(),
            control: Taint::NONE,
            shared: Shared::default(),
        };
        walk.call(
            &entry.function,
            info.get_entry_point(index),
            arguments,
            state,
        )?;
    }
    Ok(())
}

impl<'a> Walk<'a> {
    fn entry_argument(&mut self, argument: &FunctionArgument) -> Value {
        let mut of = |binding: &Option<naga::Binding>| match binding {
            Some(naga::Binding::BuiltIn(builtin)) => self.values.builtin(*builtin),
            _ => self.values.opaque(
                Kind::Composite,
                0,
                Taint::GLOBAL,
                Range::all(Kind::Composite),
            ),
        };
        match (&argument.binding, &self.module.types[argument.ty].inner) {
            (None, TypeInner::Struct { members, .. }) => {
                let parts = members.iter().map(|member| of(&member.binding)).collect();
                self.values.compose(parts, Kind::Composite, 0)
            }
            (binding, _) => of(binding),
        }
    }

    /// Walks a function's body; the state afterwards holds the returned value in the callee's return slot.
    fn call(
        &mut self,
        function: &'a Function,
        info: &'a naga::valid::FunctionInfo,
        arguments: Vec<Value>,
        mut state: State,
    ) -> Result<(State, Option<Value>), LintError> {
        if self.frames.len() >= CALL_DEPTH_MAX {
            let detail = format!("calls nest deeper than {CALL_DEPTH_MAX}");
            return Err(self.error(Span::UNDEFINED, (Rule::TooComplex, detail)));
        }
        let control = state.control;
        let caller = state.clone();
        self.frames.push(Frame {
            function,
            info,
            arguments,
            known: HashMap::new(),
            jumps: Vec::new(),
            returns: Vec::new(),
        });
        let depth = self.frames.len();
        for (handle, variable) in function.local_variables.iter() {
            let value = match variable.init {
                Some(init) => self.value(init),
                None => self.zero(variable.ty),
            };
            state.locals.insert((depth, Some(handle)), value);
        }
        let end = self.block(&function.body, 0, state)?;
        let mut paths = self.frames.pop().map_or(Vec::new(), |frame| frame.returns);
        paths.extend(end);
        for path in &mut paths {
            path.locals
                .retain(|&(owner, variable), _| owner < depth || variable.is_none());
        }
        let mut after = join_paths(&mut self.values, &self.lengths, paths).unwrap_or(caller);
        let returned = after.locals.get(&(depth, None)).copied();
        after.locals.retain(|&(owner, _), _| owner < depth);
        after.control = control;
        Ok((after, returned))
    }

    pub(crate) fn frame(&mut self) -> &mut Frame<'a> {
        self.frames
            .last_mut()
            .expect("a frame is pushed before its body is walked")
    }

    pub(crate) fn spend(&mut self, span: Span) -> Result<(), LintError> {
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 {
            return Err(self.error(
                span,
                (
                    Rule::TooComplex,
                    "nested loops and calls take too many steps to walk".into(),
                ),
            ));
        }
        Ok(())
    }

    pub(crate) fn error(&self, span: Span, (rule, detail): Refusal) -> LintError {
        error(self.source, span, rule, detail)
    }

    /// Walks a block from statement `from` on. None if control flow does not come to its end.
    pub(crate) fn block(
        &mut self,
        block: &'a Block,
        from: usize,
        mut state: State,
    ) -> Result<Option<State>, LintError> {
        for (statement, &span) in block.span_iter().skip(from) {
            self.spend(span)?;
            match self.statement(statement, span, state)? {
                Some(next) => state = next,
                None => return Ok(None),
            }
        }
        Ok(Some(state))
    }

    fn statement(
        &mut self,
        statement: &'a Statement,
        span: Span,
        mut state: State,
    ) -> Result<Option<State>, LintError> {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    self.emit(handle, &mut state)?;
                }
            }
            Statement::Block(block) => return self.block(block, 0, state),
            Statement::If {
                condition,
                accept,
                reject,
            } => {
                let condition = self.value(*condition);
                return self.branch(condition, accept, reject, state);
            }
            Statement::Switch { selector, cases } => {
                return self.switch(*selector, cases, span, state);
            }
            Statement::Loop {
                body,
                continuing,
                break_if,
            } => {
                return self.walk_loop(body, continuing, *break_if, span, state);
            }
            Statement::Break => {
                if let Some(jump) = self.frame().jumps.last_mut() {
                    jump.breaks.push(state);
                }
                return Ok(None);
            }
            Statement::Continue => {
                if let Some(jump) = self
                    .frame()
                    .jumps
                    .iter_mut()
                    .rev()
                    .find(|jump| jump.is_loop)
                {
                    jump.continues.push(state);
                }
                return Ok(None);
            }
            Statement::Return { value } => {
                if let Some(value) = value {
                    let value = self.value(*value);
                    state.locals.insert((self.frames.len(), None), value);
                }
                self.frame().returns.push(state);
                return Ok(None);
            }
            Statement::ControlBarrier(barrier) => {
                sharing::check_barrier(state.control)
                    .map_err(|refusal| self.error(span, refusal))?;
                if barrier.contains(Barrier::WORK_GROUP) {
                    state.shared.barrier();
                }
            }
            Statement::Store { pointer, value } => {
                let place = self.place(*pointer)?;
                let value = self.value(*value);
                self.store(place, value, span, &mut state)?;
            }
            Statement::Call {
                function,
                arguments,
                result,
            } => {
                let arguments = arguments
                    .iter()
                    .map(|&argument| self.value(argument))
                    .collect();
                let (module, info) = (self.module, self.info);
                let (after, returned) = self.call(
                    &module.functions[*function],
                    &info[*function],
                    arguments,
                    state,
                )?;
                state = after;
                if let (Some(result), Some(value)) = (*result, returned) {
                    self.frame().known.insert(result, Known::Value(value));
                }
            }
            Statement::Atomic { .. } => {
                return Err(self.error(
                    span,
                    (
                        Rule::Atomic,
                        "the order of atomic operations is not fixed".into(),
                    ),
                ));
            }
            _ => {
                return Err(self.error(
                    span,
                    (Rule::Builtin, "this statement is not accepted".into()),
                ));
            }
        }
        Ok(Some(state))
    }

    fn branch(
        &mut self,
        condition: Value,
        accept: &'a Block,
        reject: &'a Block,
        state: State,
    ) -> Result<Option<State>, LintError> {
        let control = state.control;
        let sides = [(accept, true), (reject, false)];
        let mut ends = [None, None];
        for (end, (block, taken)) in ends.iter_mut().zip(sides) {
            let mut side = state.clone();
            side.control = control.with(self.values.taint(condition));
            side.facts.assume(&self.values, condition, taken);
            *end = self.block(block, 0, side)?;
        }
        let parted = leaves(accept) || leaves(reject);
        let joined = match ends {
            [Some(accepted), Some(rejected)] => Some(join_branches(
                &mut self.values,
                condition,
                accepted,
                &rejected,
            )),
            [one, other] => one.or(other),
        };
        Ok(joined.map(|mut state| {
            if !parted {
                state.control = control;
            }
            state
        }))
    }

    fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &'a [naga::SwitchCase],
        span: Span,
        state: State,
    ) -> Result<Option<State>, LintError> {
        let selector = self.value(selector);
        let control = state.control;
        self.frame().jumps.push(Jump::default());
        let mut ends = Vec::new();
        let mut shared_body = false;
        for case in cases {
            let mut side = state.clone();
            side.control = control.with(self.values.taint(selector));
            let label = match case.value {
                SwitchValue::I32(label) => Some(i64::from(label)),
                SwitchValue::U32(label) => Some(i64::from(label)),
                SwitchValue::Default => None,
            };
            if let (Some(label), false) = (label, shared_body) {
                side.facts.narrow(selector, Range::of(label));
            }
            shared_body = case.fall_through;
            if case.fall_through {
                if !case.body.is_empty() {
                    return Err(self.error(
                        span,
                        (
                            Rule::Builtin,
                            "a case that falls through must be empty".into(),
                        ),
                    ));
                }
                continue;
            }
            ends.extend(self.block(&case.body, 0, side)?);
        }
        let jump = self.frame().jumps.pop().unwrap_or_default();
        ends.extend(jump.breaks);
        // A `break` leads to the switch's end, where all meet again.
        let parted = cases.iter().any(|case| exits(&case.body, false, true));
        let joined = join_paths(&mut self.values, &self.lengths, ends);
        Ok(joined.map(|mut state| {
            if !parted {
                state.control = control;
            }
            state
        }))
    }
}

/// Whether control flow may leave the block other than by its end.
fn leaves(block: &Block) -> bool {
    exits(block, true, true)
}

/// Whether the block holds a `return`, or a `break` or `continue` that leads out of it as far as those are asked for.
fn exits(block: &Block, breaks: bool, continues: bool) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Return { .. } => true,
        Statement::Break => breaks,
        Statement::Continue => continues,
        Statement::Block(inner) => exits(inner, breaks, continues),
        Statement::If { accept, reject, .. } => {
            exits(accept, breaks, continues) || exits(reject, breaks, continues)
        }
        Statement::Switch { cases, .. } => {
            cases.iter().any(|case| exits(&case.body, false, continues))
        }
        Statement::Loop {
            body, continuing, ..
        } => exits(body, false, false) || exits(continuing, false, false),
        _ => false,
    })
}
