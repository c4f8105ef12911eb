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

/// A host that passes every call on to another and keeps what happened.
pub(crate) struct RecordingHost<'a> {
    inner: &'a mut dyn Host,
    calls: Vec<HostCall>,
}

impl<'a> RecordingHost<'a> {
    pub(crate) fn new(inner: &'a mut dyn Host) -> RecordingHost<'a> {
        let calls = Vec::new();
        RecordingHost { inner, calls }
    }

    pub(crate) fn into_calls(self) -> Vec<HostCall> {
        self.calls
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
        self.calls.push(HostCall {
            function,
            arguments: arguments.to_vec(),
            ink_at_entry,
            steps,
            result: result.clone(),
        });
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
