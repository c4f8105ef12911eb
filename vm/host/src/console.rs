//! The console of debug mode; in other modes a module that imports it is refused.

use aivm_core::{Guest, HostExit};

use crate::Frame;

impl Frame<'_> {
    /// `log_txt(pointer, length)`: prints UTF-8 text, what is none of it replaced. Price on top: `host_byte` a
    /// byte.
    pub(crate) fn console_log_txt(
        &mut self,
        guest: &mut dyn Guest,
        pointer: u32,
        len: u32,
    ) -> Result<(), HostExit> {
        self.charge_copy(guest, u64::from(len))?;
        let text = String::from_utf8_lossy(guest.read(pointer, len)?).into_owned();
        self.world.console(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::Host;
    use aivm_core::HostFunction::{ConsoleLogI32, ConsoleLogI64, ConsoleLogTxt};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    #[test]
    fn numbers_are_signed_and_text_pays_by_the_byte() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(3 * V1.host_base + 2 * V1.host_byte);
        guest.memory[10..12].copy_from_slice(b"hi");
        let mut frame = ports.frame();
        let minus_one = u64::from(u32::MAX);
        assert_eq!(frame.call(ConsoleLogI32, &[minus_one], &mut guest), Ok(0));
        assert_eq!(frame.call(ConsoleLogI64, &[u64::MAX], &mut guest), Ok(0));
        assert_eq!(frame.call(ConsoleLogTxt, &[10, 2], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        guest.ink = u64::MAX;
        let end = [u64::from(MEMORY_BYTES) - 1, 2];
        assert_eq!(frame.call(ConsoleLogTxt, &end, &mut guest), OUT_OF_BOUNDS);
        drop(frame);
        assert_eq!(ports.world.console, ["-1", "-1", "hi"]);
    }
}
