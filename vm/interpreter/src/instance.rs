//! An instance: the memory, table, globals and stack of one running contract.

use std::sync::Arc;

use aivm_core::{Exit, Host, HostExit, NodeFault, TrapCode, ValueType};
use aivm_wasm::plan::{Import, MeteredModule, SegmentMode};

use crate::memory::{GuestView, Memory};
use crate::observer::{Observer, Unobserved};
use crate::pool;
use crate::program::{FRAME_SLOTS, Program};
use crate::run::{Frame, run};
use crate::table::Table;

/// The state of one running contract.
pub struct Instance {
    program: Arc<Program>,
    pub(crate) state: State,
    /// Slots of all frames, and room for one whole frame window above the highest.
    pub(crate) stack: Vec<u64>,
    /// The callers of the running function, outermost first.
    pub(crate) frames: Vec<Frame>,
}

/// What a contract can change.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) memory: Memory,
    pub(crate) table: Table,
    pub(crate) globals: Vec<u64>,
    /// For each data segment, whether it was dropped or applied.
    pub(crate) data_dropped: Vec<bool>,
    /// For each element segment, whether it was dropped or applied.
    pub(crate) elements_dropped: Vec<bool>,
}

impl Instance {
    /// Creates memory, table and globals, and applies the active segments: elements, then data. The start
    /// function is not run.
    ///
    /// # Errors
    /// The trap of a segment that is out of bounds.
    pub fn new(program: &Arc<Program>) -> Result<Instance, TrapCode> {
        let module = program.module();
        let mut table = Table::new(&module.tables);
        for segment in &module.elements {
            if let SegmentMode::Active { offset } = segment.mode {
                let len = segment_len(&segment.entries);
                table.init(segment.table, &segment.entries, offset, 0, len)?;
            }
        }
        let mut memory = Memory::new(module.memory);
        for segment in &module.data {
            if let SegmentMode::Active { offset } = segment.mode {
                memory.init(&segment.bytes, offset, 0, segment_len(&segment.bytes))?;
            }
        }
        let is_dropped = |mode| mode != SegmentMode::Passive;
        Ok(Instance {
            state: State {
                memory,
                table,
                globals: module.globals.iter().map(|global| global.init).collect(),
                data_dropped: module.data.iter().map(|s| is_dropped(s.mode)).collect(),
                elements_dropped: module.elements.iter().map(|s| is_dropped(s.mode)).collect(),
            },
            stack: pool::take_stack(module.stack_words as usize + FRAME_SLOTS),
            frames: Vec::new(),
            program: Arc::clone(program),
        })
    }

    /// Lets memory grow to `pages` pages at most, where the module would allow more.
    pub fn limit_memory(&mut self, pages: u32) {
        self.state.memory.limit(pages);
    }

    /// Runs function `function` of the index space (imports first) with `arguments`, one a parameter, i32
    /// zero-extended, and takes what it costs from `ink`.
    ///
    /// State stays as the run left it, also after a trap. [`Exit::Fault`] if there is no such function or
    /// the number of arguments is wrong.
    pub fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        self.invoke_observed(function, arguments, ink, host, &Unobserved)
    }

    /// As [`Instance::invoke`], while `observer` is told of calls and returns.
    pub fn invoke_observed(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
        observer: &impl Observer,
    ) -> Exit {
        let program = Arc::clone(&self.program);
        let module = program.module();
        if let Err(fault) = check_call(module, function, arguments) {
            return Exit::Fault(fault);
        }
        let ty = &module.types[module.function_type(function) as usize];
        let arguments: Vec<u64> = arguments
            .iter()
            .zip(&ty.parameters)
            .map(|(&value, &ty)| canonical(value, ty))
            .collect();
        let results = match (function as usize).checked_sub(module.imports.len()) {
            None => {
                observer.enter(function, &arguments, *ink);
                let memory = &mut self.state.memory;
                let result = call_host(module, function, &arguments, memory, ink, host);
                result.map(|result| {
                    observer.leave(*ink);
                    result.into_iter().collect()
                })
            }
            Some(own) => {
                self.stack[..arguments.len()].copy_from_slice(&arguments);
                run(self, &program, own, ink, host, observer)
                    .map(|()| self.stack[..ty.results.len()].to_vec())
            }
        };
        match results {
            Ok(values) => Exit::Return(values),
            Err(exit) => exit.into(),
        }
    }

    /// Linear memory as it is now; empty when the module has none.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        self.state.memory.bytes()
    }

    /// Globals as they are now, i32 zero-extended.
    #[must_use]
    pub fn globals(&self) -> &[u64] {
        &self.state.globals
    }

    /// Entries of all tables as they are now: function indices, `None` is null.
    #[must_use]
    pub fn table(&self) -> &[Option<u32>] {
        self.state.table.entries()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        pool::give_stack(std::mem::take(&mut self.stack));
    }
}

/// Calls the host function of import `import` with canonical `arguments`; its result, if it has one.
pub(crate) fn call_host(
    module: &MeteredModule,
    import: u32,
    arguments: &[u64],
    memory: &mut Memory,
    ink: &mut u64,
    host: &mut dyn Host,
) -> Result<Option<u64>, HostExit> {
    let guest = &mut GuestView { memory, ink };
    let result = match module.imports[import as usize] {
        Import::Host(function) => host.call(function, arguments, guest)?,
        Import::Linked => host.call_linked(import, arguments, guest)?,
    };
    let ty = module.types[module.import_types[import as usize] as usize]
        .results
        .first();
    Ok(ty.map(|&ty| canonical(result, ty)))
}

/// The value as a slot keeps it: an i32 has no high half.
fn canonical(value: u64, ty: ValueType) -> u64 {
    match ty {
        ValueType::I32 => u64::from(value as u32),
        ValueType::I64 => value,
    }
}

/// Whether `function` exists and takes as many arguments.
fn check_call(module: &MeteredModule, function: u32, arguments: &[u64]) -> Result<(), NodeFault> {
    let functions = module.imports.len() + module.functions.len();
    if function as usize >= functions {
        return Err(NodeFault(format!(
            "function {function} of {functions} was invoked"
        )));
    }
    let parameters = module.types[module.function_type(function) as usize]
        .parameters
        .len();
    if parameters != arguments.len() {
        return Err(NodeFault(format!(
            "function {function} of {parameters} parameters was invoked with {} arguments",
            arguments.len()
        )));
    }
    Ok(())
}

/// Length of a segment; a segment of a validated module is far shorter than 4 Gi entries.
fn segment_len<T>(segment: &[T]) -> u32 {
    u32::try_from(segment.len()).unwrap_or(u32::MAX)
}
