//! `aivm run`: deploys a contract to an empty in-memory state and calls it, in order.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_gpu::cache_folder;
use clap::Args;
use clap::builder::{OsStringValueParser, PathBufValueParser, TypedValueParser};
use serde::Serialize;
use synergy_aivm::{
    Address, B256, BlockContext, Bytes, Call, CodeFolder, Engine, EngineError, Limits, Mode,
    ModelLimits, Receipt, State, Trace, U256,
};

use super::backend::BackendArguments;
use super::contract_file::read_contract;
use super::failure::Failure;
use super::flamegraph::{self, Stacks};
use super::trace::{Names, TraceReport};
use super::{files, hex, print_json, print_text, tell};

/// Bytes of compiled code that are kept on disk.
const CODE_FOLDER_BYTES: u64 = 256 << 20;

/// Arguments of `aivm run`.
#[derive(Args)]
pub(crate) struct RunArguments {
    /// The contract: WebAssembly, or its text form in a file that ends with .wat.
    contract: PathBuf,
    /// Call data of a call, in hex, or @FILE for the bytes of a file. Repeat for more calls; they share one state.
    #[arg(long = "call", required = true, value_name = "HEX|@FILE", value_parser = OsStringValueParser::new().try_map(CallData::parse))]
    calls: Vec<CallData>,
    /// Which engine runs: interpret, jit, or compare for both, checked against each other. Compare if not given, or
    /// interpret for a trace.
    #[arg(long)]
    mode: Option<Mode>,
    /// Gas limit of each call.
    #[arg(long, allow_negative_numbers = true)]
    gas: u64,
    /// Who calls: a 20-byte address in hex.
    #[arg(long, default_value_t = Address::ZERO, value_parser = parse_address)]
    sender: Address,
    /// Value sent with each call, decimal or 0x hex.
    #[arg(long, default_value_t = U256::ZERO, value_parser = parse_value, allow_negative_numbers = true)]
    value: U256,
    /// A .tosa file that the contract can run, by the hash of the file. Repeat for more models.
    #[arg(long = "model", value_name = "M.tosa")]
    models: Vec<PathBuf>,
    /// The block's number, as contracts see it.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "N",
        allow_negative_numbers = true
    )]
    block_number: u64,
    /// The block's time, in seconds since 1970.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "SECONDS",
        allow_negative_numbers = true
    )]
    block_time: u64,
    /// The chain's number.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "N",
        allow_negative_numbers = true
    )]
    chain: u64,
    /// Lets contracts import `console`; what they print goes to standard error.
    #[arg(long)]
    debug: bool,
    /// Shows every call that each call made, of functions, host functions and contracts, and the gas it spent. Only the
    /// interpreter is traced.
    #[arg(long)]
    trace: bool,
    /// Writes where the gas of all calls went: a flame graph if the name ends with .svg, collapsed stacks (of ink, 10,000 a
    /// gas) if with .folded. Only the interpreter is traced.
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(flamegraph::Output::parse))]
    flamegraph: Option<flamegraph::Output>,
    #[command(flatten)]
    backend: BackendArguments,
}

/// Where a call's data comes from.
#[derive(Clone, Debug)]
enum CallData {
    Bytes(Bytes),
    File(PathBuf),
}

impl CallData {
    fn parse(argument: OsString) -> Result<CallData, String> {
        let hex = "call data is an even number of hex digits, or @ and a file";
        let text = argument.to_str().ok_or_else(|| hex.to_owned())?;
        match text.strip_prefix('@') {
            Some("") => Err("@ and no file behind it".to_owned()),
            Some(file) => Ok(CallData::File(file.into())),
            None => text
                .parse()
                .map(CallData::Bytes)
                .map_err(|error| format!("{hex}: {error}")),
        }
    }

    fn file(&self) -> Option<&PathBuf> {
        match self {
            CallData::Bytes(_) => None,
            CallData::File(path) => Some(path),
        }
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        match self {
            CallData::Bytes(bytes) => Ok(bytes.to_vec()),
            CallData::File(path) => files::read(path, Limits::CONTRACT.call_data_bytes.into()),
        }
    }
}

fn parse_address(text: &str) -> Result<Address, String> {
    text.parse()
        .map_err(|error| format!("an address is 20 bytes, 40 hex digits: {error}"))
}

/// Digits and nothing else: no separators, and no other bases than ten and sixteen.
fn parse_value(text: &str) -> Result<U256, String> {
    let (digits, base) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Err("a value is decimal digits, or 0x and hex digits".to_owned());
    }
    U256::from_str_radix(digits, base.into()).map_err(|_| "at most 2^256 - 1".to_owned())
}

