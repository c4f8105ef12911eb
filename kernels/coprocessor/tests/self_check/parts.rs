//! Runs that show their steps part by part: of many cases, of more cases than any run may have, and runs that break off
//! behind a wrong answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aivm_cases::model::{INT32, Model};
use aivm_coprocessor::check::{Checker, Disagreement, Rotation};
use aivm_coprocessor::{CheckPolicy, Coprocessor, Standing};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{
    Executor, ExecutorFault, FaultKind, ModelLimits, NodeId, Observation, Observed, ObservedStep,
    Plan, PriceTable, Priced, RunError, RunStatus, Selected, Variables, Verification,
};

use crate::support::model;

const ABS: &[u8] = include_bytes!("../../../../tests/oracle/abs/model.tosa");

/// The reference as a back end with one step, whose answer to some cases is wrong.
struct Shown {
    inner: Arc<dyn Plan>,
    model: Arc<Priced>,
    steps: [ObservedStep; 1],
    /// Counts cases over all runs: in this one the last byte is wrong.
    wrong: u32,
    asked: AtomicU32,
    /// Whether a run ends with a fault when its cases were shown.
    breaks: bool,
}

impl Shown {
    fn new(model: &Arc<Priced>, wrong: u32, breaks: bool) -> Shown {
        let graph = model.graph();
        let nodes = (0..graph.nodes().len() as u32).map(NodeId);
        Shown {
            inner: ReferenceExecutor.prepare(model).expect("it runs all"),
            model: Arc::clone(model),
            steps: [ObservedStep {
                nodes: nodes.collect(),
                inputs: graph.inputs().to_vec(),
                output: graph.outputs()[0],
                accumulators: None,
            }],
            wrong,
            asked: AtomicU32::new(0),
            breaks,
        }
    }

    fn checker(&self) -> Checker {
        let rotation = Arc::new(Rotation::default());
        Checker::new(&self.model, self, &rotation).expect("there is randomness")
    }
}

impl Plan for Shown {
    fn initial(&self) -> &Variables {
        self.inner.initial()
    }

    fn verification(&self) -> Verification<'_> {
        Verification::Steps(self)
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        let before = output.len();
        self.inner.run_cases_from(start, cases, input, output)?;
        let first = self.asked.fetch_add(cases, Ordering::Relaxed);
        if let Some(case) = self.wrong.checked_sub(first).filter(|&case| case < cases) {
            let bytes = self.model.output_bytes() as usize;
            output[before + (case as usize + 1) * bytes - 1] ^= 1;
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.run_cases_from(variables, 1, input, output)
    }
}

impl Observed for Shown {
    fn steps(&self) -> &[ObservedStep] {
        &self.steps
    }

    fn run_observed(
        &self,
        cases: u32,
        input: &[u8],
        selected: &[Selected],
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), RunError> {
        let graph = self.model.graph();
        let before = output.len();
        self.run_cases_from(self.initial(), cases, input, output)?;
        let sizes = [graph.input_bytes(), graph.output_bytes()];
        let [input_bytes, output_bytes] = sizes.map(|bytes| bytes as usize);
        for &of in selected {
            let mut rest = &input[of.case as usize * input_bytes..];
            let inputs = graph.inputs().iter().map(|&id| {
                let (own, behind) = rest.split_at(graph.tensor(id).bytes() as usize);
                rest = behind;
                own
            });
            see(&Observation {
                of,
                inputs: inputs.collect(),
                accumulators: None,
                output: &output[before + of.case as usize * output_bytes..][..output_bytes],
            });
        }
        if self.breaks {
            output.truncate(before);
            return Err(ExecutorFault::new("shown", FaultKind::Lost, "device lost").into());
        }
        Ok(())
    }
}

/// An executor of one plan.
struct Always(Arc<Shown>);

impl Executor for Always {
    fn name(&self) -> &str {
        "shown"
    }

    fn prepare(&self, _model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Ok(Arc::clone(&self.0) as Arc<dyn Plan>)
    }
}

fn input(model: &Priced, cases: u32) -> Vec<u8> {
    let bytes = model.input_bytes() as usize * cases as usize;
    (0..bytes).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn a_wrong_answer_quarantines_although_the_run_broke_off_behind_it() {
    let model = model(ABS);
    for (wrong, quarantined) in [(1, true), (u32::MAX, false)] {
        let shown = Arc::new(Shown::new(&model, wrong, true));
        let limits = ModelLimits::CHAIN;
        let coprocessor = Coprocessor::new(vec![Arc::new(Always(shown))], limits, PriceTable::V1);
        let coprocessor = coprocessor.with_checks(CheckPolicy::ALL);
        let hash = coprocessor.register(ABS).expect("it is valid").hash();
        let input = input(&model, 3);
        let output = coprocessor.run_cases(&hash, 3, &input);
        let output = output.expect("registered").expect("another one answers");
        let reference = ReferenceExecutor.prepare(&model).expect("it runs all");
        assert_eq!(Ok(output), reference.run_cases(3, &input));
        let shown = &coprocessor.metrics().backends[0];
        assert_eq!(
            matches!(shown.standing, Standing::Quarantined { .. }),
            quarantined,
            "{:?}",
            shown.standing
        );
        assert_eq!(shown.failed_checks, u64::from(quarantined));
    }
}

#[test]
fn cases_are_counted_over_all_parts_of_a_long_run() {
    let model = model(ABS);
    let cases = 2500;
    let input = input(&model, cases);
    for wrong in [0, 1023, 1024, 2499] {
        let shown = Shown::new(&model, wrong, false);
        let checked = shown
            .checker()
            .run(&shown, CheckPolicy::ALL, cases, &input)
            .expect("it runs");
        assert_eq!(checked.checks, u64::from(cases));
        let [rejection] = &checked.rejected[..] else {
            panic!("{:?}", checked.rejected)
        };
        assert_eq!(
            (rejection.case, rejection.step, rejection.what),
            (wrong, Some(0), Disagreement::Output)
        );
    }
    let honest = Shown::new(&model, u32::MAX, false);
    for policy in [CheckPolicy::OFF, CheckPolicy::default(), CheckPolicy::ALL] {
        let checked = honest.checker().run(&honest, policy, cases, &input);
        let checked = checked.expect("it runs");
        assert!(checked.rejected.is_empty());
        assert!(honest.inner.run_cases(cases, &input) == Ok(checked.output));
    }
}

/// A graph without inputs takes any number of cases: nothing is drawn for those that its outputs have no room for.
#[test]
fn more_cases_than_a_run_may_have_are_refused_before_anything_is_drawn() {
    let graph = Model::default()
        .constant("a", INT32, &[2], &[3, 0, 0, 0, 251, 255, 255, 255])
        .output("b", INT32, &[2])
        .operator("ABS", vec![], &["a"], &["b"]);
    let model = model(&graph.file());
    let shown = Shown::new(&model, u32::MAX, false);
    for policy in [CheckPolicy::ALL, CheckPolicy::default()] {
        let refused = shown.checker().run(&shown, policy, u32::MAX, &[]);
        assert!(
            matches!(
                refused,
                Err(RunError::Status(RunStatus::TooManyCases { .. }))
            ),
            "{refused:?}"
        );
    }
    assert_eq!(shown.asked.load(Ordering::Relaxed), 0);
}
