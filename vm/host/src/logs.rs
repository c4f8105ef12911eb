//! Logs.

use aivm_core::ports::Log;
use aivm_core::{B256, Guest, HostExit, TrapCode};

use crate::Frame;

/// Topics of one log at most, as in the EVM.
const MAX_TOPICS: u32 = 4;

impl Frame<'_> {
    /// `emit_log(pointer, length, topics)`: the bytes hold `topics` words of 32 bytes, then the data. Traps
    /// with `HostArgument` above 4 topics or if the bytes are shorter than the topics, with `ReadOnly` in a
    /// frame that may change nothing. Price on top: `log_topic` a topic, `log_byte` a byte of data.
    pub(crate) fn emit_log(
        &mut self,
        guest: &mut dyn Guest,
        pointer: u32,
        len: u32,
        topics: u32,
    ) -> Result<(), HostExit> {
        self.check_may_change()?;
        if topics > MAX_TOPICS {
            return Err(TrapCode::HostArgument.into());
        }
        let data_len = len.checked_sub(32 * topics).ok_or(TrapCode::HostArgument)?;
        let topic_price = self.schedule.log_topic.saturating_mul(u64::from(topics));
        let data_price = self.schedule.log_byte.saturating_mul(u64::from(data_len));
        guest.charge(topic_price.saturating_add(data_price))?;
        let bytes = guest.read(pointer, len)?;
        let (topics, data) = bytes.split_at(32 * topics as usize);
        let log = Log {
            address: self.context.contract,
            topics: topics.chunks_exact(32).map(B256::from_slice).collect(),
            data: data.to_vec(),
        };
        self.world.log(log).map_err(HostExit::Fault)
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::EmitLog;
    use aivm_core::{Host, HostExit, TrapCode};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    #[test]
    fn a_log_has_its_topics_first_and_pays_for_topics_and_data() {
        let mut ports = Ports::default();
        let price = V1.host_call(EmitLog) + 2 * V1.log_topic + 3 * V1.log_byte;
        let mut guest = TestGuest::with_ink(price);
        guest.memory[..67].copy_from_slice(&[5; 67]);
        guest.memory[32..64].copy_from_slice(&[6; 32]);
        assert_eq!(ports.frame().call(EmitLog, &[0, 67, 2], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        let log = &ports.world.logs[0];
        assert_eq!(log.address, ports.context.contract);
        assert_eq!(log.topics[0].0, [5; 32]);
        assert_eq!(log.topics[1].0, [6; 32]);
        assert_eq!(log.data, [5; 3]);

        let mut poor = TestGuest::with_ink(price - 1);
        let exit = ports.frame().call(EmitLog, &[0, 67, 2], &mut poor);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(ports.world.logs.len(), 1);
    }

    #[test]
    fn every_topic_count_up_to_four_is_accepted_and_no_other() {
        for topics in 0..=6 {
            let mut ports = Ports::default();
            let mut guest = TestGuest::with_ink(u64::MAX);
            let exit = ports.frame().call(EmitLog, &[0, 192, topics], &mut guest);
            if topics <= 4 {
                assert_eq!(exit, Ok(0));
                assert_eq!(ports.world.logs[0].topics.len() as u64, topics);
            } else {
                assert_eq!(exit, Err(HostExit::Trap(TrapCode::HostArgument)));
                assert!(ports.untouched());
            }
        }
    }

    #[test]
    fn bytes_shorter_than_the_topics_trap() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(u64::MAX);
        let exit = ports.frame().call(EmitLog, &[0, 63, 2], &mut guest);
        assert_eq!(exit, Err(HostExit::Trap(TrapCode::HostArgument)));
        let exit = ports.frame().call(EmitLog, &[0, 64, 2], &mut guest);
        assert_eq!(exit, Ok(0));
    }

    #[test]
    fn a_frame_that_may_change_nothing_traps() {
        let mut ports = Ports::default();
        ports.context.read_only = true;
        let mut guest = TestGuest::with_ink(u64::MAX);
        let exit = ports.frame().call(EmitLog, &[0, 32, 1], &mut guest);
        assert_eq!(exit, Err(HostExit::Trap(TrapCode::ReadOnly)));
        assert!(ports.untouched());
    }

    #[test]
    fn a_bad_pointer_traps() {
        let mut ports = Ports::default();
        let mut guest = TestGuest::with_ink(u64::MAX);
        let arguments = [u64::from(MEMORY_BYTES) - 31, 32, 1];
        assert_eq!(
            ports.frame().call(EmitLog, &arguments, &mut guest),
            OUT_OF_BOUNDS
        );
        assert!(ports.untouched());
    }
}
