//! The call: code looked up, run by the engines that the mode names, settled, receipt built.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use aivm_coprocessor::Coprocessor;
use aivm_core::{
    Address, B256, BlockContext, Environment, GasSchedule, Limits, NodeFault, Status,
    TransactionContext, gas, keccak256,
};
use aivm_host::CallContext;
use aivm_jit::CodeFolder;
use aivm_wasm::{Rules, cost};

use crate::cache::CodeCache;
use crate::code::Code;
use crate::compare::Difference;
use crate::error::{DeployError, EngineError};
use crate::execution::{Execution, How, is_fault};
use crate::machine::Machine;
use crate::metrics::{Counters, Metrics};
use crate::receipt::{Call, Receipt, Run, below_base, starting_ink};
use crate::state::State;
use crate::trace::{Trace, Tracer};

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

/// Deploys and calls contracts. Shared by threads; each call needs a state of its own.
pub struct Engine {
    rules: Rules,
    pub(crate) limits: Limits,
    pub(crate) schedule: GasSchedule,
    coprocessor: Arc<Coprocessor>,
    codes: CodeCache,
    /// Where compiled code outlives the engine.
    folder: Option<CodeFolder>,
    pub(crate) counters: Counters,
    /// What contracts printed in debug mode.
    console: Mutex<Vec<String>>,
}

impl Engine {
    /// An engine with the limits and gas schedule of contracts on chain, whose contracts reach the models
    /// registered in `coprocessor`.
    #[must_use]
    pub fn new(coprocessor: Arc<Coprocessor>) -> Engine {
        Engine {
            rules: Rules::Contract,
            limits: Limits::CONTRACT,
            schedule: GasSchedule::V1,
            coprocessor,
            codes: CodeCache::new(CodeCache::BYTES),
            folder: None,
            counters: Counters::default(),
            console: Mutex::default(),
        }
    }

    /// The same for debugging: contracts may also print to a console. No node runs contracts so.
    #[must_use]
    pub fn debugging(coprocessor: Arc<Coprocessor>) -> Engine {
        Engine {
            rules: Rules::Debug,
            ..Engine::new(coprocessor)
        }
    }

    /// The same, with compiled code kept in `folder` and taken from there.
    #[must_use]
    pub fn with_code_folder(self, folder: CodeFolder) -> Engine {
        Engine {
            folder: Some(folder),
            ..self
        }
    }

    /// The same, with so many bytes of memory for prepared code instead of 256 MiB; the code that was used last is held
    /// however large it is.
    #[must_use]
    pub fn with_code_memory(self, bytes: usize) -> Engine {
        Engine {
            codes: CodeCache::new(bytes),
            ..self
        }
    }

    /// What contracts printed since this was last asked, a line each. In mode compare nothing is printed twice.
    #[must_use]
    pub fn take_console(&self) -> Vec<String> {
        std::mem::take(&mut *self.console.lock().unwrap_or_else(PoisonError::into_inner))
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
    /// CREATE2 computes it), and prepares it. The address of the contract. Nothing is charged:
    /// [`Engine::activation_gas`] says what a chain would take.
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
        let prepared = self.prepared(hash, code)?;
        // Now, so that the first call need not wait.
        self.compiled(&prepared);
        let address = deployer.create2(salt, hash);
        if state.set_code(address, hash, code) {
            state.commit();
            Ok(address)
        } else {
            Err(DeployError::AddressTaken(address))
        }
    }

    /// What creating a contract of this code costs for its bytes and its activation, in gas: what a chain takes for
    /// [`Engine::deploy`], which charges nothing itself.
    ///
    /// # Errors
    /// The first rule that the code breaks.
    pub fn activation_gas(&self, code: &[u8]) -> Result<u64, aivm_wasm::Refusal> {
        let prepared = self.prepared(keccak256(code), code)?;
        let ink = cost::creation(prepared.interpreter.0.module(), &self.schedule);
        Ok(gas::ink_to_gas_ceil(ink))
    }

    /// Runs `call` on `state` in a block of no chain ([`BlockContext::default`]).
    ///
    /// # Errors
    /// As [`Engine::call_in`].
    pub fn call(&self, mode: Mode, state: &mut State, call: &Call) -> Result<Receipt, EngineError> {
        self.call_in(mode, state, &BlockContext::default(), call)
    }

    /// Runs `call` on `state` as a transaction of `block`: its effects stand if the receipt's status is `Ok`, and
    /// are undone otherwise. The gas price that contracts see is the block's base fee; nobody is charged it.
    ///
    /// # Errors
    /// [`EngineError`] if there is no receipt; then the state is as before, except on a disagreement.
    pub fn call_in(
        &self,
        mode: Mode,
        state: &mut State,
        block: &BlockContext,
        call: &Call,
    ) -> Result<Receipt, EngineError> {
        let how = How { mode, tracer: None };
        self.transact(how, state, block, call)
    }

