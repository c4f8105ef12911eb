//! What stays on a device and what goes: counters say that a run makes nothing anew, and that memory is bounded.

use std::sync::Arc;

use aivm_gpu::{AdapterInfo, GpuExecutor, GpuOptions};
use aivm_tosa::{Executor, Plan, Priced};

use crate::support::{adapters, model};

const CONVOLUTION: &[u8] =
    include_bytes!("../../../../tests/oracle/conv2d_rescaled_channels/model.tosa");
const MATMUL: &[u8] = include_bytes!("../../../../tests/oracle/matmul_i8_rescaled/model.tosa");
const CHAIN: &[u8] = include_bytes!("../../../../tests/oracle/chain_residual/model.tosa");
const LOOP: &[u8] = include_bytes!("../../../../tests/oracle/stateful/loop/model.tosa");
const DIGITS: &[u8] = include_bytes!("../../../../examples/models/mnist_cnn.tosa");

/// Without a cache on disk.
fn open(adapter: &AdapterInfo, options: GpuOptions) -> GpuExecutor {
    let options = GpuOptions {
        cache: None,
        ..options
    };
    GpuExecutor::open_with(adapter, options).expect("the adapter opens")
}

fn run(plan: &Arc<dyn Plan>, model: &Priced, cases: u32) -> Vec<u8> {
    let input = vec![0; model.input_bytes() as usize * cases as usize];
    plan.run_cases(cases, &input).expect("it runs")
}

#[test]
fn a_run_after_the_first_makes_no_buffer_and_no_pipeline() {
    for adapter in &adapters() {
        let executor = open(adapter, GpuOptions::default());
        for file in [CONVOLUTION, MATMUL, CHAIN, LOOP, DIGITS] {
            let model = model(file);
            let plan = executor.prepare(&model).expect("the model fits");
            let first: Vec<_> = [1, 16].map(|cases| run(&plan, &model, cases)).to_vec();
            let before = executor.metrics();
            for _ in 0..10 {
                let again: Vec<_> = [1, 16].map(|cases| run(&plan, &model, cases)).to_vec();
                assert_eq!(again, first);
            }
            // Another handle of the same model shares what is there.
            let plan = executor.prepare(&model).expect("the model fits");
            run(&plan, &model, 1);
            let after = executor.metrics();
            assert!(after.submissions >= before.submissions + 21);
            assert_eq!(
                (
                    after.buffers_created,
                    after.buffer_bytes,
                    after.pipelines_created
                ),
                (
                    before.buffers_created,
                    before.buffer_bytes,
                    before.pipelines_created
                )
            );
        }
    }
}

#[test]
fn models_used_longest_ago_make_room_on_both_sides_of_the_limit() {
    for adapter in &adapters() {
        let files = [CONVOLUTION, MATMUL, CHAIN].map(model);
        let all = |executor: &GpuExecutor| -> Vec<(Arc<dyn Plan>, Vec<u8>)> {
            let prepare = |model: &Arc<Priced>| {
                let plan = executor.prepare(model).expect("the model fits");
                let output = run(&plan, model, 1);
                (plan, output)
            };
            files.iter().map(prepare).collect()
        };
        let roomy = open(adapter, GpuOptions::default());
        let outputs = all(&roomy);
        let bytes = roomy.metrics().buffer_bytes;
        assert_eq!(roomy.metrics().models_resident, 3);
        for (resident_bytes_max, evicted, resident) in [(bytes, 0, 3), (bytes - 1, 1, 2)] {
            let options = GpuOptions {
                resident_bytes_max,
                ..GpuOptions::default()
            };
            let executor = open(adapter, options);
            let plans = all(&executor);
            let metrics = executor.metrics();
            assert_eq!(
                (metrics.models_evicted, metrics.models_resident),
                (evicted, resident)
            );
            assert!(metrics.buffer_bytes <= resident_bytes_max);
            // What was dropped is loaded again, and the bytes stay the same.
            for round in 0..3 {
                for ((plan, _), ((_, expected), model)) in
                    plans.iter().zip(outputs.iter().zip(&files))
                {
                    assert_eq!(run(plan, model, 1), *expected, "round {round}");
                    assert!(executor.metrics().buffer_bytes <= resident_bytes_max);
                }
            }
        }
        let bytes_before = roomy.metrics().buffer_bytes;
        drop(outputs);
        assert_eq!(
            roomy.metrics().buffer_bytes,
            bytes_before,
            "they stay for others"
        );
    }
}

#[test]
fn kernels_that_no_model_uses_are_dropped_above_their_limit() {
    for adapter in &adapters() {
        let options = GpuOptions {
            // Only the model that runs stays.
            resident_bytes_max: 0,
            pipelines_max: 1,
            ..GpuOptions::default()
        };
        let executor = open(adapter, options);
        let [first, second] = [CONVOLUTION, CHAIN].map(|file| {
            let model = model(file);
            (executor.prepare(&model).expect("the model fits"), model)
        });
        let outputs = [&first, &second].map(|(plan, model)| run(plan, model, 1));
        for round in 0..3 {
            for ((plan, model), output) in [&first, &second].into_iter().zip(&outputs) {
                assert_eq!(run(plan, model, 1), *output, "round {round}");
            }
        }
        let metrics = executor.metrics();
        assert!(metrics.pipelines_evicted > 0, "{metrics:?}");
        assert!(metrics.pipelines_held <= 1, "{metrics:?}");
        assert_eq!(
            metrics.pipelines_created - metrics.pipelines_evicted,
            metrics.pipelines_held
        );
        // With room for all, each is compiled once.
        let options = GpuOptions {
            resident_bytes_max: 0,
            ..GpuOptions::default()
        };
        let executor = open(adapter, options);
        let (plan, model) = (executor.prepare(&first.1).expect("it fits"), &first.1);
        run(&plan, model, 1);
        let created = executor.metrics().pipelines_created;
        let other = executor.prepare(&second.1).expect("it fits");
        run(&other, &second.1, 1);
        let both = executor.metrics().pipelines_created;
        for _ in 0..3 {
            run(&plan, model, 1);
            run(&other, &second.1, 1);
        }
        let metrics = executor.metrics();
        assert!(created > 0 && both > created && metrics.models_evicted >= 6);
        assert_eq!(metrics.pipelines_created, both);
        assert_eq!(metrics.pipelines_evicted, 0);
    }
}

#[test]
fn threads_that_load_the_same_models_at_once_load_each_once() {
    for adapter in &adapters() {
        let executor = open(adapter, GpuOptions::default());
        let models = [CONVOLUTION, MATMUL, CHAIN].map(model);
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (executor, models) = (&executor, &models);
                scope.spawn(move || {
                    for index in 0..3 {
                        let model = &models[(thread + index) % 3];
                        let plan = executor.prepare(model).expect("the model fits");
                        run(&plan, model, 1);
                    }
                });
            }
        });
        let metrics = executor.metrics();
        assert_eq!(metrics.models_resident, 3);
        assert_eq!(metrics.pipelines_created, metrics.pipelines_held);
    }
}
