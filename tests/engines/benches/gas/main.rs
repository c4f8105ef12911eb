//! Nanoseconds per gas of contract code: every class of instructions in both engines, and the bench programs.
//!
//! `cargo bench -p aivm-lockstep --bench gas -- [--only NAME] [--verbose]`. The rule: in each engine that nodes run,
//! nothing is more than three times slower per gas than the median; the program ends with 1 where that does not hold.
//! Prices are in `vm/core/src/schedule.rs`; `--fit` finds better ones for this machine and all whose times are in
//! `measured/` (or, with `--fit-only`, these alone), where `--save FILE` puts them.

#![cfg(unix)]
#![allow(
    clippy::float_arithmetic,
    reason = "times and their ratios reach no gas"
)]

mod cases;
mod fit;
mod measure;
mod measured;

use std::process::ExitCode;

use aivm_lockstep::engine::{Engine, Interpreter, Jit, JitExplicit};
use cases::Case;
use fit::Times;
use measure::Figure;

/// How many times slower per gas than the median anything may be.
const RATIO_MAX: f64 = 3.0;

/// Passes over all cases, of which a case's fastest counts: what disturbs a machine comes in bursts.
const PASSES: usize = 3;

/// Cases that wait for memory behind the machine's caches, at addresses that nobody can foresee: what they take is the
/// machine's, not an instruction's, and priced for it every load would cost some two hundred times what it takes. They are
/// shown, not judged.
const BEHIND_CACHES: [&str; 3] = [
    "i32.load through all of memory",
    "i64.load all over memory",
    "i64.store all over memory",
];

/// What the command line asks for.
struct Options {
    /// Measure only what has this in its name.
    only: String,
    /// Print every line, not only the slow ones.
    verbose: bool,
    /// Look for better prices.
    fit: bool,
    /// The same, but of what was measured on other machines alone.
    from_files: bool,
    /// Keep the times in this file.
    save: Option<String>,
}

impl Options {
    /// `None` for a run that only checks that the cases are valid (`cargo test --benches`).
    fn read() -> Option<Options> {
        let mut options = Options {
            only: String::new(),
            verbose: false,
            fit: false,
            from_files: false,
            save: None,
        };
        let mut measured = false;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => measured = true,
                "--only" => options.only = words.next().unwrap_or_default(),
                "--verbose" => options.verbose = true,
                "--fit" => options.fit = true,
                "--fit-only" => options.from_files = true,
                "--save" => options.save = words.next(),
                other => {
                    eprintln!(
                        "no option {other}: --only NAME, --verbose, --fit, --fit-only, --save FILE"
                    );
                    std::process::exit(2);
                }
            }
        }
        measured.then_some(options)
    }
}

fn main() -> ExitCode {
    let cases = cases::all();
    let Some(options) = Options::read() else {
        for case in &cases {
            measure::check(case);
        }
        return ExitCode::SUCCESS;
    };
    let cases: Vec<Case> = cases
        .into_iter()
        .filter(|case| case.name.contains(&options.only))
        .collect();
    if options.from_files {
        fit::fit(&cases, &measured::others(&cases));
        return ExitCode::SUCCESS;
    }
    // Opened first: a wrong path costs no measurement.
    let save = options.save.as_ref().map(|path| {
        std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map(|_| path)
    });
    let save = match save.transpose() {
        Ok(save) => save,
        Err(error) => {
            eprintln!("--save {}: {error}", options.save.unwrap_or_default());
            return ExitCode::from(2);
        }
    };
    let mut all_within = true;
    let mut times = Vec::new();
    let engines: [&dyn Engine; 3] = [&Interpreter, &Jit, &JitExplicit];
    for engine in engines {
        let mut figures: Vec<(&Case, Figure)> = cases
            .iter()
            .map(|case| (case, measure::figure(case, engine)))
            .collect();
        for _ in 1..PASSES {
            for (case, best) in &mut figures {
                best.keep_faster(measure::figure(case, engine));
            }
        }
        times.push(Times {
            whose: engine.name().to_owned(),
            nanoseconds: figures
                .iter()
                .map(|(_, figure)| Some(figure.nanoseconds))
                .collect(),
        });
        figures.sort_by(|a, b| b.1.ns_per_gas().total_cmp(&a.1.ns_per_gas()));
        let median = figures[figures.len() / 2].1.ns_per_gas();
        println!(
            "{}: median {median:.1} ns per gas over {} cases",
            engine.name(),
            figures.len()
        );
        for (case, figure) in &figures {
            let ratio = figure.ns_per_gas() / median;
            if options.verbose || ratio > RATIO_MAX / 2.0 {
                println!(
                    "  {:40} {:8.1} ns per gas, {ratio:5.2} × the median; {:7.2} ns and {:8.0} ink each",
                    case.name,
                    figure.ns_per_gas(),
                    figure.nanoseconds,
                    figure.ink
                );
            }
        }
        let is_judged = |case: &Case| !BEHIND_CACHES.contains(&case.name.as_str());
        let above = figures
            .iter()
            .filter(|(case, figure)| is_judged(case) && figure.ns_per_gas() > RATIO_MAX * median)
            .count();
        println!(
            "  {above} cases above {RATIO_MAX} × the median, those behind the caches not counted"
        );
        all_within &= above == 0;
    }
    if let Some(file) = save {
        std::fs::write(file, measured::text(&cases, &times)).expect("the file can be written");
    }
    if options.fit {
        times.extend(measured::others(&cases));
        fit::fit(&cases, &times);
    }
    match all_within {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
