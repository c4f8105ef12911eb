//! Long rows of modules: every engine of ours, and `wasmi`, on every export with several arguments.
//!
//! `AIVM_DIFFERENTIAL_MODULES` and `AIVM_DIFFERENTIAL_MUTANTS` set how many (2,000 and 200 when unset),
//! `AIVM_DIFFERENTIAL_FIRST` the first seed (0 when unset): a failure names its seed, and that seed alone
//! repeats it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aivm_core::Limits;
use aivm_lockstep::lockstep::Disagreement;
use aivm_lockstep::{Tally, examine, mutants, smith};

/// Of fewer modules, as when one seed is repeated, shares say nothing.
const MODULES_OF_A_SHARE: u64 = 1_000;

/// No module takes a second. An engine that goes on for as long as this never ends; there is no stopping it, but
/// its seed can be told.
const ENDLESS: Duration = Duration::from_secs(300);

/// A row of modules.
struct Source<'a> {
    /// The environment variable with the number of modules.
    variable: &'static str,
    limits: Limits,
    /// Ink of one call.
    ink: u64,
    module: &'a (dyn Fn(u64) -> Vec<u8> + Sync),
}

#[test]
fn engines_agree_on_generated_modules() {
    let source = Source {
        variable: "AIVM_DIFFERENTIAL_MODULES",
        limits: smith::LIMITS,
        ink: 20_000,
        module: &smith::module,
    };
    let tally = source.run(2_000);
    let accepted = tally.accepted();
    if accepted < MODULES_OF_A_SHARE {
        return;
    }
    assert!(
        accepted * 10 >= tally.modules * 9,
        "only {accepted} modules were accepted"
    );
    assert!(
        tally.running * 10 >= accepted * 3,
        "only {} of {accepted} modules run",
        tally.running
    );
    assert!(
        tally.compared_with_wasmi * 2 >= tally.calls,
        "only {} calls have a third opinion",
        tally.compared_with_wasmi
    );
}

#[test]
fn engines_agree_on_mutants_of_contracts() {
    let originals = mutants::originals();
    let source = Source {
        variable: "AIVM_DIFFERENTIAL_MUTANTS",
        limits: mutants::LIMITS,
        ink: 200_000,
        module: &|seed| mutants::module(seed, &originals),
    };
    let tally = source.run(200);
    let accepted = tally.accepted();
    if tally.modules < MODULES_OF_A_SHARE {
        return;
    }
    assert!(
        accepted * 2 >= tally.modules,
        "only {accepted} mutants were accepted"
    );
    // Real programs are long: that their ink ends before them does not make them endless.
    assert!(
        tally.running_or_endless * 10 >= accepted * 3 && tally.running * 10 >= accepted,
        "only {} of {accepted} mutants run, {} to their end",
        tally.running_or_endless,
        tally.running
    );
}

impl Source<'_> {
    /// Examines as many modules as the environment says, on all processors.
    fn run(&self, default: u64) -> Tally {
        let modules = from_environment(self.variable, default);
        let first = from_environment("AIVM_DIFFERENTIAL_FIRST", 0);
        let begun = Instant::now();
        let row = Row {
            next: AtomicU64::new(first),
            end: first + modules,
            begun: Mutex::default(),
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut tally = Tally::default();
        let mut failure: Option<(u64, String)> = None;
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.work(&row)))
                .collect();
            while !workers.iter().all(|worker| worker.is_finished()) {
                std::thread::sleep(Duration::from_millis(50));
                if let Some(seed) = row.endless() {
                    // Past what the test harness keeps back, which an abort would lose.
                    let seed = self.named(seed);
                    let _ = writeln!(std::io::stderr(), "{seed} has not ended in {ENDLESS:?}");
                    std::process::abort();
                }
            }
            for worker in workers {
                let (part, difference) = worker.join().expect("a worker catches what panics");
                tally.add(&part);
                failure = [failure.take(), difference].into_iter().flatten().min();
            }
        });
        if let Some((seed, difference)) = failure {
            panic!("{}\n{difference}", self.named(seed));
        }
        println!("{tally}in {:.1} s", begun.elapsed().as_secs_f64());
        println!(
            "campaign: first_seed={first} modules={} refused={} over_100_instructions={} of_these_to_their_end={} calls={} compared_with_wasmi={}",
            tally.modules,
            tally.modules - tally.accepted(),
            tally.running_or_endless,
            tally.running,
            tally.calls,
            tally.compared_with_wasmi
        );
        tally
    }

    /// A seed, and what repeats it alone.
    fn named(&self, seed: u64) -> String {
        format!(
            "seed {seed} (AIVM_DIFFERENTIAL_FIRST={seed} {}=1)",
            self.variable
        )
    }

    /// Examines seeds until they are used up or one fails.
    fn work(&self, row: &Row) -> (Tally, Option<(u64, String)>) {
        let mut tally = Tally::default();
        while let Some(seed) = row.begin() {
            let bytes = (self.module)(seed);
            let examine = || examine(&bytes, seed, &self.limits, self.ink);
            let examined = catch_unwind(AssertUnwindSafe(examine))
                .unwrap_or_else(|_| Err(Disagreement("an engine panicked".to_owned())));
            row.end(seed);
            match examined {
                Ok(part) => tally.add(&part),
                Err(Disagreement(what)) => {
                    row.stop();
                    let text =
                        wasmprinter::print_bytes(&bytes).unwrap_or_else(|error| error.to_string());
                    return (tally, Some((seed, format!("{what}\n{text}"))));
                }
            }
        }
        (tally, None)
    }
}

/// The seeds of a row, each taken by one worker.
struct Row {
    next: AtomicU64,
    end: u64,
    /// When those under examination were begun.
    begun: Mutex<BTreeMap<u64, Instant>>,
}

impl Row {
    /// The next seed, if there is one.
    fn begin(&self) -> Option<u64> {
        let seed = self.next.fetch_add(1, Ordering::Relaxed);
        if seed >= self.end {
            return None;
        }
        let mut begun = self.begun.lock().expect("no worker panics with it");
        begun.insert(seed, Instant::now());
        Some(seed)
    }

    fn end(&self, seed: u64) {
        let mut begun = self.begun.lock().expect("no worker panics with it");
        begun.remove(&seed);
    }

    /// Gives out no further seeds.
    fn stop(&self) {
        self.next.fetch_max(self.end, Ordering::Relaxed);
    }

    /// A seed that has been under examination for too long.
    fn endless(&self) -> Option<u64> {
        let begun = self.begun.lock().expect("no worker panics with it");
        let mut late = begun.iter().filter(|(_, since)| since.elapsed() > ENDLESS);
        late.next().map(|(seed, _)| *seed)
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}
