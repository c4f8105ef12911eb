//! The CPU back end: plans models and runs their cases, alone or many on several threads.

use std::sync::{Arc, Mutex, PoisonError};

use crate::isa::{Isa, UnknownIsa};
use crate::memory::Buffer;
use crate::plan::{Body, Constants, Planner};
use crate::run::{Machine, Observe, Scratch};
use crate::threads::{Sharing, Threads};
use aivm_tosa::{
    Executor, ExecutorFault, FaultKind, NodeId, Plan, Priced, RunError, RunStatus, Variables, bytes,
};

/// Names the instruction set that [`CpuOptions::default`] takes, see [`Isa::name`].
pub const ISA_VARIABLE: &str = "AIVM_CPU_ISA";

/// Multiply-accumulates and other work of all cases together from which threads share them.
const PARALLEL_WORK: u64 = 1 << 18;

/// Multiply-accumulates in large steps of a case from which threads share them: waking a thread takes as long as a
/// million on the caller's.
const SHARED_CASE: u64 = 4 << 20;

/// Memories of ended runs that a plan keeps for later ones, for each thread that may run at once.
const SCRATCHES_PER_THREAD: usize = 2;

/// How a [`CpuExecutor`] works. No option changes a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuOptions {
    /// Whether operators run together where they can. Off is for tests.
    pub fuse: bool,
    /// Threads, at least 1; `None` for those of rayon's global pool.
    pub threads: Option<usize>,
    /// Instruction set.
    pub isa: Isa,
}

impl CpuOptions {
    /// Fused, all threads, and the instruction set that the environment variable `AIVM_CPU_ISA` names, else the best
    /// of this machine.
    ///
    /// # Errors
    /// If the variable names none, or one that this machine lacks.
    pub fn from_environment() -> Result<CpuOptions, ExecutorFault> {
        let isa = match std::env::var_os(ISA_VARIABLE) {
            None => Isa::best(),
            Some(name) => {
                let name = name.to_string_lossy();
                named(&name).map_err(|what| fault("cpu", format!("{ISA_VARIABLE}: {what}")))?
            }
        };
        Ok(CpuOptions {
            isa,
            ..CpuOptions::default()
        })
    }
}

impl Default for CpuOptions {
    /// Fused, all threads, the best instruction set of this machine.
    fn default() -> CpuOptions {
        CpuOptions {
            fuse: true,
            threads: None,
            isa: Isa::best(),
        }
    }
}

/// The instruction set that `name` names, which this machine has.
fn named(name: &str) -> Result<Isa, String> {
    available(
        name.parse()
            .map_err(|error: UnknownIsa| error.to_string())?,
    )
}

fn available(isa: Isa) -> Result<Isa, String> {
    if isa.is_available() {
        return Ok(isa);
    }
    let names: Vec<_> = Isa::available().into_iter().map(Isa::name).collect();
    Err(format!(
        "this machine has no {isa}; it has {}",
        names.join(", ")
    ))
}

fn fault(executor: &str, what: impl Into<String>) -> ExecutorFault {
    ExecutorFault::new(executor, FaultKind::Unsupported, what)
}

/// Runs models on the CPU with SIMD and threads.
pub struct CpuExecutor {
    name: String,
    options: CpuOptions,
    threads: Threads,
}

impl CpuExecutor {
    /// An executor with options from the environment, see [`CpuOptions::from_environment`].
    ///
    /// # Errors
    /// As [`CpuOptions::from_environment`].
    pub fn new() -> Result<CpuExecutor, ExecutorFault> {
        CpuExecutor::with_options(CpuOptions::from_environment()?)
    }

