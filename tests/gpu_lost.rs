//! A GPU lost in the middle of a block of calls changes no receipt: same output, gas, logs and inferences.

use std::sync::Arc;

use aivm_coprocessor::{Accelerators, ManualClock};
use aivm_gpu::GpuExecutor;
use aivm_tosa::Executor;
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
    coprocessor.register(MODEL).expect("the model is valid");
    let engine = Engine::new(Arc::new(coprocessor));
    let mut state = State::default();
    let code = wat::parse_str(CLASSIFIER).expect("the contract is valid");
    let contract = engine
        .deploy(&mut state, CALLER, B256::ZERO, &code)
        .expect("the contract is accepted");
    let receipts = (0..CALLS).map(|index| {
        if let Some(gpu) = gpu.filter(|_| lost_at == Some(index)) {
            gpu.destroy_device();
        }
        let pixels = &DIGITS[index * 784..][..784];
        let call = Call {
            sender: CALLER,
            contract,
            value: U256::ZERO,
            data: pixels.iter().map(|pixel| pixel ^ 0x80).collect(),
            gas_limit: 1_000_000,
        };
        engine.call(mode, &mut state, &call).expect("a receipt")
    });
    let receipts = receipts.collect();
    if let (Some(_), Some(lost_at)) = (gpu, lost_at) {
        let metrics = engine.coprocessor().metrics();
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
