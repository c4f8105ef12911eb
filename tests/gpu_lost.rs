//! Whatever strikes a GPU in the middle of a block of calls changes no receipt: same output, gas, logs and inferences.
//!
//! `AIVM_TROUBLES` sets how often trouble strikes on each adapter; `cargo xtask campaign faults` takes 1,000.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aivm_coprocessor::{Accelerators, Backoff, ManualClock};
use aivm_gpu::{GpuExecutor, GpuOptions, Injected, Stage, Trouble};
use aivm_tosa::{Executor, ExecutorFault, Plan, Priced};
use synergy_aivm::{
    Address, B256, Call, Coprocessor, Engine, Mode, ModelLimits, PriceTable, Receipt, State,
    Status, U256,
};

const MODEL: &[u8] = include_bytes!("../examples/models/mnist_cnn.tosa");
const DIGITS: &[u8] = include_bytes!("../examples/models/mnist_digits16.bin");
const CLASSIFIER: &str = include_str!("../examples/contracts/digit_classifier.wat");
const CALLER: Address = Address::repeat_byte(0xCA);
const CALLS: usize = 16;

/// Receipts of one call a digit, by an engine of its own. Before call `lost_at` the device is destroyed.
fn receipts(mode: Mode, gpu: Option<&Arc<GpuExecutor>>, lost_at: Option<usize>) -> Vec<Receipt> {
    let accelerators = gpu.map(|gpu| Arc::clone(gpu) as Arc<dyn Executor>);
    let coprocessor = Coprocessor::new(
        accelerators.into_iter().collect(),
        ModelLimits::CHAIN,
        PriceTable::V1,
    );
    // It stands still: what is set aside stays so.
    let coprocessor = coprocessor.with_clock(Arc::new(ManualClock::default()));
    let coprocessor = Arc::new(coprocessor);
    let mut chain = Chain::new(&coprocessor);
    let receipts = (0..CALLS).map(|index| {
        if let Some(gpu) = gpu.filter(|_| lost_at == Some(index)) {
            gpu.destroy_device();
        }
        chain.call(mode, index)
    });
    let receipts = receipts.collect();
    if let (Some(_), Some(lost_at)) = (gpu, lost_at) {
        let metrics = coprocessor.metrics();
        let [lost, cpu, _reference] = &metrics.backends[..] else {
            panic!("three back ends: {metrics:?}")
        };
        assert_eq!(
            (lost.runs, lost.run_faults()),
            (lost_at as u64, 1),
            "{mode}"
        );
        assert_eq!(cpu.runs, (CALLS - lost_at) as u64, "{mode}");
    }
    receipts
}

#[test]
fn a_lost_gpu_changes_no_receipt() {
    let expected = receipts(Mode::Interpret, None, None);
    assert!(expected.iter().all(|receipt| receipt.status == Status::Ok));
    for mode in Mode::ALL {
        let found = Accelerators::discover();
        let Some(gpu) = found.usable.first() else {
            let reason = format!("no usable GPU adapter; rejected: {:?}", found.rejected);
            assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "{reason}");
            println!("skipped: {reason}");
            return;
        };
        assert_eq!(receipts(mode, Some(gpu), Some(7)), expected, "{mode}");
    }
}

/// Of a submission; a hang takes as long.
const DEADLINE: Duration = Duration::from_millis(500);
/// What a call may take besides: loading the model again, and the CPU. This machine may be busy.
const SLACK: Duration = Duration::from_secs(10);
/// Another model, for which that of the contract has to make room.
const OTHER: &[u8] = include_bytes!("oracle/conv2d_rescaled_channels/model.tosa");

const TROUBLES: [(Trouble, Stage); 9] = [
    (Trouble::LoseDevice, Stage::Allocation),
    (Trouble::LoseDevice, Stage::Compilation),
    (Trouble::LoseDevice, Stage::BeforeSubmission),
    (Trouble::LoseDevice, Stage::AfterSubmission),
    (Trouble::LoseDevice, Stage::BeforeReading),
    (Trouble::OutOfMemory, Stage::Allocation),
    (Trouble::OutOfMemory, Stage::Compilation),
    (Trouble::OutOfMemory, Stage::BeforeSubmission),
    (Trouble::Hang, Stage::AfterSubmission),
];

/// An adapter whose recovery opens the device and leaves the known answers out: they take seconds, and have tests.
struct Quick(Arc<GpuExecutor>);

impl Executor for Quick {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        self.0.prepare(model)
    }

    fn recover(&self) -> Result<(), ExecutorFault> {
        self.0.reopen()
    }
}

/// An engine with the contract, whose calls go to a state of its own.
struct Chain {
    engine: Engine,
    state: State,
    contract: Address,
}

