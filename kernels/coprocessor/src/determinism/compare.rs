//! One shape on the reference and on every path.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use aivm_cases::plan::Shape;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced, RunError, RunStatus, bytes};
use sha3::{Digest, Keccak256};

use super::path::Path;
use super::report::Mismatch;
use super::{PathResult, Ran, ShapeResult};

/// What a run gives on every machine.
type Answer = Result<Vec<u8>, RunStatus>;

/// Runs all cases of a shape.
pub(super) fn shape(seed: u64, shape: &Shape, paths: &[Path]) -> ShapeResult {
    ShapeResult {
        shape: *shape,
        ran: ran(seed, shape, paths),
    }
}

fn ran(seed: u64, shape: &Shape, paths: &[Path]) -> Result<Ran, String> {
    let model = shape
        .model(seed)
        .map_err(|refusal| format!("the generator's model is refused: {refusal}"))?;
    let input = shape.input(seed, &model);
    let case = Case {
        seed,
        shape,
        model: &model,
        input: &input,
    };
    let reference = case.run(&ReferenceExecutor);
    let expected = reference
        .answer
        .map_err(|fault| format!("the reference: {fault}"))?;
    let answered = digest(&expected);
    let on_path = |path: &Path| case.compare(path, &expected, answered);
    Ok(Ran {
        asked: Keccak256::new()
            .chain_update(model.hash())
            .chain_update(&input)
            .finalize()
            .into(),
        answered,
        reference_ns: reference.run_ns,
        paths: paths.iter().map(on_path).collect(),
    })
}

/// A model with its inputs.
struct Case<'a> {
    seed: u64,
    shape: &'a Shape,
    model: &'a Arc<Priced>,
    input: &'a [u8],
}

/// A run with its times.
struct Timed {
    prepare_ns: u64,
    run_ns: u64,
    /// The answer, or this machine's trouble.
    answer: Result<Answer, String>,
}

impl Case<'_> {
    /// Prepares and runs. A panic, of a driver say, is trouble like any other.
    fn run(&self, executor: &dyn Executor) -> Timed {
        let (mut prepare_ns, mut run_ns) = (0, 0);
        let run = || {
            let started = Instant::now();
            let plan = executor.prepare(self.model);
            prepare_ns = nanoseconds(started);
            let plan = plan.map_err(|fault| fault.what)?;
            let started = Instant::now();
            let answer = plan.run_cases(self.shape.cases, self.input);
            run_ns = nanoseconds(started);
            match answer {
                Ok(output) => Ok(Ok(output)),
                Err(RunError::Status(status)) => Ok(Err(status)),
                Err(RunError::Fault(fault)) => Err(fault.what),
            }
        };
        let answer = catch_unwind(AssertUnwindSafe(run));
        let answer = answer.unwrap_or_else(|_| Err("panic".to_owned()));
        Timed {
            prepare_ns,
            run_ns,
            answer,
        }
    }

    fn compare(&self, path: &Path, expected: &Answer, answered: [u8; 32]) -> PathResult {
        let timed = self.run(&*path.executor);
        let mut result = PathResult {
            prepare_ns: timed.prepare_ns,
            run_ns: timed.run_ns,
            answered: Ok(answered),
            wrong: 0,
            mismatch: None,
        };
        match timed.answer {
            Err(fault) => result.answered = Err(fault),
            Ok(answer) if answer == *expected => {}
            Ok(answer) => {
                result.answered = Ok(digest(&answer));
                let (wrong, detail) = self.difference(expected, &answer);
                result.wrong = wrong;
                result.mismatch = Some(Mismatch {
                    seed: self.seed,
                    shape: self.shape.index,
                    family: self.shape.family.name,
                    path: path.name.clone(),
                    wrong,
                    operators: self.operators(),
                    detail,
                });
            }
        }
        result
    }

    /// How many cases differ, and where the first one does.
    fn difference(&self, expected: &Answer, given: &Answer) -> (u32, String) {
        let (Ok(expected), Ok(given)) = (expected, given) else {
            let text = |answer: &Answer| match answer {
                Ok(output) => format!("{} bytes", output.len()),
                Err(status) => status.to_string(),
            };
            let detail = format!("{} instead of {}", text(given), text(expected));
            return (self.shape.cases, detail);
        };
        let case_bytes = expected.len() / self.shape.cases as usize;
        if given.len() != expected.len() || case_bytes == 0 {
            let detail = format!("{} bytes instead of {}", given.len(), expected.len());
            return (self.shape.cases, detail);
        }
        let pairs = || given.chunks(case_bytes).zip(expected.chunks(case_bytes));
        let wrong = pairs()
            .filter(|(given, expected)| given != expected)
            .count();
        let bytes = given.iter().zip(expected);
        let first = bytes
            .take_while(|(given, expected)| given == expected)
            .count();
        (wrong as u32, self.place(first, case_bytes, given, expected))
    }

    /// The element that byte `first` of the outputs belongs to, as text.
    fn place(&self, first: usize, case_bytes: usize, given: &[u8], expected: &[u8]) -> String {
        let graph = self.model.graph();
        let (case, mut byte) = (first / case_bytes, first % case_bytes);
        for (&id, output) in graph.outputs().iter().zip(0..) {
            let tensor = graph.tensor(id);
            if byte >= tensor.bytes() as usize {
                byte -= tensor.bytes() as usize;
                continue;
            }
            let size = tensor.data_type.bytes() as usize;
            let start = first - byte % size;
            let value = |bytes: &[u8]| bytes::read(tensor.data_type, &bytes[start..]);
            return format!(
                "case {case}, output {output} ({}{}), element {}: {} instead of {}",
                tensor.data_type,
                tensor.shape,
                byte / size,
                value(given),
                value(expected)
            );
        }
        format!("case {case}, byte {byte}")
    }

    fn operators(&self) -> Vec<&'static str> {
        let nodes = self
            .model
            .program()
            .graphs()
            .flat_map(|graph| graph.nodes());
        nodes.map(|node| node.operator.name()).collect()
    }
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn digest(answer: &Answer) -> [u8; 32] {
    match answer {
        Ok(output) => Keccak256::digest(output).into(),
        Err(status) => Keccak256::digest(format!("status: {status}")).into(),
    }
}
