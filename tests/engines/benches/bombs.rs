//! What activating a contract takes: every family of bombs in every size and shape, and what is refused.
//!
//! `cargo bench -p aivm-lockstep --bench bombs -- [--only NAME] [--verbose]`. The rules: an accepted module is validated,
//! metered, lowered and compiled within [`MILLISECONDS_A_KIBIBYTE`] for each begun kibibyte of its file and in
//! [`MEBIBYTES`], a refused one within [`MILLISECONDS_REFUSED`], and no module takes longer than [`RATIO_MAX`] times what
//! the price of its activation would buy of contract code. The program ends with 1 where one does not hold.
//!
//! Times are the process's, on one thread.

#![cfg(unix)]
#![allow(
    clippy::float_arithmetic,
    reason = "times and their ratios reach no gas"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aivm_core::{GasSchedule, Limits};
use aivm_lockstep::bombs::{self, Bomb};
use aivm_wasm::{Rules, cost, meter, validate};

const MILLISECONDS_A_KIBIBYTE: f64 = 50.0;
const MILLISECONDS_REFUSED: f64 = 50.0;
const MEBIBYTES: u64 = 256;
const RATIO_MAX: f64 = 3.0;
/// What the median case of the gas bench takes in the JIT (docs/gas-of-code.md).
const NANOSECONDS_A_GAS: f64 = 4.6;

/// Sizes in KiB.
const SIZES: [usize; 8] = [1, 2, 4, 8, 16, 32, 60, 124];

/// One module's activation.
struct Figure {
    name: &'static str,
    /// Bytes of the file.
    bytes: usize,
    functions: usize,
    milliseconds: f64,
    gas: u64,
    /// Resident memory of the process at most, above what it had before.
    mebibytes: u64,
    is_compiled: bool,
}

impl Figure {
    fn a_kibibyte(&self) -> f64 {
        self.milliseconds / self.bytes.div_ceil(1024) as f64
    }

    /// Time taken for time bought.
    fn ratio(&self) -> f64 {
        self.milliseconds * 1e6 / (self.gas as f64 * NANOSECONDS_A_GAS)
    }
}

fn main() -> ExitCode {
    let mut only = String::new();
    let (mut measured, mut verbose) = (false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--bench" => measured = true,
            "--only" => only = words.next().unwrap_or_default(),
            "--verbose" => verbose = true,
            other => {
                eprintln!("no option {other}: --only NAME or --verbose");
                return ExitCode::from(2);
            }
        }
    }
    let families: Vec<Bomb> = bombs::all()
        .into_iter()
        .filter(|bomb| bomb.name.contains(&only))
        .collect();
    if !measured {
        // `cargo test --benches`: that they are measured at all.
        for bomb in &families {
            activate(bomb.name, &bomb.of_bytes(1024));
        }
        return ExitCode::SUCCESS;
    }
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1);
    threads.build_global().expect("no pool was used before");

    let mut figures: Vec<Figure> = families.iter().flat_map(modules_of).collect();
    if verbose {
        print(figures.iter());
    }
    println!("{} families, {} modules", families.len(), figures.len());
    let compiled = figures.iter().filter(|figure| figure.is_compiled).count();
    println!("{compiled} compiled, the others above the limits of work");

    figures.sort_by(|a, b| b.a_kibibyte().total_cmp(&a.a_kibibyte()));
    println!("\nlongest for their bytes:");
    print(figures.iter().take(8));
    let too_long = figures
        .iter()
        .filter(|figure| figure.a_kibibyte() > MILLISECONDS_A_KIBIBYTE)
        .count();

    figures.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
    println!("\nlongest for their price:");
    print(figures.iter().take(8));
    println!(
        "median {:.2}, cheapest {:.4}",
        figures[figures.len() / 2].ratio(),
        figures[figures.len() - 1].ratio()
    );
    let too_cheap = figures
        .iter()
        .filter(|figure| figure.ratio() > RATIO_MAX)
        .count();

    let most = figures.iter().map(|figure| figure.mebibytes).max();
    println!("\nmost memory: {} MiB", most.unwrap_or(0));
    let too_large = figures
        .iter()
        .filter(|figure| figure.mebibytes > MEBIBYTES)
        .count();

    let too_late = refused();
    println!(
        "{too_long} too long, {too_cheap} too cheap, {too_large} too large, {too_late} refused too late"
    );
    match too_long + too_cheap + too_large + too_late {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// A family in every size, in one function and in many.
fn modules_of(bomb: &Bomb) -> Vec<Figure> {
    let mut modules: Vec<Vec<u8>> = SIZES
        .iter()
        .map(|kibibytes| bomb.of_bytes(kibibytes << 10))
        .collect();
    if bomb.is_of_bodies() {
        for body in [512, 2 << 10, 8 << 10] {
            modules.push(bomb.shaped(32 << 10, body));
            modules.push(bomb.shaped(124 << 10, body));
        }
    }
    modules.dedup();
    let figures = modules.iter().map(|module| activate(bomb.name, module));
    figures.collect()
}

/// What an engine does before a contract's first call.
fn activate(name: &'static str, bytes: &[u8]) -> Figure {
    let before = memory(true);
    let begun = process_time();
    let module = validate(bytes, &Limits::CONTRACT, Rules::Contract).expect("bombs are accepted");
    let plan = Arc::new(meter(&module, &GasSchedule::V1));
    let ink = cost::creation(&plan, &GasSchedule::V1);
    let program = aivm_interpreter::Program::new(Arc::clone(&plan));
    let compiled = aivm_jit::CompiledModule::compile(&plan);
    let milliseconds = (process_time() - begun).as_secs_f64() * 1e3;
    let mebibytes = memory(false).saturating_sub(before) >> 10;
    drop(program);
    Figure {
        name,
        bytes: bytes.len(),
        functions: plan.functions.len(),
        milliseconds,
        gas: aivm_core::gas::ink_to_gas_ceil(ink),
        mebibytes,
        is_compiled: compiled.is_ok(),
    }
}

fn print<'a>(figures: impl Iterator<Item = &'a Figure>) {
    for figure in figures {
        println!(
            "  {:44} {:6} bytes, {:4} functions: {:7.1} ms, {:5.1} a KiB; {:9} gas, {:.2} of what they buy{}",
            figure.name,
            figure.bytes,
            figure.functions,
            figure.milliseconds,
            figure.a_kibibyte(),
            figure.gas,
            figure.ratio(),
            match figure.is_compiled {
                true => "",
                false => "; interpreted",
            }
        );
    }
}

/// How many refusals took too long.
fn refused() -> usize {
    let mut slowest = ("", Duration::ZERO);
    let mut too_late = 0;
    for refused in bombs::refused() {
        let begun = process_time();
        let refusal = validate(&refused.bytes, &Limits::CONTRACT, Rules::Contract);
        let time = process_time() - begun;
        assert!(refusal.is_err(), "{} is accepted", refused.name);
        too_late += usize::from(time.as_secs_f64() * 1e3 > MILLISECONDS_REFUSED);
        if time > slowest.1 {
            slowest = (refused.name, time);
        }
    }
    println!("slowest refusal: {}, {:.1?}", slowest.0, slowest.1);
    too_late
}

fn process_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(now.tv_nsec).expect("below a second");
    Duration::new(u64::try_from(now.tv_sec).expect("positive"), nanoseconds)
}

/// Resident memory of this process in KiB: the most since this was last asked to begin anew. 0 where the system does not
/// tell.
fn memory(anew: bool) -> u64 {
    if anew {
        // What it cannot reset it shows too large.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    kibibytes
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
