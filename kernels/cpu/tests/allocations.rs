//! A run in the steady state allocates nothing but the caller's output.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use aivm_cpu::{CpuExecutor, CpuOptions};
use aivm_tosa::{Executor, ModelLimits, PriceTable, load};

/// The system's allocator, counted for each thread: the harness allocates on its own, at any time.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn a_run_in_the_steady_state_allocates_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        "examples/models/mnist_cnn.tosa",
        "tests/oracle/stateful/loop/model.tosa",
        "tests/oracle/stateful/ring/model.tosa",
        "tests/oracle/matmul_i16/model.tosa",
    ];
    for file in files {
        let model = std::fs::read(root.join(file)).expect("the model is in the repository");
        let model = load(&model, &ModelLimits::CHAIN, &PriceTable::V1).expect("it is valid");
        for fuse in [true, false] {
            let options = CpuOptions {
                fuse,
                threads: Some(1),
                ..CpuOptions::default()
            };
            let executor = CpuExecutor::with_options(options).expect("the machine has it");
            let plan = executor.prepare(&Arc::new(model.clone()));
            let plan = plan.expect("it runs every model");
            let mut variables = plan.initial().clone();
            let input = vec![0; 3 * model.input_bytes() as usize];
            let one = &input[..model.input_bytes() as usize];
            let mut output = Vec::with_capacity(8 * model.output_bytes() as usize);
            let mut runs = || {
                output.clear();
                let result = plan.step(&mut variables, one, &mut output);
                result.expect("the input is valid");
                let result = plan.run_cases_from(plan.initial(), 3, &input, &mut output);
                result.expect("the input is valid");
            };
            runs();
            let before = ALLOCATIONS.get();
            assert!(before > 0, "allocations are counted");
            for _ in 0..10 {
                runs();
            }
            let allocations = ALLOCATIONS.get() - before;
            assert_eq!(allocations, 0, "{file}, fuse: {fuse}");
        }
    }
}
