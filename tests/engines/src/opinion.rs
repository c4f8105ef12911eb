//! A third opinion on results and traps: `wasmi` runs the same bytes. It knows nothing of ink.

use std::fmt;

use aivm_core::{
    Exit, Guest, Host, HostExit, HostFunction, Limits, TrapCode, ValueType, limits::PAGE_BYTES,
};
use aivm_wasm::plan::{ExportItem, MeteredModule};
use wasmi::errors::{ErrorKind, InstantiationError, MemoryError, TableError};
use wasmi::{
    Caller, Engine, Extern, Func, Instance, Linker, Memory, Module, Store, StoreLimits,
    StoreLimitsBuilder, Val,
};

use crate::host::{HostCall, RecordingHost};
use crate::lockstep::{Disagreement, Lockstep, excerpts};

/// How `wasmi` says that a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Returned these values, i32 zero-extended.
    Return(Vec<u64>),
    /// Trapped.
    Trap(TrapCode),
    /// None that could be compared: out of fuel, its own stack, or the host's node fault.
    None,
}

/// A module that `wasmi` has accepted.
pub struct Third {
    module: Module,
    linker: Linker<State>,
    limits: Limits,
    /// The name under which the memory is exported.
    memory: Option<String>,
    /// Whether host functions would need a memory that is not exported: `wasmi` does not show it to them.
    hides_memory: bool,
}

/// An instance in `wasmi`.
pub struct ThirdRunning {
    store: Store<State>,
    instance: Instance,
}

struct State {
    host: RecordingHost,
    limits: StoreLimits,
    memory: Option<String>,
    hides_memory: bool,
}

/// Carries a host's exit through `wasmi`.
#[derive(Debug)]
struct Ended(HostExit);

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}

impl wasmi::errors::HostError for Ended {}

impl Third {
    /// Compiles the module, if `wasmi` accepts it.
    pub fn new(bytes: &[u8], plan: &MeteredModule, limits: Limits) -> Result<Third, wasmi::Error> {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        for &function in HostFunction::ALL {
            define(&mut linker, function)?;
        }
        let memory = plan
            .exports
            .iter()
            .find(|export| export.item == ExportItem::Memory);
        let memory = memory.map(|export| export.name.clone());
        let hides_memory = memory.is_none() && plan.memory.is_some() && !plan.imports.is_empty();
        Ok(Third {
            module,
            linker,
            limits,
            memory,
            hides_memory,
        })
    }

    /// An instance, or what its active segments trapped with.
    pub fn instantiate(&self) -> Result<ThirdRunning, Opinion> {
        let limits = StoreLimitsBuilder::new()
            .memory_size((self.limits.memory_pages * PAGE_BYTES) as usize)
            .build();
        let host = RecordingHost::default();
        let state = State {
            host,
            limits,
            memory: self.memory.clone(),
            hides_memory: self.hides_memory,
        };
        let mut store = Store::new(self.module.engine(), state);
        store.limiter(|state| &mut state.limits);
        set_fuel(&mut store, 1 << 40);
        match self.linker.instantiate_and_start(&mut store, &self.module) {
            Ok(instance) => Ok(ThirdRunning { store, instance }),
            Err(error) => Err(opinion(&error)),
        }
    }
}

impl ThirdRunning {
    /// Calls the function exported as `name`, with bounded fuel.
    pub fn invoke(&mut self, name: &str, arguments: &[u64], fuel: u64) -> Opinion {
        let Some(function) = self.instance.get_func(&self.store, name) else {
            return Opinion::None;
        };
        if self.store.data().hides_memory {
            return Opinion::None;
        }
        set_fuel(&mut self.store, fuel);
        let ty = function.ty(&self.store);
        let inputs: Vec<Val> = arguments
            .iter()
            .zip(ty.params())
            .map(|(&value, ty)| match ty {
                wasmi::ValType::I32 => Val::I32(value as i32),
                _ => Val::I64(value as i64),
            })
            .collect();
        let mut outputs = vec![Val::I32(0); ty.results().len()];
        match self.call(function, &inputs, &mut outputs) {
            Ok(()) => Opinion::Return(outputs.iter().map(as_u64).collect()),
            Err(error) => opinion(&error),
        }
    }

