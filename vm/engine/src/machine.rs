//! The two engines behind one trait, so that a call, and a comparison, need not know which one runs.

use std::sync::Arc;

use aivm_core::{Exit, Host};

/// Code of a contract in an engine's own form.
pub(crate) trait Machine: Send + Sync {
    /// Makes a fresh instance whose memory may grow to `memory_pages` pages at most.
    ///
    /// # Errors
    /// The exit that stands for a failed instantiation: the trap of a segment out of bounds, or a fault.
    fn instantiate(&self, memory_pages: u32) -> Result<Box<dyn Instance>, Exit>;

    /// Bytes of memory that the code holds, nearly.
    fn bytes_held(&self) -> usize;
}

/// A running contract.
pub(crate) trait Instance {
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

/// Code for the interpreter.
pub(crate) struct Interpreter(pub(crate) Arc<aivm_interpreter::Program>);

impl Interpreter {
    /// As [`Machine::instantiate`], but an instance that can be observed.
    pub(crate) fn start(&self, memory_pages: u32) -> Result<aivm_interpreter::Instance, Exit> {
        let mut instance = aivm_interpreter::Instance::new(&self.0).map_err(Exit::Trap)?;
        instance.limit_memory(memory_pages);
        Ok(instance)
    }
}

impl Machine for Interpreter {
    fn instantiate(&self, memory_pages: u32) -> Result<Box<dyn Instance>, Exit> {
        Ok(Box::new(self.start(memory_pages)?))
    }

    fn bytes_held(&self) -> usize {
        self.0.bytes_held() + self.0.module().bytes_held()
    }
}

impl Instance for aivm_interpreter::Instance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        self.invoke(function, arguments, ink, host)
    }

    fn memory(&self) -> &[u8] {
        self.memory()
    }

    fn globals(&self) -> Vec<u64> {
        self.globals().to_vec()
    }
}

/// Native code.
pub(crate) struct Compiled(pub(crate) Arc<aivm_jit::CompiledModule>);

impl Machine for Compiled {
    fn instantiate(&self, memory_pages: u32) -> Result<Box<dyn Instance>, Exit> {
        match aivm_jit::Instance::new(&self.0) {
            Ok(mut instance) => {
                instance.limit_memory(memory_pages);
                Ok(Box::new(instance))
            }
            Err(trap) => Err(Exit::Trap(trap)),
        }
    }

    fn bytes_held(&self) -> usize {
        self.0.bytes_held()
    }
}

impl Instance for aivm_jit::Instance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        self.invoke(function, arguments, ink, host)
    }

    fn memory(&self) -> &[u8] {
        self.memory()
    }

    fn globals(&self) -> Vec<u64> {
        self.globals().to_vec()
    }
}
