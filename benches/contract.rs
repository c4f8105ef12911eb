//! Contract code: how long the JIT compiles, and what its code and the interpreter take to run.
//!
//! `cargo bench --bench contract`. The comparison with other engines is `cargo run --release -p aivm-peers`.

mod programs;

use std::hint::black_box;
use std::sync::Arc;

use aivm_core::{Exit, GasSchedule, Limits};
use aivm_interpreter::Program;
use aivm_jit::CompiledModule;
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use programs::{NoHost, PROGRAMS};

fn plan(wasm: &[u8]) -> Arc<MeteredModule> {
    let module =
        validate(wasm, &Limits::CONTRACT, Rules::Generic).expect("the program is accepted");
    Arc::new(meter(&module, &GasSchedule::V1))
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for program in &PROGRAMS {
        let wasm = program.wasm();
        let plan = plan(&wasm);
        group.bench_function(format!("{}/validate and meter", program.name), |bencher| {
            bencher.iter(|| self::plan(black_box(&wasm)));
        });
        group.bench_function(format!("{}/interpreter", program.name), |bencher| {
            bencher.iter(|| Program::new(Arc::clone(black_box(&plan))));
        });
        group.bench_function(format!("{}/jit", program.name), |bencher| {
            bencher.iter(|| CompiledModule::compile(black_box(&plan)).expect("compiled"));
        });
    }
    group.finish();
}

fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    for program in &PROGRAMS {
        let wasm = program.wasm();
        let plan = plan(&wasm);
        let function = plan
            .exported_function("run")
            .expect("the program exports run");
        let arguments = [u64::from(program.argument as u32)];
        let answer = Exit::Return(vec![u64::from(program.answer as u32)]);

        let interpreted = Arc::new(Program::new(Arc::clone(&plan)));
        group.bench_function(format!("{}/interpreter", program.name), |bencher| {
            // A new instance each time: a program may leave its memory changed.
            bencher.iter_batched(
                || aivm_interpreter::Instance::new(&interpreted).expect("instantiated"),
                |mut instance| {
                    let exit =
                        instance.invoke(function, &arguments, &mut u64::MAX.clone(), &mut NoHost);
                    assert_eq!(exit, answer);
                },
                BatchSize::PerIteration,
            );
        });
        let compiled = Arc::new(CompiledModule::compile(&plan).expect("compiled"));
        group.bench_function(format!("{}/jit", program.name), |bencher| {
            // A new instance each time: a program may leave its memory changed.
            bencher.iter_batched(
                || aivm_jit::Instance::new(&compiled).expect("instantiated"),
                |mut instance| {
                    let exit =
                        instance.invoke(function, &arguments, &mut u64::MAX.clone(), &mut NoHost);
                    assert_eq!(exit, answer);
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, compile, run);
criterion_main!(benches);
