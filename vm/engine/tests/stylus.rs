//! Contracts written with the published `stylus-sdk`, unmodified: called with Solidity's call data, in every mode
//! with the same receipt and state.

use std::sync::Arc;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, Status, U256, keccak256};
use aivm_engine::{Call, Engine, Mode, Receipt, State};
use aivm_tosa::{ModelLimits, PriceTable};

const COUNTER: &[u8] = include_bytes!("../../../examples/contracts/counter.wasm");
const ERC20: &[u8] = include_bytes!("../../../examples/contracts/erc20.wasm");

const ALICE: Address = Address::repeat_byte(0xA1);
const BOB: Address = Address::repeat_byte(0xB0);
const CAROL: Address = Address::repeat_byte(0xCA);
const GAS: u64 = 10_000_000;

/// Call data: how (1 byte: 0 call, 1 delegate, 2 static), an address, call data for it. Returns what the callee
/// returned; reverts with it if the callee did not end well.
const FORWARDER: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $kind i32) (local $size i32) (local $status i32)
    (call $read_args (i32.const 1024))
    (local.set $kind (i32.load8_u (i32.const 1024)))
    (local.set $size (i32.sub (local.get $len) (i32.const 21)))
    (local.set $status (if (result i32) (i32.eqz (local.get $kind))
      (then (call $call (i32.const 1025) (i32.const 1045) (local.get $size) (i32.const 32) (i64.const -1) (i32.const 0)))
      (else (if (result i32) (i32.eq (local.get $kind) (i32.const 1))
        (then (call $delegate (i32.const 1025) (i32.const 1045) (local.get $size) (i64.const -1) (i32.const 0)))
        (else (call $static (i32.const 1025) (i32.const 1045) (local.get $size) (i64.const -1) (i32.const 0)))))))
    (drop (call $read_return_data (i32.const 1024) (i32.const 0) (i32.load (i32.const 0))))
    (call $write_result (i32.const 1024) (i32.load (i32.const 0)))
    (i32.ne (local.get $status) (i32.const 0))))
"#;

struct World {
    engine: Engine,
    states: Vec<(Mode, State)>,
}

impl World {
    fn new() -> World {
        let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
        World {
            engine: Engine::new(Arc::new(coprocessor)),
            states: Mode::ALL.map(|mode| (mode, State::default())).into(),
        }
    }

    fn deploy(&mut self, code: &[u8]) -> Address {
        let mut contract = Address::ZERO;
        for (_, state) in &mut self.states {
            let deployed = self.engine.deploy(state, ALICE, B256::ZERO, code);
            contract = deployed.expect("the contract is valid");
        }
        assert_eq!(self.engine.metrics().compile_failures, 0);
        contract
    }

    fn set_balance(&mut self, address: Address, balance: u64) {
        for (_, state) in &mut self.states {
            state.set_balance(address, U256::from(balance));
        }
    }

    fn state(&self) -> &State {
        &self.states[0].1
    }