/// A receipt as `--json` prints it.
#[derive(Serialize)]
struct ReceiptReport {
    status: &'static str,
    /// Why, if the status is `trap`.
    trap: Option<String>,
    output: String,
    gas_used: u64,
    logs: Vec<LogReport>,
    inferences: Vec<InferenceReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<TraceReport>,
}

#[derive(Serialize)]
struct LogReport {
    topics: Vec<String>,
    data: String,
}

/// One run of a model: three hashes.
#[derive(Serialize)]
struct InferenceReport {
    model: String,
    input: String,
    output: String,
}

impl ReceiptReport {
    fn new(receipt: &Receipt, trace: Option<TraceReport>) -> ReceiptReport {
        let logs = receipt.logs.iter().map(|log| LogReport {
            topics: log.topics.iter().map(|topic| hex(&topic.0)).collect(),
            data: hex(&log.data),
        });
        let inferences = receipt.inferences.iter();
        let inferences = inferences.map(|inference| InferenceReport {
            model: hex(&inference.model.0),
            input: hex(&inference.input.0),
            output: hex(&inference.output.0),
        });
        ReceiptReport {
            status: receipt.status.name(),
            trap: receipt.trap.map(|trap| format!("{trap:?}")),
            output: hex(&receipt.output),
            gas_used: receipt.gas_used,
            logs: logs.collect(),
            inferences: inferences.collect(),
            trace,
        }
    }
}

/// Where compiled code outlives the command; none if the environment names no cache, or it cannot be used.
fn code_folder() -> Option<CodeFolder> {
    let path = cache_folder()?.join("code");
    match CodeFolder::open(path, CODE_FOLDER_BYTES) {
        Ok(folder) => Some(folder),
        Err(error) => {
            tell(format_args!("compiled code is not kept: {error}"));
            None
        }
    }
}

/// The mode that was asked for, or follows from what was.
fn mode(arguments: &RunArguments) -> Result<Mode, Failure> {
    let is_traced = arguments.trace || arguments.flamegraph.is_some();
    match arguments.mode {
        None if is_traced => Ok(Mode::Interpret),
        None => Ok(Mode::Compare),
        Some(Mode::Jit | Mode::Compare) if is_traced => Err(Failure::Usage(
            "--trace and --flamegraph show what the interpreter does: --mode interpret, or none"
                .to_owned(),
        )),
        Some(mode) => Ok(mode),
    }
}

pub(crate) fn run(arguments: &RunArguments, json: bool) -> Result<(), Failure> {
    let mode = mode(arguments)?;
    if let Some(output) = &arguments.flamegraph {
        let read = arguments.models.iter().chain([&arguments.contract]);
        let read = read.chain(arguments.calls.iter().filter_map(CallData::file));
        files::expect_outputs(read, [&output.path].into_iter())?;
    }
    let data: Result<Vec<_>, Failure> = arguments.calls.iter().map(CallData::read).collect();
    let data = data?;
    let code = read_contract(&arguments.contract)?;
    let coprocessor = arguments.backend.coprocessor()?;
    for path in &arguments.models {
        let bytes = files::read(path, ModelLimits::CHAIN.file_bytes)?;
        let model = coprocessor
            .register(&bytes)
            .map_err(|refusal| Failure::refused(path, refusal))?;
        tell(format_args!(
            "model {} costs {} gas a run",
            hex(&model.hash()),
            model.gas()
        ));
    }
    let engine = if arguments.debug {
        Engine::debugging(Arc::new(coprocessor))
    } else {
        Engine::new(Arc::new(coprocessor))
    };
    let engine = match code_folder() {
        Some(folder) => engine.with_code_folder(folder),
        None => engine,
    };
    let mut state = State::default();
    // What the calls send, and nothing else.
    let calls = U256::from(arguments.calls.len());
    state.set_balance(arguments.sender, arguments.value.saturating_mul(calls));
    let contract = engine
        .deploy(&mut state, arguments.sender, B256::ZERO, &code)
        .map_err(|error| Failure::refused(&arguments.contract, error))?;
    if engine.metrics().compile_failures > 0 && mode != Mode::Interpret {
        tell(format_args!(
            "the contract could not be compiled and runs interpreted"
        ));
    }
    let calls = data.into_iter().map(|data| Call {
        sender: arguments.sender,
        contract,
        value: arguments.value,
        data,
        gas_limit: arguments.gas,
    });
    let block = BlockContext {
        chain_id: arguments.chain,
        number: arguments.block_number,
        timestamp: arguments.block_time,
        ..BlockContext::default()
    };
    let is_traced = arguments.trace || arguments.flamegraph.is_some();
    let (calls, outcome) = make_calls(&engine, mode, is_traced, &mut state, &block, calls);
    for line in engine.take_console() {
        tell(format_args!("{line}"));
    }
    for back_end in engine.coprocessor().metrics().backends {
        if back_end.runs > 0 {
            tell(format_args!(
                "{} runs of models on {}",
                back_end.runs, back_end.name
            ));
        }
    }
    let mut names = Names::default();
    if let Some(output) = &arguments.flamegraph {
        let mut stacks = Stacks::default();
        for (receipt, trace) in &calls {
            if let Some(trace) = trace {
                stacks.add(receipt, trace, &mut names, &state);
            }
        }
        files::write(&output.path, output.text(&stacks).as_bytes())?;
    }
    // A later call's failure does not hide what earlier calls did.
    if !calls.is_empty() || outcome.is_ok() {
        let reports = calls.iter().map(|(receipt, trace)| {
            let trace = trace.as_ref().filter(|_| arguments.trace);
            let trace = trace.map(|trace| TraceReport::new(trace, &mut names, &state));
            ReceiptReport::new(receipt, trace)
        });
        print_receipts(&reports.collect::<Vec<_>>(), json)?;
    }
    outcome
}

