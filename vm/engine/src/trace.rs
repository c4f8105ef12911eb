//! What a traced call did, call by call, and where its ink went: for tools. Nothing of it is in a receipt.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aivm_core::{Address, B256, Exit, HostFunction, Status};
use aivm_interpreter::Observer;
use aivm_wasm::plan::{Import, MeteredModule};

use crate::receipt::Run;

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callee {
    /// A contract, in a frame of its own.
    Contract {
        /// The account it runs as.
        contract: Address,
        /// Keccak-256 of the code that runs.
        code: B256,
    },
    /// A function of the contract itself, by its index in the function index space.
    Function(u32),
    /// A host function.
    Host(HostFunction),
}

/// A call of a contract, a function or a host function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCall {
    /// What was called.
    pub callee: Callee,
    /// How many calls it is inside of.
    pub depth: u32,
    /// Its arguments, an i32 zero-extended; of a contract the length of the call data.
    pub arguments: Vec<u64>,
    /// What it spent, with what it called. What a trap burns is spent by the contract.
    pub ink: u64,
    /// Whether it returned; if not, its contract ended in it.
    pub returned: bool,
}

/// A stack of calls, and what was spent at its top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InkStack {
    /// Outermost first.
    pub callees: Vec<Callee>,
    /// Spent by the last of them, without what it called.
    pub ink: u64,
}

/// The account of one transaction. The ink of stacks adds up to what the first contract spent, unless a contract was given
/// more than its caller paid for it (the stipend of a call with value).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The first [`Trace::CALLS`] calls in the order in which they began, the transaction's own first.
    pub calls: Vec<TracedCall>,
    /// How many more there were.
    pub calls_left_out: u64,
    paths: Vec<Path>,
}

/// A stack by its top and the path of what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Path {
    below: Option<u32>,
    callee: Callee,
    depth: u32,
    ink: u64,
}

impl Trace {
    /// Calls that are kept one by one.
    pub const CALLS: usize = 10_000;
    /// Different stacks that are told apart. What a call on another spends counts as its caller's.
    pub const STACKS: usize = 16_384;
    /// Calls of a stack at most. What is called deeper counts as its caller's.
    pub const STACK_DEPTH: u32 = 128;

    /// Every stack at whose top ink was spent, in the order in which they first came up.
    pub fn stacks(&self) -> impl Iterator<Item = InkStack> {
        let spent = self.paths.iter().filter(|path| path.ink > 0);
        spent.map(|top| {
            let below = |path: &&Path| Some(&self.paths[path.below? as usize]);
            let mut callees: Vec<Callee> = std::iter::successors(Some(top), below)
                .map(|path| path.callee)
                .collect();
            callees.reverse();
            InkStack {
                callees,
                ink: top.ink,
            }
        })
    }
}

/// Records a [`Trace`] while a transaction runs.
#[derive(Default)]
pub(crate) struct Tracer(RefCell<Recording>);

#[derive(Default)]
struct Recording {
    trace: Trace,
    /// Calls that have begun and not ended, outermost first.
    open: Vec<Open>,
    /// The path that a callee leads to from a path.
    paths: BTreeMap<(Option<u32>, Callee), u32>,
}

/// A call that has begun and not ended.
struct Open {
    /// Its place among the calls, if it has one.
    call: Option<usize>,
    path: u32,
    /// What it began with.
    ink: u64,
    /// What it called has spent.
    ink_of_callees: u64,
}

impl Tracer {
    /// What was recorded.
    pub(crate) fn into_trace(self) -> Trace {
        self.0.into_inner().trace
    }

    /// Begins a frame of `contract` with code of this hash and plan.
    pub(crate) fn frame<'a>(
        &'a self,
        contract: Address,
        code: B256,
        module: &'a MeteredModule,
        arguments: &[u64],
        ink: u64,
    ) -> FrameTracer<'a> {
        let mut recording = self.0.borrow_mut();
        let outside = recording.open.len();
        recording.enter(Callee::Contract { contract, code }, arguments, ink);
        FrameTracer {
            tracer: self,
            module,
            outside,
        }
    }
}

impl Recording {
    fn enter(&mut self, callee: Callee, arguments: &[u64], ink: u64) {
        let call = (self.trace.calls.len() < Trace::CALLS).then_some(self.trace.calls.len());
        if call.is_some() {
            self.trace.calls.push(TracedCall {
                callee,
                depth: self.open.len() as u32,
                arguments: arguments.to_vec(),
                ink: 0,
                returned: false,
            });
        } else {
            self.trace.calls_left_out += 1;
        }
        let path = self.path(self.open.last().map(|open| open.path), callee);
        self.open.push(Open {
            call,
            path,
            ink,
            ink_of_callees: 0,
        });
    }

