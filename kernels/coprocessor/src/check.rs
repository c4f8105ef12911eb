//! Self-checks of back ends that are no authority: some steps of their runs are verified on the CPU.
//!
//! A linear step that is large enough and cannot wrap is verified through its raw sums by Freivalds' check modulo
//! 2^61 − 1; what follows the sums in the step, and every other step, is recomputed by the reference. Where steps
//! cannot be seen (control flow, variables, late values), whole cases are run again. `docs/self-check.md` says what is
//! found with which chance, and what it costs.
//!
//! Architecture Invariant: which steps are checked is drawn at random and changes no result.

mod cost;
mod freivalds;
mod policy;
mod residue;
mod secret;
mod step;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aivm_reference::ReferencePlan;
use aivm_tosa::bytes::check_input;
use aivm_tosa::{
    ExecutorFault, Observation, Observed, Plan, Priced, RunError, RunStatus, Selected, Verification,
};

pub use cost::CheckCost;
pub use policy::CheckPolicy;
pub use secret::Rotation;
use step::StepCheck;

/// Cases for which it is drawn at once which steps are checked.
const CASES_DRAWN: u32 = 1024;

/// Runs one model on one back end and checks a share of what it does.
pub struct Checker {
    model: Arc<Priced>,
    rotation: Arc<Rotation>,
    steps: Vec<StepCheck>,
    /// For runs that are checked as a whole.
    reference: OnceLock<ReferencePlan>,
}

/// A run with what came of its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The outputs of all cases, which are right if nothing was rejected and everything checked.
    pub output: Vec<u8>,
    /// How many steps (of control flow: cases) were verified.
    pub checks: u64,
    /// Those that were wrong.
    pub rejected: Vec<Rejection>,
}

/// A step that was found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Index of the case.
    pub case: u32,
    /// Index of the step, or `None` for the whole case.
    pub step: Option<usize>,
    /// What is wrong.
    pub what: Disagreement,
}

/// How what was seen differs from what must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// An input of the graph is not what the device was given.
    Input,
    /// A tensor holds something that is no value of its type.
    Value,
    /// The sums of a position are wrong.
    Sums {
        /// The position, over all images.
        position: usize,
    },
    /// The output is not what the operators give.
    Output,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Disagreement::Input => f.write_str("an input of the model changed on the device"),
            Disagreement::Value => f.write_str("a value is outside its type"),
            Disagreement::Sums { position } => write!(f, "wrong sums at position {position}"),
            Disagreement::Output => f.write_str("wrong output"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step} of case {}: {}", self.case, self.what),
            None => write!(f, "case {}: {}", self.case, self.what),
        }
    }
}

impl Checker {
    /// A checker for runs of `model` on `plan`, which was prepared from it.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn new(
        model: &Arc<Priced>,
        plan: &dyn Plan,
        rotation: &Arc<Rotation>,
    ) -> Result<Checker, ExecutorFault> {
        let steps = match plan.verification() {
            Verification::Steps(observed) => observed.steps(),
            Verification::None | Verification::Whole => &[],
        };
        let steps = steps.iter().map(|step| StepCheck::new(model, step));
        let checker = Checker {
            model: Arc::clone(model),
            rotation: Arc::clone(rotation),
            steps: steps.collect(),
            reference: OnceLock::new(),
        };
        // Weights are multiplied now and not in a run.
        for step in &checker.steps {
            step.refresh(&checker.model, rotation.number())?;
        }
        Ok(checker)
    }

    /// Runs `cases` cases from the initial variables on `plan`, for which it was made.
    ///
    /// # Errors
    /// As [`Plan::run_cases`], and a fault if the system gives no randomness.
    pub fn run(
        &self,
        plan: &dyn Plan,
        policy: CheckPolicy,
        cases: u32,
        input: &[u8],
    ) -> Result<Checked, RunError> {
        match plan.verification() {
            Verification::None => Ok(Checked {
                output: plan.run_cases(cases, input)?,
                checks: 0,
                rejected: Vec::new(),
            }),
            Verification::Steps(observed) => self.steps(plan, observed, policy, cases, input),
            Verification::Whole => self.whole(plan, policy, cases, input),
        }
    }

    fn steps(
        &self,
        plan: &dyn Plan,
        observed: &dyn Observed,
        policy: CheckPolicy,
        cases: u32,
        input: &[u8],
    ) -> Result<Checked, RunError> {
        // What every back end refuses is refused before anything is drawn for that many cases.
        check_input(self.model.graph(), cases, input)?;
        let bytes = self.model.input_bytes() as usize;
        let (mut output, mut checks, mut rejected) = (Vec::new(), 0, Vec::new());
        for first in (0..cases).step_by(CASES_DRAWN as usize) {
            let now = (cases - first).min(CASES_DRAWN);
            let part = &input[first as usize * bytes..][..now as usize * bytes];
            let selected = secret::select(policy, now, self.steps.len())?;
            for of in &selected {
                self.steps[of.step].refresh(&self.model, self.rotation.number())?;
            }
            let mut see = |seen: &Observation<'_>| {
                let Selected { case, step } = seen.of;
                let own = &part[case as usize * bytes..][..bytes];
                checks += 1;
                if let Err(what) = self.steps[step].verify(&self.model, own, seen) {
                    rejected.push(Rejection {
                        case: first + case,
                        step: Some(step),
                        what,
                    });
                }
            };
            let ran = match selected.is_empty() {
                true => plan.run_cases_from(plan.initial(), now, part, &mut output),
                false => observed.run_observed(now, part, &selected, &mut output, &mut see),
            };
            match ran {
                Ok(()) => {}
                // That an answer was wrong says more of the back end than the fault that came behind it.
                Err(_) if !rejected.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(self.done(output, checks, rejected))
    }

    /// Runs cases again on the reference.
    fn whole(
        &self,
        plan: &dyn Plan,
        policy: CheckPolicy,
        cases: u32,
        input: &[u8],
    ) -> Result<Checked, RunError> {
        check_input(self.model.graph(), cases, input)?;
        let selected = secret::select(policy, cases, 1)?;
        let answer = plan.run_cases(cases, input);
        let reference = || {
            self.reference
                .get_or_init(|| ReferencePlan::new(&self.model))
        };
        let mut rejected = Vec::new();
        let mut reject = |case| {
            let (step, what) = (None, Disagreement::Output);
            rejected.push(Rejection { case, step, what });
        };
        match answer {
            Ok(output) => {
                let sizes = [self.model.input_bytes(), self.model.output_bytes()];
                let [own_input, own_output] = sizes.map(|bytes| bytes as usize);
                for of in &selected {
                    let case = of.case as usize;
                    let expected = reference().run(&input[case * own_input..][..own_input]);
                    let own = &output[case * own_output..][..own_output];
                    if expected.is_err() || expected.is_ok_and(|expected| expected != own) {
                        reject(of.case);
                    }
                }
                Ok(self.done(output, selected.len() as u64, rejected))
            }
            // The end of a loop is the device's word, too.
            Err(error @ RunError::Status(RunStatus::IterationLimit { .. }))
                if !selected.is_empty() =>
            {
                match reference().run_cases(cases, input) {
                    Err(expected) if expected == error => Err(error),
                    _ => {
                        reject(selected[0].case);
                        Ok(self.done(Vec::new(), 1, rejected))
                    }
                }
            }
            Err(error) => Err(error),
        }
    }

    fn done(&self, output: Vec<u8>, checks: u64, rejected: Vec<Rejection>) -> Checked {
        if !rejected.is_empty() {
            self.rotation.turn();
        }
        Checked {
            output,
            checks,
            rejected,
        }
    }
}