/// A call's receipt, and its trace if one was wanted.
type Made = (Receipt, Option<Trace>);

/// What was made of `calls` in order, up to the first that has no receipt.
fn make_calls(
    engine: &Engine,
    mode: Mode,
    is_traced: bool,
    state: &mut State,
    block: &BlockContext,
    calls: impl Iterator<Item = Call>,
) -> (Vec<Made>, Result<(), Failure>) {
    let mut receipts = Vec::new();
    for (index, call) in calls.enumerate() {
        let outcome = if is_traced {
            let traced = engine.trace_in(state, block, &call);
            traced.map(|(receipt, trace)| (receipt, Some(trace)))
        } else {
            let receipt = engine.call_in(mode, state, block, &call);
            receipt.map(|receipt| (receipt, None))
        };
        match outcome {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => return (receipts, Err(failure(index, error))),
        }
    }
    (receipts, Ok(()))
}

fn print_receipts(reports: &[ReceiptReport], json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&reports);
    }
    let mut lines = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        let ReceiptReport {
            status,
            trap,
            output,
            gas_used,
            logs,
            inferences,
            trace,
        } = report;
        let why = trap.as_ref().map(|trap| format!(" ({trap})"));
        lines.push(format!(
            "call {index}: {status}{}, gas used {gas_used}, output {output}",
            why.unwrap_or_default()
        ));
        lines.extend(logs.iter().map(|log| {
            format!(
                "  log: topics [{}], data {}",
                log.topics.join(", "),
                log.data
            )
        }));
        lines.extend(inferences.iter().map(|inference| {
            let InferenceReport {
                model,
                input,
                output,
            } = inference;
            format!("  inference: model {model}, input {input}, output {output}")
        }));
        lines.extend(trace.iter().flat_map(TraceReport::lines));
    }
    print_text(&lines.join("\n"))
}

fn failure(index: usize, error: EngineError) -> Failure {
    let what = format!("call {index}: {error}");
    match error {
        EngineError::EnginesDisagree { .. } => Failure::Disagreement(what),
        EngineError::CallDataLength { .. } | EngineError::Balance { .. } => Failure::Usage(what),
        EngineError::Fault(_) | EngineError::NoContract(_) => Failure::Machine(what),
    }
}

#[cfg(test)]
mod tests {
    use synergy_aivm::{Coprocessor, PriceTable};

    use super::*;

    #[test]
    fn receipts_before_a_call_without_one_are_kept() {
        let text = r#"(module (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;
        let code = wat::parse_str(text).unwrap();
        let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
        let engine = Engine::new(Arc::new(coprocessor));
        let mut state = State::default();
        let contract = engine
            .deploy(&mut state, Address::ZERO, B256::ZERO, &code)
            .unwrap();
        let call = |contract| Call {
            sender: Address::ZERO,
            contract,
            value: U256::ZERO,
            data: Vec::new(),
            gas_limit: 1_000_000,
        };
        let nobody = Address::repeat_byte(7);
        let calls = [contract, contract, nobody, contract].map(call);
        let mode = Mode::Interpret;
        let block = BlockContext::default();
        let (receipts, outcome) =
            make_calls(&engine, mode, false, &mut state, &block, calls.into_iter());
        assert_eq!(receipts.len(), 2);
        let failure = outcome.unwrap_err().to_string();
        assert!(
            failure.starts_with("call 2: there is no contract"),
            "{failure}"
        );
    }
}
