//! The ways to run a model on this machine, and one that is wrong on purpose.

use std::sync::Arc;

use aivm_cpu::{CpuExecutor, CpuOptions, Isa};
use aivm_tosa::{Executor, ExecutorFault, Plan, Priced, RunError, Variables};

/// One way to run models.
#[derive(Clone)]
pub struct Path {
    /// How tables name it.
    pub name: String,
    /// What runs.
    pub executor: Arc<dyn Executor>,
}

impl Path {
    /// The path that an executor is, named as it is.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>) -> Path {
        Path {
            name: executor.name().to_owned(),
            executor,
        }
    }
}

/// The CPU executor with each instruction set of this machine on one thread; with the best one also unfused, and on as
/// many threads as there are cores.
///
/// # Errors
/// If its threads cannot be started.
pub fn cpu_paths() -> Result<Vec<Path>, ExecutorFault> {
    let best = Isa::best();
    let alone = Isa::available().into_iter().map(|isa| (isa, true, Some(1)));
    let others = [(best, false, Some(1)), (best, true, None)];
    alone
        .chain(others)
        .map(|(isa, fuse, threads)| {
            let executor = CpuExecutor::with_options(CpuOptions { fuse, threads, isa })?;
            let name = match (fuse, threads) {
                (true, Some(_)) => format!("cpu:{isa}"),
                (false, _) => format!("cpu:{isa}, unfused"),
                (true, None) => format!("cpu:{isa}, all threads"),
            };
            Ok(Path {
                name,
                executor: Arc::new(executor),
            })
        })
        .collect()
}

/// An executor with a planted bug, for tests of the bench: the answer to about one model in thirty has one wrong bit.
pub struct Flipped(pub Arc<dyn Executor>);

struct FlippedPlan(Arc<dyn Plan>);

impl Executor for Flipped {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        let plan = self.0.prepare(model)?;
        if model.hash()[0] >= 8 {
            return Ok(plan);
        }
        Ok(Arc::new(FlippedPlan(plan)))
    }
}

impl Plan for FlippedPlan {
    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        let before = output.len();
        self.0.run_cases_from(start, cases, input, output)?;
        if let Some(last) = output[before..].last_mut() {
            *last ^= 1;
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.0.step(variables, input, output)
    }

    fn initial(&self) -> &Variables {
        self.0.initial()
    }
}
