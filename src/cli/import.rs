//! `aivm model import`: a quantised ONNX model as a `.tosa` file.

use std::path::PathBuf;

use aivm_import::{ImportError, ImportLimits, ImportOptions, Imported, Report, import};
use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::names::readable;
use super::{files, print_json, print_text, real};

/// Arguments of `aivm model import`.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// The model, an .onnx file with integer operators or QuantizeLinear and DequantizeLinear.
    model: PathBuf,
    /// Where to write the .tosa file; its scales and zero points go beside it, with .json behind the name.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The first side of inputs that the model leaves open.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Where to write what became of each node, as JSON; also when nodes are not supported.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Outcome<'a> {
    model: &'a str,
    file: String,
    metadata: String,
    report: &'a Report,
}

pub(crate) fn run(arguments: &ImportArguments, json: bool) -> Result<(), Failure> {
    let bytes = files::read(&arguments.model, ImportLimits::TOOL.file_bytes)?;
    let metadata_path = real::metadata_path(&arguments.output);
    let written = [&arguments.output, &metadata_path].into_iter();
    files::expect_outputs(
        [&arguments.model].into_iter(),
        written.chain(&arguments.report),
    )?;
    let options = ImportOptions {
        batch: arguments.batch,
    };
    let imported = match import(&bytes, &options, &ImportLimits::TOOL) {
        Ok(imported) => imported,
        Err(error) => {
            if let ImportError::Unsupported(report) = &error {
                write_report(arguments, report)?;
            }
            return Err(Failure::refused(&arguments.model, error));
        }
    };
    let Imported {
        tosa,
        metadata,
        report,
    } = &imported;
    files::write(&arguments.output, tosa)?;
    files::write(&metadata_path, &pretty(metadata)?)?;
    write_report(arguments, report)?;
    if json {
        return print_json(&Outcome {
            model: &metadata.model,
            file: arguments.output.display().to_string(),
            metadata: metadata_path.display().to_string(),
            report,
        });
    }
    let mut lines = vec![format!(
        "{} written to {} ({} bytes), scales to {}",
        metadata.model,
        arguments.output.display(),
        tosa.len(),
        metadata_path.display()
    )];
    for (kind, borders) in [("input", &metadata.inputs), ("output", &metadata.outputs)] {
        lines.extend(borders.iter().map(|border| {
            let (name, shape, scales) = (readable(&border.name), &border.shape, &border.scales);
            format!(
                "{kind} {name}: {} {shape:?}, real = (stored - {}) x {scales:?}",
                border.tosa_type, border.zero_point
            )
        }));
    }
    lines.extend(report.nodes.iter().map(|node| {
        let tosa = if node.tosa.is_empty() {
            "-".to_owned()
        } else {
            node.tosa.join(" ")
        };
        let notes: String = node.notes.iter().map(|note| format!("; {note}")).collect();
        format!("{} {}: {tosa}{notes}", node.op, readable(&node.name))
    }));
    print_text(&lines.join("\n"))
}

fn write_report(arguments: &ImportArguments, report: &Report) -> Result<(), Failure> {
    match &arguments.report {
        Some(path) => files::write(path, &pretty(report)?),
        None => Ok(()),
    }
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Failure::Machine(format!("writing JSON: {error}")))?;
    text.push(b'\n');
    Ok(text)
}
