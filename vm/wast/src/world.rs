//! The instances of a script on one engine, and the calls between them.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use aivm_core::{Exit, GasSchedule, Guest, Host, HostExit, HostFunction, NodeFault, TrapCode};
use aivm_jit::Traps;
use aivm_wasm::plan::MeteredModule;

use crate::group::{Definition, Group, Link};
use crate::twin::Marker;

/// Ink of one action: more than any script needs.
pub(crate) const INK: u64 = 1 << 50;

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Interpreter,
    /// The JIT with traps as a node has them: guard pages and signals where the system has them, or tests in
    /// the code.
    Jit(Traps),
}

/// A group ready to run: its plan, and what its imports are.
pub(crate) struct Prepared {
    pub(crate) plan: Arc<MeteredModule>,
    pub(crate) group: Group,
}

/// Why a group cannot run.
#[derive(Clone, Debug)]
pub(crate) enum NotPrepared {
    /// A member is excluded, or has an imported global that holds a reference.
    Excluded,
    /// It should run and does not.
    Failed(String),
}

/// An instance on either engine.
enum Instance {
    Interpreter(aivm_interpreter::Instance),
    Jit(aivm_jit::Instance),
}

impl Instance {
    fn new(engine: Engine, plan: &Arc<MeteredModule>) -> Result<Instance, Exit> {
        match engine {
            Engine::Interpreter => {
                let program = Arc::new(aivm_interpreter::Program::new(Arc::clone(plan)));
                let instance = aivm_interpreter::Instance::new(&program);
                instance.map(Instance::Interpreter).map_err(Exit::Trap)
            }
            Engine::Jit(traps) => {
                let module = aivm_jit::CompiledModule::compile_any_size(plan, traps)
                    .map_err(|error| Exit::Fault(NodeFault(format!("not compiled: {error}"))))?;
                let instance = aivm_jit::Instance::new(&Arc::new(module));
                instance.map(Instance::Jit).map_err(Exit::Trap)
            }
        }
    }

    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        match self {
            Instance::Interpreter(instance) => instance.invoke(function, arguments, ink, host),
            Instance::Jit(instance) => instance.invoke(function, arguments, ink, host),
        }
    }

    fn memory(&self) -> &[u8] {
        match self {
            Instance::Interpreter(instance) => instance.memory(),
            Instance::Jit(instance) => instance.memory(),
        }
    }

    fn globals(&self) -> &[u64] {
        match self {
            Instance::Interpreter(instance) => instance.globals(),
            Instance::Jit(instance) => instance.globals(),
        }
    }
}

