//! The call: code looked up, frame opened, run by the engines that the mode names, settled, receipt built.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::Arc;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, Exit, GasSchedule, Host, Limits, NodeFault, Status, keccak256};
use aivm_host::{CallContext, Frame, FrameOutcome};

use crate::code::{Code, CodeCache};
use crate::compare::{Difference, Verdict, compare};
use crate::error::{DeployError, EngineError};
use crate::machine::Machine;
use crate::metrics::{Counters, Metrics};
use crate::receipt::{Call, Receipt, Run, below_base, starting_ink};
use crate::state::State;
use crate::tensors::Tensors;

/// Which engine runs a call. The receipt is the same in every mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The reference interpreter.
    Interpret,
    /// Compiled code; the interpreter where there is none.
    Jit,
    /// Both, checked against each other.
    Compare,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::Interpret, Mode::Jit, Mode::Compare];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Interpret => "interpret",
            Mode::Jit => "jit",
            Mode::Compare => "compare",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Mode, String> {
        Mode::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| format!("no mode {name:?}; there are interpret, jit and compare"))
    }
}

/// The function a call runs and its arguments.
pub(crate) struct Entry {
    pub(crate) function: u32,
    pub(crate) arguments: [u64; 1],
}

/// Deploys and calls contracts. Shared by threads; each call needs a state of its own.
pub struct Engine {
    limits: Limits,
    schedule: GasSchedule,
    coprocessor: Arc<Coprocessor>,
    codes: CodeCache,
    counters: Counters,
}

impl Engine {
    /// An engine with the limits and gas schedule of contracts on chain, whose contracts reach the models
    /// registered in `coprocessor`.
    #[must_use]
    pub fn new(coprocessor: Arc<Coprocessor>) -> Engine {
        Engine {
            limits: Limits::CONTRACT,
            schedule: GasSchedule::V1,
            coprocessor,
            codes: CodeCache::default(),
            counters: Counters::default(),
        }
    }

    /// The coprocessor behind the contracts.
    #[must_use]
    pub fn coprocessor(&self) -> &Coprocessor {
        &self.coprocessor
    }

