//! CPU time, user and system, that the linear operators and whole models take on drivers that compute on the CPU.
//!
//! `cargo bench -p aivm-gpu --bench cpu_time -- [--seconds S] [FILTER]`. An operation is a multiplication or an addition:
//! one multiply-accumulate is two of them. Other work on the machine moves this clock less than that on the wall, yet
//! the shortest round is the one to compare. Models are those of the folder that `AIVM_SHARED` names.

#![cfg(unix)]
#![allow(clippy::float_arithmetic, reason = "rates to be read")]

mod shapes;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

// The modules of this bench name it as one of theirs.
use aivm_cases::model;
use aivm_gpu::GpuExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable};

/// Models measured whole.
const MODELS: [&str; 4] = ["resnet8", "kws_dscnn", "ad01", "mnist_cnn"];

fn main() {
    let mut seconds = 1;
    let mut filter = String::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--seconds" => {
                let value = arguments.next().unwrap_or_default();
                seconds = value.parse().expect("a number of seconds");
            }
            _ => filter = argument,
        }
    }
    let mut works: Vec<(String, Vec<u8>)> = Vec::new();
    for shape in shapes::shapes() {
        works.push((shape.name.to_owned(), shape.file()));
    }
    let shared = std::env::var("AIVM_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    for name in MODELS {
        match std::fs::read(format!("{shared}/models/{name}.tosa")) {
            Ok(file) => works.push((name.to_owned(), file)),
            Err(error) => eprintln!("{name} is left out: {error}"),
        }
    }
    works.retain(|(name, _)| name.contains(&filter));
    for adapter in aivm_gpu::adapters() {
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        println!("{}, {}", adapter.name, adapter.driver_info);
        for (name, file) in &works {
            measure(&executor, name, file, Duration::from_secs(seconds));
        }
    }
}

/// One line: a case alone and of sixteen, the shortest CPU time, and how many operations that is in a second.
fn measure(executor: &GpuExecutor, name: &str, file: &[u8], time: Duration) {
    let model = aivm_tosa::load(file, &ModelLimits::default(), &PriceTable::default());
    let model = Arc::new(model.expect("the model is valid"));
    let before = cpu_time();
    let plan = executor.prepare(&model).expect("the model fits");
    let prepared = cpu_time() - before;
    let dispatches = executor.dispatches(&model).expect("a plain model").len();
    let mut line = format!("{name:36}{dispatches:3} dispatches");
    for cases in [1_u32, 16] {
        // Large products are their own batch.
        if cases > 1 && model.macs() > 1 << 26 {
            break;
        }
        let bytes = model.input_bytes() as usize * cases as usize;
        let input: Vec<u8> = (0..bytes).map(|at| (at * 37 % 251) as u8).collect();
        let case = shortest(time, || {
            black_box(plan.run_cases(cases, black_box(&input)).expect("a result"));
        }) / f64::from(cases);
        let rate = model.macs() as f64 / case;
        line += &format!(
            "  batch {cases:2}: {:9.1} µs a case, {rate:6.2} GMAC/s = {:6.2} GOP/s",
            case / 1e3,
            2.0 * rate
        );
    }
    println!("{line}  prepare {:.0} ms", prepared.as_secs_f64() * 1e3);
}

/// Time that all threads of this process were running.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The shortest of the runs in a span of time, in nanoseconds.
fn shortest(time: Duration, mut run: impl FnMut()) -> f64 {
    run();
    let mut shortest = Duration::MAX;
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < time || rounds < 3 {
        let before = cpu_time();
        run();
        shortest = shortest.min(cpu_time() - before);
        rounds += 1;
    }
    shortest.as_nanos() as f64
}
