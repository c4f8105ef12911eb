//! An instance of a compiled module: its memory, globals and table, and how it is called.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aivm_core::limits::PAGE_BYTES;
use aivm_core::{Exit, Host, NodeFault, TrapCode};
use aivm_wasm::plan::{FuncType, Memory, MeteredModule, SegmentMode};

use crate::abi::spent_when;
use crate::boundary::{enter, leave};
use crate::compile::CompiledModule;
use crate::context::{CONTEXT_RESULTS, Store, TableEntry, VmContext};
use crate::reservation::Reservation;
use crate::runtime::TABLE;
use crate::signals::Entered;
use crate::status;

/// Native stack kept free below the guest's frames for runtime functions and the host.
const HOST_STACK_BYTES: usize = 1 << 20;

/// A compiled module with state of its own.
pub struct Instance {
    context: Box<VmContext>,
    /// Why the instance cannot run: this machine had no room for its memory.
    fault: Option<NodeFault>,
}

// SAFETY: every pointer of the context leads to memory that the instance or its module owns; the host
// pointer is there only while `invoke` runs, on the thread that runs it.
unsafe impl Send for Instance {}

impl Instance {
    /// Memory, globals and table at their first values, active segments applied: elements, then data, in
    /// order. If the machine has no room for the memory, every invocation ends in `Exit::Fault`.
    ///
    /// # Errors
    /// The trap of an active segment that is out of bounds.
    pub fn new(module: &Arc<CompiledModule>) -> Result<Instance, TrapCode> {
        let plan = module.module();
        let bytes = |pages: u32| pages as usize * PAGE_BYTES as usize;
        let (memory, fault) = match plan.memory {
            None => (None, None),
            Some(Memory {
                min_pages,
                max_pages,
            }) => match Reservation::new(module.traps(), bytes(min_pages), bytes(max_pages)) {
                Ok(reservation) => (Some(reservation), None),
                Err(reason) => (None, Some(NodeFault(reason))),
            },
        };
        let min_bytes = plan.memory.map_or(0, |memory| bytes(memory.min_pages));
        let store = Store {
            module: Arc::clone(module),
            globals: plan.globals.iter().map(|global| global.init).collect(),
            table: vec![TableEntry::NULL; plan.table_entries() as usize].into(),
            dropped_data: plan.data.iter().map(|data| dropped(data.mode)).collect(),
            dropped_elements: vec![false; plan.elements.len()].into(),
            memory,
            max_pages: plan.memory.map_or(0, |memory| memory.max_pages),
            host: None,
            fault: None,
        };
        let memory_base = match &store.memory {
            Some(reservation) => reservation.base(),
            None => std::ptr::dangling_mut(),
        };
        let memory_bytes = match &store.memory {
            Some(_) => min_bytes as u64,
            None => 0,
        };
        let mut context = Box::new(VmContext {
            ink: 0,
            memory_base,
            memory_bytes,
            globals: std::ptr::dangling_mut(),
            table: std::ptr::dangling_mut(),
            result: 0,
            results: [0; CONTEXT_RESULTS],
            entered_at: std::ptr::null_mut(),
            leave,
            runtime: TABLE,
            store,
        });
        // Only now, since moving a box ends the validity of pointers taken from it before.
        context.globals = context.store.globals.as_mut_ptr();
        context.table = context.store.table.as_mut_ptr();
        apply_elements(&mut context)?;
        apply_data(&mut context, min_bytes as u64)?;
        Ok(Instance { context, fault })
    }

    /// Lets memory grow to `pages` pages at most, where the module would allow more.
    pub fn limit_memory(&mut self, pages: u32) {
        let max_pages = &mut self.context.store.max_pages;
        *max_pages = pages.min(*max_pages);
    }

    /// Calls function `function` of the index space, imports first. `arguments` has one entry a parameter,
    /// of which an i32 uses the low half. `ink` is charged as the plan says and holds what is left: 0 after a
    /// trap other than `unreachable`, which burns it.
    ///
    /// A function that does not exist or takes another number of arguments is an `Exit::Fault`.
    pub fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        if let Some(fault) = &self.fault {
            return Exit::Fault(fault.clone());
        }
        let module = Arc::clone(&self.context.store.module);
        let plan = module.module();
        let functions = plan.imports.len() + plan.functions.len();
        if function as usize >= functions {
            return wrong_call(format!("function {function} of {functions} was invoked"));
        }
        let type_index = plan.function_type(function);
        let ty = &plan.types[type_index as usize];
        if ty.parameters.len() != arguments.len() {
            return wrong_call(format!(
                "function {function} of {} parameters was invoked with {} arguments",
                ty.parameters.len(),
                arguments.len()
            ));
        }
        let Some(entry) = module.entry(type_index) else {
            return wrong_call(format!("type {type_index} has no entry"));
        };
        let code = module.function_address(function);
        let mut values = entry_values(ty, arguments);
        let stack_words = spent_when(u64::from(plan.stack_words));

