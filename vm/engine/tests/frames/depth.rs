//! How deep calls go, and what all live frames hold together.

use aivm_core::Limits;

use crate::puppet::{End, Kind, Report, Strings, World};

/// A chain of `frames` frames, each the callee of the one before, that use up stack if `deep`.
fn chain(world: &World, frames: u32, deep: bool, grow: u8) -> Strings {
    let mut strings = Strings {
        deep,
        grow,
        ..Strings::leaf(End::Return0)
    };
    for _ in 1..frames {
        strings = Strings {
            deep,
            grow,
            ..Strings::call(Kind::Call, world.a, &strings)
        };
    }
    strings
}

/// The reports of a chain, outermost first, as far as calls were answered with one.
fn reports(first: Report) -> Vec<Report> {
    let mut reports = vec![first];
    while let Some(last) = reports.last()
        && last.return_data.len() >= 94
    {
        let inner = last.inner();
        reports.push(inner);
    }
    reports
}

#[test]
fn calls_go_as_deep_as_the_limit_and_no_deeper() {
    let limit = Limits::CONTRACT.call_depth;
    for (frames, last) in [(limit, 255), (limit + 1, 2)] {
        let mut world = World::new();
        let strings = chain(&world, frames, false, 0);
        let reports = reports(world.report(&strings));
        assert_eq!(reports.len() as u32, limit);
        assert_eq!(reports[reports.len() - 1].status, last);
    }
}

/// The deepest frames of both kinds at once: as many contracts as may be live, each with thousands of calls of its
/// own functions below it. On a thread with little stack, so that nothing rests on where the test runs.
#[test]
fn the_deepest_frames_fit_the_native_stack() {
    let run = || {
        let limit = Limits::CONTRACT.call_depth;
        let mut world = World::new();
        let strings = chain(&world, limit + 1, true, 0);
        let reports = reports(world.report(&strings));
        assert_eq!(reports.len() as u32, limit);
        assert_eq!(reports[reports.len() - 1].status, 2);
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn all_live_frames_together_hold_as_many_pages_as_the_limit() {
    let limit = Limits::CONTRACT.memory_pages_total;
    // Each frame begins with 2 pages and grows by 126, the most a frame may have.
    let whole = limit / 128;
    let mut world = World::new();
    let strings = chain(&world, whole + 3, false, 126);
    let found = reports(world.report(&strings));
    assert_eq!(found.len() as u32, whole);
    assert!(found.iter().all(|report| report.grown == 2));
    // The next one could not begin.
    assert_eq!(found[found.len() - 1].status, 2);

    // With a little less, the next begins and may not grow.
    let strings = chain(&world, whole + 3, false, 125);
    let found = reports(world.report(&strings));
    let refused = found.iter().filter(|report| report.grown == -1).count();
    assert_eq!(refused as u32, found.len() as u32 - whole);
    assert!(refused > 0);

    // Pages are given back when a frame ends: the same again fits as often as it likes.
    assert_eq!(world.report(&strings).status, 0);
}

#[test]
fn pages_of_every_frame_are_paid() {
    let mut world = World::new();
    let gas = |world: &mut World, grow| {
        let strings = chain(world, 3, false, grow);
        world.pull(&strings).gas_used
    };
    let page = aivm_core::GasSchedule::V1.memory_page / aivm_core::INK_PER_GAS;
    let (less, more) = (gas(&mut world, 1), gas(&mut world, 11));
    assert_eq!(more - less, 3 * 10 * page);
}
