//! Contracts from deployment to receipt: statuses, gas to the last unit, effects that stand or are undone,
//! inference with every code, in every mode with the same receipt.

use std::sync::Arc;

use aivm_core::{INK_PER_GAS, ink_to_gas_ceil};
use synergy_aivm::{
    Address, B256, Call, Coprocessor, DeployError, Engine, EngineError, GasSchedule, Mode,
    ModelLimits, PriceTable, Receipt, State, Status, TrapCode, U256, keccak256,
};

const V1: GasSchedule = GasSchedule::V1;
const MODEL: &[u8] = include_bytes!("../examples/models/mnist_cnn.tosa");
const DIGITS: &[u8] = include_bytes!("../examples/models/mnist_digits16.bin");
const CLASSIFIER: &str = include_str!("../examples/contracts/digit_classifier.wat");
const CLASSIFIER_IN_RUST: &[u8] = include_bytes!("../examples/contracts/digit_classifier.wasm");
const CALLER: Address = Address::repeat_byte(0xCA);

/// Runs `aivm.infer` on call data: a model's hash, then the input. Output: the code, i32 little-endian,
/// then the 10 bytes of scores. The output pointer is `OUTPUT`, the capacity `CAPACITY`.
const INFER: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "aivm" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $read_args (i32.const 4096))
    (i32.store (i32.const 0) (call $infer
      (i32.const 4096) (i32.const 4128) (i32.sub (local.get $len) (i32.const 32))
      (i32.const OUTPUT) (i32.const CAPACITY)))
    (call $write_result (i32.const 0) (i32.const 14))
    (i32.const 0)))
"#;

/// Stores 7 under key 1 and emits a log, then does what the first byte of call data says: 0 return 0,
/// 1 return 1, 2 `unreachable`, 3 divide by zero, 4 loop for ever, 5 read out of bounds, 6 log with five
/// topics, 7 recurse for ever, 8 call through a null table entry. Output: 1 byte, 42.
const STORER: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
  (memory (export "memory") 1 1)
  (table 1 1 funcref)
  (type $nothing (func))
  (func $deeper (param i32) (result i32)
    (i32.add (call $deeper (local.get 0)) (i32.const 1)))
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $what i32)
    (call $read_args (i32.const 200))
    (local.set $what (i32.load8_u (i32.const 200)))
    (i32.store8 (i32.const 31) (i32.const 1))
    (i32.store8 (i32.const 63) (i32.const 7))
    (call $cache (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0))
    (call $emit_log (i32.const 0) (i32.const 33) (i32.const 1))
    (i32.store8 (i32.const 100) (i32.const 42))
    (call $write_result (i32.const 100) (i32.const 1))
    (if (i32.eq (local.get $what) (i32.const 2)) (then (unreachable)))
    (if (i32.eq (local.get $what) (i32.const 3))
      (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
    (if (i32.eq (local.get $what) (i32.const 4)) (then (loop $again (br $again))))
    (if (i32.eq (local.get $what) (i32.const 5))
      (then (drop (i32.load (i32.const 65533)))))
    (if (i32.eq (local.get $what) (i32.const 6))
      (then (call $emit_log (i32.const 0) (i32.const 320) (i32.const 5))))
    (if (i32.eq (local.get $what) (i32.const 7)) (then (drop (call $deeper (i32.const 0)))))
    (if (i32.eq (local.get $what) (i32.const 8))
      (then (call_indirect (type $nothing) (i32.const 0))))
    (i32.eq (local.get $what) (i32.const 1))))
"#;

/// A contract in an empty state, one for each mode.
struct World {
    engine: Engine,
    states: Vec<(Mode, State)>,
    contract: Address,
}

impl World {
    fn new(code: &[u8]) -> World {
        let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
        coprocessor.register(MODEL).expect("the model is valid");
        let engine = Engine::new(Arc::new(coprocessor));
        let mut contract = Address::ZERO;
        let states = Mode::ALL.map(|mode| {
            let mut state = State::default();
            let deployed = engine.deploy(&mut state, CALLER, B256::ZERO, code);
            contract = deployed.expect("the contract is valid");
            (mode, state)
        });
        let metrics = engine.metrics();
        assert_eq!(
            metrics.codes_prepared, 1,
            "prepared once for three deployments"
        );
        assert_eq!(metrics.compile_failures, 0);
        World {
            engine,
            states: states.into(),
            contract,
        }
    }

