//! Records what host functions do to a guest, so that a second engine can be led through the same run.

use aivm_core::{B256, Guest, Host, HostExit, HostFunction, TrapCode, keccak256};

/// One thing that a host function did to the guest, with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read bytes; the outcome is their keccak-256.
    Read {
        pointer: u32,
        len: u32,
        outcome: Result<B256, TrapCode>,
    },
    /// Asked whether bytes can be written.
    CheckWritable {
        pointer: u32,
        len: u32,
        outcome: Result<(), TrapCode>,
    },
    /// Wrote bytes.
    Write {
        pointer: u32,
        bytes: Vec<u8>,
        outcome: Result<(), TrapCode>,
    },
    /// Took ink.
    Charge {
        ink: u64,
        outcome: Result<(), HostExit>,
    },
}

/// One host call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostCall {
    pub(crate) function: HostFunction,
    pub(crate) arguments: Vec<u64>,
    pub(crate) ink_at_entry: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) result: Result<u64, HostExit>,
}

/// The record of a transaction's first frame holds about this much at most, so that a call cannot exhaust the
/// node's memory; that of each deeper frame half as much as the one above it, down to a 256th.
const RECORD_BYTES_MAX: u64 = 256 << 20;

/// A host that passes every call on to another and keeps what happened.
pub(crate) struct RecordingHost<'a> {
    inner: &'a mut dyn Host,
    calls: Vec<HostCall>,
    /// Bytes that `calls` holds, about; once above the maximum, nothing is kept any more.
    bytes: u64,
    bytes_max: u64,
}

impl<'a> RecordingHost<'a> {
    /// A recorder for a frame that has `depth` frames above it.
    pub(crate) fn new(inner: &'a mut dyn Host, depth: u32) -> RecordingHost<'a> {
        RecordingHost {
            inner,
            calls: Vec::new(),
            bytes: 0,
            bytes_max: RECORD_BYTES_MAX >> depth.min(8),
        }
    }

    /// The record; `None` if it grew too large.
    pub(crate) fn into_calls(self) -> Option<Vec<HostCall>> {
        (self.bytes <= self.bytes_max).then_some(self.calls)
    }
}

impl HostCall {
    /// Memory that the call takes in a record, about.
    fn bytes(&self) -> u64 {
        let fixed = size_of::<HostCall>() + size_of_val(&self.arguments[..]);
        let steps = size_of_val(&self.steps[..]);
        let written: usize = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Write { bytes, .. } => bytes.len(),
                _ => 0,
            })
            .sum();
        (fixed + steps + written) as u64
    }
}

impl Host for RecordingHost<'_> {
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let ink_at_entry = guest.ink_left();
        let mut steps = Vec::new();
        let mut recording = RecordingGuest {
            inner: guest,
            steps: &mut steps,
        };
        let result = self.inner.call(function, arguments, &mut recording);
        let call = HostCall {
            function,
            arguments: arguments.to_vec(),
            ink_at_entry,
            steps,
            result: result.clone(),
        };
        self.bytes = self.bytes.saturating_add(call.bytes());
        if self.bytes <= self.bytes_max {
            self.calls.push(call);
        } else {
            self.calls = Vec::new();
        }
        result
    }
}

struct RecordingGuest<'a> {
    inner: &'a mut dyn Guest,
    steps: &'a mut Vec<Step>,
}

impl Guest for RecordingGuest<'_> {
    fn read(&mut self, pointer: u32, len: u32) -> Result<&[u8], TrapCode> {
        let bytes = self.inner.read(pointer, len);
        self.steps.push(Step::Read {
            pointer,
            len,
            outcome: bytes.map(keccak256),
        });
        bytes
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), TrapCode> {
        let outcome = self.inner.write(pointer, bytes);
        self.steps.push(Step::Write {
            pointer,
            bytes: bytes.to_vec(),
            outcome,
        });
        outcome
    }

    fn check_writable(&mut self, pointer: u32, len: u32) -> Result<(), TrapCode> {
        let outcome = self.inner.check_writable(pointer, len);
        self.steps.push(Step::CheckWritable {
            pointer,
            len,
            outcome,
        });
        outcome
    }

    /// Not a step: only what is behind the host functions asks.
    fn memory_pages(&self) -> u32 {
        self.inner.memory_pages()
    }

    /// Not a step: the ink at a call's entry and every charge are known, so this is too.
    fn ink_left(&self) -> u64 {
        self.inner.ink_left()
    }

    fn charge(&mut self, ink: u64) -> Result<(), HostExit> {
        let outcome = self.inner.charge(ink);
        self.steps.push(Step::Charge {
            ink,
            outcome: outcome.clone(),
        });
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes as many bytes as the first argument says.
    struct Writer;

    impl Host for Writer {
        fn call(
            &mut self,
            _: HostFunction,
            arguments: &[u64],
            guest: &mut dyn Guest,
        ) -> Result<u64, HostExit> {
            guest.write(0, &vec![0; arguments[0] as usize])?;
            Ok(0)
        }
    }

    struct Unlimited;

    impl Guest for Unlimited {
        fn read(&mut self, _: u32, _: u32) -> Result<&[u8], TrapCode> {
            Ok(&[])
        }

        fn write(&mut self, _: u32, _: &[u8]) -> Result<(), TrapCode> {
            Ok(())
        }

        fn memory_pages(&self) -> u32 {
            0
        }

        fn ink_left(&self) -> u64 {
            0
        }

        fn charge(&mut self, _: u64) -> Result<(), HostExit> {
            Ok(())
        }
    }

    #[test]
    fn a_record_that_grows_too_large_is_dropped_and_calls_still_go_through() {
        for (written, kept) in [(1_000, true), (9_000, false)] {
            let mut writer = Writer;
            let mut host = RecordingHost::new(&mut writer, 0);
            host.bytes_max = 10_000;
            for _ in 0..2 {
                let result = host.call(HostFunction::ReadArgs, &[written], &mut Unlimited);
                assert_eq!(result, Ok(0));
            }
            let calls = host.into_calls().map(|calls| calls.len());
            assert_eq!(calls, kept.then_some(2));
        }
    }
}
