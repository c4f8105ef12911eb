//! Calls and creations against a port that answers what a test says.

use aivm_core::HostFunction::{
    self, CallContract, Create1, Create2, DelegateCallContract, ReadReturnData, ReturnDataSize,
    StaticCallContract,
};
use aivm_core::ports::{CallAnswer, CallKind, CallRequest, CallStatus, CreateAnswer, Inference};
use aivm_core::{Address, B256, Host, HostExit, INK_PER_GAS, Limits, TrapCode, U256};

use crate::test_ports::{MEMORY_BYTES, OTHER, OUT_OF_BOUNDS, PAGES, Ports, TestGuest, V1};

const TARGET_AT: u64 = 0;
const NOBODY_AT: u64 = 32;
const DATA_AT: u64 = 64;
const VALUE_AT: u64 = 96;
const ZERO_AT: u64 = 128;
const LEN_AT: u64 = 200;
const ADDRESS_AT: u64 = 300;
/// Gas that asks for everything.
const ALL: u64 = u64::MAX;
/// Ink that a callee of these tests uses.
const USED: u64 = 12_345;

/// A guest with an address, 3 bytes of call data, and 9 wei.
fn guest(ink: u64) -> TestGuest {
    let mut guest = TestGuest::with_ink(ink);
    guest.memory[..20].copy_from_slice(OTHER.as_slice());
    guest.memory[32..52].fill(0x99);
    guest.memory[64..67].copy_from_slice(&[7, 8, 9]);
    guest.memory[127] = 9;
    guest
}

fn ports(status: CallStatus, used: u64) -> Ports {
    let mut ports = Ports::default();
    let answer = CallAnswer {
        status,
        output: vec![4, 5, 6, 7],
        ink_left: 0,
        inferences: vec![Inference {
            model: B256::repeat_byte(1),
            input: B256::repeat_byte(2),
            output: B256::repeat_byte(3),
        }],
    };
    ports.world.call_answer = Some((answer, used));
    ports
}

/// Arguments of a call of [`OTHER`] without value.
fn call(function: HostFunction, gas: u64) -> Vec<u64> {
    match function {
        CallContract => vec![TARGET_AT, DATA_AT, 3, ZERO_AT, gas, LEN_AT],
        _ => vec![TARGET_AT, DATA_AT, 3, gas, LEN_AT],
    }
}

/// The price of such a call without what the callee uses, the first touch included.
fn price(function: HostFunction) -> u64 {
    V1.host_call(function) + 3 * V1.host_byte + V1.account_cold
}

const CALLS: [(HostFunction, CallKind); 3] = [
    (CallContract, CallKind::Call),
    (DelegateCallContract, CallKind::Delegate),
    (StaticCallContract, CallKind::Static),
];

#[test]
fn a_call_passes_its_arguments_and_charges_exactly_what_was_used() {
    for (function, kind) in CALLS {
        for status in [CallStatus::Ok, CallStatus::Revert, CallStatus::Failure] {
            let mut ports = ports(status, USED);
            let mut guest = guest(price(function) + 3 * INK_PER_GAS * 64);
            let before = guest.ink;
            let mut frame = ports.frame();
            let result = frame.call(function, &call(function, 2), &mut guest);
            assert_eq!(result, Ok(status as u64));
            assert_eq!(before - guest.ink, price(function) + USED);
            assert_eq!(guest.memory[200..204], [4, 0, 0, 0]);
            assert_eq!(frame.call(ReturnDataSize, &[], &mut guest), Ok(4));
            assert_eq!(frame.close().inferences.len(), 1);
            let request = CallRequest {
                kind,
                target: OTHER,
                value: U256::ZERO,
                data: vec![7, 8, 9],
                ink: 2 * INK_PER_GAS,
                memory_pages: PAGES,
            };
            assert_eq!(ports.world.calls, [request]);
        }
    }
}

#[test]
fn one_ink_below_the_price_calls_nobody() {
    for (function, _) in CALLS {
        for ink in [0, price(function) - 1, V1.host_call(function) + 2] {
            let mut ports = ports(CallStatus::Ok, 0);
            let mut guest = guest(ink);
            let exit = ports
                .frame()
                .call(function, &call(function, ALL), &mut guest);
            assert_eq!(exit, Err(HostExit::OutOfInk));
            assert!(ports.untouched());
        }
    }
}

#[test]
fn a_callee_gets_at_most_all_but_a_64th() {
    for (left, forwarded) in [(0, 0), (63, 63), (64, 63), (6_400, 6_300), (6_463, 6_363)] {
        let mut ports = ports(CallStatus::Ok, u64::MAX);
        let mut guest = guest(price(CallContract) + left);
        let arguments = call(CallContract, ALL);
        let result = ports.frame().call(CallContract, &arguments, &mut guest);
        assert_eq!(result, Ok(0));
        assert_eq!(ports.world.calls[0].ink, forwarded);
        // It used everything it got.
        assert_eq!(guest.ink, left - forwarded);
    }
    // The gas asked for saturates as ink.
    let mut ports = ports(CallStatus::Ok, 0);
    let mut guest = guest(u64::MAX);
    let gas = u64::MAX / INK_PER_GAS + 1;
    let arguments = call(CallContract, gas);
    let _ = ports.frame().call(CallContract, &arguments, &mut guest);
    let left = u64::MAX - price(CallContract);
    assert_eq!(ports.world.calls[0].ink, left - left / 64);
}