    fn from_text(text: &str) -> World {
        World::new(&wat::parse_str(text).expect("good text"))
    }

    /// Calls in every mode; the receipts and states must be equal.
    fn call(&mut self, data: &[u8], gas_limit: u64) -> Receipt {
        let call = Call {
            sender: CALLER,
            contract: self.contract,
            value: U256::ZERO,
            data: data.to_vec(),
            gas_limit,
        };
        let mut receipts = Vec::new();
        for (mode, state) in &mut self.states {
            let receipt = self.engine.call(*mode, state, &call);
            receipts.push(receipt.unwrap_or_else(|error| panic!("{mode}: {error}")));
        }
        assert_eq!(receipts[0], receipts[1], "interpret and jit");
        assert_eq!(receipts[0], receipts[2], "interpret and compare");
        assert_eq!(self.states[0].1, self.states[1].1);
        assert_eq!(self.states[0].1, self.states[2].1);
        receipts.swap_remove(0)
    }

    fn word(&self, key: u8) -> U256 {
        let word = self.states[0]
            .1
            .word(self.contract, B256::with_last_byte(key));
        U256::from_be_bytes(word.0)
    }
}

/// Digit `index` of the embedded ones as the model wants it.
fn image(index: usize) -> Vec<u8> {
    let pixels = &DIGITS[index * 784..(index + 1) * 784];
    pixels.iter().map(|grey| grey ^ 0x80).collect()
}

fn label(index: usize) -> u8 {
    DIGITS[16 * 784 + index]
}

fn infer_contract(output: u32, capacity: u32) -> World {
    let text = INFER
        .replace("OUTPUT", &output.to_string())
        .replace("CAPACITY", &capacity.to_string());
    World::from_text(&text)
}

fn infer_data(hash: B256, input: &[u8]) -> Vec<u8> {
    [hash.as_slice(), input].concat()
}

fn code(receipt: &Receipt) -> i32 {
    assert_eq!(receipt.status, Status::Ok);
    i32::from_le_bytes(receipt.output[..4].try_into().expect("four bytes"))
}

#[test]
fn the_classifier_recognises_counts_and_logs_and_so_does_its_twin_in_rust() {
    let mut by_hand = World::from_text(CLASSIFIER);
    let mut in_rust = World::new(CLASSIFIER_IN_RUST);
    let mut counts = [0_u64; 10];
    let mut right = 0;
    for index in 0..16 {
        let receipt = by_hand.call(&image(index), 5_000_000);
        assert_eq!(receipt.status, Status::Ok);
        let class = receipt.output[31];
        counts[usize::from(class)] += 1;
        right += u32::from(class == label(index));
        assert_eq!(receipt.output[..31], [0; 31]);
        let log = &receipt.logs[0];
        assert_eq!(log.topics, [keccak256("Digit(uint256)")]);
        assert_eq!(log.data, receipt.output);
        let inference = receipt.inferences[0];
        assert_eq!(inference.model, keccak256(MODEL));
        assert_eq!(inference.input, keccak256(image(index)));

        let twin = in_rust.call(&image(index), 50_000_000);
        assert_eq!(twin.status, Status::Ok);
        assert_eq!(twin.output, receipt.output);
        assert_eq!(twin.inferences, receipt.inferences);
        assert_eq!(twin.logs[0].topics, log.topics);
        assert_eq!(twin.logs[0].data, log.data);
    }
    assert!(right >= 15, "{right} of 16 right");
    for (class, count) in (0..10).zip(counts) {
        assert_eq!(by_hand.word(class), U256::from(count));
        assert_eq!(in_rust.word(class), U256::from(count));
    }
}

