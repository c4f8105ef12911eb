//! Traps of compiled code inside frames: each kind, in each kind of call, with the same outcome in every mode, and none
//! of them taken for a fault of the node.

use aivm_core::{Address, B256, GasSchedule, INK_PER_GAS, Status, TrapCode, U256};
use aivm_engine::Receipt;

use crate::puppet::{Kind, World};

/// Gas of a callee: enough for every end but the endless one.
const GAS: u64 = 100_000;
/// Gas of a transaction.
const GAS_LIMIT: u64 = 100_000_000;

/// How a contract ends, as `faulty.wat` counts.
const RETURNS: u8 = 0;
const UNREACHABLE: u8 = 1;
/// The ends that burn everything, and the trap of each; none if ink runs out.
const TRAPS: [(u8, Option<TrapCode>); 13] = [
    (2, Some(TrapCode::IntegerDivisionByZero)),
    (3, Some(TrapCode::IntegerDivisionByZero)),
    (4, Some(TrapCode::IntegerOverflow)),
    (5, Some(TrapCode::MemoryOutOfBounds)),
    (6, Some(TrapCode::MemoryOutOfBounds)),
    (7, Some(TrapCode::MemoryOutOfBounds)),
    (8, Some(TrapCode::MemoryOutOfBounds)),
    (9, Some(TrapCode::MemoryOutOfBounds)),
    (10, Some(TrapCode::StackOverflow)),
    (11, Some(TrapCode::TableOutOfBounds)),
    (12, Some(TrapCode::IndirectCallToNull)),
    (13, Some(TrapCode::BadSignature)),
    (14, None),
];
/// On top of an end: it stores a word first.
const STORES: u8 = 128;

const KINDS: [Kind; 3] = [Kind::Call, Kind::Delegate, Kind::Static];

fn world() -> World {
    World::of(&wat::parse_str(include_str!("faulty.wat")).expect("good text"))
}

/// Call data of a contract that calls nobody.
fn leaf(end: u8) -> Vec<u8> {
    call(Kind::Nobody, 1, 0, Address::ZERO, &[], end)
}

/// Call data of one that calls `target` so many times with `gas` and `inner`, and then ends.
fn call(kind: Kind, times: u8, gas: u64, target: Address, inner: &[u8], end: u8) -> Vec<u8> {
    let gas = gas.to_le_bytes();
    [
        &[kind as u8, end, times],
        &gas[..],
        target.as_slice(),
        inner,
    ]
    .concat()
}

fn send(world: &mut World, data: Vec<u8>) -> Receipt {
    world.call_bytes(data, U256::ZERO, GAS_LIMIT)
}

/// Status of the last call that the first contract made, and ink that all of them took.
fn report(world: &mut World, data: Vec<u8>) -> (u8, u64) {
    let receipt = send(world, data);
    assert_eq!(receipt.status, Status::Ok);
    let (status, ink) = receipt.output.split_first().expect("a report");
    (
        *status,
        u64::from_le_bytes(ink.try_into().expect("8 bytes")),
    )
}

/// Compiled code was there, ran, trapped and was compared: nothing above is the interpreter's doing alone.
fn assert_compiled(world: &World) {
    let metrics = world.engine.metrics();
    assert_eq!(
        (
            metrics.compiled_faults,
            metrics.interpreted_for_lack_of_code
        ),
        (0, 0)
    );
    assert_eq!(metrics.too_large_to_compare, 0);
    assert!(metrics.compared > 0);
}