    /// An executor with these options. Its name is `cpu:` and the instruction set's.
    ///
    /// # Errors
    /// If this machine lacks the instruction set, is big-endian, or cannot start the threads.
    pub fn with_options(options: CpuOptions) -> Result<CpuExecutor, ExecutorFault> {
        let name = format!("cpu:{}", options.isa);
        available(options.isa).map_err(|what| fault(&name, what))?;
        if cfg!(target_endian = "big") {
            return Err(fault(
                &name,
                "tensors are little-endian, this machine is not",
            ));
        }
        let threads = Threads::new(options.threads);
        let threads = threads.map_err(|error| fault(&name, error.to_string()))?;
        Ok(CpuExecutor {
            name,
            options,
            threads,
        })
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> CpuOptions {
        self.options
    }
}

impl Executor for CpuExecutor {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Ok(Arc::new(self.plan(model)))
    }
}

impl CpuExecutor {
    /// Plans `model`.
    #[must_use]
    pub fn plan(&self, model: &Arc<Priced>) -> CpuPlan {
        let program = model.program();
        let mut planner = Planner {
            constants: Constants::default(),
            isa: self.options.isa,
            fuse: self.options.fuse,
        };
        let bodies: Vec<_> = program.graphs().map(|graph| planner.body(graph)).collect();
        let initial = Variables::initial(program);
        let variables = program.variables().len();
        let scratch = Scratch::new(&bodies, &initial, variables);
        CpuPlan {
            shares_a_case: bodies.iter().map(|body| body.shareable).sum::<u64>() >= SHARED_CASE,
            work: model.macs().saturating_add(model.input_bytes()),
            constants: planner.constants.buffer(),
            variables,
            initial,
            bodies,
            isa: self.options.isa,
            threads: self.threads.clone(),
            idle: Mutex::new(vec![scratch]),
            model: Arc::clone(model),
        }
    }
}

/// A planned model.
pub struct CpuPlan {
    model: Arc<Priced>,
    /// `main`, then the regions.
    bodies: Vec<Body>,
    constants: Buffer,
    initial: Variables,
    variables: usize,
    isa: Isa,
    threads: Threads,
    /// Rough work of a case: decides whether threads pay for many.
    work: u64,
    /// Whether threads share the steps of one case.
    shares_a_case: bool,
    /// Memory of runs that have ended.
    idle: Mutex<Vec<Scratch>>,
}

/// The cases of one call, or some of them.
struct Cases<'a> {
    start: &'a Variables,
    input: &'a [u8],
    output: &'a mut [u8],
    cases: usize,
}

