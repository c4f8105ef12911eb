//! Nanoseconds per gas: a table of every operator at several sizes and types, and a search for the operator, size and
//! shape of graph that is slowest for its price.
//!
//! `cargo bench -p aivm-cpu --bench gas -- [--search SECONDS] [--seed N] [--only NAME] [--verbose]`. The rule: nothing
//! that is found is more than three times slower per gas than the median of the table.

#![allow(
    clippy::float_arithmetic,
    reason = "times and their ratios reach no gas"
)]

mod draw;
mod graphs;
mod measure;
mod operators;
mod random;
mod search;
mod sequence;
mod step;
mod table;
mod windows;

use std::time::Duration;

use measure::{Effort, Figure};

/// What the command line asks for.
struct Options {
    search: Duration,
    seed: u64,
    /// Measure only what has this in its name.
    only: String,
    /// Print every line of the table.
    verbose: bool,
}

impl Options {
    /// `None` for a run that only checks that the cases are valid (`cargo test --benches`).
    fn read() -> Option<Options> {
        let mut options = Options {
            search: Duration::ZERO,
            seed: 1,
            only: String::new(),
            verbose: false,
        };
        let mut measured = false;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| usage(&word));
            match word.as_str() {
                "--bench" => measured = true,
                "--search" => options.search = Duration::from_secs(parsed(&value())),
                "--seed" => options.seed = parsed(&value()),
                "--only" => options.only = value(),
                "--verbose" => options.verbose = true,
                _ => usage(&word),
            }
        }
        measured.then_some(options)
    }
}

fn parsed(word: &str) -> u64 {
    word.parse().unwrap_or_else(|_| usage(word))
}

fn usage(word: &str) -> ! {
    eprintln!("{word}: expected [--search SECONDS] [--seed N] [--only NAME] [--verbose]");
    std::process::exit(2);
}

fn main() {
    let Some(options) = Options::read() else {
        check();
        return;
    };
    let executor = measure::executor();
    let mut all: Vec<f64> = Vec::new();
    println!(
        "{:24} {:>5} {:>8} {:>8} {:>8}  slowest",
        "operator", "lines", "lowest", "median", "highest"
    );
    for operator in table::operators().filter(|name| name.contains(&options.only)) {
        let mut lines: Vec<(Figure, String)> = Vec::new();
        for step in table::lines(operator) {
            match measure::measure(&step, &executor, Effort::QUICK) {
                Ok(figure) => lines.push((figure, step.describe())),
                Err(error) => println!("{}: {error}", step.describe()),
            }
        }
        if options.verbose {
            for (figure, text) in &lines {
                println!("  {}  {text}", line(figure));
            }
        }
        lines.sort_by(|a, b| a.0.worst().total_cmp(&b.0.worst()));
        let worst = |index: usize| lines[index].0.worst();
        let (Some(last), middle) = (lines.len().checked_sub(1), lines.len() / 2) else {
            continue;
        };
        println!(
            "{operator:24} {:5} {:8.2} {:8.2} {:8.2}  {}",
            lines.len(),
            worst(0),
            worst(middle),
            worst(last),
            lines[last].1
        );
        all.extend(lines.iter().map(|line| line.0.worst()));
    }
    all.sort_by(f64::total_cmp);
    let median = all.get(all.len() / 2).copied().unwrap_or(1.0);
    println!(
        "median of {} lines: {median:.2} ns per gas; three times that: {:.2}",
        all.len(),
        3.0 * median
    );
    if !options.search.is_zero() {
        search::search(&options, median, &executor);
    }
}

/// A figure as text.
fn line(figure: &Figure) -> String {
    format!(
        "{:8.2} one more, {:8.2} whole ({:10.1} ns for {:9.3} gas; load {:6.2} ns/byte, prepare {:7.2} ns/gas)",
        figure.marginal,
        figure.whole,
        figure.node_ns,
        figure.node_gas,
        figure.load_per_byte,
        figure.prepare_per_gas
    )
}

/// Loads every line of the table and some drawn cases without measuring them.
fn check() {
    let mut count = 0;
    let mut load = |case: &step::Case, text: &str| {
        let limits = aivm_tosa::ModelLimits::TOOL;
        let loaded = aivm_tosa::load(&case.model.file(), &limits, &aivm_tosa::PriceTable::V1);
        if let Err(refusal) = loaded {
            panic!("{text}: {refusal}");
        }
        count += 1;
    };
    for operator in table::operators() {
        for step in table::lines(operator)
            .iter()
            .filter(|step| step.bytes() < 1 << 20)
        {
            load(&step.copies(2, 2), &step.describe());
        }
    }
    let mut random = random::Random::new(1);
    for operator in draw::OPERATORS {
        for _ in 0..20 {
            let mut choices = random::Choices::new(Vec::new(), &mut random);
            if let Some(step) =
                draw::draw(operator, &mut choices).filter(|step| step.bytes() < 1 << 20)
            {
                load(&step.copies(2, 2), &step.describe());
            }
        }
    }
    for name in graphs::GRAPHS {
        for _ in 0..10 {
            let mut choices = random::Choices::new(Vec::new(), &mut random);
            if let Some(pair) = graphs::draw(name, &mut choices) {
                load(&pair.small, &pair.note);
            }
        }
    }
    println!("{count} cases are valid; `cargo bench` measures them");
}
