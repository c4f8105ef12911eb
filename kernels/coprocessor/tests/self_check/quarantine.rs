//! What becomes of a back end whose answer was wrong, and of an honest one with a model that wraps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aivm_cases::model::{I8, I32, INT32, Ints, Model, U8};
use aivm_coprocessor::{CheckPolicy, Coprocessor, Standing};
use aivm_gpu::{BitFlip, FlipPlace};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{
    Class, Executor, ExecutorFault, FaultKind, ModelLimits, NodeId, Plan, PriceTable, Priced,
    RunError, RunStatus, Variables, Verification,
};

use crate::support::{Numbers, Subject, executors, model};

const DIGITS: &[u8] = include_bytes!("../../../../examples/models/mnist_cnn.tosa");

fn coprocessor(executor: Arc<dyn Executor>, policy: CheckPolicy) -> Coprocessor {
    Coprocessor::new(vec![executor], ModelLimits::CHAIN, PriceTable::V1).with_checks(policy)
}

fn expected(model: &Arc<Priced>, cases: u32, input: &[u8]) -> Vec<u8> {
    let plan = ReferenceExecutor
        .prepare(model)
        .expect("it runs every model");
    plan.run_cases(cases, input).expect("it runs")
}

#[test]
fn an_adapter_with_a_wrong_bit_is_quarantined_and_the_call_ends_right() {
    for executor in executors() {
        let executor = Arc::new(executor);
        let coprocessor = coprocessor(Arc::clone(&executor) as _, CheckPolicy::ALL);
        let model = coprocessor.register(DIGITS).expect("it is valid");
        let input: Vec<u8> = (0..4 * 784).map(|i| (i * 31 % 251) as u8).collect();
        let run = || {
            let output = coprocessor.run_cases(&model.hash(), 4, &input);
            output.expect("registered").expect("it runs")
        };
        assert_eq!(run(), expected(&model, 4, &input));
        let gpu = || coprocessor.metrics().backends.swap_remove(0);
        assert_eq!((gpu().standing, gpu().failed_checks), (Standing::Usable, 0));
        assert!(gpu().checks > 0);
        executor.flip_bits(vec![BitFlip {
            case: 2,
            step: 1,
            place: FlipPlace::Output,
            bit: 77,
        }]);
        assert_eq!(run(), expected(&model, 4, &input));
        assert!(matches!(gpu().standing, Standing::Quarantined { .. }));
        assert_eq!(gpu().failed_checks, 1);
        assert_eq!(gpu().run_faults_by_kind[FaultKind::WrongAnswer as usize], 1);
        // It stays so, although the bit was turned over once only.
        let (runs, checks) = (gpu().runs, gpu().checks);
        assert_eq!(run(), expected(&model, 4, &input));
        coprocessor.attend();
        assert_eq!((gpu().runs, gpu().checks), (runs, checks));
    }
}

/// CONV2D of 64 to 32 channels at 8 × 8 places, with this bias, and a RESCALE behind it.
fn convolution(bias: i32) -> Vec<u8> {
    let mut numbers = Numbers(8);
    let weights: Vec<u8> = (0..32 * 64).map(|_| numbers.below(256) as u8).collect();
    Model::default()
        .input("x", I8, &[1, 8, 8, 64])
        .constant("w", I8, &[32, 1, 1, 64], &weights)
        .constant("b", INT32, &[1], &bias.to_le_bytes())
        .constant("z", I8, &[1], &[0])
        .tensor("sums", INT32, &[1, 8, 8, 32])
        .operator(
            "CONV2D",
            vec![
                (0, Ints(vec![0; 4])),
                (1, Ints(vec![1; 2])),
                (2, Ints(vec![1; 2])),
                (4, I32(INT32)),
            ],
            &["x", "w", "b", "z", "z"],
            &["sums"],
        )
        .constant("m", INT32, &[1], &(1_i32 << 30).to_le_bytes())
        .constant("s", I8, &[1], &[54])
        .constant("zi", INT32, &[1], &[0; 4])
        .output("y", I8, &[1, 8, 8, 32])
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1))],
            &["sums", "m", "s", "zi", "z"],
            &["y"],
        )
        .file()
}

