//! create1 and create2: addresses, nonces, endowments, and what cannot be created.

use aivm_core::{Address, B256, Status, TrapCode, U256, keccak256};

use crate::puppet::World;

/// Creates a contract from call data: how (1 byte: 0 create1, 1 create2), endowment (32), salt (32), code. Then
/// does it again if the code's first byte was asked for twice (how + 2), and returns both addresses and the
/// length of revert data (4).
const FACTORY: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
  (import "vm_hooks" "create2" (func $create2 (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 4)
  (func $create (param $len i32) (param $out i32)
    (if (i32.and (i32.load8_u (i32.const 1024)) (i32.const 1))
      (then (call $create2 (i32.const 1089) (local.get $len) (i32.const 1025) (i32.const 1057)
        (local.get $out) (i32.const 40)))
      (else (call $create1 (i32.const 1089) (local.get $len) (i32.const 1025)
        (local.get $out) (i32.const 40)))))
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $read_args (i32.const 1024))
    (i32.store (i32.const 40) (i32.const -1))
    (call $create (i32.sub (local.get $len) (i32.const 65)) (i32.const 0))
    (if (i32.and (i32.load8_u (i32.const 1024)) (i32.const 2))
      (then (call $create (i32.sub (local.get $len) (i32.const 65)) (i32.const 20))))
    (call $write_result (i32.const 0) (i32.const 44))
    (i32.const 0)))
"#;

/// Returns 42.
const CHILD: &str = r#"
(module
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param i32) (result i32)
    (i32.store8 (i32.const 0) (i32.const 42))
    (call $write_result (i32.const 0) (i32.const 1))
    (i32.const 0)))
"#;

const SALT: B256 = B256::repeat_byte(0x5A);
const GAS: u64 = 1_000_000_000;

fn factory() -> World {
    World::of(&wat::parse_str(FACTORY).expect("good text"))
}

fn child() -> Vec<u8> {
    wat::parse_str(CHILD).expect("good text")
}

fn order(how: u8, endowment: u64, code: &[u8]) -> Vec<u8> {
    let endowment = U256::from(endowment).to_be_bytes::<32>();
    [&[how][..], &endowment, SALT.as_slice(), code].concat()
}

fn addresses(output: &[u8]) -> [Address; 2] {
    assert_eq!(output[40..44], [0; 4], "revert data");
    [&output[..20], &output[20..40]].map(Address::from_slice)
}

#[test]
fn create1_goes_by_the_nonce_and_create2_by_the_salt() {
    let mut world = factory();
    let receipt = world.call_bytes(order(2, 0, &child()), U256::ZERO, GAS);
    assert_eq!(receipt.status, Status::Ok);
    let factory = world.a;
    // A contract's nonce begins at 1 (EIP-161).
    let expected = [1, 2].map(|nonce| factory.create(nonce));
    assert_eq!(addresses(&receipt.output), expected);
    assert_eq!(world.state().nonce(factory), 3);

    // The second creation with the same salt and code finds its address taken.
    let receipt = world.call_bytes(order(3, 0, &child()), U256::ZERO, GAS);
    let expected = factory.create2(SALT, keccak256(child()));
    assert_eq!(addresses(&receipt.output), [expected, Address::ZERO]);
    assert_eq!(world.state().nonce(factory), 5);
    assert_eq!(world.state().nonce(expected), 1);

    world.a = expected;
    let receipt = world.call_bytes(Vec::new(), U256::ZERO, GAS);
    assert_eq!(
        (receipt.status, &receipt.output[..]),
        (Status::Ok, &[42][..])
    );
}

#[test]
fn an_endowment_is_moved_or_nothing_happens() {
    let mut world = factory();
    let factory = world.a;
    world.set_balance(factory, 5);
    let receipt = world.call_bytes(order(0, 6, &child()), U256::ZERO, GAS);
    assert_eq!(addresses(&receipt.output)[0], Address::ZERO);
    assert_eq!(world.state().nonce(factory), 1, "nothing was begun");
    let receipt = world.call_bytes(order(0, 5, &child()), U256::ZERO, GAS);
    let [created, _] = addresses(&receipt.output);
    assert_eq!(created, factory.create(1));
    assert_eq!(world.state().balance(created), U256::from(5));
    assert_eq!(world.state().balance(factory), U256::ZERO);
}

