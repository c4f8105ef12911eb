//! Memory.

use aivm_core::{Guest, HostExit};

use crate::Frame;

impl Frame<'_> {
    /// `pay_for_memory_grow(pages)`: takes the price of growing by `pages` and does nothing else. In Stylus
    /// code is rewritten to call it before `memory.grow`; here `memory.grow` pays for itself, and contracts
    /// built with the SDK call this with 0 only. Price: `host_base` + `memory_page` a page.
    pub(crate) fn pay_for_memory_grow(
        &mut self,
        guest: &mut dyn Guest,
        pages: u32,
    ) -> Result<(), HostExit> {
        guest.charge(self.schedule.memory_page.saturating_mul(u64::from(pages)))
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::PayForMemoryGrow;
    use aivm_core::{Host, HostExit};

    use crate::test_ports::{Ports, TestGuest, V1};

    #[test]
    fn pages_are_charged_and_no_pages_cost_the_base_only() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(V1.host_base);
        assert_eq!(
            ports.frame().call(PayForMemoryGrow, &[0], &mut guest),
            Ok(0)
        );
        assert_eq!(guest.ink, 0);
        guest.ink = V1.host_base + 3 * V1.memory_page - 1;
        let exit = ports.frame().call(PayForMemoryGrow, &[3], &mut guest);
        assert_eq!(exit, Err(HostExit::OutOfInk));
    }
}
