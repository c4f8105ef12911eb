//! What the plan's documentation promises, against the compiled code, with expectations written by hand.
//! The comparison with the interpreter is in `tests/engines`.

mod calls;
mod control;
mod folder;
mod host;
mod ink;
mod limits;
mod memory;
mod numeric;
#[cfg(target_os = "linux")]
mod signals;
mod table;

use std::sync::Arc;

use aivm_core::{
    Exit, GasSchedule, Guest, Host, HostExit, HostFunction, Limits, TrapCode, ValueType,
};
use aivm_wasm::plan::{BlockType, FuncType, MeteredModule, Op};
use aivm_wasm::{Rules, meter, validate};

use crate::{CompiledModule, Instance, Traps};

const PLENTY: u64 = 1 << 60;

/// Every form of traps that this system has.
#[cfg(target_os = "linux")]
const FORMS: &[Traps] = &[Traps::Signals, Traps::Explicit];
#[cfg(not(target_os = "linux"))]
const FORMS: &[Traps] = &[Traps::Explicit];

/// The plan of a module in text form, at the prices of version 1.
fn plan(wat: &str) -> MeteredModule {
    plan_within(wat, &Limits::CONTRACT)
}

fn plan_within(wat: &str, limits: &Limits) -> MeteredModule {
    let bytes = wat::parse_str(wat).expect("well-formed text");
    let validated = validate(&bytes, limits, Rules::Generic).expect("a valid module");
    meter(&validated, &GasSchedule::V1)
}

/// A module of one function `() -> ()` with these ops, its `End` included.
fn module_of(ops: Vec<Op>) -> MeteredModule {
    let mut module = plan("(module (func (export \"f\")))");
    module.functions[0].ops = ops;
    module
}

fn instance_of(module: MeteredModule) -> Instance {
    instance_with(module, Traps::best())
}

fn instance_with(module: MeteredModule, traps: Traps) -> Instance {
    let compiled = CompiledModule::compile_with(&Arc::new(module), traps).expect("compiles");
    Instance::new(&Arc::new(compiled)).expect("segments within bounds")
}

/// An instance in each form of traps.
fn each_form(wat: &str) -> impl Iterator<Item = Instance> {
    let module = plan(wat);
    FORMS
        .iter()
        .map(move |form| instance_with(module.clone(), *form))
}

fn instance(wat: &str) -> Instance {
    instance_of(plan(wat))
}

impl Instance {
    /// Invokes the export `name`; the exit and the ink left.
    fn run(&mut self, name: &str, arguments: &[u64], mut ink: u64) -> (Exit, u64) {
        let module = Arc::clone(self.module());
        let function = module.exported_function(name).expect("an export");
        let exit = self.invoke(function, arguments, &mut ink, &mut NoHost);
        (exit, ink)
    }

    /// Invokes the export `name` with plenty of ink.
    fn exit(&mut self, name: &str, arguments: &[u64]) -> Exit {
        self.run(name, arguments, PLENTY).0
    }
}

/// The exit of the export `f` of a fresh instance.
fn exit(wat: &str, arguments: &[u64]) -> Exit {
    instance(wat).exit("f", arguments)
}

fn returns(values: &[u64]) -> Exit {
    Exit::Return(values.to_vec())
}

fn traps(code: TrapCode) -> Exit {
    Exit::Trap(code)
}

/// A host that must not be called.
struct NoHost;

impl Host for NoHost {
    fn call(
        &mut self,
        function: HostFunction,
        _: &[u64],
        _: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        panic!("{function:?} was called");
    }
}
