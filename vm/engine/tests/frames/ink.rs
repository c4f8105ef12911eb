//! Who pays: ink between frames, to the unit.

use aivm_engine::Mode;

use aivm_core::{GasSchedule, INK_PER_GAS, Status, U256};

use crate::puppet::{ALL, End, Kind, Strings, World};

const V1: GasSchedule = GasSchedule::V1;

/// Ink that the first puppet's call cost, seen from inside.
fn call_ink(world: &mut World, strings: &Strings) -> u64 {
    let report = world.report(strings);
    report.ink_before - report.ink_after
}

#[test]
fn unreachable_returns_the_rest_and_other_traps_burn_it() {
    let mut world = World::new();
    let b = world.b;
    for gas in [100_000, 1_000_000] {
        let forwarded = gas * INK_PER_GAS;
        let mut call = |end| {
            let outer = Strings {
                gas,
                ..Strings::call(Kind::Call, b, &Strings::leaf(end))
            };
            call_ink(&mut world, &outer)
        };
        let (returned, unreachable, divided) = (
            call(End::Return0),
            call(End::Unreachable),
            call(End::Divide),
        );
        // Output is not copied back from what trapped, and ends differ by a few instructions.
        assert!(unreachable < returned && returned < forwarded / 2);
        assert!(divided > forwarded && divided - forwarded < 100_000_000);
    }
}

#[test]
fn a_callee_without_enough_for_its_pages_burns_what_it_got() {
    let mut world = World::new();
    let b = world.b;
    let start = V1.call_base_gas + 2 * V1.memory_page / INK_PER_GAS;
    for (gas, burnt) in [(start - 1, true), (start, true), (start + 1_000, false)] {
        let outer = Strings {
            gas,
            ..Strings::call(Kind::Call, b, &Strings::leaf(End::Return0))
        };
        let report = world.report(&outer);
        assert_eq!(report.status, if burnt { 2 } else { 0 }, "{gas} gas");
        let used = report.ink_before - report.ink_after;
        if burnt {
            assert!(used > gas * INK_PER_GAS);
        }
    }
}

#[test]
fn a_callee_cannot_use_the_last_64th() {
    let mut world = World::new();
    let b = world.b;
    let outer = Strings {
        gas: ALL,
        ..Strings::call(Kind::Call, b, &Strings::leaf(End::Divide))
    };
    let report = world.report(&outer);
    assert_eq!(report.status, 2);
    let kept = report.ink_before / 64;
    let fixed = V1.host_call(aivm_core::HostFunction::CallContract) + V1.account_cold;
    assert!(report.ink_after <= kept && report.ink_after > kept - fixed / 32);
}

/// Calls itself twice, with a number of one less in its call data; 0 calls nobody. Output: the ink that its two
/// calls cost.
const TREE: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "contract_address" (func $address (param i32)))
  (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
  (memory (export "memory") 1)
  (func $branch
    (if (call $call (i32.const 64) (i32.const 0) (i32.const 1) (i32.const 128) (i64.const -1) (i32.const 96))
      (then (unreachable))))
  (func (export "user_entrypoint") (param i32) (result i32)
    (local $before i64)
    (call $read_args (i32.const 0))
    (call $address (i32.const 64))
    (local.set $before (call $ink))
    (if (i32.load8_u (i32.const 0))
      (then
        (i32.store8 (i32.const 0) (i32.sub (i32.load8_u (i32.const 0)) (i32.const 1)))
        (call $branch)
        (call $branch)))
    (i64.store (i32.const 8) (i64.sub (local.get $before) (call $ink)))
    (call $write_result (i32.const 8) (i32.const 8))
    (i32.const 0)))
"#;

fn tree(world: &mut World, height: u8) -> (u64, u64) {
    let receipt = world.call_bytes(vec![height], U256::ZERO, u64::MAX);
    assert_eq!(receipt.status, Status::Ok);
    let inside = u64::from_le_bytes(receipt.output[..8].try_into().unwrap());
    (inside, receipt.gas_used)
}

/// A tree of calls costs what its frames cost, to the ink. What a frame's two calls cost is twice what its
/// callee's two calls cost and a constant; and what the receipts say is that and another constant, rounded up to
/// gas once for each transaction.
fn conserved(world: &mut World, height: u8) {
    let heights = [0, 1, 2, 3, height];
    let found = heights.map(|height| tree(world, height));
    let constant = found[1].0 - 2 * found[0].0;
    let mut predicted = found[0].0;
    let mut own = 0..u64::MAX;
    for level in 0..=height {
        if let Some(index) = heights.iter().position(|height| *height == level) {
            let (inside, gas_used) = found[index];
            assert_eq!(inside, predicted, "height {level}");
            // The ink of the first frame besides its calls that would be rounded up to this gas.
            let most = (gas_used - V1.call_base_gas) * INK_PER_GAS - inside;
            own = own.start.max(most - (INK_PER_GAS - 1))..own.end.min(most + 1);
        }
        predicted = 2 * predicted + constant;
    }
    assert!(
        !own.is_empty(),
        "no ink of the first frame explains all receipts"
    );
}

#[test]
fn ink_is_conserved_over_a_tree_of_calls() {
    conserved(&mut World::of(&wat::parse_str(TREE).unwrap()), 8);
}

/// The interpreter makes instances slowly, so it gets a smaller tree.
#[test]
#[ignore = "a million frames take half a minute"]
fn ink_is_conserved_over_a_million_calls() {
    for (mode, height) in [(Mode::Jit, 19), (Mode::Interpret, 13)] {
        let mut world = World::of(&wat::parse_str(TREE).unwrap());
        world.keep(mode);
        let started = std::time::Instant::now();
        conserved(&mut world, height);
        println!(
            "{mode}: {:?} for 2^{} frames",
            started.elapsed(),
            height + 1
        );
    }
}
