//! Trouble of the device is a fault: no panic, no hang, no wrong bytes.

use std::time::{Duration, Instant};

use aivm_gpu::{GpuExecutor, Injected, Stage, Trouble};
use aivm_tosa::{Executor, ExecutorFault, FaultKind, RunError, RunStatus};

use crate::model::INT32;
use crate::support::{adapters, executors, model, model as model_of};

const CONVOLUTION: &[u8] =
    include_bytes!("../../../../tests/oracle/conv2d_rescaled_channels/model.tosa");
const INPUT: &[u8] = include_bytes!("../../../../tests/oracle/conv2d_rescaled_channels/input.bin");
const OUTPUT: &[u8] =
    include_bytes!("../../../../tests/oracle/conv2d_rescaled_channels/output.bin");
const CASES: u32 = 2;

fn fault(result: Result<Vec<u8>, RunError>) -> ExecutorFault {
    match result {
        Err(RunError::Fault(fault)) => fault,
        other => panic!("expected a fault, got {other:?}"),
    }
}

#[test]
fn a_destroyed_device_faults_at_once_until_it_is_opened_again() {
    for executor in executors() {
        let model = model(CONVOLUTION);
        let plan = executor.prepare(&model).expect("the model fits");
        assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
        executor.destroy_device();
        let started = Instant::now();
        for _ in 0..3 {
            let fault = fault(plan.run_cases(CASES, INPUT));
            assert_eq!(fault.executor, executor.name());
        }
        assert!(executor.prepare(&model).is_err());
        assert!(
            executor
                .known_answer_tests()
                .iter()
                .all(|check| !check.passed)
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        executor.reopen().expect("the adapter is still there");
        assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
        let metrics = executor.metrics();
        assert_eq!((metrics.devices_opened, metrics.devices_lost), (2, 1));
    }
}

/// Each trouble at each stage at which it can strike, and the kind of fault that it is.
const TROUBLES: &[(Trouble, Stage, FaultKind)] = &[
    (Trouble::LoseDevice, Stage::Allocation, FaultKind::Lost),
    (Trouble::LoseDevice, Stage::Compilation, FaultKind::Lost),
    (
        Trouble::LoseDevice,
        Stage::BeforeSubmission,
        FaultKind::Lost,
    ),
    (Trouble::LoseDevice, Stage::AfterSubmission, FaultKind::Lost),
    (Trouble::LoseDevice, Stage::BeforeReading, FaultKind::Lost),
    (
        Trouble::OutOfMemory,
        Stage::Allocation,
        FaultKind::OutOfMemory,
    ),
    (
        Trouble::OutOfMemory,
        Stage::Compilation,
        FaultKind::OutOfMemory,
    ),
    (
        Trouble::OutOfMemory,
        Stage::BeforeSubmission,
        FaultKind::OutOfMemory,
    ),
    (Trouble::Hang, Stage::AfterSubmission, FaultKind::Deadline),
];

#[test]
fn trouble_at_any_stage_is_a_fault_of_its_kind_and_passes() {
    const DEADLINE: Duration = Duration::from_secs(1);
    for adapter in &adapters() {
        for &(trouble, stage, kind) in TROUBLES {
            let executor =
                GpuExecutor::open_with_deadline(adapter, DEADLINE).expect("the adapter opens");
            let model = model(CONVOLUTION);
            // Some stages are of the preparation, some of the run.
            executor.inject(Some(Injected {
                trouble,
                stage,
                after: 0,
            }));
            let started = Instant::now();
            let failed = match executor.prepare(&model) {
                Err(fault) => fault,
                Ok(plan) => fault(plan.run_cases(CASES, INPUT)),
            };
            assert_eq!(failed.kind, kind, "{trouble:?} at {stage:?}: {failed}");
            assert!(started.elapsed() < 5 * DEADLINE, "{:?}", started.elapsed());
            assert_eq!(executor.struck(), 1);
            executor.reopen().expect("the adapter is still there");
            let plan = executor.prepare(&model).expect("the model fits");
            assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
            let lost = u64::from(trouble != Trouble::OutOfMemory);
            let metrics = executor.metrics();
            assert_eq!(
                (metrics.devices_opened, metrics.devices_lost),
                (1 + lost, lost)
            );
        }
    }
}

#[test]
fn other_models_go_where_memory_lacks_and_the_model_is_loaded_after_all() {
    for executor in executors() {
        let other = model(include_bytes!(
            "../../../../tests/oracle/matmul_i8_rescaled/model.tosa"
        ));
        executor.prepare(&other).expect("the model fits");
        executor.inject(Some(Injected {
            trouble: Trouble::OutOfMemory,
            stage: Stage::Allocation,
            after: 1,
        }));
        let plan = executor.prepare(&model(CONVOLUTION));
        let plan = plan.expect("it fits once the other is gone");
        assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
        let metrics = executor.metrics();
        assert_eq!((metrics.models_evicted, metrics.models_resident), (1, 1));
    }
}

#[test]
fn recovery_opens_the_device_and_proves_it() {
    for executor in executors() {
        executor.destroy_device();
        assert!(executor.prepare(&model(CONVOLUTION)).is_err());
        executor.recover().expect("every known answer is right");
        let plan = executor.prepare(&model(CONVOLUTION));
        let plan = plan.expect("the model fits");
        assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
        executor.inject(Some(Injected {
            trouble: Trouble::LoseDevice,
            stage: Stage::AfterSubmission,
            after: 3,
        }));
        let fault = executor.recover().expect_err("it is lost meanwhile");
        assert_eq!(fault.kind, FaultKind::Lost, "{fault}");
    }
}

#[test]
fn a_device_destroyed_between_runs_of_another_thread_gives_right_bytes_or_a_fault() {
    for executor in executors() {
        let model = model(CONVOLUTION);
        let plan = executor.prepare(&model).expect("the model fits");
        let (done, first_runs) = std::sync::mpsc::channel();
        let last = std::thread::scope(|scope| {
            let runner = scope.spawn(|| {
                loop {
                    match plan.run_cases(CASES, INPUT) {
                        Ok(output) => assert_eq!(output, OUTPUT),
                        Err(error) => return error,
                    }
                    // Nobody listens any more once the device is destroyed.
                    let _ = done.send(());
                }
            });
            for _ in 0..3 {
                first_runs.recv().expect("the device works at first");
            }
            executor.destroy_device();
            runner.join().expect("no panic")
        });
        assert!(matches!(last, RunError::Fault(_)));
    }
}

#[test]
fn a_passed_deadline_is_a_fault() {
    for adapter in &adapters() {
        let executor =
            GpuExecutor::open_with_deadline(adapter, Duration::ZERO).expect("the adapter opens");
        let plan = executor
            .prepare(&model(CONVOLUTION))
            .expect("the model fits");
        // A fast device may be done before it is first looked at.
        for _ in 0..100 {
            match plan.run_cases(CASES, INPUT) {
                Ok(output) => assert_eq!(output, OUTPUT),
                Err(RunError::Fault(_)) => {
                    fault(plan.run_cases(CASES, INPUT));
                    break;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_model_above_the_limits_is_a_fault() {
    for mut adapter in adapters() {
        adapter.limits.binding_bytes_max = 64;
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        let fault = executor
            .prepare(&model(CONVOLUTION))
            .err()
            .expect("no room");
        assert!(fault.what.contains("binds at most 64"), "{fault}");
    }
}

/// A tensor that fills a binding runs, one case at a time; one of a word more is refused by name.
#[test]
fn a_tensor_above_a_binding_is_refused_by_name_bytes_and_limit() {
    let model = crate::model::Model::default()
        .input("wide", INT32, &[1, 100])
        .input("narrow", INT32, &[1, 50])
        .output("sums", INT32, &[1, 100])
        .output("negative", INT32, &[1, 50])
        .operator("ADD", vec![], &["wide", "wide"], &["sums"])
        .operator("ABS", vec![], &["narrow"], &["negative"]);
    let model = model_of(&model.file());
    let input: Vec<u8> = (0..3 * 150_i32).flat_map(i32::to_le_bytes).collect();
    for mut adapter in adapters() {
        let whole = GpuExecutor::open(&adapter).expect("the adapter opens");
        let known = whole.prepare(&model).map(|plan| plan.run_cases(3, &input));
        adapter.limits.binding_bytes_max = 400;
        let full = GpuExecutor::open(&adapter).expect("the adapter opens");
        let given = full.prepare(&model).map(|plan| plan.run_cases(3, &input));
        let output = |answer: Result<Result<Vec<u8>, RunError>, ExecutorFault>| {
            answer.expect("it fits").expect("it runs")
        };
        assert_eq!(output(given), output(known));
        adapter.limits.binding_bytes_max = 396;
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        let fault = executor.prepare(&model).err().expect("no room");
        assert_eq!(
            fault.what,
            "tensor wide takes 400 bytes, and a kernel of this adapter binds at most 396"
        );
    }
}

#[test]
fn a_wrong_input_is_a_status_on_any_device() {
    for executor in executors() {
        let plan = executor
            .prepare(&model(CONVOLUTION))
            .expect("the model fits");
        let short = plan.run_cases(CASES, &INPUT[1..]);
        assert!(
            matches!(short, Err(RunError::Status(RunStatus::InputLength { .. }))),
            "{short:?}"
        );
        assert_eq!(plan.run_cases(0, &[]), Ok(Vec::new()));
    }
}
