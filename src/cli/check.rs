//! `aivm check`: where a contract breaks the rules, or what the machine makes of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_core::gas;
use aivm_jit::CompiledModule;
use aivm_wasm::plan::{Import, MeteredModule};
use aivm_wasm::{Refusal, Rules, cost, function_names, meter, refusals, validate, work};
use clap::Args;
use serde::Serialize;
use synergy_aivm::{GasSchedule, Limits};

use super::contract_file::read_contract;
use super::failure::Failure;
use super::names::readable;
use super::{print_json, print_text};

/// Arguments of `aivm check`.
#[derive(Args)]
pub(crate) struct CheckArguments {
    /// The contract: WebAssembly, or its text form in a file that ends with .wat.
    contract: PathBuf,

    /// Accept the functions of the module `console`, as `aivm run --debug` does.
    #[arg(long)]
    debug: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// Bytes of the module.
    bytes: usize,
    accepted: bool,
    /// Where it breaks the rules, in file order; of each function the first place.
    refusals: Vec<RefusalReport>,
    /// What the engines execute, if it is accepted.
    plan: Option<PlanReport>,
}

#[derive(Serialize)]
struct RefusalReport {
    rule: &'static str,
    section: String,
    /// Bytes from the start of the file.
    offset: u64,
    function: Option<u32>,
    /// The function's name, if the file gives it one.
    function_name: Option<String>,
    what: String,
    right: String,
}

#[derive(Serialize)]
struct PlanReport {
    functions: usize,
    /// Instructions without dead code, charges included.
    ops: usize,
    /// Places where ink is taken.
    charges: usize,
    /// Stack words of the largest frame, and what one call may use.
    frame_words: u32,
    stack_words: u32,
    /// Pages of memory at the start and at most, 64 KiB each.
    memory_pages: [u32; 2],
    imports: Vec<String>,
    /// Units of work to compile it, about a nanosecond each, of an estimate on the safe side.
    compile_work: u64,
    /// What creating it costs in gas, for its bytes and for its activation.
    activation_gas: u64,
    /// Bytes of native code; none if the contract is interpreted only, and then why.
    native_bytes: Option<usize>,
    interpreted_because: Option<String>,
}

/// Fails if the contract is refused.
pub(crate) fn check(arguments: &CheckArguments, json: bool) -> Result<(), Failure> {
    let bytes = read_contract(&arguments.contract)?;
    let rules = match arguments.debug {
        true => Rules::Debug,
        false => Rules::Contract,
    };
    let broken = refusals(&bytes, &Limits::CONTRACT, rules);
    let names = function_names(&bytes);
    let plan = match validate(&bytes, &Limits::CONTRACT, rules) {
        Ok(module) => Some(plan_report(Arc::new(meter(&module, &GasSchedule::V1)))),
        Err(_) => None,
    };
    let report = Report {
        bytes: bytes.len(),
        accepted: broken.is_empty(),
        refusals: broken
            .iter()
            .map(|refusal| refusal_report(refusal, &names))
            .collect(),
        plan,
    };
    if json {
        print_json(&report)?;
    } else {
        print_text(&text(&report))?;
    }
    match broken.len() {
        0 => Ok(()),
        1 => Err(Failure::refused(&arguments.contract, "breaks a rule")),
        places => Err(Failure::refused(
            &arguments.contract,
            format_args!("breaks rules in {places} places"),
        )),
    }
}

fn refusal_report(refusal: &Refusal, names: &BTreeMap<u32, String>) -> RefusalReport {
    let name = refusal.function.and_then(|index| names.get(&index));
    RefusalReport {
        rule: refusal.code.name(),
        section: refusal.section.to_string(),
        offset: refusal.offset,
        function: refusal.function,
        function_name: name.map(|name| readable(name)),
        what: refusal.what.clone(),
        right: refusal.right.to_string(),
    }
}

fn plan_report(plan: Arc<MeteredModule>) -> PlanReport {
    let ops = || plan.functions.iter().flat_map(|function| &function.ops);
    let is_charge = |op: &&aivm_wasm::plan::Op| matches!(op, aivm_wasm::plan::Op::Charge(_));
    let imports = plan.imports.iter().map(Import::to_string);
    let frames = plan.functions.iter().map(|function| function.frame_words);
    let compiled = CompiledModule::compile(&plan);
    PlanReport {
        functions: plan.functions.len(),
        ops: ops().count(),
        charges: ops().filter(is_charge).count(),
        frame_words: frames.max().unwrap_or(0),
        stack_words: plan.stack_words,
        memory_pages: plan
            .memory
            .map_or([0, 0], |memory| [memory.min_pages, memory.max_pages]),
        imports: imports.collect(),
        compile_work: work::of_module(&plan),
        activation_gas: gas::ink_to_gas_ceil(cost::creation(&plan, &GasSchedule::V1)),
        native_bytes: compiled.as_ref().ok().map(CompiledModule::code_bytes),
        interpreted_because: compiled.err().map(|error| error.to_string()),
    }
}

impl RefusalReport {
    /// The sentence of a [`Refusal`], with the function's name.
    fn line(&self) -> String {
        let function = match (self.function, &self.function_name) {
            (Some(index), Some(name)) => format!(" in function {index} ({name})"),
            (Some(index), None) => format!(" in function {index}"),
            (None, _) => String::new(),
        };
        format!(
            "{}: {}{function}, at byte {}, in {}: {}",
            self.rule, self.what, self.offset, self.section, self.right
        )
    }
}

fn text(report: &Report) -> String {
    let Some(plan) = &report.plan else {
        let lines: Vec<String> = report.refusals.iter().map(RefusalReport::line).collect();
        return lines.join("\n");
    };
    let native = match (plan.native_bytes, &plan.interpreted_because) {
        (Some(bytes), _) => format!("{bytes} bytes"),
        (None, Some(why)) => format!("none, it is interpreted: {why}"),
        (None, None) => "none".to_owned(),
    };
    format!(
        "accepted     {} bytes\n\
         plan         {} functions, {} instructions, {} charges\n\
         stack        {} words in the largest frame, {} for one call\n\
         memory       {} pages at the start, {} at most\n\
         native code  {native}\n\
         activation   {} gas\n\
         imports      {}",
        report.bytes,
        plan.functions,
        plan.ops,
        plan.charges,
        plan.frame_words,
        plan.stack_words,
        plan.memory_pages[0],
        plan.memory_pages[1],
        plan.activation_gas,
        plan.imports.join(", "),
    )
}
