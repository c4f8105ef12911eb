//! What self-checks cost: CPU time, user and system, of checking over the time that an unchecked inference takes.
//!
//! `cargo bench -p aivm-coprocessor --bench self_check -- [--seconds S] [FILTER]`. On a driver that computes on the CPU
//! the second dispatch of a checked operator counts as well. Runs with and without checks alternate, and the median over
//! the rounds is printed, so that other work on the machine meets both. Models are those of the folder that `AIVM_SHARED` names.

#![cfg(unix)]
#![allow(clippy::float_arithmetic, reason = "rates to be read")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aivm_coprocessor::CheckPolicy;
use aivm_coprocessor::check::{Checker, Rotation};
use aivm_gpu::GpuExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable};

const MODELS: [&str; 4] = ["resnet8", "kws_dscnn", "ad01", "mnist_cnn"];

fn main() {
    let mut seconds = 10;
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
    let shared = std::env::var("AIVM_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    for adapter in aivm_gpu::adapters() {
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        println!("{}, {}", adapter.name, adapter.driver_info);
        for name in MODELS.into_iter().filter(|name| name.contains(&filter)) {
            match std::fs::read(format!("{shared}/models/{name}.tosa")) {
                Ok(file) => measure(&executor, name, &file, Duration::from_secs(seconds)),
                Err(error) => eprintln!("{name} is left out: {error}"),
            }
        }
    }
}

/// Shares in a thousand; the first is what the others are compared with, the second the default.
fn shares() -> [u32; 4] {
    [0, CheckPolicy::default().share(), 100, 1000]
}

/// How long unchecked runs go on before the next share's turn.
const BLOCK: Duration = Duration::from_millis(80);

/// Two lines: batches of 1 and of 16.
fn measure(executor: &GpuExecutor, name: &str, file: &[u8], time: Duration) {
    let model = aivm_tosa::load(file, &ModelLimits::default(), &PriceTable::default());
    let model = Arc::new(model.expect("the model is valid"));
    let plan = executor.prepare(&model).expect("the model fits");
    let checker = Checker::new(&model, &*plan, &Arc::new(Rotation::default()));
    let checker = checker.expect("there is randomness");
    for cases in [1_u32, 16] {
        let bytes = model.input_bytes() as usize * cases as usize;
        let input: Vec<u8> = (0..bytes).map(|at| (at * 37 % 251) as u8).collect();
        let run = |share: u32| {
            let policy = CheckPolicy::per_mille(share);
            let checked = checker.run(&*plan, policy, cases, black_box(&input));
            let checked = checked.expect("a result");
            assert!(checked.rejected.is_empty());
            black_box(checked.output);
        };
        run(0);
        let began = Instant::now();
        run(0);
        let runs = BLOCK.as_secs_f64() / began.elapsed().as_secs_f64();
        // The more is checked, the fewer.
        let block = shares().map(|share| (runs / (1.0 + f64::from(share) / 100.0)).ceil() as u32);
        // Of each share, CPU and wall time of a case in each round, in µs.
        let mut rounds: Vec<[(f64, f64); 4]> = Vec::new();
        let start = Instant::now();
        while start.elapsed() < time || rounds.len() < 4 {
            rounds.push(std::array::from_fn(|place| {
                let (before, began) = (cpu_time(), Instant::now());
                for _ in 0..block[place] {
                    run(shares()[place]);
                }
                let all = f64::from(block[place] * cases);
                let each = |time: Duration| time.as_secs_f64() * 1e6 / all;
                (each(cpu_time() - before), each(began.elapsed()))
            }));
        }
        // The first round warms up.
        let rounds = &rounds[1..];
        let wall = median(rounds.iter().map(|round| round[0].1));
        let cpu = median(rounds.iter().map(|round| round[0].0));
        let mut line = format!("{name:10} batch {cases:2}: {wall:8.1} µs, CPU {cpu:8.1} µs;");
        for place in 1..4 {
            let more = median(rounds.iter().map(|round| round[place].0 - round[0].0));
            line += &format!(
                "  at {} ‰ {more:+9.1} µs ({:+6.1} %)",
                shares()[place],
                100.0 * more / wall
            );
        }
        println!("{line}");
    }
}

/// The middle one: what other work on the machine did to a few rounds does not count.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Time that all threads of this process were running.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
