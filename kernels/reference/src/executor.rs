//! The reference back end: decodes a model's constants once, then runs its nodes one after the other.

use std::sync::Arc;

use aivm_tosa::{Executor, ExecutorFault, NodeId, Plan, Priced, RunError, Variables, bytes};

use crate::run::{Elements, Observe, Prepared, Run};

/// Runs models by the letter of the specification, on one thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceExecutor;

impl Executor for ReferenceExecutor {
    fn name(&self) -> &str {
        "reference"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Ok(Arc::new(ReferencePlan::new(model)))
    }
}

/// A model with its constants decoded.
pub struct ReferencePlan {
    model: Arc<Priced>,
    initial: Variables,
    main: Prepared,
    regions: Vec<Prepared>,
}

impl ReferencePlan {
    /// Decodes the constants of `model`.
    #[must_use]
    pub fn new(model: &Arc<Priced>) -> ReferencePlan {
        let program = model.program();
        ReferencePlan {
            initial: Variables::initial(program),
            main: Prepared::new(program.main()),
            regions: program.regions().iter().map(Prepared::new).collect(),
            model: Arc::clone(model),
        }
    }

    /// Runs one case from the initial variables and calls `observe` after each node of `main`, in order, with the
    /// elements of the node's outputs, row-major, bool as 0 and 1. Control flow is one node.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn trace(
        &self,
        input: &[u8],
        observe: &mut dyn FnMut(NodeId, &[Elements]),
    ) -> Result<(), RunError> {
        bytes::check_input(self.model.graph(), 1, input)?;
        let mut variables = self.initial.clone();
        self.run_case(&mut variables, input, &mut Vec::new(), observe)
    }

    /// Runs one case, whose input has been checked, and appends its outputs to `output`.
    fn run_case(
        &self,
        variables: &mut Variables,
        mut input: &[u8],
        output: &mut Vec<u8>,
        observe: Observe<'_>,
    ) -> Result<(), RunError> {
        let graph = self.model.graph();
        let mut inputs = Vec::with_capacity(graph.inputs().len());
        for &id in graph.inputs() {
            let tensor = graph.tensor(id);
            let (own, rest) = input.split_at(tensor.bytes() as usize);
            input = rest;
            inputs.push(Arc::new(bytes::decode(tensor.data_type, own)));
        }
        let mut run = Run {
            model: &self.model,
            regions: &self.regions,
            variables,
        };
        let outputs = run.graph(graph, &self.main, inputs, observe)?;
        for (&id, elements) in graph.outputs().iter().zip(&outputs) {
            bytes::encode(graph.tensor(id).data_type, elements, output);
        }
        Ok(())
    }
}

impl Plan for ReferencePlan {
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
        let graph = self.model.graph();
        bytes::check_input(graph, cases, input)?;
        let input_bytes = graph.input_bytes() as usize;
        let before = output.len();
        for case in 0..cases as usize {
            let own = &input[case * input_bytes..(case + 1) * input_bytes];
            let result = self.run_case(&mut start.clone(), own, output, &mut |_, _| ());
            if result.is_err() {
                output.truncate(before);
                return result;
            }
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        bytes::check_input(self.model.graph(), 1, input)?;
        // A run that ends with a status leaves the caller's variables as they were, and appends nothing.
        let mut after = variables.clone();
        self.run_case(&mut after, input, output, &mut |_, _| ())?;
        *variables = after;
        Ok(())
    }
}