#[test]
fn every_trap_of_the_first_frame_is_the_transactions_and_burns_its_gas() {
    let mut world = world();
    for (end, trap) in TRAPS {
        let receipt = world.call_bytes(leaf(STORES + end), U256::ZERO, 200_000);
        let status = trap.map_or(Status::OutOfGas, |_| Status::Trap);
        assert_eq!((receipt.status, receipt.trap), (status, trap), "end {end}");
        assert_eq!((receipt.gas_used, receipt.output.len()), (200_000, 0));
        assert!(!world.stored(world.a));
    }
    let unreachable = world.call_bytes(leaf(STORES + UNREACHABLE), U256::ZERO, 200_000);
    let returns = world.call_bytes(leaf(STORES + RETURNS), U256::ZERO, 200_000);
    assert_eq!(
        (unreachable.status, returns.status),
        (Status::Revert, Status::Ok)
    );
    assert!(unreachable.gas_used <= returns.gas_used && returns.gas_used < 100_000);
    assert!(world.stored(world.a));
    assert_compiled(&world);
}

#[test]
fn every_trap_of_a_callee_burns_what_it_was_given_and_unreachable_does_not() {
    for kind in KINDS {
        let mut world = world();
        let b = world.b;
        // Nothing is stored below a static call.
        let stores = if kind == Kind::Static { 0 } else { STORES };
        let mut outcome = |end| {
            report(
                &mut world,
                call(kind, 1, GAS, b, &leaf(stores + end), RETURNS),
            )
        };
        let burnt = outcome(TRAPS[0].0);
        assert_eq!(burnt.0, 2, "{kind:?}");
        let price = burnt.1 - GAS * INK_PER_GAS;
        let fixed = GasSchedule::V1.host_call(aivm_core::HostFunction::CallContract)
            + GasSchedule::V1.account_cold;
        assert!(
            price < 2 * fixed,
            "{kind:?}: {price} besides what was given"
        );
        for (end, _) in TRAPS {
            // To the unit, wherever in its code the callee was.
            assert_eq!(outcome(end), burnt, "{kind:?}, end {end}");
        }
        let (status, ink) = outcome(UNREACHABLE);
        assert_eq!(status, 1, "{kind:?}");
        assert!(ink < burnt.1 / 2, "{kind:?}: {ink}");
        assert!(!world.stored(world.a) && !world.stored(b), "{kind:?}");
        assert_compiled(&world);
    }
}

#[test]
fn a_caller_goes_on_after_its_callees_traps_however_many() {
    let mut world = world();
    let (a, b) = (world.a, world.b);
    for kind in KINDS {
        for (end, _) in TRAPS {
            let again = call(kind, 20, GAS, b, &leaf(end), STORES + RETURNS);
            let (status, ink) = report(&mut world, again);
            assert_eq!(status, 2, "{kind:?}, end {end}");
            assert!(ink >= 20 * GAS * INK_PER_GAS);
        }
    }
    assert!(world.stored(a) && !world.stored(b));
    assert_compiled(&world);
}

#[test]
fn traps_one_inside_the_other_are_each_their_own_frames() {
    let mut world = world();
    let places = [world.a, world.b];
    // The innermost traps; whoever called it stores and then traps in another way, and so on outwards.
    let mut data = leaf(TRAPS[0].0);
    let mut gas = GAS;
    for (level, (end, _)) in TRAPS.iter().enumerate().skip(1) {
        let kind = KINDS[level % 2];
        data = call(kind, 1, gas, places[level % 2], &data, STORES + end);
        gas += GAS;
    }
    let outer = call(Kind::Call, 1, gas, world.b, &data, RETURNS);
    let (status, ink) = report(&mut world, outer);
    assert_eq!(status, 2);
    assert!(ink >= gas * INK_PER_GAS);
    assert!(!world.stored(world.a) && !world.stored(world.b));
    // The same chain, and the first frame traps too.
    let outer = call(Kind::Call, 1, gas, world.b, &data, STORES + TRAPS[3].0);
    let receipt = send(&mut world, outer);
    assert_eq!((receipt.status, receipt.trap), (Status::Trap, TRAPS[3].1));
    assert_eq!(receipt.gas_used, GAS_LIMIT);
    let key = B256::with_last_byte(1);
    assert_eq!(world.state().word(world.a, key), B256::ZERO);
    assert_compiled(&world);
}
