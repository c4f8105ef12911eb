//! Times of the linear operators, by instruction set and with one thread and several.

mod shapes;

use std::hint::black_box;

use aivm_cpu::{Isa, Sharing};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn linear(criterion: &mut Criterion) {
    let team = shapes::team();
    let sharing = [
        ("one-thread", Sharing::Alone),
        ("threads", Sharing::Team(&team)),
    ];
    for shape in shapes::shapes() {
        let mut group = criterion.benchmark_group(shape.name);
        group.throughput(Throughput::Elements(shape.products() as u64));
        for isa in Isa::available() {
            let linear = shape.linear(isa);
            let input = vec![3_i8; shape.geometry.input_len()];
            let mut output = vec![0; shape.output_bytes()];
            let mut scratch = vec![0; linear.scratch_bytes()];
            for (threads, sharing) in sharing {
                group.bench_function(BenchmarkId::new(isa.name(), threads), |bencher| {
                    bencher.iter(|| {
                        linear.run(black_box(&input), &mut output, &mut scratch, sharing);
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, linear);
criterion_main!(benches);