    /// The path of `callee` called on `below`, or `below` itself if there are too many or it is too deep.
    fn path(&mut self, below: Option<u32>, callee: Callee) -> u32 {
        if let Some(&path) = self.paths.get(&(below, callee)) {
            return path;
        }
        let depth = below.map_or(1, |below| self.trace.paths[below as usize].depth + 1);
        let path = self.trace.paths.len();
        match below {
            Some(below) if path == Trace::STACKS || depth > Trace::STACK_DEPTH => below,
            _ => {
                self.trace.paths.push(Path {
                    below,
                    callee,
                    depth,
                    ink: 0,
                });
                self.paths.insert((below, callee), path as u32);
                path as u32
            }
        }
    }

    /// Ends the call that began last.
    fn leave(&mut self, ink: u64, returned: bool) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let spent = open.ink.saturating_sub(ink);
        if let Some(call) = open.call {
            let call = &mut self.trace.calls[call];
            (call.ink, call.returned) = (spent, returned);
        }
        let own = spent.saturating_sub(open.ink_of_callees);
        let path = &mut self.trace.paths[open.path as usize];
        path.ink = path.ink.saturating_add(own);
        if let Some(caller) = self.open.last_mut() {
            caller.ink_of_callees = caller.ink_of_callees.saturating_add(spent);
        }
    }
}

/// Watches the functions of one frame.
pub(crate) struct FrameTracer<'a> {
    tracer: &'a Tracer,
    module: &'a MeteredModule,
    /// Calls outside of the frame.
    outside: usize,
}

impl FrameTracer<'_> {
    /// Ends the frame, and what was running in it.
    pub(crate) fn end(self, run: &Run) {
        let mut recording = self.tracer.0.borrow_mut();
        while recording.open.len() > self.outside + 1 {
            recording.leave(run.ink_left, false);
        }
        let ink_left = match run.status() {
            Some((Status::Ok | Status::Revert, _)) => run.ink_left,
            Some((Status::Trap | Status::OutOfGas, _)) | None => 0,
        };
        recording.leave(ink_left, matches!(run.exit, Exit::Return(_)));
    }
}

impl Observer for FrameTracer<'_> {
    fn enter(&self, function: u32, arguments: &[u64], ink: u64) {
        let callee = match self.module.imports.get(function as usize) {
            Some(Import::Host(host)) => Callee::Host(*host),
            Some(Import::Linked) | None => Callee::Function(function),
        };
        self.tracer.0.borrow_mut().enter(callee, arguments, ink);
    }

    fn leave(&self, ink: u64) {
        self.tracer.0.borrow_mut().leave(ink, true);
    }
}

#[cfg(test)]
mod tests {
    use super::{Callee, Recording, Trace};

    /// Calls of one function by `callers` others, each of which spends 1 and the function 2.
    fn trace_of(callers: u32) -> Trace {
        let mut recording = Recording::default();
        recording.enter(Callee::Function(0), &[], 10 * u64::from(callers));
        for caller in 0..callers {
            recording.enter(Callee::Function(1 + caller), &[], 3);
            recording.enter(Callee::Function(u32::MAX), &[], 2);
            recording.leave(0, true);
            recording.leave(0, true);
        }
        recording.leave(0, true);
        recording.trace
    }

    #[test]
    fn stacks_are_told_apart_up_to_the_limit_and_no_ink_is_lost() {
        // The first stack, and two for each caller.
        let most = (Trace::STACKS as u32 - 1) / 2;
        for (callers, stacks) in [(most, 1 + 2 * most), (most + 1, Trace::STACKS as u32)] {
            let trace = trace_of(callers);
            let spent: Vec<u64> = trace.stacks().map(|stack| stack.ink).collect();
            assert_eq!(spent.len() as u32, stacks);
            assert_eq!(spent.iter().sum::<u64>(), 10 * u64::from(callers));
        }
    }

    #[test]
    fn calls_are_kept_up_to_the_limit_and_counted_after_it() {
        let most = Trace::CALLS as u32 / 2;
        let of_limit = trace_of(most);
        assert_eq!(of_limit.calls.len(), Trace::CALLS);
        assert_eq!(of_limit.calls_left_out, 1);
        assert_eq!(trace_of(most - 1).calls_left_out, 0);
    }
}