    /// What happened so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.counters.snapshot()
    }

    /// Puts the WebAssembly module `code` into the account that follows from deployer, salt and code (as
    /// CREATE2 computes it), and prepares it. The address of the contract.
    ///
    /// # Errors
    /// If the code breaks a rule, or the same was deployed before.
    pub fn deploy(
        &self,
        state: &mut State,
        deployer: Address,
        salt: B256,
        code: &[u8],
    ) -> Result<Address, DeployError> {
        let hash = keccak256(code);
        self.codes.get(hash, || self.prepare(code))?;
        let address = deployer.create2(salt, hash);
        if state.set_code(address, hash, code) {
            Ok(address)
        } else {
            Err(DeployError::AddressTaken(address))
        }
    }

    /// Runs `call` on `state`: its effects stand if the receipt's status is `Ok`, and are undone otherwise.
    ///
    /// # Errors
    /// [`EngineError`] if there is no receipt; then the state is as before, except on a disagreement.
    pub fn call(&self, mode: Mode, state: &mut State, call: &Call) -> Result<Receipt, EngineError> {
        if call.data.len() as u64 > u64::from(self.limits.call_data_bytes) {
            return Err(EngineError::CallDataLength {
                actual: call.data.len() as u64,
                limit: self.limits.call_data_bytes,
            });
        }
        let code = self.code_at(state, call.contract)?;
        let start = starting_ink(&self.schedule, call.gas_limit);
        let Some(ink) = start.and_then(|ink| ink.checked_sub(code.instantiation_ink)) else {
            return Ok(below_base(call.gas_limit));
        };
        // A panic in a driver or in our own code is this node's fault: no half of a call may stay in the state.
        let run = || self.run(mode, &code, state, call, ink);
        let (run, difference) = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(run) => run,
            Err(_) => {
                state.revert();
                return Err(
                    NodeFault("a part of this node panicked in the call".to_owned()).into(),
                );
            }
        };
        let receipt = self.settle(run, state, call.gas_limit)?;
        match difference {
            None => Ok(receipt),
            Some(difference) => Err(EngineError::EnginesDisagree {
                difference,
                receipt: Box::new(receipt),
            }),
        }
    }

    fn prepare(&self, code: &[u8]) -> Result<Code, aivm_wasm::Refusal> {
        Code::prepare(code, &self.limits, &self.schedule, &self.counters)
    }

    fn code_at(&self, state: &State, contract: Address) -> Result<Arc<Code>, EngineError> {
        let hash = state.code_hash(contract);
        let found = hash.and_then(|hash| Some((hash, state.code(hash)?)));
        let (hash, bytes) = found.ok_or(EngineError::NoContract(contract))?;
        self.codes
            .get(hash, || self.prepare(bytes))
            // It was accepted when it was deployed, so this node's own code or memory is at fault.
            .map_err(|refusal| EngineError::Fault(NodeFault(refusal.to_string())))
    }

    /// Runs the entry point as the mode says. The run is the interpreter's wherever it ran.
    fn run(
        &self,
        mode: Mode,
        code: &Code,
        state: &mut State,
        call: &Call,
        ink: u64,
    ) -> (Run, Option<Difference>) {
        let compiled = match (mode, code.compiled.as_deref()) {
            (Mode::Interpret, _) => None,
            (_, Some(compiled)) => Some(compiled),
            (_, None) => {
                self.counters.interpreted_for_lack_of_code.add();
                None
            }
        };
        match compiled {
            None => (
                self.run_one(&code.interpreter, code, state, call, ink),
                None,
            ),
            Some(compiled) if mode == Mode::Compare => {
                self.run_both(compiled, code, state, call, ink)
            }
            Some(compiled) => {
                let run = self.run_one(compiled, code, state, call, ink);
                if !matches!(run.exit, Exit::Fault(_)) {
                    return (run, None);
                }
                self.counters.compiled_faults.add();
                state.revert();
                (
                    self.run_one(&code.interpreter, code, state, call, ink),
                    None,
                )
            }
        }
    }

    fn run_one(
        &self,
        machine: &dyn Machine,
        code: &Code,
        state: &mut State,
        call: &Call,
        ink: u64,
    ) -> Run {
        let ((exit, ink_left), outcome) = self.in_frame(
            state,
            call,
            |entry, host| {
                let mut left = ink;
                let exit = match machine.instantiate() {
                    Ok(mut instance) => {
                        instance.invoke(entry.function, &entry.arguments, &mut left, host)
                    }
                    Err(exit) => exit,
                };
                (exit, left)
            },
            code,
        );
        Run {
            exit,
            ink_left,
            outcome,
        }
    }

    fn run_both(
        &self,
        compiled: &dyn Machine,
        code: &Code,
        state: &mut State,
        call: &Call,
        ink: u64,
    ) -> (Run, Option<Difference>) {
        let ((exit, ink_left, verdict), outcome) = self.in_frame(
            state,
            call,
            |entry, host| compare(&code.interpreter, compiled, entry, ink, host),
            code,
        );
        let run = Run {
            exit,
            ink_left,
            outcome,
        };
        let difference = match verdict {
            Verdict::Agree => None,
            Verdict::Differ(difference) => Some(difference),
            Verdict::SecondFaulted => {
                self.counters.compiled_faults.add();
                return (run, None);
            }
            Verdict::RecordTooLarge => {
                self.counters.too_large_to_compare.add();
                return (run, None);
            }
        };
        self.counters.compared.add();
        (run, difference)
    }

    /// Opens a frame for `call`, runs `body` in it and closes it.
    fn in_frame<T>(
        &self,
        state: &mut State,
        call: &Call,
        body: impl FnOnce(&Entry, &mut dyn Host) -> T,
        code: &Code,
    ) -> (T, FrameOutcome) {
        let context = CallContext {
            sender: call.sender,
            contract: call.contract,
            value: call.value,
            data: call.data.clone(),
            reentrant: false,
        };
        let entry = Entry {
            function: code.entrypoint,
            arguments: [call.data.len() as u64],
        };
        let tensors = Tensors(&self.coprocessor);
        let mut frame = Frame::new(&context, &self.schedule, &self.limits, state, &tensors);
        let result = body(&entry, &mut frame);
        (result, frame.close())
    }

    /// Commits or reverts the effects of `run` and builds its receipt.
    fn settle(&self, run: Run, state: &mut State, gas_limit: u64) -> Result<Receipt, EngineError> {
        let Some((status, trap)) = run.status() else {
            state.revert();
            let Exit::Fault(fault) = run.exit else {
                let values = format!("the entry point returned {:?}", run.exit);
                return Err(NodeFault(values).into());
            };
            return Err(fault.into());
        };
        let logs = if status == Status::Ok {
            state.commit()
        } else {
            state.revert();
            Vec::new()
        };
        Ok(run.receipt(status, trap, logs, &self.schedule, gas_limit))
    }
}

#[cfg(test)]
mod tests;
