//! `aivm wasm disassemble`: what becomes of a contract's functions, as text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use aivm_jit::{CompileError, Traps, clif_text, native_text};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, function_names, meter, validate};
use clap::Args;
use serde::Serialize;
use synergy_aivm::{GasSchedule, Limits};

use super::contract_file::read_contract;
use super::failure::Failure;
use super::names::readable;
use super::{print_json, print_text};

/// Arguments of `aivm wasm disassemble`.
#[derive(Args)]
pub(crate) struct DisassembleArguments {
    /// The module: WebAssembly, or its text form in a file that ends with .wat. It need not export what a contract does.
    module: PathBuf,
    /// One function: its index, imports first, the name it is exported under, or the one that the file keeps for people.
    /// All functions and the rest of the plan if not given.
    function: Option<String>,
    /// Cranelift's intermediate form before optimisation instead of the plan.
    #[arg(long, conflicts_with = "native")]
    clif: bool,
    /// The machine code of this host instead of the plan.
    #[arg(long)]
    native: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// `plan`, `clif` or `native`.
    form: &'static str,
    /// Index of the one function that was asked for.
    function: Option<u32>,
    text: String,
}

pub(crate) fn disassemble(arguments: &DisassembleArguments, json: bool) -> Result<(), Failure> {
    let bytes = read_contract(&arguments.module)?;
    let refused = |error| Failure::refused(&arguments.module, error);
    let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).map_err(refused)?;
    let plan = meter(&module, &GasSchedule::V1);
    let names = function_names(&bytes);
    let chosen = match &arguments.function {
        Some(name) => Some(function_named(&plan, &names, name)?),
        None => None,
    };
    let (form, text) = match (arguments.clif, arguments.native, chosen) {
        (true, ..) => ("clif", code_text(&plan, chosen, &names, clif_text)),
        (_, true, _) => ("native", code_text(&plan, chosen, &names, native_text)),
        (.., None) => ("plan", Ok(plan.to_string())),
        (.., Some(index)) => ("plan", Ok(plan_text(&plan, index))),
    };
    let text = text.map_err(|error| Failure::refused(&arguments.module, error))?;
    let text = text.trim_end().to_owned();
    match json {
        true => print_json(&Report {
            form,
            function: chosen,
            text,
        }),
        false => print_text(&text),
    }
}

/// The code of one function, or of all that are the module's own, each behind a line with its index and name.
fn code_text(
    plan: &MeteredModule,
    chosen: Option<u32>,
    names: &BTreeMap<u32, String>,
    text_of: impl Fn(&MeteredModule, u32, Traps) -> Result<String, CompileError>,
) -> Result<String, CompileError> {
    let imports = plan.imports.len() as u32;
    let every = imports..imports + plan.functions.len() as u32;
    let mut text = String::new();
    for index in chosen.map_or(every, |index| index..index + 1) {
        let code = text_of(plan, index, Traps::best())?;
        let name = names.get(&index).map(|name| readable(name));
        let name = name.map_or_else(String::new, |name| format!(" {name}"));
        let _ = writeln!(text, ";; function {index}{name}\n{}", code.trim_end());
    }
    Ok(text)
}

/// The index of a function of the index space, given as such, as an export, or by its name for people.
fn function_named(
    plan: &MeteredModule,
    names: &BTreeMap<u32, String>,
    wanted: &str,
) -> Result<u32, Failure> {
    let functions = plan.imports.len() + plan.functions.len();
    let index = wanted.parse().ok();
    let index = index.filter(|&index: &u32| (index as usize) < functions);
    if let Some(found) = index.or_else(|| plan.exported_function(wanted)) {
        return Ok(found);
    }
    let named = |name: &str| name == wanted || readable(name) == wanted;
    let mut found = names.iter().filter(|(_, name)| named(name));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(*index),
        (Some((first, _)), Some((second, _))) => Err(Failure::Usage(format!(
            "several functions are named {wanted}, among them {first} and {second}: give the index"
        ))),
        (None, _) => Err(Failure::Usage(format!(
            "no function {wanted}: there are {functions}, from 0, imports first, and the names that the file exports or keeps"
        ))),
    }
}

fn plan_text(plan: &MeteredModule, index: u32) -> String {
    match (index as usize).checked_sub(plan.imports.len()) {
        None => format!("import {index} {}", plan.imports[index as usize]),
        Some(own) => format!("function {index} {}", plan.functions[own]),
    }
}
