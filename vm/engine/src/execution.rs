//! A transaction while it runs: its frames one inside the other, each committed or undone when it ends.
//!
//! A contract's sub-call is a nested Rust call of [`Execution`], on stack that is made for it where there is
//! too little, so that `Limits::call_depth` and never the native stack bounds the depth. A sub-call is given ink
//! and gives back what is left: nothing is converted or rounded between frames.
//!
//! In mode compare each frame is run twice, by the interpreter against the world and by compiled code
//! against the record of that (docs/adr/0003). A sub-call is part of its caller's record, and is itself
//! compared once, while the interpreter runs its caller.

use aivm_core::ports::{
    Access, CallAnswer, CallKind, CallPort, CallRequest, CallStatus, CreateAnswer, CreateRequest,
    Log, StatePort,
};
use aivm_core::{Address, B256, Environment, Exit, NodeFault, Status, U256, gas, keccak256};
use aivm_host::{CallContext, Frame, FrameOutcome};
use std::sync::Arc;

use crate::code::Code;
use crate::compare::{Difference, Verdict, compare};
use crate::engine::{Engine, Mode};
use crate::machine::Machine;
use crate::receipt::Run;
use crate::state::State;
use crate::tensors::Tensors;
use crate::trace::Tracer;

/// Stack kept free for a sub-call's own Rust frames, and the size of a new piece where there is less. Native
/// code takes what it needs besides.
const STACK_FREE_BYTES: usize = 256 << 10;
const STACK_PIECE_BYTES: usize = 2 << 20;

/// What an invocation of a contract runs, and what its place among the live frames leaves it.
pub(crate) struct Entry {
    pub(crate) function: u32,
    pub(crate) arguments: [u64; 1],
    /// Pages that its memory may grow to at most.
    pub(crate) memory_pages: u32,
    /// Frames above it.
    pub(crate) depth: u32,
}

/// A frame that has begun and not ended, as its sub-calls need to know it.
struct LiveFrame {
    /// The account it runs as.
    contract: Address,
    sender: Address,
    value: U256,
    read_only: bool,
    /// Whether another account's code runs as this one.
    delegate: bool,
}

/// How frames are run.
#[derive(Clone, Copy)]
pub(crate) struct How<'a> {
    pub(crate) mode: Mode,
    /// Is told of every call that the interpreter runs.
    pub(crate) tracer: Option<&'a Tracer>,
}

