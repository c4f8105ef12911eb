//! Leads a second engine through recorded host calls, and checks that it asks for the same.
//!
//! Nothing behind the host functions is touched again: the recorded writes, charges and results are
//! applied. At the first difference the run is ended with a fault, and the difference is kept.

use aivm_core::{Guest, Host, HostExit, HostFunction, NodeFault, keccak256};

use crate::compare::Difference;
use crate::record::{HostCall, Step};

/// A host that answers from a record.
pub(crate) struct ReplayingHost<'a> {
    record: &'a [HostCall],
    /// Calls answered so far.
    answered: usize,
    difference: Option<Difference>,
}

impl<'a> ReplayingHost<'a> {
    pub(crate) fn new(record: &'a [HostCall]) -> ReplayingHost<'a> {
        ReplayingHost {
            record,
            answered: 0,
            difference: None,
        }
    }

    /// The difference that ended the run, if one did.
    pub(crate) fn difference(&self) -> Option<Difference> {
        self.difference.clone()
    }

    /// The first recorded call that was never asked for, as a difference.
    pub(crate) fn missing_call(&self) -> Option<Difference> {
        let call = self.record.get(self.answered)?;
        let function = format!("{:?}", call.function);
        Some(host_call(
            self.answered,
            "the call",
            function,
            "none".to_owned(),
        ))
    }
}

impl Host for ReplayingHost<'_> {
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let index = self.answered;
        let Some(recorded) = self.record.get(index) else {
            let asked = format!("{function:?}");
            return self.differ(host_call(index, "the call", "none".to_owned(), asked));
        };
        if let Err(difference) = compare_entry(index, recorded, function, arguments, guest) {
            return self.differ(difference);
        }
        for step in &recorded.steps {
            if let Err(difference) = replay_step(index, step, guest) {
                return self.differ(difference);
            }
        }
        self.answered += 1;
        recorded.result.clone()
    }
}

impl ReplayingHost<'_> {
    fn differ(&mut self, difference: Difference) -> Result<u64, HostExit> {
        self.difference.get_or_insert(difference);
        Err(HostExit::Fault(NodeFault("engines disagree".to_owned())))
    }
}

fn host_call(index: usize, what: &'static str, interpreter: String, jit: String) -> Difference {
    Difference::HostCall {
        index: index as u64,
        what,
        interpreter,
        jit,
    }
}

/// Compares what the engine asks for with what was asked first.
fn compare_entry(
    index: usize,
    recorded: &HostCall,
    function: HostFunction,
    arguments: &[u64],
    guest: &dyn Guest,
) -> Result<(), Difference> {
    let ink = guest.ink_left();
    let differ = |what, interpreter, jit| Err(host_call(index, what, interpreter, jit));
    if recorded.function != function {
        let recorded = format!("{:?}", recorded.function);
        return differ("the function", recorded, format!("{function:?}"));
    }
    if recorded.arguments != arguments {
        let recorded = format!("{:?}", recorded.arguments);
        return differ("the arguments", recorded, format!("{arguments:?}"));
    }
    if recorded.ink_at_entry != ink {
        let recorded = recorded.ink_at_entry.to_string();
        return differ("the ink at entry", recorded, ink.to_string());
    }
    Ok(())
}

/// Does `step` to `guest` and compares the outcome.
fn replay_step(index: usize, step: &Step, guest: &mut dyn Guest) -> Result<(), Difference> {
    match step {
        Step::Read {
            pointer,
            len,
            outcome,
        } => {
            let now = guest.read(*pointer, *len).map(keccak256);
            same(index, "bytes read", outcome, &now)
        }
        Step::CheckWritable {
            pointer,
            len,
            outcome,
        } => {
            let now = guest.check_writable(*pointer, *len);
            same(index, "bounds of bytes to write", outcome, &now)
        }
        Step::Write {
            pointer,
            bytes,
            outcome,
        } => {
            let now = guest.write(*pointer, bytes);
            same(index, "bounds of bytes written", outcome, &now)
        }
        Step::Charge { ink, outcome } => {
            let now = guest.charge(*ink);
            same(index, "a charge", outcome, &now)
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    index: usize,
    what: &'static str,
    interpreter: &T,
    jit: &T,
) -> Result<(), Difference> {
    if interpreter == jit {
        return Ok(());
    }
    let (interpreter, jit) = (format!("{interpreter:?}"), format!("{jit:?}"));
    Err(host_call(index, what, interpreter, jit))
}
