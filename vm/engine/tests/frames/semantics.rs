//! What calls mean: effects, statuses, return data, value, who runs as whom.

use aivm_core::{Address, B256, Status, TrapCode, U256};

use crate::puppet::{CALLER, End, Kind, Strings, World};

const ENDS: [(End, u8); 4] = [
    (End::Return0, 0),
    (End::Return1, 1),
    (End::Unreachable, 1),
    (End::Divide, 2),
];

#[test]
fn a_callee_that_ends_badly_is_undone_and_its_caller_is_not() {
    for (end, status) in ENDS {
        let mut world = World::new();
        let inner = Strings::leaf(end).with_effects();
        let outer = Strings::call(Kind::Call, world.b, &inner).with_effects();
        let receipt = world.pull(&outer);
        assert_eq!(receipt.status, Status::Ok);
        assert_eq!(receipt.output[0], status, "{end:?}");
        let ok = end == End::Return0;
        assert!(world.stored(world.a));
        assert_eq!(world.stored(world.b), ok, "{end:?}");
        let logs: Vec<Address> = receipt.logs.iter().map(|log| log.address).collect();
        let expected = [world.a, world.b];
        assert_eq!(logs, expected[..if ok { 2 } else { 1 }], "{end:?}");
        // Return data comes from what returned, not from what trapped.
        let returned = matches!(end, End::Return0 | End::Return1);
        assert_eq!(receipt.output.len(), if returned { 188 } else { 94 });
    }
}

#[test]
fn a_caller_that_ends_badly_undoes_its_callee() {
    for (end, _) in ENDS {
        let mut world = World::new();
        let before = world.state().clone();
        let inner = Strings::leaf(End::Return0).with_effects();
        let outer = Strings::call(Kind::Call, world.b, &inner);
        let receipt = world.pull(&Strings { end, ..outer });
        let ok = end == End::Return0;
        assert_eq!(world.stored(world.b), ok, "{end:?}");
        assert_eq!(receipt.logs.len(), usize::from(ok));
        assert_eq!(*world.state() == before, !ok, "{end:?}");
    }
}

#[test]
fn a_callee_sees_its_caller_and_a_delegate_runs_as_it() {
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    world.set_balance(CALLER, 5);
    for (kind, sender, contract, value) in [
        (Kind::Call, a, b, U256::ZERO),
        (Kind::Static, a, b, U256::ZERO),
        (Kind::Delegate, CALLER, a, U256::from(5)),
    ] {
        world.set_balance(CALLER, 5);
        let outer = Strings::call(kind, b, &Strings::leaf(End::Return0));
        let receipt = world.call_bytes(outer.encode(), U256::from(5), 10_000_000);
        let inner = crate::puppet::Report::decode(&receipt.output).inner();
        assert_eq!(inner.sender, sender, "{kind:?}");
        assert_eq!(inner.contract, contract, "{kind:?}");
        assert_eq!(inner.value, value, "{kind:?}");
    }
}

#[test]
fn a_delegate_stores_and_logs_as_its_caller() {
    let mut world = World::new();
    let inner = Strings::leaf(End::Return0).with_effects();
    let receipt = world.pull(&Strings::call(Kind::Delegate, world.b, &inner));
    assert_eq!(receipt.output[0], 0);
    assert!(world.stored(world.a) && !world.stored(world.b));
    assert_eq!(receipt.logs[0].address, world.a);
}

#[test]
fn nothing_changes_below_a_static_call() {
    for (store, log) in [(true, false), (false, true)] {
        let mut world = World::new();
        let (a, b) = (world.a, world.b);
        let writer = Strings {
            store,
            log,
            ..Strings::leaf(End::Return0)
        };
        assert_eq!(
            world
                .report(&Strings::call(Kind::Static, b, &writer))
                .status,
            2
        );
        // Neither directly nor one further down, however that is called.
        for kind in [Kind::Call, Kind::Delegate, Kind::Static] {
            let middle = Strings::call(kind, a, &writer);
            let outer = world.report(&Strings::call(Kind::Static, b, &middle));
            assert_eq!((outer.status, outer.inner().status), (0, 2), "{kind:?}");
        }
        assert!(!world.stored(a) && !world.stored(b));
    }
    // Nor is value sent.
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    world.set_balance(b, 10);
    let sender = Strings {
        value: U256::from(1),
        ..Strings::call(Kind::Call, a, &Strings::leaf(End::Return0))
    };
    let outer = world.report(&Strings::call(Kind::Static, b, &sender));
    assert_eq!((outer.status, outer.inner().status), (0, 2));
}

