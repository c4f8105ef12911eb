//! `aivm infer`: runs a model on tensors from .npy files.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aivm_import::{Border, Metadata};
use aivm_tosa::{RunError, Tensor, TensorId};
use clap::Args;
use serde::Serialize;
use synergy_aivm::{Executor, Priced, npy};

use super::backend::BackendArguments;
use super::failure::Failure;
use super::names::readable;
use super::{files, hex, print_json, print_text, real, tell};

/// Arguments of `aivm infer`.
#[derive(Args)]
pub(crate) struct InferArguments {
    /// The model, a .tosa file.
    model: PathBuf,
    /// A .npy file for the model's input, or NAME=FILE for the input of this name. Repeat for every input.
    #[arg(long = "input", required = true, value_name = "[NAME=]FILE")]
    inputs: Vec<PathBuf>,
    /// Where to write the model's output, or NAME=FILE for the output of this name. Repeat for more outputs.
    #[arg(long = "output", required = true, value_name = "[NAME=]FILE")]
    outputs: Vec<PathBuf>,
    #[command(flatten)]
    backend: BackendArguments,
    /// Every input has one extra leading axis of cases, which run independently; outputs gain that axis.
    #[arg(long)]
    cases: bool,
    /// Inputs and outputs are real numbers (f32), by the scales in MODEL.json, which `aivm model import` writes.
    #[arg(long)]
    real: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    model: String,
    backend: String,
    cases: u32,
    gas_per_case: u64,
    outputs: Vec<WrittenTensor>,
}

#[derive(Serialize)]
struct WrittenTensor {
    name: String,
    file: String,
    #[serde(rename = "type")]
    data_type: String,
    shape: Vec<u32>,
    keccak256: String,
}

pub(crate) fn infer(arguments: &InferArguments, json: bool) -> Result<(), Failure> {
    let model = files::read_model(&arguments.model)?;
    let graph = model.graph();
    let input_files = assign("input", &model, graph.inputs(), &arguments.inputs)?;
    let output_files = assign("output", &model, graph.outputs(), &arguments.outputs)?;
    if let Some(missing) = input_files.iter().position(Option::is_none) {
        let name = &graph.tensor(graph.inputs()[missing]).name;
        let how = format!("the model's input {name:?} has no file; add --input {name}=FILE");
        return Err(Failure::Usage(how));
    }
    let read = input_files.iter().flatten().chain([&arguments.model]);
    files::expect_outputs(read, output_files.iter().flatten())?;
    let metadata = match arguments.real {
        true => Some(real::read_metadata(&arguments.model, &model)?),
        false => None,
    };
    let metadata = metadata.as_ref();
    let (cases, input) = read_inputs(&model, &input_files, arguments.cases, metadata)?;
    let executor = arguments.backend.open(None)?;
    let output = run(executor.as_ref(), &model, cases, &input)?;
    let axis = arguments.cases.then_some(cases);
    let written = write_outputs(&model, &output_files, (cases, axis), &output, metadata)?;
    let report = Report {
        model: hex(&model.hash()),
        backend: executor.name().to_owned(),
        cases,
        gas_per_case: model.gas(),
        outputs: written,
    };
    if json {
        return print_json(&report);
    }
    let mut lines = vec![format!(
        "{} on {}, cases: {cases}, gas a case: {}",
        report.model, report.backend, report.gas_per_case
    )];
    lines.extend(report.outputs.iter().map(|tensor| {
        let WrittenTensor {
            name,
            file,
            data_type,
            shape,
            ..
        } = tensor;
        let name = readable(name);
        format!("{name}: {data_type} {shape:?} written to {file}")
    }));
    print_text(&lines.join("\n"))
}

/// The file of each of `tensors`, `None` where none is named.
pub(super) fn assign(
    kind: &str,
    model: &Priced,
    tensors: &[TensorId],
    arguments: &[PathBuf],
) -> Result<Vec<Option<PathBuf>>, Failure> {
    let names: Vec<&str> = tensors
        .iter()
        .map(|&id| model.graph().tensor(id).name.as_str())
        .collect();
    let mut files = vec![None; tensors.len()];
    for argument in arguments {
        let (index, file) = match named(argument.as_os_str(), &names) {
            Some((index, "")) => {
                let what = format!("--{kind} {}=: a file's name is missing", names[index]);
                return Err(Failure::Usage(what));
            }
            Some((index, file)) => (index, PathBuf::from(file)),
            None if names.len() == 1 && !has_other_name(argument) => (0, argument.clone()),
            None => {
                let what = match has_other_name(argument) {
                    true => format!("no {kind} of this name; the model's {kind}s are {names:?}"),
                    false => format!(
                        "the model has {} {kind}s; write NAME=FILE with one of {names:?}",
                        names.len()
                    ),
                };
                let what = format!("--{kind} {}: {what}", argument.display());
                return Err(Failure::Usage(what));
            }
        };
        if files[index].replace(file).is_some() {
            let what = format!("two files for the model's {kind} {:?}", names[index]);
            return Err(Failure::Usage(what));
        }
    }
    Ok(files)
}

/// Whether an argument with no known name reads as `NAME=FILE`: no file that is there, and not in a folder (`./a=b`).
fn has_other_name(argument: &Path) -> bool {
    let text = argument.to_string_lossy();
    let name = text.split_once('=');
    name.is_some_and(|(name, _)| !name.contains(std::path::is_separator)) && !argument.exists()
}

