//! The engines that take part, behind one face.

use std::sync::Arc;

use aivm_core::{Exit, GasSchedule, Limits};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};

use crate::programs::NoHost;

/// An engine.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    /// Name in the table.
    pub(crate) name: &'static str,
    /// Compiles a module from its bytes.
    pub(crate) prepare: fn(&[u8]) -> Box<dyn Ready>,
}

/// A compiled module.
pub(crate) trait Ready {
    /// The export `run` of a new instance.
    fn instantiate(&self) -> Box<dyn FnMut(i32) -> i32>;
}

/// Everyone; wasmtime in the default configuration of this project's code generator: guard pages instead of
/// bounds checks, one thread.
pub(crate) const CONTENDERS: [Contender; 5] = [
    Contender {
        name: "aivm jit, metered",
        prepare: |wasm| Box::new(Jit::new(wasm)),
    },
    Contender {
        name: "wasmtime",
        prepare: |wasm| Box::new(Wasmtime::new(wasm, false)),
    },
    Contender {
        name: "wasmtime, fuel",
        prepare: |wasm| Box::new(Wasmtime::new(wasm, true)),
    },
    Contender {
        name: "aivm interpreter, metered",
        prepare: |wasm| Box::new(Interpreter::new(wasm)),
    },
    Contender {
        name: "wasmi",
        prepare: |wasm| Box::new(Wasmi::new(wasm)),
    },
];

/// The function of a program that is timed.
pub(crate) const EXPORT: &str = "run";

/// The plan of a module that is accepted.
pub(crate) fn plan(wasm: &[u8]) -> Arc<MeteredModule> {
    let module = validate(wasm, &Limits::CONTRACT, Rules::Generic).expect("accepted");
    Arc::new(meter(&module, &GasSchedule::V1))
}

/// The one value that was returned.
pub(crate) fn answer(exit: &Exit) -> i32 {
    match exit {
        Exit::Return(values) if values.len() == 1 => values[0] as u32 as i32,
        other => panic!("the program ended with {other:?}"),
    }
}

struct Jit(Arc<aivm_jit::CompiledModule>);

impl Jit {
    fn new(wasm: &[u8]) -> Jit {
        Jit(Arc::new(
            aivm_jit::CompiledModule::compile(&plan(wasm)).expect("compiled"),
        ))
    }
}

impl Ready for Jit {
    fn instantiate(&self) -> Box<dyn FnMut(i32) -> i32> {
        let function = self.0.module().exported_function(EXPORT).expect("exported");
        let mut instance = aivm_jit::Instance::new(&self.0).expect("instantiated");
        Box::new(move |argument| {
            let mut ink = u64::MAX;
            answer(&instance.invoke(
                function,
                &[u64::from(argument as u32)],
                &mut ink,
                &mut NoHost,
            ))
        })
    }
}

struct Interpreter(Arc<aivm_interpreter::Program>);

impl Interpreter {
    fn new(wasm: &[u8]) -> Interpreter {
        Interpreter(Arc::new(aivm_interpreter::Program::new(plan(wasm))))
    }
}

impl Ready for Interpreter {
    fn instantiate(&self) -> Box<dyn FnMut(i32) -> i32> {
        let function = self.0.module().exported_function(EXPORT).expect("exported");
        let mut instance = aivm_interpreter::Instance::new(&self.0).expect("instantiated");
        Box::new(move |argument| {
            let mut ink = u64::MAX;
            answer(&instance.invoke(
                function,
                &[u64::from(argument as u32)],
                &mut ink,
                &mut NoHost,
            ))
        })
    }
}

struct Wasmtime {
    engine: wasmtime::Engine,
    module: wasmtime::Module,
    fuel: bool,
}

impl Wasmtime {
    fn new(wasm: &[u8], fuel: bool) -> Wasmtime {
        let mut config = wasmtime::Config::new();
        config.consume_fuel(fuel);
        let engine = wasmtime::Engine::new(&config).expect("a configuration");
        let module = wasmtime::Module::new(&engine, wasm).expect("compiled");
        Wasmtime {
            engine,
            module,
            fuel,
        }
    }
}

impl Ready for Wasmtime {
    fn instantiate(&self) -> Box<dyn FnMut(i32) -> i32> {
        let mut store = wasmtime::Store::new(&self.engine, ());
        if self.fuel {
            store.set_fuel(u64::MAX).expect("fuel is on");
        }
        let instance =
            wasmtime::Instance::new(&mut store, &self.module, &[]).expect("instantiated");
        let run = instance
            .get_typed_func::<i32, i32>(&mut store, EXPORT)
            .expect("exported");
        Box::new(move |argument| run.call(&mut store, argument).expect("no trap"))
    }
}

struct Wasmi {
    engine: wasmi::Engine,
    module: wasmi::Module,
}

impl Wasmi {
    fn new(wasm: &[u8]) -> Wasmi {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, wasm).expect("compiled");
        Wasmi { engine, module }
    }
}

impl Ready for Wasmi {
    fn instantiate(&self) -> Box<dyn FnMut(i32) -> i32> {
        let mut store = wasmi::Store::new(&self.engine, ());
        let linker = wasmi::Linker::<()>::new(&self.engine);
        let instance = linker
            .instantiate_and_start(&mut store, &self.module)
            .expect("instantiated");
        let run = instance
            .get_typed_func::<i32, i32>(&store, EXPORT)
            .expect("exported");
        Box::new(move |argument| run.call(&mut store, argument).expect("no trap"))
    }
}