    fn call(
        &mut self,
        function: Func,
        inputs: &[Val],
        outputs: &mut [Val],
    ) -> Result<(), wasmi::Error> {
        function.call(&mut self.store, inputs, outputs)
    }

    /// The bytes of the memory exported as `name`.
    pub fn memory(&self, name: &str) -> Option<&[u8]> {
        Some(
            self.instance
                .get_memory(&self.store, name)?
                .data(&self.store),
        )
    }

    /// The value of the global exported as `name`, i32 zero-extended.
    pub fn global(&self, name: &str) -> Option<u64> {
        Some(as_u64(
            &self
                .instance
                .get_global(&self.store, name)?
                .get(&self.store),
        ))
    }

    /// The host, with what it was asked.
    pub fn host(&self) -> &RecordingHost {
        &self.store.data().host
    }
}

fn set_fuel(store: &mut Store<State>, fuel: u64) {
    store.set_fuel(fuel).expect("fuel is enabled");
}

/// Defines one host function; it runs [`RecordingHost`].
fn define(linker: &mut Linker<State>, function: HostFunction) -> Result<(), wasmi::Error> {
    let signature = function.signature();
    let of = |ty: &ValueType| match ty {
        ValueType::I32 => wasmi::ValType::I32,
        ValueType::I64 => wasmi::ValType::I64,
    };
    let ty = wasmi::FuncType::new(
        signature.parameters.iter().map(of),
        signature.result.iter().map(of),
    );
    linker.func_new(
        signature.module,
        signature.name,
        ty,
        move |mut caller, inputs, outputs| {
            let arguments: Vec<u64> = inputs.iter().map(as_u64).collect();
            let mut host = std::mem::take(&mut caller.data_mut().host);
            let result = host.call(
                function,
                &arguments,
                &mut View {
                    caller: &mut caller,
                },
            );
            caller.data_mut().host = host;
            let result = result.map_err(|exit| wasmi::Error::host(Ended(exit)))?;
            if let Some(output) = outputs.first_mut() {
                *output = match function.signature().result {
                    Some(ValueType::I64) => Val::I64(result as i64),
                    _ => Val::I32(result as i32),
                };
            }
            Ok(())
        },
    )?;
    Ok(())
}

/// Linear memory of a `wasmi` instance, and ink that never ends.
struct View<'a, 'b> {
    caller: &'a mut Caller<'b, State>,
}

impl View<'_, '_> {
    /// The memory, if the module exports it: a host function reaches no other.
    fn memory(&self) -> Option<Memory> {
        let name = self.caller.data().memory.as_deref()?;
        self.caller.get_export(name).and_then(Extern::into_memory)
    }
}

impl Guest for View<'_, '_> {
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        let start = pointer as usize;
        self.memory()
            .map_or(&[][..], |memory| memory.data(&*self.caller))
            .get(start..start + len as usize)
            .ok_or(TrapCode::MemoryOutOfBounds)
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode> {
        let start = pointer as usize;
        match self.memory() {
            None => &mut [],
            Some(memory) => memory.data_mut(&mut *self.caller),
        }
        .get_mut(start..start + bytes.len())
        .ok_or(TrapCode::MemoryOutOfBounds)?
        .copy_from_slice(bytes);
        Ok(())
    }

    fn memory_pages(&self) -> u32 {
        0
    }

    fn ink_left(&self) -> u64 {
        u64::MAX
    }

    fn charge(&mut self, _ink: u64) -> Result<(), HostExit> {
        Ok(())
    }
}

fn as_u64(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        other => panic!("an integer module has the value {other:?}"),
    }
}