    /// As [`Engine::call_in`] in mode interpret, with an account of every call that was made in it.
    ///
    /// # Errors
    /// As [`Engine::call_in`].
    pub fn trace_in(
        &self,
        state: &mut State,
        block: &BlockContext,
        call: &Call,
    ) -> Result<(Receipt, Trace), EngineError> {
        let tracer = Tracer::default();
        let how = How {
            mode: Mode::Interpret,
            tracer: Some(&tracer),
        };
        let receipt = self.transact(how, state, block, call)?;
        Ok((receipt, tracer.into_trace()))
    }

    fn transact(
        &self,
        how: How<'_>,
        state: &mut State,
        block: &BlockContext,
        call: &Call,
    ) -> Result<Receipt, EngineError> {
        if call.data.len() as u64 > u64::from(self.limits.call_data_bytes) {
            return Err(EngineError::CallDataLength {
                actual: call.data.len() as u64,
                limit: self.limits.call_data_bytes,
            });
        }
        let code = self.code_at(state, call.contract)?;
        let code = code.ok_or(EngineError::NoContract(call.contract))?;
        let balance = state.balance(call.sender);
        if balance < call.value {
            return Err(EngineError::Balance {
                sender: call.sender,
                balance,
                value: call.value,
            });
        }
        let start = starting_ink(&self.schedule, call.gas_limit);
        let Some(ink) = start.and_then(|ink| ink.checked_sub(code.instantiation_ink)) else {
            return Ok(below_base(call.gas_limit));
        };
        let environment = Environment {
            block: block.clone(),
            transaction: TransactionContext {
                origin: call.sender,
                gas_price: block.base_fee,
            },
        };
        // A panic in a driver or in our own code is this node's fault: no half of a call may stay in the state.
        let run = || self.run(how, state, &environment, &code, call, ink);
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

    /// The code of this hash, prepared if it is not held.
    pub(crate) fn prepared(
        &self,
        hash: B256,
        code: &[u8],
    ) -> Result<Arc<Code>, aivm_wasm::Refusal> {
        self.codes.get(hash, || self.prepare(hash, code))
    }

    /// The code of an account, if it has any.
    pub(crate) fn code_at(
        &self,
        state: &State,
        contract: Address,
    ) -> Result<Option<Arc<Code>>, NodeFault> {
        let hash = state.code_hash(contract);
        let Some((hash, bytes)) = hash.and_then(|hash| Some((hash, state.code(hash)?))) else {
            return Ok(None);
        };
        // It was accepted when it was deployed, so this node's own code or memory is at fault.
        let code = self.prepared(hash, bytes);
        code.map(Some)
            .map_err(|refusal| NodeFault(refusal.to_string()))
    }

    /// Takes a line that a contract printed.
    pub(crate) fn print(&self, line: String) {
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.push(line);
    }

    /// Compiled code of a contract, unless it cannot be compiled.
    pub(crate) fn compiled<'a>(&self, code: &'a Arc<Code>) -> Option<&'a dyn Machine> {
        let is_new = !code.was_compiled();
        let compiled = code.compiled(self.folder.as_ref(), &self.counters);
        if is_new {
            self.codes.measure(code);
        }
        compiled
    }

    fn prepare(&self, hash: B256, code: &[u8]) -> Result<Code, aivm_wasm::Refusal> {
        let code = Code::prepare(hash, code, self.rules, &self.limits, &self.schedule)?;
        self.counters.codes_prepared.add();
        Ok(code)
    }

    /// Runs the transaction's first frame, and with it all others. If that ends in a fault after compiled code
    /// ran, everything is undone and run once more, interpreted.
    fn run(
        &self,
        how: How<'_>,
        state: &mut State,
        environment: &Environment,
        code: &Arc<Code>,
        call: &Call,
        ink: u64,
    ) -> (Run, Option<Difference>) {
        let context = CallContext {
            sender: call.sender,
            contract: call.contract,
            value: call.value,
            data: call.data.clone(),
            reentrant: false,
            read_only: false,
        };
        let once = |how, state: &mut State| {
            // EIP-2929 and EIP-3651: known to every transaction before it begins.
            for address in [call.sender, call.contract, environment.block.coinbase] {
                state.touch_account(address);
            }
            state.transfer(call.sender, call.contract, call.value);
            let mut execution = Execution::new(self, state, environment, how);
            let run = execution.run_frame(code, &context, false, ink);
            (run, execution.difference, execution.ran_compiled)
        };
        let (run, difference, ran_compiled) = once(how, state);
        if !(ran_compiled && is_fault(&run)) {
            return (run, difference);
        }
        self.counters.compiled_faults.add();
        state.revert();
        let interpreted = How {
            mode: Mode::Interpret,
            ..how
        };
        let (run, difference, _) = once(interpreted, state);
        (run, difference)
    }

    /// Commits or reverts the effects of `run` and builds its receipt.
    fn settle(&self, run: Run, state: &mut State, gas_limit: u64) -> Result<Receipt, EngineError> {
        let Some((status, trap)) = run.status() else {
            state.revert();
            return Err(run.fault().into());
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