#[test]
fn an_image_of_another_size_reverts_with_the_code_of_infer() {
    for contract in [
        &wat::parse_str(CLASSIFIER).expect("good text")[..],
        CLASSIFIER_IN_RUST,
    ] {
        let mut world = World::new(contract);
        for len in [0, 1, 783, 785, 50_000] {
            let receipt = world.call(&vec![0x80; len], 50_000_000);
            assert_eq!(receipt.status, Status::Revert, "{len} bytes");
            assert_eq!(receipt.output, (-2_i32).to_be_bytes(), "{len} bytes");
            assert!(receipt.gas_used < 50_000_000);
            assert_eq!(receipt.inferences, []);
        }
        assert_eq!(world.states[0].1.words(world.contract).count(), 0);
    }
}

#[test]
fn infer_answers_each_refusal_with_its_code() {
    let hash = keccak256(MODEL);
    let input = image(0);
    let mut world = infer_contract(4, 10);
    assert_eq!(code(&world.call(&infer_data(hash, &input), 5_000_000)), 10);
    let unknown = world.call(&infer_data(B256::repeat_byte(1), &input), 5_000_000);
    assert_eq!(code(&unknown), -1);
    let short = world.call(&infer_data(hash, &input[1..]), 5_000_000);
    assert_eq!(code(&short), -2);
    let mut tight = infer_contract(4, 9);
    let receipt = tight.call(&infer_data(hash, &input), 5_000_000);
    assert_eq!(code(&receipt), -3);
    assert_eq!(receipt.output[4..], [0; 10], "nothing is written");
    for refused in [unknown, short, receipt] {
        assert_eq!(refused.inferences, []);
    }
}

#[test]
fn infer_with_a_bad_pointer_traps() {
    let mut world = infer_contract(65_536 - 9, 10);
    let data = infer_data(keccak256(MODEL), &image(0));
    let receipt = world.call(&data, 5_000_000);
    assert_eq!(receipt.status, Status::Trap);
    assert_eq!(receipt.trap, Some(TrapCode::MemoryOutOfBounds));
    assert_eq!(
        (receipt.gas_used, &receipt.output[..]),
        (5_000_000, &[][..])
    );
}

#[test]
fn gas_is_exact_to_the_unit_around_the_whole_call() {
    let mut world = infer_contract(4, 10);
    let data = infer_data(keccak256(MODEL), &image(3));
    let whole = world.call(&data, 5_000_000);
    assert_eq!(whole.status, Status::Ok);
    let exact = world.call(&data, whole.gas_used);
    assert_eq!(exact, whole);
    let short = world.call(&data, whole.gas_used - 1);
    assert_eq!(short.status, Status::OutOfGas);
    assert_eq!(short.gas_used, whole.gas_used - 1);
    assert_eq!(short.output, []);
}

/// The charge for the model is made when the rest of the call is paid up to it: one gas less than that
/// runs no kernel, which the receipt shows by the inference it lacks.
#[test]
fn out_of_gas_in_the_middle_of_infer_runs_no_kernel() {
    let mut world = infer_contract(4, 10);
    let data = infer_data(keccak256(MODEL), &image(3));
    let whole = world.call(&data, 5_000_000).gas_used;
    // After `infer` come a few instructions and one `write_result` of 14 bytes, below 3 gas.
    let after = ink_to_gas_ceil(V1.host_base + 14 * V1.host_byte + 10 * V1.load);
    assert!(after <= 3);
    let mut ran = Vec::new();
    for missing in 0..=after + 1 {
        let receipt = world.call(&data, whole - missing);
        ran.push(receipt.inferences.len());
        assert_eq!(receipt.status == Status::Ok, missing == 0);
    }
    assert_eq!(ran.first(), Some(&1), "{ran:?}");
    assert_eq!(ran.last(), Some(&0), "{ran:?}");
    let model_gas = {
        let models = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
        models.register(MODEL).expect("valid").gas()
    };
    // Half of the model's price missing is the same as one unit missing.
    let receipt = world.call(&data, whole - model_gas / 2);
    assert_eq!(
        (receipt.status, receipt.inferences.len()),
        (Status::OutOfGas, 0)
    );
    assert_eq!(receipt.gas_used, whole - model_gas / 2);
}

