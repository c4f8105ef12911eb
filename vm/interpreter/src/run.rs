//! The loop: executes the code of one invocation until it returns, traps or runs out of ink.
//!
//! Handlers run stretches of instructions ([`machine`](crate::machine)); calls, returns and what is rare are
//! done here.

use aivm_core::{Host, HostExit, TrapCode};

use crate::instance::{Instance, call_host};
use crate::instruction::Target;
use crate::machine::{Machine, Pause, STRETCH, Window, stretch_at};
use crate::memory::charge;
use crate::observer::Observer;
use crate::program::{Entry, Program};
use crate::rare::rare;

/// A caller that waits for the running function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Where it goes on.
    target: Target,
    /// Its slot 0 on the stack.
    base: u32,
    /// The stack words that were left before the call.
    words_left: u32,
}

/// Runs the module's own function `function`, whose arguments are at the bottom of the stack, where its
/// results will be.
pub(crate) fn run(
    instance: &mut Instance,
    program: &Program,
    function: usize,
    ink: &mut u64,
    host: &mut dyn Host,
    observer: &impl Observer,
) -> Result<(), HostExit> {
    let module = &**program.module();
    let mut machine = Machine {
        code: &program.code,
        state: std::mem::take(&mut instance.state),
        ink: *ink,
        next: 0,
        what: 0,
        first: 0,
        exit: None,
        module,
    };
    instance.frames.clear();
    let stack = Stack {
        slots: &mut instance.stack,
        frames: &mut instance.frames,
        base: 0,
        words_left: module.stack_words,
    };
    let result = stack.run(&mut machine, program, function, host, observer);
    instance.state = machine.state;
    *ink = machine.ink;
    result
}

/// The frames of a run.
struct Stack<'a> {
    slots: &'a mut [u64],
    frames: &'a mut Vec<Frame>,
    /// Slot 0 of the running function.
    base: u32,
    words_left: u32,
}

impl Stack<'_> {
    fn run(
        mut self,
        machine: &mut Machine<'_>,
        program: &Program,
        function: usize,
        host: &mut dyn Host,
        observer: &impl Observer,
    ) -> Result<(), HostExit> {
        let imports = machine.module.imports.len() as u32;
        let first = imports + function as u32;
        let mut next = self.enter(machine, &program.entries[function], first, observer)?;
        loop {
            let (before, code) = stretch_at(machine.code, next, STRETCH);
            let frame = window(self.slots, self.base);
            let pause = (before.then)(machine, code, frame, machine.ink);
            next = machine.next;
            match pause {
                Pause::Stretch => {}
                Pause::Call => match machine.what.checked_sub(imports) {
                    Some(own) => {
                        self.frames.push(Frame {
                            target: next,
                            base: self.base,
                            words_left: self.words_left,
                        });
                        self.base += u32::from(machine.first);
                        let entry = &program.entries[own as usize];
                        next = self.enter(machine, entry, machine.what, observer)?;
                    }
                    None => self.call_host(machine, host, observer)?,
                },
                Pause::Return => {
                    observer.leave(machine.ink);
                    let Some(caller) = self.frames.pop() else {
                        return Ok(());
                    };
                    next = caller.target;
                    self.base = caller.base;
                    self.words_left = caller.words_left;
                }
                Pause::Rare => {
                    let instruction = &program.rare[machine.what as usize];
                    let frame = window(self.slots, self.base);
                    rare(
                        instruction,
                        machine.module,
                        &mut machine.state,
                        frame,
                        &mut machine.ink,
                    )?;
                }
                Pause::End => return machine.exit.take().map_or(Ok(()), Err),
            }
        }
    }

    /// Takes the stack words of `function`, whose arguments are in place, zeroes its locals and charges for its
    /// entry; where it begins.
    fn enter(
        &mut self,
        machine: &mut Machine<'_>,
        entry: &Entry,
        function: u32,
        observer: &impl Observer,
    ) -> Result<Target, HostExit> {
        self.words_left = self
            .words_left
            .checked_sub(entry.frame_words)
            .ok_or(TrapCode::StackOverflow)?;
        let frame = window(self.slots, self.base);
        observer.enter(
            function,
            &frame[..usize::from(entry.parameters)],
            machine.ink,
        );
        frame[usize::from(entry.parameters)..usize::from(entry.locals)].fill(0);
        charge(&mut machine.ink, entry.price)?;
        Ok(entry.start)
    }

    /// Calls the import that the machine names.
    fn call_host(
        &mut self,
        machine: &mut Machine<'_>,
        host: &mut dyn Host,
        observer: &impl Observer,
    ) -> Result<(), HostExit> {
        let (module, import) = (machine.module, machine.what);
        let ty = module.import_types[import as usize] as usize;
        let first = usize::from(machine.first);
        let frame = window(self.slots, self.base);
        let arguments = &frame[first..first + module.types[ty].parameters.len()];
        observer.enter(import, arguments, machine.ink);
        let (memory, ink) = (&mut machine.state.memory, &mut machine.ink);
        if let Some(result) = call_host(module, import, arguments, memory, ink, host)? {
            frame[first] = result;
        }
        observer.leave(machine.ink);
        Ok(())
    }
}

/// The frame whose slot 0 is at `base`.
#[inline(always)]
fn window(slots: &mut [u64], base: u32) -> &mut Window {
    slots[base as usize..]
        .first_chunk_mut()
        .expect("a window above the bases that the stack words allow")
}