impl Chain {
    fn new(coprocessor: &Arc<Coprocessor>) -> Chain {
        coprocessor.register(MODEL).expect("the model is valid");
        let engine = Engine::new(Arc::clone(coprocessor));
        let mut state = State::default();
        let code = wat::parse_str(CLASSIFIER).expect("the contract is valid");
        let contract = engine
            .deploy(&mut state, CALLER, B256::ZERO, &code)
            .expect("the contract is accepted");
        Chain {
            engine,
            state,
            contract,
        }
    }

    /// Classifies a digit.
    fn call(&mut self, mode: Mode, digit: usize) -> Receipt {
        let pixels = &DIGITS[digit * 784..][..784];
        let call = Call {
            sender: CALLER,
            contract: self.contract,
            value: U256::ZERO,
            data: pixels.iter().map(|pixel| pixel ^ 0x80).collect(),
            gas_limit: 1_000_000,
        };
        let receipt = self.engine.call(mode, &mut self.state, &call);
        receipt.expect("a receipt")
    }
}

/// Every kind of trouble at every stage, in calls of a contract on this adapter: `wanted` times together.
fn strike(adapter: &aivm_gpu::AdapterInfo, wanted: u64) {
    let backoff = Backoff {
        first: Duration::from_secs(1),
        most: Duration::from_secs(4),
    };
    // No room for a second model and kernel: each call loads the model again.
    let options = GpuOptions {
        deadline: DEADLINE,
        resident_bytes_max: 0,
        pipelines_max: 1,
        cache: None,
        ..GpuOptions::default()
    };
    let gpu = Arc::new(GpuExecutor::open_with(adapter, options).expect("the adapter opens"));
    let clock = Arc::new(ManualClock::default());
    let quick: Arc<dyn Executor> = Arc::new(Quick(Arc::clone(&gpu)));
    let coprocessor = Coprocessor::new(vec![quick], ModelLimits::CHAIN, PriceTable::V1)
        .with_backoff(backoff)
        .with_clock(Arc::clone(&clock) as _);
    let coprocessor = Arc::new(coprocessor);
    let mut troubled = Chain::new(&coprocessor);
    let mut alone = Chain::new(&Arc::new(Coprocessor::new(
        Vec::new(),
        ModelLimits::CHAIN,
        PriceTable::V1,
    )));
    let other = coprocessor.register(OTHER).expect("the model is valid");
    let other_input = vec![0; other.input_bytes() as usize];
    let (mut calls, mut gas, mut longest) = (0_usize, 0, Duration::ZERO);
    while gpu.struck() < wanted {
        let (trouble, stage) = TROUBLES[gpu.struck() as usize % TROUBLES.len()];
        let what = format!("{trouble:?} at {stage:?} in call {calls}");
        assert!(calls < 4 * wanted as usize + 20, "{what} does not strike");
        // The contract's model makes room.
        let evicted = coprocessor.infer(&other.hash(), &other_input);
        evicted.expect("registered").expect("it runs");
        let mode = Mode::ALL[calls % Mode::ALL.len()];
        let expected = alone.call(mode, calls % CALLS);
        let after = if calls.is_multiple_of(2) { 0 } else { 1 };
        gpu.inject(Some(Injected {
            trouble,
            stage,
            after,
        }));
        let started = Instant::now();
        let receipt = troubled.call(mode, calls % CALLS);
        let took = started.elapsed();
        gpu.inject(None);
        assert_eq!(receipt, expected, "{what}");
        assert_eq!(receipt.status, Status::Ok, "{what}");
        assert!(took < DEADLINE + SLACK, "{what}: {took:?}");
        longest = longest.max(took);
        gas += receipt.gas_used;
        calls += 1;
        clock.advance(backoff.most);
        coprocessor.attend();
        assert!(coprocessor.metrics().backends[0].usable(), "{what}");
    }
    let metrics = coprocessor.metrics();
    println!(
        "{}: the longest call {longest:?}, {gas} gas",
        metrics.backends[0].name
    );
    println!(
        "campaign: troubled_calls={calls} troubles_in_calls={} calls_with_another_receipt=0",
        gpu.struck()
    );
}

#[test]
fn no_trouble_at_any_stage_changes_a_receipt() {
    let wanted = std::env::var("AIVM_TROUBLES");
    let wanted = wanted.map_or(18, |wanted| wanted.parse().expect("a number"));
    let adapters = aivm_gpu::adapters();
    assert!(
        !adapters.is_empty() || std::env::var_os("AIVM_NO_SKIP").is_none(),
        "no adapter"
    );
    for adapter in &adapters {
        strike(adapter, wanted);
    }
}