impl CpuPlan {
    /// Runs one case from the initial variables and calls `observe` after each step with the nodes of `main` that
    /// the step has computed. Nodes that were computed with the plan, or that only rename, belong to no step.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn trace(
        &self,
        input: &[u8],
        observe: &mut (dyn FnMut(&[NodeId]) + Send),
    ) -> Result<(), RunError> {
        self.observed_step(&mut self.initial.clone(), input, &mut Vec::new(), observe)
    }

    fn machine<'a>(&'a self, sharing: Sharing<'a>) -> Machine<'a> {
        Machine {
            model: &self.model,
            bodies: &self.bodies,
            constants: self.constants.bytes(),
            isa: self.isa,
            sharing,
        }
    }

    /// Memory for a run: that of one that has ended, or new.
    fn take(&self) -> Scratch {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.unwrap_or_else(|| Scratch::new(&self.bodies, &self.initial, self.variables))
    }

    /// Keeps the memory of a run that has ended, unless many are kept already.
    fn give_back(&self, scratch: Scratch) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < SCRATCHES_PER_THREAD * self.threads.count() {
            idle.push(scratch);
        }
    }

    /// Runs cases one after the other.
    fn in_turn(&self, cases: Cases<'_>, sharing: Sharing<'_>) -> Result<(), RunStatus> {
        let input_bytes = self.model.input_bytes() as usize;
        let output_bytes = self.model.output_bytes() as usize;
        let machine = self.machine(sharing);
        let mut scratch = self.take();
        let mut result = Ok(());
        let mut output = cases.output;
        for case in 0..cases.cases {
            let (own, rest) = output.split_at_mut(output_bytes);
            output = rest;
            scratch.set_variables(cases.start);
            let input = &cases.input[case * input_bytes..(case + 1) * input_bytes];
            result = machine.case(&mut scratch, input, own, &mut |_| ());
            if result.is_err() {
                break;
            }
        }
        self.give_back(scratch);
        result
    }

    /// Halves the cases until a half is `least` or fewer, and runs the parts on the threads of the pool.
    fn shared(&self, cases: Cases<'_>, least: usize) -> Result<(), RunStatus> {
        if cases.cases <= least {
            return self.in_turn(cases, Sharing::Alone);
        }
        let half = cases.cases / 2;
        let middle = half * self.model.input_bytes() as usize;
        let (first_input, second_input) = cases.input.split_at(middle);
        let middle = half * self.model.output_bytes() as usize;
        let (first_output, second_output) = cases.output.split_at_mut(middle);
        let start = cases.start;
        let first = Cases {
            start,
            input: first_input,
            output: first_output,
            cases: half,
        };
        let second = Cases {
            start,
            input: second_input,
            output: second_output,
            cases: cases.cases - half,
        };
        let (first, second) =
            rayon::join(|| self.shared(first, least), || self.shared(second, least));
        first.and(second)
    }

    fn run_all(&self, cases: Cases<'_>) -> Result<(), RunStatus> {
        let threads = self.threads.count();
        let few = cases.cases < threads;
        let work = self.work.saturating_mul(cases.cases as u64);
        let alone = if few {
            !self.shares_a_case
        } else {
            work < PARALLEL_WORK
        };
        if threads == 1 || alone {
            return self.in_turn(cases, Sharing::Alone);
        }
        if few {
            return self
                .threads
                .share_case(|sharing| self.in_turn(cases, sharing));
        }
        let least = cases.cases.div_ceil(4 * threads);
        self.threads.run(|| self.shared(cases, least))
    }

    /// [`Plan::step`], observed as in [`CpuPlan::trace`].
    fn observed_step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
        observe: Observe<'_>,
    ) -> Result<(), RunError> {
        bytes::check_input(self.model.graph(), 1, input)?;
        let before = output.len();
        output.resize(before + self.model.output_bytes() as usize, 0);
        let mut scratch = self.take();
        scratch.set_variables(variables);
        let mut case = |sharing: Sharing<'_>| {
            let machine = self.machine(sharing);
            machine.case(&mut scratch, input, &mut output[before..], observe)
        };
        let result = if self.shares_a_case {
            self.threads.share_case(case)
        } else {
            case(Sharing::Alone)
        };
        match result {
            Ok(()) => scratch.copy_variables(variables),
            Err(_) => output.truncate(before),
        }
        self.give_back(scratch);
        Ok(result?)
    }
}

impl Plan for CpuPlan {
    fn initial(&self) -> &Variables {
        &self.initial
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        bytes::check_input(self.model.graph(), cases, input)?;
        let before = output.len();
        let bytes = self.model.output_bytes() as usize * cases as usize;
        output.resize(before + bytes, 0);
        let result = self.run_all(Cases {
            start,
            input,
            output: &mut output[before..],
            cases: cases as usize,
        });
        if result.is_err() {
            output.truncate(before);
        }
        Ok(result?)
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.observed_step(variables, input, output, &mut |_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_or_missing_instruction_set_is_an_error_that_says_what_there_is() {
        assert_eq!(named("portable"), Ok(Isa::Portable));
        let unknown = named("sse9").expect_err("there is none");
        assert!(
            unknown.contains("sse9") && unknown.contains("portable"),
            "{unknown}"
        );
        let mut all = Isa::ALL.into_iter();
        // No machine has those of two architectures.
        let missing = all.find(|isa| !isa.is_available()).expect("there is one");
        let error = named(missing.name()).expect_err("the machine lacks it");
        assert!(
            error.contains(missing.name()) && error.contains("portable"),
            "{error}"
        );
        let options = CpuOptions {
            isa: missing,
            ..CpuOptions::default()
        };
        let fault = CpuExecutor::with_options(options)
            .err()
            .expect("the machine lacks it");
        assert_eq!(
            (fault.executor, fault.what),
            (format!("cpu:{missing}"), error)
        );
    }
}
