//! `cargo bench -p aivm-jit --bench boundary`: what it costs to cross the boundary between Rust and native code,
//! in nanoseconds: entering a contract, making an instance of a compiled one, calling the host, trapping.
//!
//! Each figure is the fastest of several rounds, divided by the operations of a round.

// Times are for people; they enter nothing.
#![allow(clippy::float_arithmetic)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aivm_core::{Exit, GasSchedule, Guest, Host, HostExit, HostFunction, Limits};
use aivm_jit::{CompiledModule, Instance, Traps};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};

const ROUNDS: u32 = 20;
const OPERATIONS: u32 = 20_000;
const INK: u64 = 1 << 60;

/// Pages of memory of the instances that are made: as most contracts have them, and with the megabyte of stack that
/// Rust's linker makes if nothing else is said.
const MEMORIES: [u32; 5] = [1, 2, 4, 8, 17];
const CONTRACT: &str = "(module
  (import \"vm_hooks\" \"msg_reentrant\" (func $ask (result i32)))
  (memory 17)
  (func (export \"nothing\") (param i32) (result i32) (local.get 0))
  (func (export \"touch\") (param i32) (result i32)
    (i32.store (i32.const 4096) (local.get 0))
    (i32.store (i32.const 64) (local.get 0))
    (local.get 0))
  (func (export \"trap\") (param i32) (result i32) (i32.load (i32.const 0x7fffffff)))
  (func (export \"ask\") (param i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $ask)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum)))";

struct One;

impl Host for One {
    fn call(&mut self, _: HostFunction, _: &[u64], _: &mut dyn Guest) -> Result<u64, HostExit> {
        Ok(1)
    }
}

fn main() {
    let plan = plan_of(CONTRACT);
    println!("| traps | operation | ns |\n|---|---|---|");
    let mut forms = vec![Traps::Explicit];
    if Traps::best() == Traps::Signals {
        forms.insert(0, Traps::Signals);
    }
    for traps in forms {
        let compile =
            |plan: &_| Arc::new(CompiledModule::compile_with(plan, traps).expect("compiled"));
        let mut instance = Instance::new(&compile(&plan)).expect("instantiated");
        let line = |name: &str, ns: f64| println!("| {traps:?} | {name} | {ns:.0} |");

        line(
            "enter and return",
            each(|| run(&mut instance, "nothing", 1)),
        );
        line("enter and trap", each(|| run(&mut instance, "trap", 1)));
        let calls = fastest(|| run(&mut instance, "ask", u64::from(OPERATIONS)));
        line("host call", calls / f64::from(OPERATIONS));
        for pages in MEMORIES {
            let memory = format!("(memory {pages})");
            let compiled = compile(&plan_of(&CONTRACT.replace("(memory 17)", &memory)));
            let fresh = |function: &str| {
                each(|| {
                    let mut instance = Instance::new(&compiled).expect("instantiated");
                    run(&mut instance, function, 1);
                })
            };
            let name = format!("{pages} pages, new instance, enter, return");
            line(&name, fresh("nothing"));
            let name = format!("{pages} pages, the same, writing two of the system's pages");
            line(&name, fresh("touch"));
        }
    }
}

fn plan_of(text: &str) -> Arc<MeteredModule> {
    let bytes = wat::parse_str(text).expect("text");
    let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).expect("accepted");
    Arc::new(meter(&module, &GasSchedule::V1))
}

fn run(instance: &mut Instance, name: &str, argument: u64) {
    let function = instance.module().exported_function(name).expect("exported");
    let exit = instance.invoke(function, &[argument], &mut INK.clone(), &mut One);
    assert!(!matches!(exit, Exit::Fault(_)));
    black_box(exit);
}

/// Nanoseconds of one of many operations.
fn each(mut operation: impl FnMut()) -> f64 {
    let round = || (0..OPERATIONS / 10).for_each(|_| operation());
    fastest(round) / f64::from(OPERATIONS / 10)
}

/// Nanoseconds of the fastest round.
fn fastest(mut round: impl FnMut()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        round();
        begun.elapsed()
    });
    times.min().expect("rounds").as_nanos() as f64
}
