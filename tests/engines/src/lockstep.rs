//! All engines run the same calls side by side; after each call everything they can be asked must be equal.

use std::sync::Arc;

use aivm_core::{Exit, TrapCode};
use aivm_wasm::plan::MeteredModule;

use crate::engine::{Engine, Prepared, Running};
use crate::host::{HostCall, RecordingHost};

/// A plan, prepared by several engines.
pub struct Contenders(Vec<(&'static str, Box<dyn Prepared>)>);

/// One instance an engine. All of them have seen the same calls and agreed so far.
pub struct Lockstep(Vec<Contender>);

struct Contender {
    engine: &'static str,
    running: Box<dyn Running>,
    host: RecordingHost,
}

/// Two engines differ: which, in what, and what each says.
#[derive(Debug)]
pub struct Disagreement(pub String);

impl Contenders {
    /// Prepares `module` in each of `engines`; the first is the authority.
    #[must_use]
    pub fn prepare(module: &Arc<MeteredModule>, engines: &[&dyn Engine]) -> Contenders {
        let prepared = |engine: &&dyn Engine| (engine.name(), engine.prepare(module));
        Contenders(engines.iter().map(prepared).collect())
    }

    /// Instances of all engines, or the trap that all of them meet.
    pub fn instantiate(
        &self,
        host: &RecordingHost,
    ) -> Result<Result<Lockstep, TrapCode>, Disagreement> {
        let mut contenders = Vec::new();
        let mut traps = Vec::new();
        for (engine, prepared) in &self.0 {
            match prepared.instantiate() {
                Ok(running) => contenders.push(Contender {
                    engine,
                    running,
                    host: host.clone(),
                }),
                Err(trap) => traps.push(trap),
            }
        }
        match traps.as_slice() {
            [] => Ok(Ok(Lockstep(contenders))),
            [trap, ..] if contenders.is_empty() && traps.iter().all(|other| other == trap) => {
                Ok(Err(*trap))
            }
            _ => Err(Disagreement(format!(
                "instantiation: of {} engines, {} trap with {traps:?}",
                self.0.len(),
                traps.len()
            ))),
        }
    }
}

impl Lockstep {
    /// Invokes a function in every engine with the same ink, and takes from `ink` what all of them took.
    pub fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
    ) -> Result<Exit, Disagreement> {
        let before = *ink;
        let ends: Vec<(Exit, u64)> = self
            .0
            .iter_mut()
            .map(|Contender { running, host, .. }| {
                let mut left = before;
                let exit = running.invoke(function, arguments, &mut left, host);
                (exit, left)
            })
            .collect();
        for (index, end) in ends.iter().enumerate().skip(1) {
            if end.0 != ends[0].0 || (end.1 != ends[0].1 && !end.0.burns_ink()) {
                return Err(self.disagreement("exit and ink left", index, &ends[0], end));
            }
        }
        self.compare_state()?;
        let (exit, left) = ends.into_iter().next().expect("there is an engine");
        *ink = left;
        Ok(exit)
    }

    /// Memory of the authority, and so of all.
    pub fn memory(&self) -> &[u8] {
        self.0[0].running.memory()
    }

    /// Globals of the authority, and so of all.
    pub fn globals(&self) -> Vec<u64> {
        self.0[0].running.globals()
    }

    /// What the host was asked so far.
    pub fn host_calls(&self) -> &[HostCall] {
        &self.0[0].host.calls
    }

    fn compare_state(&self) -> Result<(), Disagreement> {
        let Some((authority, others)) = self.0.split_first() else {
            return Ok(());
        };
        for (index, other) in (1..).zip(others) {
            let (ours, theirs) = (authority.running.globals(), other.running.globals());
            if ours != theirs {
                return Err(self.disagreement("globals", index, &ours, &theirs));
            }
            let (ours, theirs) = (&authority.host.calls, &other.host.calls);
            if ours != theirs {
                let at = first_difference(ours, theirs);
                let show = |calls: &[HostCall]| {
                    format!("{} calls, at {at}: {:?}", calls.len(), calls.get(at))
                };
                return Err(self.disagreement("host calls", index, &show(ours), &show(theirs)));
            }
            let (ours, theirs) = (authority.running.memory(), other.running.memory());
            if ours != theirs {
                let (ours, theirs) = excerpts(ours, theirs);
                return Err(self.disagreement("memory", index, &ours, &theirs));
            }
        }
        Ok(())
    }

    fn disagreement<T: std::fmt::Debug>(
        &self,
        what: &str,
        index: usize,
        ours: &T,
        theirs: &T,
    ) -> Disagreement {
        let (authority, other) = (self.0[0].engine, self.0[index].engine);
        Disagreement(format!(
            "{what}\n  {authority}: {ours:?}\n  {other}: {theirs:?}"
        ))
    }
}

/// The first place where two rows differ; the length of the shorter when it begins the longer.
fn first_difference<T: PartialEq>(ours: &[T], theirs: &[T]) -> usize {
    let pairs = ours.iter().zip(theirs);
    pairs.take_while(|(a, b)| a == b).count()
}

/// Where two memories differ first, as text for each.
pub fn excerpts(ours: &[u8], theirs: &[u8]) -> (String, String) {
    let at = first_difference(ours, theirs);
    let show = |bytes: &[u8]| {
        let from = &bytes[at..bytes.len().min(at + 16)];
        format!("{} bytes, at {at:#x}: {from:02x?}", bytes.len())
    };
    (show(ours), show(theirs))
}