fn opinion(error: &wasmi::Error) -> Opinion {
    use wasmi::TrapCode as Theirs;
    if let Some(Ended(exit)) = error.downcast_ref::<Ended>() {
        return match exit {
            HostExit::Trap(trap) => Opinion::Trap(*trap),
            HostExit::OutOfInk | HostExit::Fault(_) => Opinion::None,
        };
    }
    // Segments and table operations out of bounds have kinds of their own.
    match error.kind() {
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            return Opinion::Trap(TrapCode::TableOutOfBounds);
        }
        ErrorKind::Table(TableError::InitOutOfBounds | TableError::CopyOutOfBounds) => {
            return Opinion::Trap(TrapCode::TableOutOfBounds);
        }
        ErrorKind::Memory(MemoryError::OutOfBoundsAccess) => {
            return Opinion::Trap(TrapCode::MemoryOutOfBounds);
        }
        _ => {}
    }
    match error.as_trap_code() {
        Some(Theirs::UnreachableCodeReached) => Opinion::Trap(TrapCode::Unreachable),
        Some(Theirs::MemoryOutOfBounds) => Opinion::Trap(TrapCode::MemoryOutOfBounds),
        Some(Theirs::TableOutOfBounds) => Opinion::Trap(TrapCode::TableOutOfBounds),
        Some(Theirs::IndirectCallToNull) => Opinion::Trap(TrapCode::IndirectCallToNull),
        Some(Theirs::BadSignature) => Opinion::Trap(TrapCode::BadSignature),
        Some(Theirs::IntegerDivisionByZero) => Opinion::Trap(TrapCode::IntegerDivisionByZero),
        Some(Theirs::IntegerOverflow) => Opinion::Trap(TrapCode::IntegerOverflow),
        Some(Theirs::OutOfFuel | Theirs::StackOverflow) => Opinion::None,
        other => panic!("wasmi ended with {other:?}: {error}"),
    }
}

/// Whether `wasmi` can have an opinion on a call that ended so: it does not have the limits that ended these.
pub fn is_asked(exit: &Exit) -> bool {
    !matches!(
        exit,
        Exit::OutOfInk | Exit::Fault(_) | Exit::Trap(TrapCode::StackOverflow)
    )
}

/// Compares a call's end and the state after it with what `wasmi` says. Whether there was an opinion to
/// compare with; without one the states may differ from now on.
pub fn compare(
    plan: &MeteredModule,
    exit: &Exit,
    lockstep: &Lockstep,
    opinion: &Opinion,
    third: &ThirdRunning,
) -> Result<bool, Disagreement> {
    let agrees = match (exit, opinion) {
        (_, Opinion::None) => return Ok(false),
        (ours, _) if !is_asked(ours) => return Ok(false),
        (Exit::Return(ours), Opinion::Return(theirs)) => ours == theirs,
        (Exit::Trap(ours), Opinion::Trap(theirs)) => ours == theirs,
        _ => false,
    };
    let differ = |what: &str, ours: &dyn fmt::Debug, theirs: &dyn fmt::Debug| {
        Err(Disagreement(format!(
            "{what}\n  ours: {ours:?}\n  wasmi: {theirs:?}"
        )))
    };
    if !agrees {
        return differ("exit", exit, opinion);
    }
    for export in &plan.exports {
        match export.item {
            ExportItem::Global(index) => {
                let (ours, theirs) = (
                    lockstep.globals()[index as usize],
                    third.global(&export.name),
                );
                if Some(ours) != theirs {
                    return differ(&format!("global {index}"), &ours, &theirs);
                }
            }
            ExportItem::Memory => {
                let theirs = third.memory(&export.name).unwrap_or_default();
                if lockstep.memory() != theirs {
                    let (ours, theirs) = excerpts(lockstep.memory(), theirs);
                    return differ("memory", &ours, &theirs);
                }
            }
            ExportItem::Function(_) | ExportItem::Table(_) => {}
        }
    }
    let named = |calls: &[HostCall]| -> Vec<(HostFunction, Vec<u64>)> {
        calls
            .iter()
            .map(|call| (call.function, call.arguments.clone()))
            .collect()
    };
    let (ours, theirs) = (named(lockstep.host_calls()), named(&third.host().calls));
    if ours != theirs {
        return differ("host calls", &ours, &theirs);
    }
    Ok(true)
}
