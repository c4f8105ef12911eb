//! Reads the arguments, runs one command, and turns its outcome into an exit code.
//!
//! Data goes to standard output, everything else to standard error.

mod backend;
mod bench;
mod check;
mod compare;
mod conformance;
mod contract_file;
mod disassemble;
mod doctor;
mod failure;
mod files;
mod flamegraph;
mod import;
mod infer;
mod inspect;
mod names;
mod real;
mod run;
mod trace;
mod wast;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use aivm_tosa::Tensor;
use clap::{Parser, Subcommand};

use failure::Failure;
use names::harmless;

/// Runs contracts and integer tensor models with one answer on every machine.
#[derive(Parser)]
#[command(name = "aivm", version, after_help = failure::EXIT_CODES)]
struct Arguments {
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what this machine offers: adapters with driver, limits and a known-answer test of every kernel; CPU features.
    #[command(after_help = failure::EXIT_CODES)]
    Doctor,
    /// Looks into model files, measures, compares and imports them.
    #[command(subcommand, after_help = failure::EXIT_CODES)]
    Model(ModelCommand),
    /// Runs a model on tensors from .npy files.
    #[command(after_help = failure::EXIT_CODES)]
    Infer(infer::InferArguments),
    /// Deploys a contract to an empty in-memory state and calls it.
    #[command(after_help = failure::EXIT_CODES)]
    Run(run::RunArguments),
    /// Shows where a contract breaks the rules (once in each function), or what the machine makes of it.
    #[command(after_help = failure::EXIT_CODES)]
    Check(check::CheckArguments),
    /// Looks into WebAssembly modules.
    #[command(subcommand, after_help = failure::EXIT_CODES)]
    Wasm(WasmCommand),
    /// Measures this machine.
    #[command(subcommand, after_help = failure::EXIT_CODES)]
    Bench(BenchCommand),
    /// Runs a folder of TOSA conformance tests: outputs bit for bit, refusals by the rule that a test names.
    #[command(after_help = failure::EXIT_CODES)]
    Conformance(conformance::ConformanceArguments),
    /// Runs WebAssembly's test scripts: what passed, what failed, what is excluded and why.
    #[command(after_help = failure::EXIT_CODES)]
    Wast(wast::WastArguments),
}

#[derive(Subcommand)]
enum WasmCommand {
    /// Shows what both engines execute, Cranelift's intermediate form, or the machine code of functions.
    #[command(after_help = failure::EXIT_CODES)]
    Disassemble(disassemble::DisassembleArguments),
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Runs random models on every back end and adapter, and compares every byte with the reference: a table of hashes
    /// and rates that another machine's can be compared with.
    #[command(after_help = failure::EXIT_CODES)]
    Determinism(bench::determinism::DeterminismArguments),
}

#[derive(Subcommand)]
enum ModelCommand {
    /// Shows a model as the machine sees it: operators, shapes, work, price, hash.
    #[command(after_help = failure::EXIT_CODES)]
    Inspect(inspect::InspectArguments),
    /// Measures a model on a back end: latency, multiply-accumulates a second, time of each layer.
    #[command(after_help = failure::EXIT_CODES)]
    Bench(bench::BenchArguments),
    /// Runs two models on the same input and names the first layer that differs.
    #[command(after_help = failure::EXIT_CODES)]
    Compare(compare::CompareArguments),
    /// Makes a .tosa file of a quantised ONNX model, with its scales beside it and a line for each node.
    #[command(after_help = failure::EXIT_CODES)]
    Import(import::ImportArguments),
}

/// Runs the tool with the arguments of this process.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help is no failure.
        Err(error) if error.exit_code() == 0 => return help(&error),
        Err(error) => {
            let json = std::env::args_os().any(|argument| argument == "--json");
            return fail(&Failure::Usage(error.to_string()), json, || {
                // Nobody is left to tell when standard error is closed.
                let _ = error.print();
            });
        }
    };
    let json = arguments.json;
    let outcome = match &arguments.command {
        Command::Doctor => doctor::doctor(json),
        Command::Model(ModelCommand::Inspect(arguments)) => inspect::inspect(arguments, json),
        Command::Model(ModelCommand::Import(arguments)) => import::run(arguments, json),
        Command::Model(ModelCommand::Bench(arguments)) => bench::bench(arguments, json),
        Command::Model(ModelCommand::Compare(arguments)) => compare::compare(arguments, json),
        Command::Infer(arguments) => infer::infer(arguments, json),
        Command::Run(arguments) => run::run(arguments, json),
        Command::Bench(BenchCommand::Determinism(arguments)) => {
            bench::determinism::determinism(arguments, json)
        }
        Command::Conformance(arguments) => conformance::conformance(arguments, json),
        Command::Check(arguments) => check::check(arguments, json),
        Command::Wasm(WasmCommand::Disassemble(arguments)) => {
            disassemble::disassemble(arguments, json)
        }
        Command::Wast(arguments) => wast::wast(arguments, json),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, json, || tell(format_args!("error: {failure}"))),
    }
}

/// Prints what was asked for instead of a command: help, or the version.
fn help(text: &clap::Error) -> ExitCode {
    match written(text.print()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, false, || tell(format_args!("error: {failure}"))),
    }
}

/// Whether standard output has the report of the command.
static REPORTED: AtomicBool = AtomicBool::new(false);

/// Ends a command that failed: words to standard error, and with `--json` an object where there is no report yet.
fn fail(failure: &Failure, json: bool, tell: impl FnOnce()) -> ExitCode {
    tell();
    if json && !REPORTED.load(Ordering::Relaxed) {
        // If even this cannot be written, the exit code still says it.
        let _ = print_json(&failure.report());
    }
    failure.exit_code()
}

/// Prints `value` to standard output as JSON, and fails as any other write does.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::Machine(format!("writing JSON: {error}")))?;
    print(&text)
}

/// Writes a line to standard error; nobody is left to tell when that is closed.
fn tell(line: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", harmless(&line.to_string()));
}

/// Prints `text` and a line feed to standard output, for people.
fn print_text(text: &str) -> Result<(), Failure> {
    print(&harmless(text))
}

fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    REPORTED.store(true, Ordering::Relaxed);
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// What became of writing to standard output. A reader that went away has read what it wanted.
fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let error = format!("writing to standard output: {error}");
            Err(Failure::Machine(error))
        }
        _ => Ok(()),
    }
}

/// `bytes` as hex with 0x before it.
fn hex(bytes: &[u8]) -> String {
    synergy_aivm::Bytes::copy_from_slice(bytes).to_string()
}

/// Type and shape of a tensor, for example `i8[1×28×28×1]`.
fn type_and_shape(tensor: &Tensor) -> String {
    let sides = tensor.shape.dimensions().iter();
    let sides: Vec<String> = sides.map(u32::to_string).collect();
    format!("{}[{}]", tensor.data_type, sides.join("×"))
}
