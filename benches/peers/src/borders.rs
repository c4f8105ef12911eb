//! What it costs to enter a contract whose code is in the cache, and to call the host from it: our engines only.
//!
//! Times are means over many calls, the smallest of all rounds. The contracts and the host do nothing else, so
//! what a real host function does comes on top.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aivm_core::{Exit, Guest, Host, HostExit, HostFunction};
use aivm_interpreter::Program;
use aivm_jit::CompiledModule;

use crate::contenders::{EXPORT, answer, plan};

/// Times that a contract is entered in one round.
const ENTRIES: u32 = 10_000;
/// Host calls in one round, all in one entry.
const HOST_CALLS: u32 = 1_000_000;

/// Returns what it is given.
const BARE: &str = r#"(module (func (export "run") (param i32) (result i32) (local.get 0)))"#;
/// Reads its memory: every contract built from Rust has some.
const MEMORY: &str = r#"(module (memory (export "memory") 1)
    (func (export "run") (param i32) (result i32) (i32.load (local.get 0))))"#;
/// Calls the host as often as it is told.
const HOST: &str = r#"(module
    (import "vm_hooks" "msg_reentrant" (func $host (result i32)))
    (func (export "run") (param $left i32) (result i32) (local $sum i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (call $host)))
            (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.get $sum)))"#;

/// Answers 0 to everything.
struct Silent;

impl Host for Silent {
    fn call(&mut self, _: HostFunction, _: &[u64], _: &mut dyn Guest) -> Result<u64, HostExit> {
        Ok(0)
    }
}

/// Measures and prints a table.
pub(crate) fn report(rounds: u32) {
    let (bare, memory, host) = (Code::new(BARE), Code::new(MEMORY), Code::new(HOST));
    let mut jit = bare.jit();
    let mut interpreter = bare.interpreter();
    println!("Borders, ns.\n\n| what | JIT | interpreter |\n|---|---|---|");
    let row =
        |what: &str, times: [f64; 2]| println!("| {what} | {:.1} | {:.1} |", times[0], times[1]);
    let ink = || u64::MAX;
    row(
        "a call into an instance that is there",
        nanoseconds(
            rounds,
            ENTRIES,
            || check(jit.invoke(bare.function, &[0], &mut ink(), &mut Silent)),
            || check(interpreter.invoke(bare.function, &[0], &mut ink(), &mut Silent)),
        ),
    );
    for (what, code) in [
        ("a new instance without memory, and a call", &bare),
        ("a new instance with memory, and a call", &memory),
    ] {
        let jit = || code.enter_jit(0);
        let interpreter = || code.enter_interpreter(0);
        row(what, nanoseconds(rounds, ENTRIES, jit, interpreter));
    }
    let entry = nanoseconds(
        rounds,
        1,
        || host.enter_jit(HOST_CALLS),
        || host.enter_interpreter(HOST_CALLS),
    );
    row(
        "a host call",
        entry.map(|time| time / f64::from(HOST_CALLS)),
    );
}

/// What a call of each engine takes: means over `times` calls, the smallest of all rounds.
fn nanoseconds(
    rounds: u32,
    times: u32,
    mut jit: impl FnMut(),
    mut interpreter: impl FnMut(),
) -> [f64; 2] {
    let engines: [&mut dyn FnMut(); 2] = [&mut jit, &mut interpreter];
    engines.map(|call| {
        let mean = |_| {
            let begun = Instant::now();
            (0..times).for_each(|_| call());
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        };
        (0..rounds).map(mean).fold(f64::MAX, f64::min)
    })
}

/// A contract whose answer is 0, ready for both engines.
struct Code {
    compiled: Arc<CompiledModule>,
    program: Arc<Program>,
    function: u32,
}

impl Code {
    fn new(text: &str) -> Code {
        let plan = plan(&wat::parse_str(text).expect("a module"));
        Code {
            compiled: Arc::new(CompiledModule::compile(&plan).expect("compiled")),
            program: Arc::new(Program::new(Arc::clone(&plan))),
            function: plan.exported_function(EXPORT).expect("exported"),
        }
    }

    fn jit(&self) -> aivm_jit::Instance {
        aivm_jit::Instance::new(&self.compiled).expect("instantiated")
    }

    fn interpreter(&self) -> aivm_interpreter::Instance {
        aivm_interpreter::Instance::new(&self.program).expect("instantiated")
    }

    fn enter_jit(&self, argument: u32) {
        let mut ink = u64::MAX;
        check(
            self.jit()
                .invoke(self.function, &[argument.into()], &mut ink, &mut Silent),
        );
    }

    fn enter_interpreter(&self, argument: u32) {
        let mut ink = u64::MAX;
        check(
            self.interpreter()
                .invoke(self.function, &[argument.into()], &mut ink, &mut Silent),
        );
    }
}

fn check(exit: Exit) {
    assert_eq!(answer(&black_box(exit)), 0);
}
