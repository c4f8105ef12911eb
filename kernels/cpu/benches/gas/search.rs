//! The search for what is slowest per gas: random cases of every operator and shape of graph, then small changes of the
//! worst.

use std::time::Instant;

use aivm_tosa::Executor;

use crate::draw::{self, OPERATORS};
use crate::graphs::{self, GRAPHS};
use crate::measure::{self, Effort, Figure};
use crate::random::{Choices, Random, changed};
use crate::{Options, line};

/// The worst case of one operator or shape of graph.
struct Worst {
    name: &'static str,
    numbers: Vec<u32>,
    figure: Option<Figure>,
    text: String,
    cases: usize,
}

impl Worst {
    fn value(&self) -> f64 {
        self.figure.as_ref().map_or(0.0, Figure::worst)
    }
}

/// Searches for as long as the options say, and prints the worst case of each operator and shape of graph.
pub(crate) fn search(options: &Options, median: f64, executor: &dyn Executor) {
    let names = OPERATORS.into_iter().chain(GRAPHS);
    let mut all: Vec<Worst> = names
        .filter(|name| name.contains(&options.only))
        .map(|name| Worst {
            name,
            numbers: Vec::new(),
            figure: None,
            text: String::new(),
            cases: 0,
        })
        .collect();
    let mut random = Random::new(options.seed);
    let start = Instant::now();
    while start.elapsed() < options.search && !all.is_empty() {
        // Half of the time in turn, half of the time what is worst so far.
        let at = if random.below(2) == 0 {
            random.below(all.len())
        } else {
            let rivals = [0; 3].map(|_| random.below(all.len()));
            rivals
                .into_iter()
                .max_by(|&a, &b| all[a].value().total_cmp(&all[b].value()))
                .unwrap_or(0)
        };
        let worst = &mut all[at];
        let climbs = worst.figure.is_some() && random.below(2) == 0;
        let numbers = if climbs {
            changed(&worst.numbers, &mut random)
        } else {
            Vec::new()
        };
        let Some((numbers, text, figure)) =
            case(worst.name, numbers, &mut random, executor, Effort::QUICK)
        else {
            continue;
        };
        worst.cases += 1;
        if options.verbose {
            println!("{:24} {}  {text}", worst.name, line(&figure));
        }
        if figure.worst() <= worst.value() {
            continue;
        }
        // Noise only makes things slower: what counts is the least of several measurements.
        let mut least = figure;
        for _ in 0..3 {
            if least.worst() <= worst.value() {
                break;
            }
            let again = case(
                worst.name,
                numbers.clone(),
                &mut random,
                executor,
                Effort::CAREFUL,
            );
            if let Some((_, _, again)) = again.filter(|again| again.2.worst() < least.worst()) {
                least = again;
            }
        }
        if least.worst() <= worst.value() {
            continue;
        }
        if least.worst() > 3.0 * median {
            println!("{:24} {}  {text}", worst.name, line(&least));
        }
        (worst.numbers, worst.text, worst.figure) = (numbers, text, Some(least));
    }
    all.sort_by(|a, b| b.value().total_cmp(&a.value()));
    println!("worst found, and how many times the median of {median:.2}");
    for worst in &all {
        let times = worst.value() / median;
        let figure = worst.figure.as_ref().map_or(String::new(), line);
        println!(
            "{:24} {:6} cases {times:6.2}  {figure}  {}",
            worst.name, worst.cases, worst.text
        );
    }
}

/// A case made of `numbers`, measured; `None` if they make none.
fn case(
    name: &'static str,
    numbers: Vec<u32>,
    random: &mut Random,
    executor: &dyn Executor,
    effort: Effort,
) -> Option<(Vec<u32>, String, Figure)> {
    let mut choices = Choices::new(numbers, random);
    let (text, figure) = if OPERATORS.contains(&name) {
        let step = draw::draw(name, &mut choices)?;
        (step.describe(), measure::measure(&step, executor, effort))
    } else {
        let pair = graphs::draw(name, &mut choices)?;
        let figure = measure::compare((&pair.small, &pair.large), pair.more, executor, effort);
        (pair.note, figure)
    };
    let numbers = choices.into_numbers();
    match figure {
        Ok(figure) => Some((numbers, text, figure)),
        Err(error) => {
            println!("{name} {text}: {error}");
            None
        }
    }
}
