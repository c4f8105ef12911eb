//! Traces: every call in its order and place, and all ink on a stack. That a traced call has the receipt and effects of any
//! other is checked wherever a world is called.

use aivm_core::{BlockContext, HostFunction, INK_PER_GAS, Status, U256};
use aivm_engine::{Call, Callee, Mode, Trace};

use crate::puppet::{CALLER, End, Kind, STACK_CALLS, Strings, World};

/// The trace of a call of the first puppet, and how much gas it used.
fn trace(world: &mut World, strings: &Strings, gas_limit: u64) -> (Trace, Status, u64) {
    world.keep(Mode::Interpret);
    let call = Call {
        sender: CALLER,
        contract: world.a,
        value: U256::ZERO,
        data: strings.encode(),
        gas_limit,
    };
    let block = BlockContext::default();
    let state = &mut world.states[0].1;
    let traced = world.engine.trace_in(state, &block, &call);
    let (receipt, trace) = traced.expect("a receipt");
    (trace, receipt.status, receipt.gas_used)
}

#[test]
fn every_call_has_its_place_and_its_ink() {
    let mut world = World::new();
    let (a, b) = (world.a, world.b);
    let strings = Strings {
        gas: 1_000_000,
        ..Strings::call(Kind::Call, b, &Strings::leaf(End::Divide))
    };
    let (trace, status, gas_used) = trace(&mut world, &strings, 1_000_000_000);
    assert_eq!((status, trace.calls_left_out), (Status::Ok, 0));

    let contracts = trace.calls.iter().filter_map(|call| match call.callee {
        Callee::Contract { contract, .. } => Some((contract, call.depth, call.returned)),
        _ => None,
    });
    let contracts: Vec<_> = contracts.collect();
    // Between them the entry point, two functions more and the host function that calls.
    assert_eq!(contracts, [(a, 0, true), (b, 5, false)]);
    let inner = trace.calls.iter().position(|call| call.depth == 5);
    let (outer, inner) = trace.calls.split_at(inner.expect("the second contract"));
    assert_eq!(
        outer.last().map(|call| call.callee),
        Some(Callee::Host(HostFunction::CallContract))
    );
    let second = &inner[0];
    assert_eq!(
        second.arguments,
        [Strings::leaf(End::Divide).encode().len() as u64]
    );
    let in_second = inner.iter().filter(|call| call.depth > 5);
    let open: Vec<_> = in_second.filter(|call| !call.returned).collect();
    assert!(matches!(open[..], [entry, _, body] if entry.depth == 6 && body.depth == 8));
    // A trap burns all that it was given, which is the contract's doing and not its functions'.
    let first = &trace.calls[0];
    let base = gas_used * INK_PER_GAS - first.ink;
    assert!(second.ink > open[0].ink && second.ink < 1_000_000 * INK_PER_GAS);
    assert!(second.ink + base > 1_000_000 * INK_PER_GAS);

    let stacks: Vec<_> = trace.stacks().collect();
    assert_eq!(stacks.iter().map(|stack| stack.ink).sum::<u64>(), first.ink);
    let burned = stacks.iter().find(|stack| {
        matches!(stack.callees[..], [_, .., Callee::Contract { contract, .. }] if contract == b)
    });
    assert!(burned.is_some_and(|stack| stack.ink > 900_000 * INK_PER_GAS));
    assert!(stacks.iter().all(|stack| stack.callees[0] == first.callee));
}

#[test]
fn what_is_too_much_to_keep_is_counted() {
    let mut world = World::new();
    let strings = Strings {
        deep: true,
        ..Strings::call(
            Kind::Call,
            world.b,
            &Strings {
                deep: true,
                ..Strings::leaf(End::Return0)
            },
        )
    };
    let strings = Strings {
        deep: true,
        ..Strings::call(Kind::Call, world.b, &strings)
    };
    let (trace, status, _) = trace(&mut world, &strings, 1_000_000_000);
    assert_eq!(status, Status::Ok);
    assert_eq!(trace.calls.len(), Trace::CALLS);
    assert!(trace.calls_left_out > u64::from(3 * STACK_CALLS) - Trace::CALLS as u64);
    let deepest = trace.stacks().map(|stack| stack.callees.len()).max();
    assert_eq!(deepest, Some(Trace::STACK_DEPTH as usize));
    let on_stacks: u64 = trace.stacks().map(|stack| stack.ink).sum();
    assert_eq!(on_stacks, trace.calls[0].ink);
}

#[test]
fn a_call_that_cannot_begin_has_no_calls() {
    let mut world = World::new();
    let (trace, status, gas_used) = trace(&mut world, &Strings::leaf(End::Return0), 10);
    assert_eq!((status, gas_used), (Status::OutOfGas, 10));
    assert_eq!(trace, Trace::default());
}