        let context: *mut VmContext = &raw mut *self.context;
        let stack_bytes = module.native_stack_bytes().saturating_add(HOST_STACK_BYTES);
        let call = || {
            // SAFETY: the context is valid and only native code, the runtime functions and the signal handler
            // use it until `enter` returns. The entry is of the type of `code`, `values` has room for its
            // parameters and results, and the stack has room for `stack_words`. The host outlives the call,
            // and its pointer is cleared right after.
            unsafe {
                (*context).ink = *ink;
                (*context).store.host = Some(erase_lifetime(host));
                let entered = Entered::new(context);
                let status = enter(context, code, values.as_mut_ptr(), stack_words, entry);
                drop(entered);
                (*context).store.host = None;
                status
            }
        };
        // A panic is a stack that could not be allocated: nothing unwinds out of native code.
        let on_stack = AssertUnwindSafe(|| stacker::maybe_grow(stack_bytes, stack_bytes, call));
        let Ok(status) = catch_unwind(on_stack) else {
            return Exit::Fault(NodeFault("no native stack for the call".into()));
        };
        let exit = if status == status::OK {
            values.truncate(ty.results.len());
            Exit::Return(values)
        } else {
            status::to_exit(status, self.context.store.fault.take())
        };
        *ink = match status == status::OUT_OF_INK || exit.burns_ink() {
            true => 0,
            false => self.context.ink,
        };
        exit
    }

    /// The plan it runs.
    #[must_use]
    pub fn module(&self) -> &Arc<MeteredModule> {
        self.context.store.module.module()
    }

    /// Linear memory as it is now.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        self.context.memory()
    }

    /// The globals, i32 zero-extended.
    #[must_use]
    pub fn globals(&self) -> &[u64] {
        // SAFETY: `globals` points to the store's box of this many words, and native code, which writes
        // them, runs only under `&mut self`.
        unsafe {
            std::slice::from_raw_parts(self.context.globals, self.context.store.globals.len())
        }
    }
}

/// Whether a segment cannot be used by `memory.init` or `table.init` once the instance runs.
fn dropped(mode: SegmentMode) -> bool {
    mode != SegmentMode::Passive
}

fn apply_elements(context: &mut VmContext) -> Result<(), TrapCode> {
    let module = Arc::clone(&context.store.module);
    for (index, segment) in module.module().elements.iter().enumerate() {
        if let SegmentMode::Active { offset } = segment.mode {
            let len = segment.entries.len() as u64;
            context.table_init(segment.table, u64::from(offset), 0, len, index)?;
        }
        context.store.dropped_elements[index] = dropped(segment.mode);
    }
    Ok(())
}

/// Writes active data segments. Their bounds are those of the plan, also if there is no memory to write to.
fn apply_data(context: &mut VmContext, memory_bytes: u64) -> Result<(), TrapCode> {
    let module = Arc::clone(&context.store.module);
    for segment in &module.module().data {
        if let SegmentMode::Active { offset } = segment.mode {
            let end = u64::from(offset) + segment.bytes.len() as u64;
            if end > memory_bytes {
                return Err(TrapCode::MemoryOutOfBounds);
            }
            if let Some(place) = context.memory_mut().get_mut(offset as usize..end as usize) {
                place.copy_from_slice(&segment.bytes);
            }
        }
    }
    Ok(())
}

/// The words an entry reads its parameters from and writes its results to.
fn entry_values(ty: &FuncType, arguments: &[u64]) -> Vec<u64> {
    let mut values = arguments.to_vec();
    values.resize(ty.parameters.len().max(ty.results.len()), 0);
    values
}

fn wrong_call(reason: String) -> Exit {
    Exit::Fault(NodeFault(reason))
}

/// The host as a pointer without a lifetime, for the context.
fn erase_lifetime(host: &mut dyn Host) -> *mut dyn Host {
    let host: *mut (dyn Host + '_) = host;
    // SAFETY: only the lifetime bound changes; `invoke` clears the pointer before the borrow ends.
    unsafe { std::mem::transmute::<*mut (dyn Host + '_), *mut (dyn Host + 'static)>(host) }
}