/// A transaction that runs.
pub(crate) struct Execution<'a> {
    engine: &'a Engine,
    state: &'a mut State,
    environment: &'a Environment,
    how: How<'a>,
    /// Outermost first.
    live: Vec<LiveFrame>,
    /// Pages that the frames above the running one hold.
    held_pages: u32,
    /// The first difference between the engines, in mode compare.
    pub(crate) difference: Option<Difference>,
    /// Whether compiled code ran as the only engine of a frame.
    pub(crate) ran_compiled: bool,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        state: &'a mut State,
        environment: &'a Environment,
        how: How<'a>,
    ) -> Execution<'a> {
        Execution {
            engine,
            state,
            environment,
            how,
            live: Vec::new(),
            held_pages: 0,
            difference: None,
            ran_compiled: false,
        }
    }

    /// Runs the entry point of `code` in a new frame. Commits and reverts nothing.
    pub(crate) fn run_frame(
        &mut self,
        code: &Arc<Code>,
        context: &CallContext,
        delegate: bool,
        ink: u64,
    ) -> Run {
        let entry = Entry {
            function: code.entrypoint,
            arguments: [context.data.len() as u64],
            memory_pages: self.engine.limits.memory_pages_total - self.held_pages,
            depth: self.live.len() as u32,
        };
        self.live.push(LiveFrame {
            contract: context.contract,
            sender: context.sender,
            value: context.value,
            read_only: context.read_only,
            delegate,
        });
        let compiled = match self.how.mode {
            Mode::Interpret => None,
            Mode::Jit | Mode::Compare => {
                let compiled = self.engine.compiled(code);
                if compiled.is_none() {
                    self.engine.counters.interpreted_for_lack_of_code.add();
                }
                compiled
            }
        };
        let run = match compiled {
            None => match self.how.tracer {
                None => self.run_one(&code.interpreter, &entry, context, ink),
                Some(tracer) => self.run_traced(tracer, code, &entry, context, ink),
            },
            Some(compiled) if self.how.mode == Mode::Compare => {
                self.run_both(code, compiled, &entry, context, ink)
            }
            Some(compiled) => {
                self.ran_compiled = true;
                self.run_one(compiled, &entry, context, ink)
            }
        };
        self.live.pop();
        run
    }

    fn run_one(
        &mut self,
        machine: &dyn Machine,
        entry: &Entry,
        context: &CallContext,
        ink: u64,
    ) -> Run {
        let ((exit, ink_left), outcome) = self.in_frame(context, |frame| {
            let mut left = ink;
            let exit = match machine.instantiate(entry.memory_pages) {
                Ok(mut instance) => {
                    instance.invoke(entry.function, &entry.arguments, &mut left, frame)
                }
                Err(exit) => exit,
            };
            (exit, left)
        });
        Run {
            exit,
            ink_left,
            outcome,
        }
    }

    fn run_traced(
        &mut self,
        tracer: &Tracer,
        code: &Code,
        entry: &Entry,
        context: &CallContext,
        ink: u64,
    ) -> Run {
        let module = code.interpreter.0.module();
        let arguments = &entry.arguments;
        let traced = tracer.frame(context.contract, code.hash, module, arguments, ink);
        let ((exit, ink_left), outcome) = self.in_frame(context, |frame| {
            let mut left = ink;
            let exit = match code.interpreter.start(entry.memory_pages) {
                Ok(mut instance) => {
                    instance.invoke_observed(entry.function, arguments, &mut left, frame, &traced)
                }
                Err(exit) => exit,
            };
            (exit, left)
        });
        let run = Run {
            exit,
            ink_left,
            outcome,
        };
        traced.end(&run);
        run
    }

    fn run_both(
        &mut self,
        code: &Code,
        compiled: &dyn Machine,
        entry: &Entry,
        context: &CallContext,
        ink: u64,
    ) -> Run {
        let ((exit, ink_left, verdict), outcome) = self.in_frame(context, |frame| {
            compare(&code.interpreter, compiled, entry, ink, frame)
        });
        let counters = &self.engine.counters;
        match verdict {
            Verdict::Agree => counters.compared.add(),
            Verdict::Differ(difference) => {
                counters.compared.add();
                self.difference.get_or_insert(difference);
            }
            Verdict::SecondFaulted => counters.compiled_faults.add(),
            Verdict::RecordTooLarge => counters.too_large_to_compare.add(),
        }
        Run {
            exit,
            ink_left,
            outcome,
        }
    }

    fn in_frame<T>(
        &mut self,
        context: &CallContext,
        body: impl FnOnce(&mut Frame<'_>) -> T,
    ) -> (T, FrameOutcome) {
        let Execution {
            engine,
            environment,
            ..
        } = *self;
        let tensors = Tensors(engine.coprocessor());
        let (schedule, limits) = (&engine.schedule, &engine.limits);
        let mut frame = Frame::new(context, environment, schedule, limits, self, &tensors);
        let result = body(&mut frame);
        (result, frame.close())
    }

    /// Whether a frame that runs as `contract` is one of several. Frames in which another account's code runs as
    /// a contract do not count as that contract's, as in Stylus.
    fn is_reentrant(&self, contract: Address, delegate: bool) -> bool {
        let live = self.live.iter();
        let own = live.filter(|frame| !frame.delegate && frame.contract == contract);
        own.count() + usize::from(!delegate) > 1
    }

    /// What the callee of `request` may ask about its call; the caller is the frame that runs.
    fn context_of(&self, request: &CallRequest) -> Result<CallContext, NodeFault> {
        let caller = self.running()?;
        let delegate = request.kind == CallKind::Delegate;
        let contract = if delegate {
            caller.contract
        } else {
            request.target
        };
        Ok(CallContext {
            sender: if delegate {
                caller.sender
            } else {
                caller.contract
            },
            contract,
            value: if delegate {
                caller.value
            } else {
                request.value
            },
            data: Vec::new(),
            reentrant: self.is_reentrant(contract, delegate),
            read_only: caller.read_only || request.kind == CallKind::Static,
        })
    }

    fn running(&self) -> Result<&LiveFrame, NodeFault> {
        let running = self.live.last();
        running.ok_or_else(|| NodeFault("a sub-call without a frame that runs".to_owned()))
    }

    fn is_too_deep(&self) -> bool {
        self.live.len() as u64 >= u64::from(self.engine.limits.call_depth)
    }

    fn sub_call(&mut self, request: CallRequest) -> Result<CallAnswer, NodeFault> {
        let mut context = self.context_of(&request)?;
        if self.is_too_deep() {
            return Ok(ended(CallStatus::Failure, request.ink));
        }
        let checkpoint = self.state.checkpoint();
        if request.kind == CallKind::Call
            && request.value != U256::ZERO
            && !self
                .state
                .transfer(context.sender, request.target, request.value)
        {
            return Ok(ended(CallStatus::Failure, request.ink));
        }
        let Some(code) = self.engine.code_at(self.state, request.target)? else {
            return Ok(ended(CallStatus::Ok, request.ink));
        };
        let caller_held = self.held_pages;
        let held = caller_held.saturating_add(request.memory_pages);
        if held.saturating_add(code.memory_pages) > self.engine.limits.memory_pages_total {
            self.state.revert_to(checkpoint);
            return Ok(ended(CallStatus::Failure, request.ink));
        }
        let base = gas::gas_to_ink(self.engine.schedule.call_base_gas);
        let start = base.saturating_add(code.instantiation_ink);
        let Some(ink) = request.ink.checked_sub(start) else {
            self.state.revert_to(checkpoint);
            return Ok(ended(CallStatus::Failure, 0));
        };
        context.data = request.data;
        self.held_pages = held;
        let delegate = request.kind == CallKind::Delegate;
        let run = self.run_frame(&code, &context, delegate, ink);
        self.held_pages = caller_held;
        let Some((status, _)) = run.status() else {
            return Err(run.fault());
        };
        if status != Status::Ok {
            self.state.revert_to(checkpoint);
        }
        Ok(answer(run, status))
    }

    fn creation(&mut self, request: CreateRequest) -> Result<CreateAnswer, NodeFault> {
        let failed = |ink_left| CreateAnswer {
            contract: None,
            output: Vec::new(),
            ink_left,
        };
        let creator = self.running()?.contract;
        if self.is_too_deep() || self.state.balance(creator) < request.value {
            return Ok(failed(request.ink));
        }
        // The nonce is used up whatever follows (EIP-161), unless it is at its end.
        let Some(nonce) = self.state.use_nonce(creator) else {
            return Ok(failed(request.ink));
        };
        let hash = keccak256(&request.code);
        let address = match request.salt {
            None => creator.create(nonce),
            Some(salt) => creator.create2(salt, hash),
        };
        self.state.touch_account(address);
        let engine = self.engine;
        let Ok(prepared) = engine.prepared(hash, &request.code) else {
            return Ok(failed(request.ink));
        };
        let Some(ink_left) = request.ink.checked_sub(prepared.activation_ink) else {
            return Ok(failed(0));
        };
        if self.how.mode != Mode::Interpret {
            engine.compiled(&prepared);
        }
        let checkpoint = self.state.checkpoint();
        if !self.state.set_code(address, hash, &request.code)
            || !self.state.transfer(creator, address, request.value)
        {
            // As a collision in the EVM: what the creation was given is gone.
            self.state.revert_to(checkpoint);
            return Ok(failed(0));
        }
        Ok(CreateAnswer {
            contract: Some(address),
            output: Vec::new(),
            ink_left,
        })
    }
}