#[test]
fn code_that_is_no_contract_is_refused_and_costs_its_bytes() {
    let evm = [0x60, 0x00, 0x60, 0x00, 0xF3];
    let floats = wat::parse_str(
        r#"(module (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (drop (f32.const 1)) (i32.const 0)))"#,
    );
    for code in [&evm[..], &floats.expect("good text"), &[]] {
        let mut world = factory();
        let receipt = world.call_bytes(order(0, 0, code), U256::ZERO, GAS);
        assert_eq!(receipt.status, Status::Ok);
        assert_eq!(addresses(&receipt.output)[0], Address::ZERO);
        assert_eq!(world.state().nonce(world.a), 2, "the nonce is used up");
        let bytes = code.len() as u64 * 200;
        assert!(receipt.gas_used > 32_000 + bytes);
        assert!(receipt.gas_used < 50_000 + bytes);
    }
}

#[test]
fn each_byte_of_code_is_paid_before_it_is_looked_at() {
    let mut world = factory();
    let code = child();
    let gas = |len: usize| 44_000 + 200 * len as u64;
    let receipt = world.call_bytes(order(0, 0, &code), U256::ZERO, gas(code.len()));
    assert_eq!(receipt.status, Status::Ok);
    let before = world.engine.metrics().codes_prepared;
    let mut other = code.clone();
    // Another code hash: a custom section behind it.
    other.extend([0, 2, 1, b'x']);
    // Enough for everything and half of the bytes.
    let half = 38_000 + 100 * other.len() as u64;
    let receipt = world.call_bytes(order(0, 0, &other), U256::ZERO, half);
    assert_eq!(receipt.status, Status::OutOfGas);
    assert_eq!(world.engine.metrics().codes_prepared, before);
}

#[test]
fn a_creation_is_undone_with_its_creator() {
    // Enough for one creation and what its creator keeps back of it, but not for a second.
    let one = factory().call_bytes(order(0, 0, &child()), U256::ZERO, GAS);
    let enough = one.gas_used + one.gas_used / 32;
    let mut world = factory();
    let receipt = world.call_bytes(order(0, 0, &child()), U256::ZERO, enough);
    let created = addresses(&receipt.output)[0];
    assert!(world.state().code_hash(created).is_some());
    let mut world = factory();
    let before = world.state().clone();
    let receipt = world.call_bytes(order(2, 0, &child()), U256::ZERO, enough);
    assert_eq!(
        (receipt.status, receipt.trap),
        (Status::OutOfGas, None::<TrapCode>)
    );
    assert_eq!(*world.state(), before);
}

#[test]
fn activation_is_paid_besides_the_bytes_in_every_mode_alike() {
    let mut world = factory();
    let code = child();
    // The same creation of code that is refused costs all but the activation.
    let mut refused = code.clone();
    refused[0] = b'x';
    let without = world.call_bytes(order(0, 0, &refused), U256::ZERO, GAS);
    let with = world.call_bytes(order(0, 0, &code), U256::ZERO, GAS);
    let activation =
        world.engine.activation_gas(&code).expect("accepted") - 200 * code.len() as u64;
    let difference = with.gas_used - without.gas_used;
    assert!(activation > 10_000);
    assert!(
        difference.abs_diff(activation) <= 1,
        "{difference} {activation}"
    );
}

#[test]
fn an_activation_that_cannot_be_paid_uses_up_what_the_creation_was_given() {
    let one = factory().call_bytes(order(0, 0, &child()), U256::ZERO, GAS);
    let mut world = factory();
    let receipt = world.call_bytes(order(0, 0, &child()), U256::ZERO, one.gas_used);
    assert_eq!(receipt.status, Status::Ok);
    assert_eq!(addresses(&receipt.output)[0], Address::ZERO);
    assert_eq!(world.state().nonce(world.a), 2, "the nonce is used up");
    // All but a 64th of what was left went with it.
    assert!(
        receipt.gas_used > one.gas_used - one.gas_used / 32,
        "{}",
        receipt.gas_used
    );
}
