//! The call itself: call data and result.

use aivm_core::{Guest, HostExit, TrapCode};

use crate::Frame;

impl Frame<'_> {
    /// `read_args(pointer)`: copies the call data to `pointer`; `user_entrypoint` was told its length.
    /// Price: `host_base` + `host_byte` a byte.
    pub(crate) fn read_args(
        &mut self,
        guest: &mut dyn Guest,
        pointer: u32,
    ) -> Result<(), HostExit> {
        self.charge_copy(guest, self.context.data.len() as u64)?;
        Ok(guest.write(pointer, &self.context.data)?)
    }

    /// `write_result(pointer, length)`: sets the output, or with a non-zero return of `user_entrypoint`
    /// the revert data. A later call replaces it. More than `Limits::output_bytes` is a `HostArgument` trap.
    /// Price: `host_base` + `host_byte` a byte.
    pub(crate) fn write_result(
        &mut self,
        guest: &mut dyn Guest,
        pointer: u32,
        len: u32,
    ) -> Result<(), HostExit> {
        self.charge_copy(guest, u64::from(len))?;
        if len > self.limits.output_bytes {
            return Err(HostExit::Trap(TrapCode::HostArgument));
        }
        self.outcome.output = guest.read(pointer, len)?.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::{ReadArgs, WriteResult};
    use aivm_core::{Host, HostExit, Limits, TrapCode};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    #[test]
    fn read_args_copies_the_call_data_and_charges_its_length() {
        let mut ports = Ports::default();
        ports.context.data = vec![1, 2, 3];
        let price = V1.host_base + 3 * V1.host_byte;
        let mut guest = TestGuest::with_ink(price);
        assert_eq!(ports.frame().call(ReadArgs, &[5], &mut guest), Ok(0));
        assert_eq!(guest.memory[5..9], [1, 2, 3, 0]);
        assert_eq!(guest.ink, 0);

        let mut poor = TestGuest::with_ink(price - 1);
        let exit = ports.frame().call(ReadArgs, &[5], &mut poor);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(poor.memory[5], 0);

        let mut guest = TestGuest::with_ink(price);
        let end = [u64::from(MEMORY_BYTES) - 2];
        assert_eq!(
            ports.frame().call(ReadArgs, &end, &mut guest),
            OUT_OF_BOUNDS
        );
    }

    #[test]
    fn write_result_keeps_the_last_output() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(2 * V1.host_base + 3 * V1.host_byte);
        guest.memory[10..12].copy_from_slice(&[7, 8]);
        let mut frame = ports.frame();
        assert_eq!(frame.call(WriteResult, &[9, 1], &mut guest), Ok(0));
        assert_eq!(frame.call(WriteResult, &[10, 2], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        assert_eq!(frame.close().output, [7, 8]);
    }

    #[test]
    fn write_result_pays_for_a_length_then_checks_the_limit_then_memory() {
        let mut ports = Ports::default();
        let limit = u64::from(Limits::CONTRACT.output_bytes);
        let above = [0, limit + 1];
        let mut poor = TestGuest::with_ink(1_000_000);
        let exit = ports.frame().call(WriteResult, &above, &mut poor);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        let mut rich = TestGuest::with_ink(u64::MAX);
        let exit = ports.frame().call(WriteResult, &above, &mut rich);
        assert_eq!(exit, Err(HostExit::Trap(TrapCode::HostArgument)));
        let exit = ports.frame().call(WriteResult, &[0, limit], &mut rich);
        assert_eq!(exit, OUT_OF_BOUNDS);
        rich.memory.resize(limit as usize, 7);
        let mut frame = ports.frame();
        assert_eq!(frame.call(WriteResult, &[0, limit], &mut rich), Ok(0));
        assert_eq!(frame.close().output.len() as u64, limit);
    }
}
