//! Eight threads call four models at once: the same bits, and memory that does not grow.
//!
//! `AIVM_SOAK_SECONDS` sets for how long on each adapter; `cargo xtask campaign soak` takes five minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aivm_coprocessor::Coprocessor;
use aivm_gpu::{GpuExecutor, GpuOptions};
use aivm_tosa::Executor;

use crate::support::{CASES_MAX, FILES, Known, LIMITS, PRICES, adapters, number};

const THREADS: usize = 8;
/// What the memory of the process may grow by once every thread is warm: what an allocator keeps.
const GROWTH_MAX: u64 = 64 << 20;

/// Bytes of this process in memory, where the system says so.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[test]
fn eight_threads_and_four_models_give_the_same_bits_in_bounded_memory() {
    let time = Duration::from_secs(number("AIVM_SOAK_SECONDS", 10));
    for adapter in &adapters() {
        // With room for all models, then with room for none but those that run.
        for resident_bytes_max in [u64::MAX, 0] {
            let options = GpuOptions {
                resident_bytes_max,
                ..GpuOptions::default()
            };
            let gpu = GpuExecutor::open_with(adapter, options).expect("the adapter opens");
            let gpu: Arc<dyn Executor> = Arc::new(gpu);
            let coprocessor = Coprocessor::new(vec![gpu], LIMITS, PRICES);
            let models = FILES.map(|file| Known::new(&coprocessor.register(file).expect("valid")));
            let (stop, runs) = (AtomicBool::new(false), AtomicU64::new(0));
            let (warm, most) = std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (coprocessor, models) = (&coprocessor, &models);
                    let (stop, runs) = (&stop, &runs);
                    scope.spawn(move || {
                        let mut turn = thread;
                        while !stop.load(Ordering::Relaxed) {
                            let known = &models[turn % models.len()];
                            let cases = 1 + turn as u32 % CASES_MAX;
                            let input = known.input(cases);
                            let output = coprocessor.run_cases(&known.hash, cases, input);
                            let output = output.expect("registered").expect("it runs");
                            assert!(output == known.output(cases), "model {}", turn % 4);
                            runs.fetch_add(1, Ordering::Relaxed);
                            turn += 1;
                        }
                    });
                }
                let watched = watch(time / 2);
                stop.store(true, Ordering::Relaxed);
                watched
            });
            let metrics = coprocessor.metrics();
            let first = &metrics.backends[0];
            let grown = most.saturating_sub(warm);
            assert!(grown < GROWTH_MAX, "{warm} bytes grew to {most}");
            assert!(first.runs > 0 && first.run_faults() == 0, "{first:?}");
            assert_eq!(first.failed_checks, 0);
            println!(
                "{}: {warm} bytes when warm, {most} at most, {:?}",
                first.name, first.executor
            );
            println!(
                "campaign: runs={} on_the_adapter={} models_evicted={} kibibytes_grown={}",
                runs.load(Ordering::Relaxed),
                first.runs,
                first.executor.models_evicted,
                grown >> 10,
            );
        }
    }
}

/// Watches the memory of the process for `time`. What it was after a third of it, and the most from then on.
fn watch(time: Duration) -> (u64, u64) {
    let started = Instant::now();
    let (mut warm, mut most) = (0, 0);
    while started.elapsed() < time {
        std::thread::sleep(Duration::from_millis(100));
        let now = resident_bytes().unwrap_or_default();
        if started.elapsed() < time / 3 {
            warm = now.max(warm);
        } else {
            most = now.max(most);
        }
    }
    (warm, most)
}
