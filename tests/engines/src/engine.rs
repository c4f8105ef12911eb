//! Our engines behind one face.

use std::sync::Arc;

use aivm_core::{Exit, Host, TrapCode};
use aivm_jit::Traps;
use aivm_wasm::plan::MeteredModule;

/// An engine that executes plans.
pub trait Engine {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Compiles a plan, once for any number of instances.
    fn prepare(&self, module: &Arc<MeteredModule>) -> Box<dyn Prepared>;
}

/// A plan in an engine's own form.
pub trait Prepared {
    /// A new instance.
    ///
    /// # Errors
    /// The trap of a segment out of bounds.
    fn instantiate(&self) -> Result<Box<dyn Running>, TrapCode>;
}

/// An instance.
pub trait Running {
    /// Runs a function of the index space; takes what it costs from `ink`.
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit;
    /// Linear memory as it is now.
    fn memory(&self) -> &[u8];
    /// Globals as they are now, i32 zero-extended.
    fn globals(&self) -> Vec<u64>;
}

/// Every engine; the first is the authority, the last the form of the JIT for systems without signals.
pub const ENGINES: &[&dyn Engine] = &[&Interpreter, &PlainInterpreter, &Jit, &JitExplicit];

/// `vm/interpreter`.
pub struct Interpreter;

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn prepare(&self, module: &Arc<MeteredModule>) -> Box<dyn Prepared> {
        Box::new(Arc::new(aivm_interpreter::Program::new(Arc::clone(module))))
    }
}

/// `vm/interpreter` with an instruction for each op: what its fused instructions are held against.
pub struct PlainInterpreter;

impl Engine for PlainInterpreter {
    fn name(&self) -> &'static str {
        "interpreter, plain"
    }

    fn prepare(&self, module: &Arc<MeteredModule>) -> Box<dyn Prepared> {
        Box::new(Arc::new(aivm_interpreter::Program::plain(Arc::clone(
            module,
        ))))
    }
}

impl Prepared for Arc<aivm_interpreter::Program> {
    fn instantiate(&self) -> Result<Box<dyn Running>, TrapCode> {
        Ok(Box::new(aivm_interpreter::Instance::new(self)?))
    }
}

impl Running for aivm_interpreter::Instance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        aivm_interpreter::Instance::invoke(self, function, arguments, ink, host)
    }

    fn memory(&self) -> &[u8] {
        aivm_interpreter::Instance::memory(self)
    }

    fn globals(&self) -> Vec<u64> {
        aivm_interpreter::Instance::globals(self).to_vec()
    }
}

/// `jit`, as it runs here: with guard pages and signals where the system has them.
pub struct Jit;

impl Engine for Jit {
    fn name(&self) -> &'static str {
        "jit"
    }

    fn prepare(&self, module: &Arc<MeteredModule>) -> Box<dyn Prepared> {
        compiled(module, Traps::best())
    }
}

/// `jit` with every trap a test in the code.
pub struct JitExplicit;

impl Engine for JitExplicit {
    fn name(&self) -> &'static str {
        "jit with explicit traps"
    }

    fn prepare(&self, module: &Arc<MeteredModule>) -> Box<dyn Prepared> {
        compiled(module, Traps::Explicit)
    }
}

fn compiled(module: &Arc<MeteredModule>, traps: Traps) -> Box<dyn Prepared> {
    let compiled = aivm_jit::CompiledModule::compile_any_size(module, traps)
        .unwrap_or_else(|error| panic!("the JIT refuses a module: {error}"));
    Box::new(Arc::new(compiled))
}

impl Prepared for Arc<aivm_jit::CompiledModule> {
    fn instantiate(&self) -> Result<Box<dyn Running>, TrapCode> {
        Ok(Box::new(aivm_jit::Instance::new(self)?))
    }
}

impl Running for aivm_jit::Instance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        aivm_jit::Instance::invoke(self, function, arguments, ink, host)
    }

    fn memory(&self) -> &[u8] {
        aivm_jit::Instance::memory(self)
    }

    fn globals(&self) -> Vec<u64> {
        aivm_jit::Instance::globals(self).to_vec()
    }
}
