//! `cargo run --release -p aivm-peers -- [--rounds N] [PROGRAM…]`: our contract engines beside wasmtime, with and
//! without fuel, and wasmi, on the same programs in the same run; then what it costs to enter a contract and to
//! call the host. Prints tables for docs/performance.md. A program is named by a part of its name.
//!
//! Every engine runs every program once a round, in turn, so that a slow spell of the machine hits all of
//! them; the fastest round counts. The answer of every run is checked.

#![forbid(unsafe_code)]
// Ratios of times are for people; they enter nothing.
#![allow(clippy::float_arithmetic)]

mod borders;
mod contenders;
#[path = "../../programs/mod.rs"]
mod programs;

use std::time::{Duration, Instant};

use contenders::{CONTENDERS, Ready};
use programs::{PROGRAMS, Program};

/// Rounds over all engines, if the command line names no others.
const ROUNDS: u32 = 15;

/// Fastest times of one engine on one program.
#[derive(Clone, Copy)]
struct Times {
    compile: Duration,
    run: Duration,
}

/// A quotient that is reported for every program.
struct Ratio {
    title: &'static str,
    ours: &'static str,
    peer: &'static str,
    time: fn(&Times) -> Duration,
}

const RATIOS: [Ratio; 4] = [
    Ratio {
        title: "JIT ÷ wasmtime, run",
        ours: "aivm jit, metered",
        peer: "wasmtime",
        time: |times| times.run,
    },
    Ratio {
        title: "JIT ÷ wasmtime with fuel, run",
        ours: "aivm jit, metered",
        peer: "wasmtime, fuel",
        time: |times| times.run,
    },
    Ratio {
        title: "JIT ÷ wasmtime with fuel, compile",
        ours: "aivm jit, metered",
        peer: "wasmtime, fuel",
        time: |times| times.compile,
    },
    Ratio {
        title: "interpreter ÷ wasmi, run",
        ours: "aivm interpreter, metered",
        peer: "wasmi",
        time: |times| times.run,
    },
];

fn main() -> Result<(), String> {
    let (rounds, names) = arguments(std::env::args().skip(1))?;
    let chosen: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|program| names.is_empty() || names.iter().any(|name| program.name.contains(name)))
        .collect();

    println!("Fastest of {rounds} rounds in µs; compile is from bytes to something callable.\n");
    let engines = CONTENDERS.map(|contender| contender.name);
    let halves = engines
        .iter()
        .flat_map(|name| [format!("{name}: compile"), "run".to_owned()]);
    header("program", halves);
    let mut measured = Vec::new();
    for program in &chosen {
        let times = measure(program, rounds);
        print!("| {} |", program.name);
        for time in &times {
            print!(" {} | {} |", time.compile.as_micros(), time.run.as_micros());
        }
        println!();
        measured.push(times);
    }

    println!("\nBelow 1: ours is faster.\n");
    header("program", RATIOS.iter().map(|ratio| ratio.title.to_owned()));
    let rows: Vec<[f64; RATIOS.len()]> = measured
        .iter()
        .map(|times| RATIOS.each_ref().map(|ratio| ratio.of(times)))
        .collect();
    for (program, ratios) in chosen.iter().zip(&rows) {
        row(program.name, ratios, 2);
    }
    row("geometric mean", &geometric_means(&rows), 3);

    println!();
    borders::report(rounds);
    Ok(())
}

/// The rounds, and the parts of names that choose programs.
fn arguments(given: impl Iterator<Item = String>) -> Result<(u32, Vec<String>), String> {
    let mut rounds = ROUNDS;
    let mut names = Vec::new();
    let mut given = given;
    while let Some(argument) = given.next() {
        if argument == "--rounds" {
            let number = given.next().and_then(|number| number.parse().ok());
            rounds = number
                .filter(|rounds| *rounds > 0)
                .ok_or("--rounds takes a number above 0")?;
        } else if argument.starts_with('-') {
            return Err(format!(
                "unknown option {argument}; --rounds N is the only one"
            ));
        } else if PROGRAMS
            .iter()
            .any(|program| program.name.contains(&argument))
        {
            names.push(argument);
        } else {
            let known = PROGRAMS.each_ref().map(|program| program.name).join(", ");
            return Err(format!("no program {argument}; there are {known}"));
        }
    }
    Ok((rounds, names))
}

fn measure(program: &Program, rounds: u32) -> Vec<Times> {
    let wasm = program.wasm();
    let mut best = vec![
        Times {
            compile: Duration::MAX,
            run: Duration::MAX
        };
        CONTENDERS.len()
    ];
    for _ in 0..rounds {
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

impl Ratio {
    fn of(&self, times: &[Times]) -> f64 {
        let seconds = |name: &str| {
            let index = CONTENDERS
                .iter()
                .position(|contender| contender.name == name);
            (self.time)(&times[index.expect("it takes part")]).as_secs_f64()
        };
        seconds(self.ours) / seconds(self.peer)
    }
}

fn geometric_means<const N: usize>(rows: &[[f64; N]]) -> [f64; N] {
    std::array::from_fn(|column| {
        let logarithms: f64 = rows.iter().map(|row| row[column].ln()).sum();
        (logarithms / rows.len() as f64).exp()
    })
}

/// The first two lines of a table.
fn header(first: &str, columns: impl Iterator<Item = String>) {
    let mut line = format!("| {first} |");
    let mut rule = "|---|".to_owned();
    for column in columns {
        line += &format!(" {column} |");
        rule += "---|";
    }
    println!("{line}\n{rule}");
}

fn row(name: &str, values: &[f64], decimals: usize) {
    print!("| {name} |");
    for value in values {
        print!(" {value:.decimals$} |");
    }
    println!();
}