#[test]
fn value_costs_and_brings_a_stipend() {
    for (target, new_account) in [(TARGET_AT, 0), (NOBODY_AT, V1.call_new_account)] {
        for used in [0, USED, V1.call_stipend, V1.call_stipend + 70] {
            let mut ports = ports(CallStatus::Ok, used);
            let whole = price(CallContract) + V1.call_value + new_account;
            let mut guest = guest(whole + 64_000_000);
            let arguments = [target, DATA_AT, 3, VALUE_AT, 100, LEN_AT];
            let result = ports.frame().call(CallContract, &arguments, &mut guest);
            assert_eq!(result, Ok(0));
            let request = &ports.world.calls[0];
            assert_eq!(request.value, U256::from(9));
            assert_eq!(request.ink, 100 * INK_PER_GAS + V1.call_stipend);
            assert_eq!(
                guest.ink,
                64_000_000 + V1.call_stipend - used,
                "used {used}"
            );

            let mut poor = guest_with(whole - 1);
            let exit = ports_ok().frame().call(CallContract, &arguments, &mut poor);
            assert_eq!(exit, Err(HostExit::OutOfInk));
        }
    }
}

fn guest_with(ink: u64) -> TestGuest {
    guest(ink)
}

fn ports_ok() -> Ports {
    ports(CallStatus::Ok, 0)
}

#[test]
fn a_frame_that_may_change_nothing_sends_no_value_and_creates_nothing() {
    let mut ports = ports(CallStatus::Ok, 0);
    ports.context.read_only = true;
    let mut guest = guest(u64::MAX);
    guest.memory[200] = 77;
    let mut frame = ports.frame();
    let value = [TARGET_AT, DATA_AT, 3, VALUE_AT, ALL, LEN_AT];
    assert_eq!(frame.call(CallContract, &value, &mut guest), Ok(2));
    assert_eq!(guest.memory[200..204], [0; 4]);
    let create = [DATA_AT, 3, ZERO_AT, ADDRESS_AT, LEN_AT];
    let exit = frame.call(Create1, &create, &mut guest);
    assert_eq!(exit, Err(HostExit::Trap(TrapCode::ReadOnly)));
    drop(frame);
    assert!(ports.untouched());
    // Without value it may call; the port keeps the callee from changing anything.
    let arguments = call(CallContract, ALL);
    let result = ports.frame().call(CallContract, &arguments, &mut guest);
    assert_eq!((result, ports.world.calls.len()), (Ok(0), 1));
}

#[test]
fn return_data_is_read_in_parts_and_replaced() {
    let mut ports = ports(CallStatus::Revert, 0);
    let mut guest = guest(u64::MAX);
    let mut frame = ports.frame();
    assert_eq!(frame.call(ReturnDataSize, &[], &mut guest), Ok(0));
    assert_eq!(frame.call(ReadReturnData, &[400, 0, 9], &mut guest), Ok(0));
    frame
        .call(CallContract, &call(CallContract, ALL), &mut guest)
        .unwrap();
    for (offset, size, bytes) in [
        (0, 4, &[4, 5, 6, 7][..]),
        (1, 2, &[5, 6]),
        (3, 100, &[7]),
        (4, 1, &[]),
        (u64::from(u32::MAX), u64::from(u32::MAX), &[]),
    ] {
        guest.memory[400..410].fill(0);
        guest.ink = V1.host_base + bytes.len() as u64 * V1.host_byte;
        let copied = frame.call(ReadReturnData, &[400, offset, size], &mut guest);
        assert_eq!(copied, Ok(bytes.len() as u64));
        assert_eq!(guest.ink, 0);
        assert_eq!(guest.memory[400..400 + bytes.len()], *bytes);
    }
    guest.ink = V1.host_base + 4 * V1.host_byte - 1;
    let exit = frame.call(ReadReturnData, &[400, 0, 4], &mut guest);
    assert_eq!(exit, Err(HostExit::OutOfInk));
    guest.ink = u64::MAX;
    let end = u64::from(MEMORY_BYTES);
    let exit = frame.call(ReadReturnData, &[end - 3, 0, 4], &mut guest);
    assert_eq!(exit, OUT_OF_BOUNDS);
    // Nothing is written where nothing is copied, so any pointer will do.
    let nothing = [u64::from(u32::MAX), 4, 4];
    assert_eq!(frame.call(ReadReturnData, &nothing, &mut guest), Ok(0));
}

#[test]
fn bad_pointers_of_calls_trap_before_anyone_is_called() {
    let end = u64::from(MEMORY_BYTES);
    let good = [TARGET_AT, DATA_AT, 3, ZERO_AT, ALL, LEN_AT];
    for (index, bad) in [(0, end - 19), (1, end - 2), (3, end - 31), (5, end - 3)] {
        let mut arguments = good;
        arguments[index] = bad;
        let mut ports = ports_ok();
        let exit = ports
            .frame()
            .call(CallContract, &arguments, &mut guest(u64::MAX));
        assert_eq!(exit, OUT_OF_BOUNDS, "argument {index}");
        assert!(ports.untouched());
    }
}

