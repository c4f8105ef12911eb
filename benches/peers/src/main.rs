//! `cargo run --release -p aivm-peers`: our contract engines beside wasmtime, with and without fuel, and
//! wasmi, on the same programs in the same run. Prints a table of ratios for docs/performance.md.
//!
//! Every engine runs every program once a round, in turn, so that a slow spell of the machine hits all of
//! them; the fastest round counts. The answer of every run is checked.

#![forbid(unsafe_code)]
// Ratios of times are for people; they enter nothing.
#![allow(clippy::float_arithmetic)]

mod contenders;
#[path = "../../programs/mod.rs"]
mod programs;

use std::time::{Duration, Instant};

use contenders::{CONTENDERS, Ready};
use programs::{PROGRAMS, Program};

/// Rounds over all engines.
const ROUNDS: u32 = 15;

/// Fastest times of one engine on one program.
#[derive(Clone, Copy)]
struct Times {
    compile: Duration,
    run: Duration,
}

fn main() {
    println!("fastest of {ROUNDS} rounds; compile: from bytes to something callable\n");
    println!(
        "| program | engine | compile µs | run µs | run ÷ wasmtime | run ÷ wasmtime with fuel |"
    );
    println!("|---|---|---|---|---|---|");
    for program in &PROGRAMS {
        let times = measure(program);
        let run = |name: &str| {
            let index = CONTENDERS
                .iter()
                .position(|contender| contender.name == name);
            times[index.expect("wasmtime takes part")].run
        };
        let (plain, fuel) = (run("wasmtime"), run("wasmtime, fuel"));
        for (contender, time) in CONTENDERS.iter().zip(&times) {
            println!(
                "| {} | {} | {} | {} | {:.2} | {:.2} |",
                program.name,
                contender.name,
                time.compile.as_micros(),
                time.run.as_micros(),
                time.run.as_secs_f64() / plain.as_secs_f64(),
                time.run.as_secs_f64() / fuel.as_secs_f64(),
            );
        }
    }
}

fn measure(program: &Program) -> Vec<Times> {
    let wasm = wat::parse_str(program.wat).expect("the program is WAT");
    let mut best = vec![
        Times {
            compile: Duration::MAX,
            run: Duration::MAX
        };
        CONTENDERS.len()
    ];
    for _ in 0..ROUNDS {
        for (contender, best) in CONTENDERS.iter().zip(&mut best) {
            let begun = Instant::now();
            let ready: Box<dyn Ready> = (contender.prepare)(&wasm);
            best.compile = best.compile.min(begun.elapsed());

            let mut instance = ready.instantiate();
            let begun = Instant::now();
            let answer = instance(program.argument);
            best.run = best.run.min(begun.elapsed());
            assert_eq!(
                answer, program.answer,
                "{} on {}",
                contender.name, program.name
            );
        }
    }
    best
}
