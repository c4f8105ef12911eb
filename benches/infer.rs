//! Inference: one case and a batch of sixteen on the reference and on every adapter that wgpu finds.
//!
//! `cargo bench --bench infer`.

use std::hint::black_box;
use std::sync::Arc;

use aivm_gpu::GpuExecutor;
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const MODEL: &[u8] = include_bytes!("../examples/models/mnist_cnn.tosa");

/// Every back end of this machine, the reference first.
fn executors() -> Vec<Arc<dyn Executor>> {
    let mut executors: Vec<Arc<dyn Executor>> = vec![Arc::new(ReferenceExecutor)];
    for adapter in aivm_gpu::adapters() {
        match GpuExecutor::open(&adapter) {
            Ok(executor) => executors.push(Arc::new(executor)),
            Err(fault) => eprintln!("left out: {fault}"),
        }
    }
    executors
}

fn infer(criterion: &mut Criterion) {
    let model = aivm_tosa::load(MODEL, &ModelLimits::default(), &PriceTable::default());
    let model = Arc::new(model.expect("the model is accepted"));
    let bytes = usize::try_from(model.graph().input_bytes()).expect("a small input");
    let mut group = criterion.benchmark_group("mnist_cnn");
    group.sample_size(10);
    for executor in executors() {
        let plan = executor
            .prepare(&model)
            .expect("the back end takes the model");
        for cases in [1_u32, 16] {
            // Some values of every size; the time does not depend on them.
            let input: Vec<u8> = (0..bytes * cases as usize)
                .map(|i| (i * 37 % 251) as u8)
                .collect();
            group.throughput(Throughput::Elements(u64::from(cases)));
            group.bench_function(format!("{}/{cases} cases", executor.name()), |bencher| {
                bencher.iter(|| plan.run_cases(cases, black_box(&input)).expect("a result"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, infer);
criterion_main!(benches);