#[test]
fn call_data_and_code_have_limits() {
    let Limits {
        call_data_bytes,
        code_bytes,
        ..
    } = Limits::CONTRACT;
    let mut ports = ports_ok();
    let mut guest = guest(u64::MAX);
    guest.memory.resize(1 << 20, 0);
    let mut frame = ports.frame();
    for (above, expected) in [(0, Ok(0)), (1, Err(HostExit::Trap(TrapCode::HostArgument)))] {
        let data = u64::from(call_data_bytes) + above;
        let call = [TARGET_AT, DATA_AT, data, ZERO_AT, ALL, LEN_AT];
        assert_eq!(frame.call(CallContract, &call, &mut guest), expected);
    }
    drop(frame);
    ports.world.create_answer = Some((created(), 0));
    let mut frame = ports.frame();
    for (above, expected) in [(0, Ok(0)), (1, Err(HostExit::Trap(TrapCode::HostArgument)))] {
        let code = u64::from(code_bytes) + above;
        let create = [DATA_AT, code, ZERO_AT, ADDRESS_AT, LEN_AT];
        assert_eq!(frame.call(Create1, &create, &mut guest), expected);
    }
}

const NEW: Address = Address::repeat_byte(0xEE);

fn created() -> CreateAnswer {
    CreateAnswer {
        contract: Some(NEW),
        output: Vec::new(),
        ink_left: 0,
    }
}

fn create(function: HostFunction) -> Vec<u64> {
    match function {
        Create1 => vec![DATA_AT, 3, VALUE_AT, ADDRESS_AT, LEN_AT],
        _ => vec![DATA_AT, 3, VALUE_AT, TARGET_AT, ADDRESS_AT, LEN_AT],
    }
}

fn create_price(function: HostFunction) -> u64 {
    let hash = if function == Create2 {
        V1.keccak_word
    } else {
        0
    };
    V1.host_call(function) + 3 * (V1.host_byte + V1.create_byte) + hash
}

#[test]
fn a_creation_passes_code_value_and_salt_and_writes_the_address() {
    for function in [Create1, Create2] {
        let mut ports = Ports::default();
        ports.world.create_answer = Some((created(), USED));
        let mut guest = guest(create_price(function) + 64_000);
        guest.memory[200..204].fill(7);
        let result = ports.frame().call(function, &create(function), &mut guest);
        assert_eq!(result, Ok(0));
        assert_eq!(guest.ink, 64_000 - USED);
        assert_eq!(guest.memory[300..320], NEW.0.0);
        assert_eq!(guest.memory[200..204], [0; 4]);
        let request = &ports.world.creates[0];
        assert_eq!(request.code, [7, 8, 9]);
        assert_eq!(request.value, U256::from(9));
        assert_eq!(request.ink, 63_000);
        assert_eq!(request.memory_pages, PAGES);
        let salt = (function == Create2).then(|| {
            let mut salt = B256::ZERO;
            salt[..20].copy_from_slice(OTHER.as_slice());
            salt
        });
        assert_eq!(request.salt, salt);

        let mut poor = guest_with(create_price(function) - 1);
        let exit = ports.frame().call(function, &create(function), &mut poor);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(ports.world.creates.len(), 1);
    }
}

#[test]
fn a_failed_creation_writes_address_zero_and_keeps_revert_data() {
    let mut ports = Ports::default();
    let answer = CreateAnswer {
        contract: None,
        output: vec![1, 2],
        ink_left: 0,
    };
    ports.world.create_answer = Some((answer, 0));
    let mut guest = guest(u64::MAX);
    guest.memory[300..320].fill(7);
    let mut frame = ports.frame();
    let result = frame.call(Create1, &create(Create1), &mut guest);
    assert_eq!(result, Ok(0));
    assert_eq!(guest.memory[300..320], [0; 20]);
    assert_eq!(guest.memory[200..204], [2, 0, 0, 0]);
    assert_eq!(frame.call(ReturnDataSize, &[], &mut guest), Ok(2));
}

#[test]
fn bad_pointers_of_creations_trap_before_anything_is_created() {
    let end = u64::from(MEMORY_BYTES);
    let places = [
        (0, end - 2),
        (2, end - 31),
        (3, end - 31),
        (4, end - 19),
        (5, end - 3),
    ];
    for (index, bad) in places {
        let mut ports = Ports::default();
        ports.world.create_answer = Some((created(), 0));
        let mut arguments = create(Create2);
        arguments[index] = bad;
        let exit = ports
            .frame()
            .call(Create2, &arguments, &mut guest(u64::MAX));
        assert_eq!(exit, OUT_OF_BOUNDS, "argument {index}");
        assert!(ports.untouched());
    }
}

#[test]
fn more_ink_back_than_was_given_is_a_node_fault() {
    assert!(matches!(super::used_ink(5, 6), Err(HostExit::Fault(_))));
}