    fn send(&mut self, sender: Address, contract: Address, value: u64, data: &[u8]) -> Receipt {
        let call = Call {
            sender,
            contract,
            value: U256::from(value),
            data: data.to_vec(),
            gas_limit: GAS,
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

    /// Calls, and expects it to end well.
    fn call(&mut self, sender: Address, contract: Address, data: &[u8]) -> Receipt {
        let receipt = self.send(sender, contract, 0, data);
        assert_eq!(receipt.status, Status::Ok, "{:?}", receipt.output);
        receipt
    }

    /// The one word that a call returns.
    fn word(&mut self, contract: Address, data: &[u8]) -> U256 {
        let receipt = self.call(BOB, contract, data);
        assert_eq!(receipt.output.len(), 32);
        U256::from_be_slice(&receipt.output)
    }
}

/// A Solidity call: the function's selector, then its arguments, a word each.
fn abi(signature: &str, arguments: &[B256]) -> Vec<u8> {
    let mut data = keccak256(signature)[..4].to_vec();
    data.extend(arguments.iter().flat_map(|word| word.0));
    data
}

fn number(number: u64) -> B256 {
    B256::from(U256::from(number))
}

fn address(address: Address) -> B256 {
    address.into_word()
}

#[test]
fn the_counter_counts() {
    let mut world = World::new();
    let counter = world.deploy(COUNTER);
    let read = abi("number()", &[]);
    assert_eq!(world.word(counter, &read), U256::ZERO);
    for _ in 0..3 {
        world.call(ALICE, counter, &abi("increment()", &[]));
    }
    assert_eq!(world.word(counter, &read), U256::from(3));
    world.call(ALICE, counter, &abi("setNumber(uint256)", &[number(40)]));
    world.call(ALICE, counter, &abi("addNumber(uint256)", &[number(2)]));
    assert_eq!(world.word(counter, &read), U256::from(42));
    // Solidity's layout: the first variable is at slot 0.
    assert_eq!(world.state().word(counter, B256::ZERO), number(42));
}

#[test]
fn the_counter_takes_value_only_where_it_says_so() {
    let mut world = World::new();
    let counter = world.deploy(COUNTER);
    world.set_balance(ALICE, 10);
    let paid = world.send(ALICE, counter, 7, &abi("addFromMsgValue()", &[]));
    assert_eq!(paid.status, Status::Ok);
    assert_eq!(world.word(counter, &abi("number()", &[])), U256::from(7));
    let refused = world.send(ALICE, counter, 3, &abi("increment()", &[]));
    assert_eq!(refused.status, Status::Revert);
    assert_eq!(world.state().balance(counter), U256::from(7));
    assert_eq!(world.state().balance(ALICE), U256::from(3));
}

#[test]
fn what_the_counter_cannot_do_reverts_and_returns_the_rest_of_the_gas() {
    let mut world = World::new();
    let counter = world.deploy(COUNTER);
    world.call(
        ALICE,
        counter,
        &abi("setNumber(uint256)", &[B256::repeat_byte(0xFF)]),
    );
    let too_much = abi("addNumber(uint256)", &[number(1)]);
    let unknown = abi("nothing()", &[]);
    let short = abi("addNumber(uint256)", &[])[..4].to_vec();
    for data in [too_much, unknown, short, vec![1, 2, 3], vec![]] {
        let receipt = world.send(ALICE, counter, 0, &data);
        assert_eq!(receipt.status, Status::Revert, "{data:?}");
        assert!(receipt.gas_used < GAS / 10, "{}", receipt.gas_used);
        assert_eq!(
            world.state().word(counter, B256::ZERO),
            B256::repeat_byte(0xFF)
        );
    }
}

#[test]
fn the_token_is_minted_and_moved_with_events() {
    let mut world = World::new();
    let token = world.deploy(ERC20);
    let transfer = keccak256("Transfer(address,address,uint256)");
    let minted = world.call(
        ALICE,
        token,
        &abi("mint(address,uint256)", &[address(BOB), number(100)]),
    );
    assert_eq!(minted.logs.len(), 1);
    assert_eq!(minted.logs[0].address, token);
    assert_eq!(minted.logs[0].topics, [transfer, B256::ZERO, address(BOB)]);
    assert_eq!(minted.logs[0].data, number(100).0);

    let moved = world.call(
        BOB,
        token,
        &abi("transfer(address,uint256)", &[address(CAROL), number(30)]),
    );
    assert_eq!(U256::from_be_slice(&moved.output), U256::from(1));
    assert_eq!(
        moved.logs[0].topics,
        [transfer, address(BOB), address(CAROL)]
    );
    assert_eq!(moved.logs[0].data, number(30).0);
    let balance =
        |world: &mut World, owner| world.word(token, &abi("balanceOf(address)", &[address(owner)]));
    assert_eq!(balance(&mut world, BOB), U256::from(70));
    assert_eq!(balance(&mut world, CAROL), U256::from(30));
    assert_eq!(
        world.word(token, &abi("totalSupply()", &[])),
        U256::from(100)
    );
    // Solidity's layout: a mapping's word is at keccak(key, slot).
    let slot = keccak256([address(BOB).0, [0; 32]].concat());
    assert_eq!(world.state().word(token, slot), number(70));

    // To oneself, and nothing at all.
    world.call(
        BOB,
        token,
        &abi("transfer(address,uint256)", &[address(BOB), number(70)]),
    );
    world.call(
        BOB,
        token,
        &abi("transfer(address,uint256)", &[address(CAROL), number(0)]),
    );
    assert_eq!(balance(&mut world, BOB), U256::from(70));
}

#[test]
fn the_tokens_refusals_are_errors_of_the_abi() {
    let mut world = World::new();
    let token = world.deploy(ERC20);
    world.call(
        ALICE,
        token,
        &abi("mint(address,uint256)", &[address(BOB), number(5)]),
    );
    let before = world.state().clone();
    let cases = [
        (
            abi("transfer(address,uint256)", &[address(CAROL), number(6)]),
            abi(
                "ERC20InsufficientBalance(address,uint256,uint256)",
                &[address(BOB), number(5), number(6)],
            ),
        ),
        (
            abi("transfer(address,uint256)", &[B256::ZERO, number(1)]),
            abi("ERC20InvalidReceiver(address)", &[B256::ZERO]),
        ),
        (
            abi("mint(address,uint256)", &[B256::ZERO, number(1)]),
            abi("ERC20InvalidReceiver(address)", &[B256::ZERO]),
        ),
        (
            abi(
                "transferFrom(address,address,uint256)",
                &[address(ALICE), address(BOB), number(1)],
            ),
            abi(
                "ERC20InsufficientAllowance(address,uint256,uint256)",
                &[address(BOB), number(0), number(1)],
            ),
        ),
    ];
    for (data, error) in cases {
        let receipt = world.send(BOB, token, 0, &data);
        assert_eq!((receipt.status, receipt.output), (Status::Revert, error));
        assert_eq!((receipt.logs.len(), world.state()), (0, &before));
    }
}

#[test]
fn an_approved_spender_moves_tokens_up_to_its_allowance() {
    let mut world = World::new();
    let token = world.deploy(ERC20);
    world.call(
        ALICE,
        token,
        &abi("mint(address,uint256)", &[address(BOB), number(100)]),
    );
    let approved = world.call(
        BOB,
        token,
        &abi("approve(address,uint256)", &[address(CAROL), number(60)]),
    );
    let approval = keccak256("Approval(address,address,uint256)");
    assert_eq!(
        approved.logs[0].topics,
        [approval, address(BOB), address(CAROL)]
    );
    assert_eq!(approved.logs[0].data, number(60).0);

    let take = |value| {
        abi(
            "transferFrom(address,address,uint256)",
            &[address(BOB), address(ALICE), number(value)],
        )
    };
    let allowance = abi(
        "allowance(address,address)",
        &[address(BOB), address(CAROL)],
    );
    world.call(CAROL, token, &take(45));
    assert_eq!(world.word(token, &allowance), U256::from(15));
    assert_eq!(
        world.send(CAROL, token, 0, &take(16)).status,
        Status::Revert
    );
    assert_eq!(world.word(token, &allowance), U256::from(15));
    world.call(CAROL, token, &take(15));
    // Without end, and still not more than there is.
    let endless = B256::repeat_byte(0xFF);
    world.call(
        BOB,
        token,
        &abi("approve(address,uint256)", &[address(CAROL), endless]),
    );
    world.call(CAROL, token, &take(40));
    assert_eq!(world.word(token, &allowance), U256::MAX);
    assert_eq!(world.send(CAROL, token, 0, &take(1)).status, Status::Revert);
}

#[test]
fn the_token_says_what_it_is() {
    let mut world = World::new();
    let token = world.deploy(ERC20);
    assert_eq!(world.word(token, &abi("decimals()", &[])), U256::from(18));
    let name = world.call(ALICE, token, &abi("name()", &[])).output;
    // A string: where it begins, its length, its bytes padded to a word.
    assert_eq!(name[..64], [number(32).0, number(7).0].concat());
    assert_eq!(&name[64..71], b"Example");
    assert_eq!(name.len(), 96);
}

#[test]
fn other_contracts_call_them_too() {
    let mut world = World::new();
    let counter = world.deploy(COUNTER);
    let token = world.deploy(ERC20);
    let forwarder = world.deploy(&wat::parse_str(FORWARDER).expect("good text"));
    let forward = |kind: u8, to: Address, data: &[u8]| [&[kind], to.as_slice(), data].concat();

    world.call(
        ALICE,
        forwarder,
        &forward(0, counter, &abi("increment()", &[])),
    );
    let read = abi("number()", &[]);
    assert_eq!(world.word(counter, &read), U256::from(1));
    // Reading is allowed statically, writing is not.
    assert_eq!(
        world.word(forwarder, &forward(2, counter, &read)),
        U256::from(1)
    );
    let write = forward(2, counter, &abi("increment()", &[]));
    assert_eq!(
        world.send(ALICE, forwarder, 0, &write).status,
        Status::Revert
    );
    assert_eq!(world.word(counter, &read), U256::from(1));
    // Delegated, the counter's code counts in the forwarder's storage.
    world.call(
        ALICE,
        forwarder,
        &forward(1, counter, &abi("increment()", &[])),
    );
    assert_eq!(world.word(counter, &read), U256::from(1));
    assert_eq!(world.state().word(forwarder, B256::ZERO), number(1));

    // The token takes the forwarder for the sender; its refusal passes through as data.
    let pay = forward(
        0,
        token,
        &abi("transfer(address,uint256)", &[address(BOB), number(4)]),
    );
    let refused = world.send(ALICE, forwarder, 0, &pay);
    let error = abi(
        "ERC20InsufficientBalance(address,uint256,uint256)",
        &[address(forwarder), number(0), number(4)],
    );
    assert_eq!((refused.status, refused.output), (Status::Revert, error));
    world.call(
        ALICE,
        token,
        &abi("mint(address,uint256)", &[address(forwarder), number(4)]),
    );
    let paid = world.call(ALICE, forwarder, &pay);
    assert_eq!(paid.logs[0].topics[1..], [address(forwarder), address(BOB)]);
}
