//! One function as text, for snapshots and tools.

use aivm_wasm::plan::MeteredModule;
use aivm_wasm::work::WorkLimits;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;

use super::{Effort, Item, Shared, Worker, build, count, host_isa};
use crate::compile::CompileError;
use crate::limits;
use crate::translate::ModuleFacts;
use crate::traps::Traps;

/// The CLIF of function `index` of the index space before optimisation, verified: for snapshots and tools.
///
/// # Errors
/// As [`compile`](crate::CompiledModule::compile); also if there is no such function.
pub fn clif_text(module: &MeteredModule, index: u32, traps: Traps) -> Result<String, CompileError> {
    let item = item_of(module, index)?;
    let isa = host_isa(Effort::Linear)?;
    let facts = ModuleFacts::new(module, isa.frontend_config(), traps);
    let mut function = Function::new();
    build(
        &facts,
        item,
        &mut function,
        &mut FunctionBuilderContext::new(),
    );
    verify(&function, &*isa)?;
    Ok(function.display().to_string())
}

/// The machine code of function `index` of the index space as text, one instruction a line: for tools.
///
/// # Errors
/// As [`compile`](crate::CompiledModule::compile); also if there is no such function.
pub fn native_text(
    module: &MeteredModule,
    index: u32,
    traps: Traps,
) -> Result<String, CompileError> {
    let item = item_of(module, index)?;
    let shared = Shared::new(module, traps)?;
    let mut worker = Worker::new(&shared);
    worker.writes_text = true;
    worker.compile(item)?;
    let compiled = worker.context.compiled_code();
    Ok(compiled
        .and_then(|code| code.vcode.clone())
        .unwrap_or_default())
}

/// The function that has this index, for the texts.
fn item_of(module: &MeteredModule, index: u32) -> Result<Item, CompileError> {
    limits::check(module, WorkLimits::NODE)?;
    let imports = count(module.imports.len());
    match index.checked_sub(imports) {
        None => Ok(Item::Thunk(index)),
        Some(own) if (own as usize) < module.functions.len() => Ok(Item::Function(own)),
        Some(_) => Err(CompileError::CodeGeneration(format!("no function {index}"))),
    }
}

fn verify(function: &Function, isa: &dyn TargetIsa) -> Result<(), CompileError> {
    cranelift_codegen::verify_function(function, isa)
        .map_err(|errors| CompileError::CodeGeneration(errors.to_string()))
}
