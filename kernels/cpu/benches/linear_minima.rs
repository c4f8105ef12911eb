//! Shortest times of the linear operators, for a machine too noisy for means.
//!
//! `cargo bench -p aivm-cpu --bench linear_minima -- [FILTER]`; the instruction set is the best there is, or
//! `AIVM_CPU_ISA`.

mod shapes;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aivm_cpu::isa::Isa;

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let isa = match std::env::var("AIVM_CPU_ISA") {
        Ok(name) => name.parse().expect("an instruction set"),
        Err(_) => Isa::best(),
    };
    println!("{isa}; shortest of many runs, ns; products per ns in brackets");
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
        for parallel in [false, true] {
            let ns = shortest(|| {
                linear.run(black_box(&input), &mut output, &mut scratch, parallel);
            });
            let rate = shape.products() as f64 / ns;
            line += &format!("{ns:12.0} ({rate:5.1})");
        }
        println!("{line}");
    }
}

/// The shortest of batches of runs over half a second, per run.
fn shortest(mut run: impl FnMut()) -> f64 {
    run();
    let once = Instant::now();
    run();
    let batch = (20_000 / once.elapsed().as_nanos().max(1)).clamp(1, 1000) as u32;
    let mut shortest = Duration::MAX;
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < Duration::from_millis(500) || rounds < 5 {
        let batch_start = Instant::now();
        for _ in 0..batch {
            run();
        }
        shortest = shortest.min(batch_start.elapsed());
        rounds += 1;
    }
    shortest.as_nanos() as f64 / f64::from(batch)
}
