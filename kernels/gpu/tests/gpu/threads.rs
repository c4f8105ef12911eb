//! A plan is shared by threads, and by batches of any size.

use aivm_tosa::Executor;

use crate::support::{executors, model};

const MODEL: &[u8] = include_bytes!("../../../../tests/oracle/conv2d_rescaled_clamped/model.tosa");
const INPUT: &[u8] = include_bytes!("../../../../tests/oracle/conv2d_rescaled_clamped/input.bin");
const OUTPUT: &[u8] = include_bytes!("../../../../tests/oracle/conv2d_rescaled_clamped/output.bin");
const CASES: u32 = 2;

#[test]
fn threads_share_a_plan() {
    for executor in executors() {
        let plan = executor.prepare(&model(MODEL)).expect("the model fits");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let plan = &plan;
                scope.spawn(move || {
                    for run in 0..20 {
                        let copies = 1 + (thread + run) % 5;
                        let output = plan.run_cases(CASES * copies as u32, &INPUT.repeat(copies));
                        assert_eq!(output.expect("the run succeeds"), OUTPUT.repeat(copies));
                    }
                });
            }
        });
    }
}

#[test]
fn a_batch_above_one_submission_is_split() {
    for executor in executors() {
        let plan = executor.prepare(&model(MODEL)).expect("the model fits");
        let output = plan.run_cases(CASES * 101, &INPUT.repeat(101));
        assert_eq!(output.expect("the run succeeds"), OUTPUT.repeat(101));
    }
}

/// One thread's poll may take another thread's mapping: a run whose work is done waits for its own.
#[test]
fn short_runs_of_many_threads_never_fault() {
    for executor in executors() {
        let plan = executor.prepare(&model(MODEL)).expect("the model fits");
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..250 {
                        assert_eq!(plan.run_cases(CASES, INPUT).as_deref(), Ok(OUTPUT));
                    }
                });
            }
        });
    }
}