#[test]
fn effects_stand_only_when_the_call_is_ok() {
    let ends = [
        (0, Status::Ok, None),
        (1, Status::Revert, None),
        (2, Status::Revert, None),
        (3, Status::Trap, Some(TrapCode::IntegerDivisionByZero)),
        (4, Status::OutOfGas, None),
        (5, Status::Trap, Some(TrapCode::MemoryOutOfBounds)),
        (6, Status::Trap, Some(TrapCode::HostArgument)),
        (7, Status::Trap, Some(TrapCode::StackOverflow)),
        (8, Status::Trap, Some(TrapCode::IndirectCallToNull)),
    ];
    const LIMIT: u64 = 300_000;
    for (what, status, trap) in ends {
        let mut world = World::from_text(STORER);
        let receipt = world.call(&[what], LIMIT);
        assert_eq!(
            (receipt.status, receipt.trap),
            (status, trap),
            "byte {what}"
        );
        let ok = status == Status::Ok;
        assert_eq!(
            world.word(1),
            U256::from(if ok { 7 } else { 0 }),
            "byte {what}"
        );
        assert_eq!(receipt.logs.len(), usize::from(ok), "byte {what}");
        let returned = what <= 1;
        let output: &[u8] = if returned { &[42] } else { &[] };
        assert_eq!(receipt.output, output, "byte {what}");
        let burnt = matches!(status, Status::Trap | Status::OutOfGas);
        assert_eq!(receipt.gas_used == LIMIT, burnt, "byte {what}");
    }
}

#[test]
fn an_undone_call_leaves_earlier_ones_in_place() {
    let mut world = World::from_text(STORER);
    world.call(&[0], 300_000);
    for what in 1..=8 {
        world.call(&[what], 300_000);
        assert_eq!(world.word(1), U256::from(7));
    }
}

#[test]
fn a_panic_costs_what_ran_and_not_more_with_a_higher_limit() {
    let mut world = World::from_text(STORER);
    let low = world.call(&[2], 300_000);
    let high = world.call(&[2], 3_000_000);
    assert_eq!(low.status, Status::Revert);
    assert_eq!(low.gas_used, high.gas_used);
}

#[test]
fn gas_below_the_base_price_is_out_of_gas_without_a_run() {
    let mut world = World::from_text(STORER);
    for gas in [0, V1.call_base_gas - 1, V1.call_base_gas] {
        let receipt = world.call(&[0], gas);
        assert_eq!(receipt.status, Status::OutOfGas);
        assert_eq!(receipt.gas_used, gas);
    }
}

#[test]
fn a_gas_limit_beyond_all_ink_is_no_overflow() {
    // A new world each: a word that is written again costs less.
    let receipt = |gas| World::from_text(STORER).call(&[0], gas);
    let usual = receipt(300_000);
    for gas in [u64::MAX / INK_PER_GAS, u64::MAX] {
        assert_eq!(receipt(gas), usual);
    }
}

#[test]
fn what_cannot_be_called_or_deployed_is_an_error() {
    let mut world = World::from_text(STORER);
    let (_, state) = &mut world.states[0];
    let mut call = Call {
        sender: CALLER,
        contract: Address::repeat_byte(9),
        value: U256::ZERO,
        data: Vec::new(),
        gas_limit: 1_000_000,
    };
    let nowhere = world.engine.call(Mode::Jit, state, &call);
    assert_eq!(nowhere, Err(EngineError::NoContract(call.contract)));
    call.contract = world.contract;
    call.data = vec![0; 128 * 1024 + 1];
    let long = world.engine.call(Mode::Jit, state, &call);
    assert!(matches!(long, Err(EngineError::CallDataLength { .. })));

    let code = wat::parse_str(STORER).expect("good text");
    let again = world.engine.deploy(state, CALLER, B256::ZERO, &code);
    assert_eq!(again, Err(DeployError::AddressTaken(world.contract)));
    let before = state.clone();
    let refused = world
        .engine
        .deploy(state, CALLER, B256::ZERO, b"\0asm\x01\0\0\0");
    assert!(matches!(refused, Err(DeployError::Refused(_))));
    assert_eq!(*state, before);
}
