//! Mode compare: the interpreter runs against the real host, another engine against the record of it, and
//! everything that can be seen of the two runs must agree.

use std::fmt;

use aivm_core::{Exit, Host, TrapCode};

use crate::execution::Entry;
use crate::machine::{Instance, Machine};
use crate::record::{HostCall, RecordingHost};
use crate::replay::ReplayingHost;

/// The first thing in which two runs of one call differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A host call: the call itself, its function, arguments, ink at entry, or what it met in memory.
    HostCall {
        /// Index of the call in the run, from 0.
        index: u64,
        /// What of it.
        what: &'static str,
        /// As the interpreter had it.
        interpreter: String,
        /// As the JIT had it.
        jit: String,
    },
    /// How the run ended.
    Exit {
        /// The interpreter's exit.
        interpreter: Exit,
        /// The JIT's exit.
        jit: Exit,
    },
    /// Ink left at the end.
    Ink {
        /// Left by the interpreter.
        interpreter: u64,
        /// Left by the JIT.
        jit: u64,
    },
    /// Size of linear memory at the end, in bytes.
    MemorySize {
        /// The interpreter's.
        interpreter: u64,
        /// The JIT's.
        jit: u64,
    },
    /// A byte of linear memory at the end.
    MemoryByte {
        /// The lowest address that differs.
        address: u64,
        /// The interpreter's byte.
        interpreter: u8,
        /// The JIT's byte.
        jit: u8,
    },
    /// Globals at the end.
    Globals {
        /// The interpreter's.
        interpreter: Vec<u64>,
        /// The JIT's.
        jit: Vec<u64>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::HostCall {
                index,
                what,
                interpreter,
                jit,
            } => write!(
                f,
                "host call {index}, {what}: interpreter {interpreter}, JIT {jit}"
            ),
            Difference::Exit { interpreter, jit } => {
                write!(f, "exit: interpreter {interpreter:?}, JIT {jit:?}")
            }
            Difference::Ink { interpreter, jit } => {
                write!(f, "ink left: interpreter {interpreter}, JIT {jit}")
            }
            Difference::MemorySize { interpreter, jit } => {
                write!(f, "memory: interpreter {interpreter} bytes, JIT {jit}")
            }
            Difference::MemoryByte {
                address,
                interpreter,
                jit,
            } => write!(
                f,
                "memory at {address:#x}: interpreter {interpreter:#04x}, JIT {jit:#04x}"
            ),
            Difference::Globals { interpreter, jit } => {
                write!(f, "globals: interpreter {interpreter:?}, JIT {jit:?}")
            }
        }
    }
}

/// A finished run with the instance it leaves, if there ever was one.
struct Finished {
    exit: Exit,
    ink_left: u64,
    instance: Option<Box<dyn Instance>>,
}

fn run(machine: &dyn Machine, entry: &Entry, ink: u64, host: &mut dyn Host) -> Finished {
    let mut ink_left = ink;
    match machine.instantiate(entry.memory_pages) {
        Err(exit) => Finished {
            exit,
            ink_left,
            instance: None,
        },
        Ok(mut instance) => {
            let exit = instance.invoke(entry.function, &entry.arguments, &mut ink_left, host);
            Finished {
                exit,
                ink_left,
                instance: Some(instance),
            }
        }
    }
}

/// What a comparison found.
pub(crate) enum Verdict {
    /// Nothing differs.
    Agree,
    /// This differs first.
    Differ(Difference),
    /// The second engine failed for a reason of this machine, which says nothing about its answers.
    SecondFaulted,
    /// The record of the first run grew too large to lead a second one through it.
    RecordTooLarge,
}

/// Runs `entry` on `authority` against `host` and, unless that faults, on `second` against the record.
/// The exit and ink left are the authority's.
pub(crate) fn compare(
    authority: &dyn Machine,
    second: &dyn Machine,
    entry: &Entry,
    ink: u64,
    host: &mut dyn Host,
) -> (Exit, u64, Verdict) {
    let mut recording = RecordingHost::new(host, entry.depth);
    let first = run(authority, entry, ink, &mut recording);
    let verdict = match (&first.exit, recording.into_calls()) {
        // There is no answer to compare with, and the caller sees the fault.
        (Exit::Fault(_), _) => Verdict::Agree,
        (_, None) => Verdict::RecordTooLarge,
        (_, Some(calls)) => replay_and_judge(&first, second, entry, ink, &calls),
    };
    (first.exit, first.ink_left, verdict)
}

fn replay_and_judge(
    first: &Finished,
    second: &dyn Machine,
    entry: &Entry,
    ink: u64,
    calls: &[HostCall],
) -> Verdict {
    let mut replaying = ReplayingHost::new(calls);
    let second = run(second, entry, ink, &mut replaying);
    if let Some(difference) = replaying.difference() {
        return Verdict::Differ(difference);
    }
    if matches!(second.exit, Exit::Fault(_)) {
        return Verdict::SecondFaulted;
    }
    let difference = exit_difference(first, &second)
        .or_else(|| replaying.missing_call())
        .or_else(|| ink_difference(first, &second))
        .or_else(|| instance_difference(first, &second));
    difference.map_or(Verdict::Agree, Verdict::Differ)
}

fn exit_difference(first: &Finished, second: &Finished) -> Option<Difference> {
    (first.exit != second.exit).then(|| Difference::Exit {
        interpreter: first.exit.clone(),
        jit: second.exit.clone(),
    })
}

fn ink_difference(first: &Finished, second: &Finished) -> Option<Difference> {
    let differs = ink_is_exact(&first.exit) && first.ink_left != second.ink_left;
    differs.then_some(Difference::Ink {
        interpreter: first.ink_left,
        jit: second.ink_left,
    })
}

fn instance_difference(first: &Finished, second: &Finished) -> Option<Difference> {
    let (first, second) = (first.instance.as_ref()?, second.instance.as_ref()?);
    memory_difference(first.memory(), second.memory()).or_else(|| {
        let (interpreter, jit) = (first.globals(), second.globals());
        (interpreter != jit).then_some(Difference::Globals { interpreter, jit })
    })
}

/// Whether the ink left after this exit is defined: not after traps that burn it all.
fn ink_is_exact(exit: &Exit) -> bool {
    match exit {
        Exit::Return(_) | Exit::OutOfInk | Exit::Trap(TrapCode::Unreachable) => true,
        Exit::Trap(_) | Exit::Fault(_) => false,
    }
}

fn memory_difference(interpreter: &[u8], jit: &[u8]) -> Option<Difference> {
    if interpreter.len() != jit.len() {
        return Some(Difference::MemorySize {
            interpreter: interpreter.len() as u64,
            jit: jit.len() as u64,
        });
    }
    // Equal memories are the rule, and comparing slices is much faster than searching.
    if interpreter == jit {
        return None;
    }
    let address = interpreter.iter().zip(jit).position(|(a, b)| a != b)?;
    Some(Difference::MemoryByte {
        address: address as u64,
        interpreter: interpreter[address],
        jit: jit[address],
    })
}

#[cfg(test)]
mod tests;