#[test]
fn a_model_whose_accumulators_wrap_never_quarantines_an_honest_adapter() {
    let (bounded, wraps) = (convolution(0), convolution(i32::MAX - 1000));
    for executor in executors() {
        // The same step is checked by its sums if it cannot wrap.
        for (file, by_sums) in [(&bounded, true), (&wraps, false)] {
            let model = model(file);
            assert_eq!(model.class() == Class::P, by_sums);
            let subject = Subject::new(&executor, &model);
            let accumulators = subject.steps()[0].accumulators;
            assert_eq!(accumulators, by_sums.then_some(NodeId(0)));
        }
        let coprocessor = coprocessor(Arc::new(executor), CheckPolicy::ALL);
        let model = coprocessor.register(&wraps).expect("it is valid");
        let mut numbers = Numbers(9);
        for _ in 0..50 {
            let input: Vec<u8> = (0..64 * 64).map(|_| numbers.below(256) as u8).collect();
            let output = coprocessor.infer(&model.hash(), &input);
            let output = output.expect("registered").expect("it runs");
            assert_eq!(output, expected(&model, 1, &input));
            // Sums above and below the border: some have wrapped.
            let signs = [true, false].map(|negative| {
                output
                    .iter()
                    .any(|&byte| byte != 0 && (byte > 127) == negative)
            });
            assert_eq!(signs, [true; 2]);
        }
        let gpu = &coprocessor.metrics().backends[0];
        assert_eq!((&gpu.standing, gpu.failed_checks), (&Standing::Usable, 0));
        assert_eq!((gpu.runs, gpu.checks), (50, 50));
    }
}

/// A back end that cannot show steps and may lie.
struct Opaque(Arc<AtomicBool>);

struct OpaquePlan {
    inner: Arc<dyn Plan>,
    lies: Arc<AtomicBool>,
}

impl Executor for Opaque {
    fn name(&self) -> &str {
        "opaque"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Ok(Arc::new(OpaquePlan {
            inner: ReferenceExecutor.prepare(model)?,
            lies: Arc::clone(&self.0),
        }))
    }
}

impl Plan for OpaquePlan {
    fn initial(&self) -> &Variables {
        self.inner.initial()
    }

    fn verification(&self) -> Verification<'_> {
        Verification::Whole
    }

    fn run_cases_from(
        &self,
        start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        let lies = self.lies.load(Ordering::Relaxed);
        if lies && input[0] == 1 {
            return Err(RunStatus::IterationLimit { limit: 1 }.into());
        }
        self.inner.run_cases_from(start, cases, input, output)?;
        if lies && let Some(last) = output.last_mut() {
            *last ^= 1;
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.run_cases_from(variables, 1, input, output)
    }
}

#[test]
fn what_shows_no_steps_is_run_again() {
    // A wrong byte, and a status that is none.
    for first in [0, 1] {
        let lies = Arc::new(AtomicBool::new(false));
        let executor = Arc::new(Opaque(Arc::clone(&lies)));
        let coprocessor = coprocessor(executor, CheckPolicy::ALL);
        let model = coprocessor.register(DIGITS).expect("it is valid");
        let input = vec![first; 3 * 784];
        for lie in [false, true, true] {
            lies.store(lie, Ordering::Relaxed);
            let output = coprocessor.run_cases(&model.hash(), 3, &input);
            let output = output.expect("registered").expect("it runs");
            assert_eq!(output, expected(&model, 3, &input));
        }
        let opaque = &coprocessor.metrics().backends[0];
        assert!(matches!(opaque.standing, Standing::Quarantined { .. }));
        assert_eq!((opaque.runs, opaque.failed_checks), (1, 1));
    }
}

#[test]
fn a_wrong_bit_passes_where_nothing_is_checked() {
    for executor in executors() {
        let executor = Arc::new(executor);
        let coprocessor = coprocessor(Arc::clone(&executor) as _, CheckPolicy::OFF);
        let model = coprocessor.register(DIGITS).expect("it is valid");
        let input: Vec<u8> = (0..784).map(|i| (i * 31 % 251) as u8).collect();
        let steps = Subject::new(&executor, &model).steps().len();
        executor.flip_bits(vec![BitFlip {
            case: 0,
            step: steps - 1,
            place: FlipPlace::Output,
            bit: 0,
        }]);
        let output = coprocessor.infer(&model.hash(), &input);
        let output = output.expect("registered").expect("it runs");
        assert_ne!(output, expected(&model, 1, &input), "the flip lands");
        assert_eq!(coprocessor.metrics().backends[0].checks, 0);
    }
}
