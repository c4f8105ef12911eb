//! Shortest times of the linear operators, for a machine too noisy for means.
//!
//! `cargo bench -p aivm-cpu --bench linear_minima -- [FILTER]`; the instruction set is the best there is, or
//! `AIVM_CPU_ISA`.

#![allow(clippy::float_arithmetic, reason = "rates to be read")]

mod shapes;

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aivm_cpu::{Isa, Sharing};

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let isa = match std::env::var("AIVM_CPU_ISA") {
        Ok(name) => name.parse().expect("an instruction set"),
        Err(_) => Isa::best(),
    };
    let team = shapes::team();
    println!(
        "{isa}; shortest of many runs, ns (products per ns): time of one thread, wall clock of all"
    );
    for shape in shapes::shapes() {
        if filter
            .as_ref()
            .is_some_and(|filter| !shape.name.contains(filter.as_str()))
        {
            continue;
        }
        let linear = shape.linear(isa);
        let input = vec![3_i8; shape.geometry.input_len()];
        let mut output = vec![0; shape.output_bytes()];
        let mut scratch = vec![0; linear.scratch_bytes()];
        let mut line = format!("{:34}", shape.name);
        for sharing in [Sharing::Alone, Sharing::Team(&team)] {
            let run = || linear.run(black_box(&input), &mut output, &mut scratch, sharing);
            let ns = match sharing {
                Sharing::Alone => shortest(thread_clock, run),
                Sharing::Team(_) => shortest(wall_clock, run),
            };
            let rate = shape.products() as f64 / ns;
            line += &format!("{ns:12.0} ({rate:5.1})");
        }
        println!("{line}");
    }
}

/// Time this thread was running, which other work on the machine moves least.
#[cfg(unix)]
fn thread_clock() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

#[cfg(not(unix))]
fn thread_clock() -> Duration {
    wall_clock()
}

fn wall_clock() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

/// The shortest of batches of runs over half a second, per run.
fn shortest(clock: fn() -> Duration, mut run: impl FnMut()) -> f64 {
    run();
    let once = clock();
    run();
    let batch = (100_000 / (clock() - once).as_nanos().max(1)).clamp(1, 1000) as u32;
    let mut shortest = Duration::MAX;
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < Duration::from_millis(500) || rounds < 20 {
        let batch_start = clock();
        for _ in 0..batch {
            run();
        }
        shortest = shortest.min(clock() - batch_start);
        rounds += 1;
    }
    shortest.as_nanos() as f64 / f64::from(batch)
}
