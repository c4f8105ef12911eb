//! How an engine and the host functions see each other, without knowing each other.

use crate::{HostExit, HostFunction, NodeFault, TrapCode};

/// The running contract as a host function sees it: linear memory and ink.
///
/// Both engines implement it; a recording or replaying wrapper may stand between.
pub trait Guest {
    /// `len` bytes of linear memory from `pointer`.
    ///
    /// # Errors
    /// [`TrapCode::MemoryOutOfBounds`] if any byte is outside.
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode>;

    /// Writes all of `bytes` to linear memory at `pointer`, or nothing.
    ///
    /// # Errors
    /// [`TrapCode::MemoryOutOfBounds`] if any byte is outside.
    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode>;

    /// Checks that `len` bytes from `pointer` could be written, writing nothing.
    ///
    /// # Errors
    /// [`TrapCode::MemoryOutOfBounds`] if any byte is outside.
    fn check_writable(&mut self, pointer: u32, len: u32) -> Result<(), TrapCode> {
        self.read(pointer, len).map(|_| ())
    }

    /// Pages of linear memory that the frame holds now.
    fn memory_pages(&self) -> u32;

    /// Ink left to this frame.
    fn ink_left(&self) -> u64;

    /// Takes `ink`; if less is left, leaves 0.
    ///
    /// # Errors
    /// [`HostExit::OutOfInk`] if less was left.
    fn charge(&mut self, ink: u64) -> Result<(), HostExit>;
}

/// What an engine calls when the contract calls an imported function.
pub trait Host {
    /// Runs `function`. `arguments` has one entry a parameter, i32 zero-extended. The result is the
    /// function's result (i32 zero-extended), ignored when it has none.
    ///
    /// # Errors
    /// A [`HostExit`] ends the frame.
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit>;

    /// Runs the function that the module imports as its import number `import` and that is no host
    /// function; the rest is as in [`Host::call`]. Only modules accepted for the specification's test
    /// scripts have such imports.
    ///
    /// # Errors
    /// A [`HostExit`] ends the frame. A host that links nothing answers with a fault.
    fn call_linked(
        &mut self,
        import: u32,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let _ = (arguments, guest);
        Err(HostExit::Fault(NodeFault(format!(
            "import {import} is no host function, and this host links none"
        ))))
    }
}
