//! The tests that every adapter passes before it is used.

use aivm_gpu::{BlockSize, GpuExecutor};

use crate::support::{block_executors, executors};

fn expect_known_answers(executor: &GpuExecutor) {
    let tests = executor.known_answer_tests().into_iter();
    let failed: Vec<_> = tests.filter(|check| !check.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_kernel_gives_its_known_answers() {
    for executor in executors() {
        expect_known_answers(&executor);
    }
}

#[test]
fn blocks_give_the_known_answers() {
    for size in BlockSize::ALL {
        for executor in block_executors(size) {
            expect_known_answers(&executor);
        }
    }
}