#[test]
fn value_moves_with_the_call_and_back_when_it_is_undone() {
    for (end, status) in ENDS {
        let mut world = World::new();
        let (a, b) = (world.a, world.b);
        world.set_balance(a, 10);
        let outer = Strings {
            value: U256::from(4),
            ..Strings::call(Kind::Call, b, &Strings::leaf(end))
        };
        let report = world.report(&outer);
        assert_eq!(report.status, status);
        let moved = if end == End::Return0 { 4 } else { 0 };
        assert_eq!(world.state().balance(a), U256::from(10 - moved));
        assert_eq!(world.state().balance(b), U256::from(moved));
        if end == End::Return0 {
            assert_eq!(report.inner().value, U256::from(4));
        }
    }
}

#[test]
fn value_that_is_not_there_is_a_failure_that_costs_no_ink_of_the_callee() {
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    world.set_balance(a, 3);
    let outer = |value| Strings {
        value: U256::from(value),
        ..Strings::call(Kind::Call, b, &Strings::leaf(End::Return0))
    };
    let report = world.report(&outer(4));
    assert_eq!((report.status, report.return_data.len()), (2, 0));
    // Price of the call and of its value, no frame, and the stipend came back.
    let used = report.ink_before - report.ink_after;
    assert!(used < 100_000_000, "{used}");
    assert_eq!(world.report(&outer(3)).status, 0);
    assert_eq!(world.state().balance(b), U256::from(3));
}

#[test]
fn an_account_without_code_takes_value_and_returns_nothing() {
    let mut world = World::new();
    let nobody = Address::repeat_byte(0x77);
    let a = world.a;
    world.set_balance(a, 9);
    for (value, price) in [(0, 0), (9, 90_000_000 + 250_000_000 - 23_000_000)] {
        let call = Strings {
            value: U256::from(value),
            ..Strings::call(Kind::Call, nobody, &Strings::leaf(End::Return0))
        };
        let report = world.report(&call);
        assert_eq!((report.status, report.return_data.len()), (0, 0));
        let used = report.ink_before - report.ink_after;
        let cold = 26_000_000;
        assert!((used - price - cold) < 1_000_000, "{used} for {value} wei");
        assert_eq!(world.state().balance(nobody), U256::from(value));
    }
}

#[test]
fn value_of_the_transaction_is_the_senders() {
    let mut world = World::new();
    world.set_balance(CALLER, 7);
    let data = Strings::leaf(End::Return0).encode();
    let receipt = world.call_bytes(data.clone(), U256::from(7), 1_000_000);
    assert_eq!(receipt.status, Status::Ok);
    assert_eq!(world.state().balance(world.a), U256::from(7));
    let call = aivm_engine::Call {
        sender: CALLER,
        contract: world.a,
        value: U256::from(1),
        data,
        gas_limit: 1_000_000,
    };
    let (mode, state) = &mut world.states[0];
    let error = world.engine.call(*mode, state, &call).unwrap_err();
    assert!(
        error.to_string().contains("has 0 wei; the call sends 1"),
        "{error}"
    );
}

#[test]
fn reentrancy_is_told_and_delegates_are_not_counted() {
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    let leaf = Strings::leaf(End::Return0);
    let back = Strings::call(Kind::Call, a, &leaf);
    let report = world.report(&Strings::call(Kind::Call, b, &back));
    assert!(!report.reentrant && !report.inner().reentrant);
    assert!(report.inner().inner().reentrant);
    // b's code running as a is not a second a; a called from there is.
    let report = world.report(&Strings::call(Kind::Delegate, b, &back));
    assert!(!report.inner().reentrant && report.inner().inner().reentrant);
}

#[test]
fn what_a_callee_stored_is_what_its_caller_loads_afterwards() {
    // a stores 7, b calls a to store again: the flush of the second finds the first's word and costs little.
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    let again = Strings::leaf(End::Return0).with_effects();
    let outer = Strings::call(Kind::Call, b, &Strings::call(Kind::Call, a, &again)).with_effects();
    let receipt = world.pull(&outer);
    assert_eq!((receipt.status, receipt.logs.len()), (Status::Ok, 2));
    assert!(world.stored(a));
    assert_eq!(world.state().words(a).count(), 1);
    assert_eq!(world.state().word(b, B256::with_last_byte(1)), B256::ZERO);
}

#[test]
fn a_trap_of_the_first_frame_is_the_transactions() {
    let mut world = World::new();
    let receipt = world.pull(&Strings {
        end: End::Divide,
        ..Strings::call(Kind::Call, world.b, &Strings::leaf(End::Return0))
    });
    assert_eq!(receipt.status, Status::Trap);
    assert_eq!(receipt.trap, Some(TrapCode::IntegerDivisionByZero));
}