/// Splits `NAME=FILE` where NAME is one of `names`. Anything else is the path of a file.
fn named<'a>(argument: &'a OsStr, names: &[&str]) -> Option<(usize, &'a str)> {
    let text = argument.to_str()?;
    names.iter().enumerate().find_map(|(index, name)| {
        let file = text.strip_prefix(name)?.strip_prefix('=')?;
        Some((index, file))
    })
}

/// The number of cases, and their inputs one after the other.
fn read_inputs(
    model: &Priced,
    input_files: &[Option<PathBuf>],
    with_cases: bool,
    metadata: Option<&Metadata>,
) -> Result<(u32, Vec<u8>), Failure> {
    let graph = model.graph();
    let paths: Vec<&PathBuf> = input_files.iter().flatten().collect();
    let mut contents = Vec::new();
    for (&id, path) in graph.inputs().iter().zip(&paths) {
        let tensor = graph.tensor(id);
        let reals = metadata.is_some();
        contents.push(files::read_npy(path, tensor, with_cases, reals)?);
    }
    // The number of cases of each input, and its bytes.
    let mut tensors: Vec<(u32, Cow<'_, [u8]>)> = Vec::new();
    for (index, (&id, path)) in graph.inputs().iter().zip(&paths).enumerate() {
        let tensor = graph.tensor(id);
        let border = metadata.map(|metadata| &metadata.inputs[index]);
        let (own_cases, data) = read_input(&contents[index], tensor, with_cases, border)
            .map_err(|why| Failure::refused(path, why))?;
        if let Some((first, _)) = tensors.first()
            && *first != own_cases
        {
            let why = format!("{own_cases} cases; {} has {first}", paths[0].display());
            return Err(Failure::refused(path, why));
        }
        tensors.push((own_cases, data));
    }
    let cases = tensors.first().map_or(1, |(cases, _)| *cases);
    let mut input = Vec::with_capacity(tensors.iter().map(|(_, data)| data.len()).sum());
    for case in 0..cases as usize {
        for (_, data) in &tensors {
            let len = data.len() / cases as usize;
            input.extend_from_slice(&data[case * len..(case + 1) * len]);
        }
    }
    Ok((cases, input))
}

/// The number of cases and the bytes of one input, quantised if it has real numbers.
fn read_input<'a>(
    bytes: &'a [u8],
    tensor: &Tensor,
    with_cases: bool,
    border: Option<&Border>,
) -> Result<(u32, Cow<'a, [u8]>), String> {
    let Some(border) = border else {
        let read = npy::read(bytes, tensor.data_type, &tensor.shape, with_cases);
        let read = read.map_err(|error| error.to_string())?;
        return Ok((read.cases, read.data.into()));
    };
    let read =
        npy::read_reals(bytes, &tensor.shape, with_cases).map_err(|error| error.to_string())?;
    let values: Vec<f32> = read
        .data
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let data = real::quantise(border, tensor, &values)
        .map_err(|index| format!("element {index} is not a number"))?;
    Ok((read.cases, data.into()))
}

fn run(
    executor: &dyn Executor,
    model: &std::sync::Arc<Priced>,
    cases: u32,
    input: &[u8],
) -> Result<Vec<u8>, Failure> {
    let machine = |error: &dyn std::fmt::Display| Failure::Machine(error.to_string());
    let started = Instant::now();
    let plan = executor.prepare(model).map_err(|fault| machine(&fault))?;
    tell(format_args!("prepared in {:?}", started.elapsed()));
    let started = Instant::now();
    let output = plan.run_cases(cases, input).map_err(|error| match error {
        RunError::Status(status) => Failure::Refused(format!("input: {status}")),
        RunError::Fault(fault) => machine(&fault),
    })?;
    tell(format_args!("ran {cases} cases in {:?}", started.elapsed()));
    Ok(output)
}

/// Takes the outputs apart and writes those that have a file.
fn write_outputs(
    model: &Priced,
    output_files: &[Option<PathBuf>],
    (cases, axis): (u32, Option<u32>),
    output: &[u8],
    metadata: Option<&Metadata>,
) -> Result<Vec<WrittenTensor>, Failure> {
    let graph = model.graph();
    let case_len = output.len() / cases as usize;
    let mut written = Vec::new();
    let mut start = 0;
    for (index, (&id, file)) in graph.outputs().iter().zip(output_files).enumerate() {
        let tensor = graph.tensor(id);
        let len = tensor.bytes() as usize;
        if let Some(file) = file {
            let mut data = Vec::with_capacity(len * cases as usize);
            for case in output.chunks_exact(case_len) {
                data.extend_from_slice(&case[start..start + len]);
            }
            let mut data_type = tensor.data_type.to_string();
            let contents = match metadata.map(|metadata| &metadata.outputs[index]) {
                None => npy::write(tensor.data_type, &tensor.shape, axis, &data),
                Some(border) => {
                    let values = real::dequantise(border, tensor.data_type, &data);
                    data = values.into_iter().flat_map(f32::to_le_bytes).collect();
                    data_type = "f32".to_owned();
                    npy::write_reals(&tensor.shape, axis, &data)
                }
            };
            files::write(file, &contents)?;
            written.push(WrittenTensor {
                name: tensor.name.clone(),
                file: file.display().to_string(),
                data_type,
                shape: axis
                    .into_iter()
                    .chain(tensor.shape.dimensions().iter().copied())
                    .collect(),
                keccak256: hex(&synergy_aivm::keccak256(&data).0),
            });
        }
        start += len;
    }
    Ok(written)
}
