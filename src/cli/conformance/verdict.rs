//! The verdict on one conformance test.

use std::path::Path;
use std::sync::Arc;

use aivm_tosa::{Tensor, bytes};
use synergy_aivm::{Executor, ModelLimits, PriceTable, Priced, npy};

use super::super::failure::Failure;
use super::super::files;
use super::description::{Description, Expected};
use super::error_if::ERROR_IF;

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The outputs are the expected ones, bit for bit.
    Passed,
    /// The model was refused, by the rule that the test names.
    RefusedAsExpected,
    /// The back end cannot prepare the model: why.
    Unsupported(String),
    /// Anything else: what.
    Failed(String),
}

/// Runs the test in `folder`.
pub(super) fn judge(folder: &Path, description: &Description, executor: &dyn Executor) -> Verdict {
    let limits = ModelLimits::TOOL;
    let model = match files::read(&folder.join(&description.model), limits.file_bytes) {
        Ok(model) => model,
        Err(failure) => return Verdict::Failed(failure.to_string()),
    };
    let loaded = aivm_tosa::load(&model, &limits, &PriceTable::V1);
    match (&description.expected, loaded) {
        (Expected::Outputs, Ok(model)) => {
            compare(folder, description, &Arc::new(model), executor).unwrap_or_else(Verdict::Failed)
        }
        (Expected::Outputs, Err(refusal)) => Verdict::Failed(format!("refused: {refusal}")),
        (Expected::ErrorIf(name), Ok(_)) => {
            Verdict::Failed(format!("accepted, though it breaks {name}"))
        }
        (Expected::ErrorIf(name), Err(refusal)) => {
            match ERROR_IF.iter().find(|(known, _)| known == name) {
                Some((_, codes)) if codes.contains(&refusal.code) => Verdict::RefusedAsExpected,
                Some((_, codes)) => Verdict::Failed(format!(
                    "refused by another rule: {refusal}; {name} is one of {codes:?}"
                )),
                None => Verdict::Failed(format!(
                    "{name} is no ERROR_IF that is known here; refused: {refusal}"
                )),
            }
        }
    }
}

/// Runs the model on the test's inputs and compares its outputs with the expected ones.
fn compare(
    folder: &Path,
    description: &Description,
    model: &Arc<Priced>,
    executor: &dyn Executor,
) -> Result<Verdict, String> {
    let graph = model.graph();
    let mut input = Vec::new();
    for &id in graph.inputs() {
        let tensor = graph.tensor(id);
        input.extend(tensor_of_file(folder, &description.inputs, tensor)?);
    }
    let mut expected = Vec::new();
    for &id in graph.outputs() {
        let tensor = graph.tensor(id);
        expected.push((
            tensor,
            tensor_of_file(folder, &description.outputs, tensor)?,
        ));
    }
    if description.outputs.len() != expected.len() {
        return Err("an expected output that the model has not".to_owned());
    }
    let plan = match executor.prepare(model) {
        Ok(plan) => plan,
        Err(fault) => return Ok(Verdict::Unsupported(fault.to_string())),
    };
    let output = plan.run(&input).map_err(|error| error.to_string())?;
    let mut rest = output.as_slice();
    for (tensor, expected) in expected {
        let (actual, behind) = rest
            .split_at_checked(expected.len())
            .ok_or("the outputs are too short")?;
        rest = behind;
        if let Some(difference) = difference(tensor, &expected, actual) {
            return Err(difference);
        }
    }
    if rest.is_empty() {
        Ok(Verdict::Passed)
    } else {
        Err("the outputs are too long".to_owned())
    }
}

/// The bytes of `tensor` from the file that `files` names for it.
fn tensor_of_file(
    folder: &Path,
    files: &[(String, String)],
    tensor: &Tensor,
) -> Result<Vec<u8>, String> {
    let (_, file) = files
        .iter()
        .find(|(name, _)| *name == tensor.name)
        .ok_or_else(|| format!("no file for {:?}", tensor.name))?;
    let path = folder.join(file);
    let contents = files::read_npy(&path, tensor, false, false);
    let contents = contents.map_err(|failure| failure.to_string())?;
    let read = npy::read(&contents, tensor.data_type, &tensor.shape, false);
    let read = read.map_err(|error| Failure::refused(&path, error).to_string())?;
    Ok(read.data.to_vec())
}

/// How two values of one tensor differ, if they do.
fn difference(tensor: &Tensor, expected: &[u8], actual: &[u8]) -> Option<String> {
    if expected == actual {
        return None;
    }
    let expected = bytes::decode(tensor.data_type, expected);
    let actual = bytes::decode(tensor.data_type, actual);
    let pairs = expected.iter().zip(&actual);
    let mut differing = pairs.enumerate().filter(|(_, (e, a))| e != a);
    let Some((index, (e, a))) = differing.next() else {
        return Some(format!("{}: bytes outside of values differ", tensor.name));
    };
    Some(format!(
        "{}: {} of {} elements differ, first element {index}: expected {e}, got {a}",
        tensor.name,
        1 + differing.count(),
        expected.len()
    ))
}
