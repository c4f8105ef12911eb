//! What contracts ask about the block and the transaction: the same answers in every frame, by either engine.

use aivm_core::{Address, BlockContext, INK_PER_GAS, Status, U256};
use aivm_engine::Call;

use crate::puppet::{CALLER, World};

/// Writes every answer as its output, in the order of [`Answers`]. With call data, which is an address, it calls that and
/// what it writes is the callee's output.
const CURIOUS: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "block_number" (func $number (result i64)))
  (import "vm_hooks" "block_timestamp" (func $timestamp (result i64)))
  (import "vm_hooks" "block_gas_limit" (func $gas_limit (result i64)))
  (import "vm_hooks" "chainid" (func $chain_id (result i64)))
  (import "vm_hooks" "block_basefee" (func $base_fee (param i32)))
  (import "vm_hooks" "tx_gas_price" (func $gas_price (param i32)))
  (import "vm_hooks" "block_coinbase" (func $coinbase (param i32)))
  (import "vm_hooks" "tx_origin" (func $origin (param i32)))
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (import "vm_hooks" "tx_ink_price" (func $ink_price (result i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $read_args (i32.const 512))
    (if (local.get $len)
      (then
        (if (call $call
              (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 544) (i64.const -1) (i32.const 576))
          (then (unreachable)))
        (drop (call $read_return_data (i32.const 0) (i32.const 0) (i32.const 160))))
      (else
        (i64.store (i32.const 0) (call $number))
        (i64.store (i32.const 8) (call $timestamp))
        (i64.store (i32.const 16) (call $gas_limit))
        (i64.store (i32.const 24) (call $chain_id))
        (call $base_fee (i32.const 32))
        (call $gas_price (i32.const 64))
        (call $coinbase (i32.const 96))
        (call $origin (i32.const 116))
        (call $sender (i32.const 136))
        (i32.store (i32.const 156) (call $ink_price))))
    (call $write_result (i32.const 0) (i32.const 160))
    (i32.const 0)))
"#;

/// What a contract was told.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    block: BlockContext,
    gas_price: U256,
    origin: Address,
    sender: Address,
    ink_price: u32,
}

impl Answers {
    fn decode(output: &[u8]) -> Answers {
        let long = |at: usize| u64::from_le_bytes(output[at..at + 8].try_into().unwrap());
        let address = |at: usize| Address::from_slice(&output[at..at + 20]);
        Answers {
            block: BlockContext {
                number: long(0),
                timestamp: long(8),
                gas_limit: long(16),
                chain_id: long(24),
                base_fee: U256::from_be_slice(&output[32..64]),
                coinbase: address(96),
            },
            gas_price: U256::from_be_slice(&output[64..96]),
            origin: address(116),
            sender: address(136),
            ink_price: u32::from_le_bytes(output[156..160].try_into().unwrap()),
        }
    }
}

/// What the first contract, or the second called by it, is told in `block`, in every mode.
fn ask(world: &mut World, block: &BlockContext, through: bool) -> Answers {
    let data = if through {
        world.b.to_vec()
    } else {
        Vec::new()
    };
    let call = Call {
        sender: CALLER,
        contract: world.a,
        value: U256::ZERO,
        data,
        gas_limit: 10_000_000,
    };
    let mut receipts = Vec::new();
    for (mode, state) in &mut world.states {
        let receipt = world.engine.call_in(*mode, state, block, &call);
        receipts.push(receipt.unwrap_or_else(|error| panic!("{mode}: {error}")));
    }
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(receipts[0].status, Status::Ok);
    assert_eq!(receipts[0].output.len(), 160);
    Answers::decode(&receipts[0].output)
}

/// Every byte of every answer another, the highest bits set.
fn block() -> BlockContext {
    let fee: [u8; 32] = std::array::from_fn(|index| 0xE0 + index as u8);
    BlockContext {
        chain_id: 0x8182_8384_8586_8788,
        number: 0x9192_9394_9596_9798,
        timestamp: 0xA1A2_A3A4_A5A6_A7A8,
        gas_limit: 0xB1B2_B3B4_B5B6_B7B8,
        base_fee: U256::from_be_bytes(fee),
        coinbase: Address::from(std::array::from_fn(|index| 0xC1 + index as u8)),
    }
}

#[test]
fn every_frame_is_told_the_block_and_the_transaction() {
    let mut world = World::of(&wat::parse_str(CURIOUS).expect("good text"));
    for block in [block(), BlockContext::default()] {
        for through in [false, true] {
            let answers = ask(&mut world, &block, through);
            let expected = Answers {
                block: block.clone(),
                gas_price: block.base_fee,
                origin: CALLER,
                sender: if through { world.a } else { CALLER },
                ink_price: INK_PER_GAS as u32,
            };
            assert_eq!(answers, expected);
        }
    }
    assert_eq!(world.engine.metrics().interpreted_for_lack_of_code, 0);
}

#[test]
fn blocks_of_the_same_contract_are_told_apart() {
    let mut world = World::of(&wat::parse_str(CURIOUS).expect("good text"));
    let mut block = block();
    for number in [0, 1, u64::MAX] {
        block.number = number;
        assert_eq!(ask(&mut world, &block, false).block, block);
    }
}