/// The answer to a call that ran no code.
fn ended(status: CallStatus, ink_left: u64) -> CallAnswer {
    CallAnswer {
        status,
        output: Vec::new(),
        ink_left,
        inferences: Vec::new(),
    }
}

/// The answer of a callee that ran and ended as `status` says.
fn answer(mut run: Run, status: Status) -> CallAnswer {
    let output = run.output();
    let (status, ink_left) = match status {
        Status::Ok => (CallStatus::Ok, run.ink_left),
        Status::Revert => (CallStatus::Revert, run.ink_left),
        Status::Trap | Status::OutOfGas => (CallStatus::Failure, 0),
    };
    CallAnswer {
        status,
        output,
        ink_left,
        inferences: run.outcome.inferences,
    }
}

impl CallPort for Execution<'_> {
    fn call(&mut self, request: CallRequest) -> Result<CallAnswer, NodeFault> {
        stacker::maybe_grow(STACK_FREE_BYTES, STACK_PIECE_BYTES, || {
            self.sub_call(request)
        })
    }

    fn create(&mut self, request: CreateRequest) -> Result<CreateAnswer, NodeFault> {
        stacker::maybe_grow(STACK_FREE_BYTES, STACK_PIECE_BYTES, || {
            self.creation(request)
        })
    }
}

impl StatePort for Execution<'_> {
    fn touch_word(&mut self, address: Address, key: B256) -> Result<Access, NodeFault> {
        Ok(self.state.touch_word(address, key))
    }

    fn load(&mut self, address: Address, key: B256) -> Result<B256, NodeFault> {
        Ok(self.state.word(address, key))
    }

    fn store(&mut self, address: Address, key: B256, value: B256) -> Result<(), NodeFault> {
        self.state.store(address, key, value);
        Ok(())
    }

    fn touch_account(&mut self, address: Address) -> Result<Access, NodeFault> {
        Ok(self.state.touch_account(address))
    }

    fn exists(&mut self, address: Address) -> Result<bool, NodeFault> {
        Ok(self.state.exists(address))
    }

    fn balance(&mut self, address: Address) -> Result<U256, NodeFault> {
        Ok(self.state.balance(address))
    }

    fn code(&mut self, address: Address) -> Result<Arc<[u8]>, NodeFault> {
        let hash = self.state.code_hash(address);
        let code = hash.and_then(|hash| self.state.code(hash).cloned());
        Ok(code.unwrap_or_default())
    }

    fn code_hash(&mut self, address: Address) -> Result<B256, NodeFault> {
        Ok(self.state.hash_of_code(address))
    }

    fn log(&mut self, log: Log) -> Result<(), NodeFault> {
        self.state.log(log);
        Ok(())
    }

    fn console(&mut self, line: String) {
        self.engine.print(line);
    }
}

/// Whether `run` may be repeated by the interpreter: only a fault of this machine says nothing about the answer.
pub(crate) fn is_fault(run: &Run) -> bool {
    matches!(run.exit, Exit::Fault(_))
}