/// All groups on one engine.
pub(crate) struct World<'a> {
    engine: Engine,
    groups: &'a [Result<Prepared, NotPrepared>],
    /// The group of each unit.
    group_of: &'a [usize],
    instances: Vec<RefCell<Option<Instance>>>,
    /// The marker that the running action called.
    marker: Cell<Option<Marker>>,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    pub(crate) ink: u64,
    pub(crate) marker: Option<Marker>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        engine: Engine,
        groups: &'a [Result<Prepared, NotPrepared>],
        group_of: &'a [usize],
    ) -> Self {
        World {
            engine,
            groups,
            group_of,
            instances: groups.iter().map(|_| RefCell::new(None)).collect(),
            marker: Cell::new(None),
        }
    }

    /// Instantiates a unit: its group's instance if it is the first of it, its segments, its start function.
    pub(crate) fn instantiate(&self, unit: usize) -> Outcome {
        let at = self.group_of[unit];
        let Ok(prepared) = &self.groups[at] else {
            return self.fault("the module was refused");
        };
        if self.instances[at].borrow().is_none() {
            match Instance::new(self.engine, &prepared.plan) {
                Ok(instance) => *self.instances[at].borrow_mut() = Some(instance),
                Err(exit) => {
                    return Outcome {
                        exit,
                        ink: INK,
                        marker: None,
                    };
                }
            }
        }
        let place = &prepared.group.places[&unit];
        let mut ink = INK;
        self.marker.set(None);
        let mut exit = Exit::Return(Vec::new());
        for function in [place.init, place.start].into_iter().flatten() {
            exit = self.call(at, function, &[], &mut ink);
            if !matches!(exit, Exit::Return(_)) {
                break;
            }
        }
        if exit.burns_ink() {
            ink = 0;
        }
        Outcome {
            exit,
            ink,
            marker: self.marker.get(),
        }
    }

    /// Calls function `index` of `unit`.
    pub(crate) fn invoke(&self, unit: usize, index: u32, arguments: &[u64]) -> Outcome {
        let at = self.group_of[unit];
        let Ok(prepared) = &self.groups[at] else {
            return self.fault("the module was refused");
        };
        let mut ink = INK;
        self.marker.set(None);
        let function = prepared.group.places[&unit].functions[index as usize];
        let exit = self.call(at, function, arguments, &mut ink);
        if exit.burns_ink() {
            ink = 0;
        }
        Outcome {
            exit,
            ink,
            marker: self.marker.get(),
        }
    }

    /// The value of global `index` of `unit`.
    pub(crate) fn global(&self, unit: usize, index: u32) -> Outcome {
        let at = self.group_of[unit];
        let instance = self.instances[at].borrow();
        let (Ok(prepared), Some(instance)) = (&self.groups[at], instance.as_ref()) else {
            return self.fault("the module was refused");
        };
        let global = prepared.group.places[&unit].globals[index as usize];
        Outcome {
            exit: Exit::Return(vec![instance.globals()[global as usize]]),
            ink: INK,
            marker: None,
        }
    }

    /// Pages of the memory of `unit`'s group, once it is instantiated.
    pub(crate) fn pages(&self, unit: usize) -> Option<u64> {
        let instance = self.instances[self.group_of[unit]].borrow();
        let bytes = instance.as_ref()?.memory().len() as u64;
        Some(bytes / u64::from(aivm_core::limits::PAGE_BYTES))
    }

    /// Whether the group of `unit` has the same memory and globals here and in `other`.
    pub(crate) fn same_state(&self, other: &World<'_>, unit: usize) -> bool {
        let at = self.group_of[unit];
        match (
            &*self.instances[at].borrow(),
            &*other.instances[at].borrow(),
        ) {
            (Some(left), Some(right)) => {
                left.memory() == right.memory() && left.globals() == right.globals()
            }
            (left, right) => left.is_none() == right.is_none(),
        }
    }

    fn fault(&self, why: &str) -> Outcome {
        Outcome {
            exit: Exit::Fault(NodeFault(why.into())),
            ink: INK,
            marker: None,
        }
    }

    fn call(&self, group: usize, function: u32, arguments: &[u64], ink: &mut u64) -> Exit {
        let Ok(mut instance) = self.instances[group].try_borrow_mut() else {
            return Exit::Fault(NodeFault("an instance was called while it runs".into()));
        };
        let Some(instance) = instance.as_mut() else {
            return Exit::Fault(NodeFault("an instance was called before it exists".into()));
        };
        let mut linker = Linker { world: self, group };
        instance.invoke(function, arguments, ink, &mut linker)
    }
}

/// The host of one group.
struct Linker<'w, 'a> {
    world: &'w World<'a>,
    group: usize,
}

impl Host for Linker<'_, '_> {
    fn call(
        &mut self,
        function: HostFunction,
        _: &[u64],
        _: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        Err(HostExit::Fault(NodeFault(format!(
            "a script called the host function {function:?}"
        ))))
    }

    fn call_linked(
        &mut self,
        import: u32,
        arguments: &[u64],
        _: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let world = self.world;
        let Ok(prepared) = &world.groups[self.group] else {
            return Err(HostExit::Fault(NodeFault("no such group".into())));
        };
        match prepared.group.links[import as usize] {
            Link::Marker(marker) => {
                world.marker.set(Some(marker));
                Err(HostExit::Trap(TrapCode::Unreachable))
            }
            Link::Function(Definition { unit, index, .. }) => {
                let at = world.group_of[unit];
                let Ok(callee) = &world.groups[at] else {
                    return Err(HostExit::Fault(NodeFault("no such group".into())));
                };
                let function = callee.group.places[&unit].functions[index as usize];
                // Ink of the caller is not taken: a script has no gas figure.
                match world.call(at, function, arguments, &mut INK.clone()) {
                    Exit::Return(results) => Ok(results.first().copied().unwrap_or(0)),
                    Exit::Trap(trap) => Err(HostExit::Trap(trap)),
                    Exit::OutOfInk => Err(HostExit::OutOfInk),
                    Exit::Fault(fault) => Err(HostExit::Fault(fault)),
                }
            }
        }
    }
}

/// The plan of a group's module.
pub(crate) fn prepare(group: Group) -> Result<Prepared, aivm_wasm::Refusal> {
    let limits = aivm_core::Limits::SPEC;
    let module = aivm_wasm::validate(&group.bytes, &limits, aivm_wasm::Rules::Spec)?;
    let plan = aivm_wasm::meter(&module, &GasSchedule::V1);
    Ok(Prepared {
        plan: Arc::new(plan),
        group,
    })
}
