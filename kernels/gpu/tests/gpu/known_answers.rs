//! The tests that every adapter passes before it is used.

use crate::support::executors;

#[test]
fn every_kernel_gives_its_known_answers() {
    for executor in executors() {
        let failed: Vec<_> = executor
            .known_answer_tests()
            .into_iter()
            .filter(|check| !check.passed)
            .collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
}
