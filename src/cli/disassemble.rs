//! `aivm wasm disassemble`: what becomes of a contract's functions, as text.

use std::fmt::Write;
use std::path::PathBuf;

use aivm_jit::{Traps, clif_text, native_text};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};
use clap::Args;
use synergy_aivm::{GasSchedule, Limits};

use super::contract_file::read_contract;
use super::failure::Failure;
use super::print_text;

/// Arguments of `aivm wasm disassemble`.
#[derive(Args)]
pub(crate) struct DisassembleArguments {
    /// The module: WebAssembly, or its text form in a file that ends with .wat. It need not export what a contract does.
    module: PathBuf,
    /// One function: its index, imports first, or the name it is exported under. All functions and the rest of the plan if
    /// not given.
    function: Option<String>,
    /// Cranelift's intermediate form before optimisation instead of the plan.
    #[arg(long, conflicts_with = "native")]
    clif: bool,
    /// The machine code of this host instead of the plan.
    #[arg(long)]
    native: bool,
}

pub(crate) fn disassemble(arguments: &DisassembleArguments) -> Result<(), Failure> {
    let bytes = read_contract(&arguments.module)?;
    let refused = |error| Failure::refused(&arguments.module, error);
    let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).map_err(refused)?;
    let plan = meter(&module, &GasSchedule::V1);
    let chosen = match &arguments.function {
        Some(name) => Some(function_named(&plan, name)?),
        None => None,
    };
    let imports = plan.imports.len() as u32;
    let every = imports..imports + plan.functions.len() as u32;
    let text_of = match (arguments.clif, arguments.native) {
        (true, _) => clif_text,
        (_, true) => native_text,
        _ => {
            return print_text(&match chosen {
                None => plan.to_string().trim_end().to_owned(),
                Some(index) => plan_text(&plan, index),
            });
        }
    };
    let mut text = String::new();
    for index in chosen.map_or(every, |index| index..index + 1) {
        let code = text_of(&plan, index, Traps::best())
            .map_err(|error| Failure::refused(&arguments.module, error))?;
        let _ = writeln!(text, ";; function {index}\n{}", code.trim_end());
    }
    print_text(text.trim_end())
}

/// The index of a function of the index space, given as such or as an export.
fn function_named(plan: &MeteredModule, name: &str) -> Result<u32, Failure> {
    let functions = plan.imports.len() + plan.functions.len();
    let found = match name.parse::<u32>() {
        Ok(index) => ((index as usize) < functions).then_some(index),
        Err(_) => plan.exported_function(name),
    };
    found.ok_or_else(|| {
        Failure::Usage(format!(
            "no function {name}: there are {functions}, from 0, imports first, and the exported names"
        ))
    })
}

fn plan_text(plan: &MeteredModule, index: u32) -> String {
    match (index as usize).checked_sub(plan.imports.len()) {
        None => format!("import {index} {}", plan.imports[index as usize]),
        Some(own) => format!("function {index} {}", plan.functions[own])
            .trim_end()
            .to_owned(),
    }
}
