//! Loads, stores, growth, bulk operations and segments.

use super::*;

#[test]
fn memory_accesses_end_at_the_last_byte_and_never_wrap() {
    let load = |address, offset| {
        run(vec![
            Op::I32Const(address),
            Op::Load {
                kind: LoadKind::I32,
                offset,
            },
            Op::End,
        ])
    };
    let trap = Exit::Trap(TrapCode::MemoryOutOfBounds);
    assert_eq!(load(65_532, 0), returned(0));
    assert_eq!(load(65_533, 0), trap);
    assert_eq!(load(0, 65_532), returned(0));
    assert_eq!(load(-1, 1), trap);
    assert_eq!(load(-4, u32::MAX), trap);
}

#[test]
fn stores_narrow_and_loads_extend() {
    let ops = |kind| {
        vec![
            Op::I32Const(8),
            Op::I64Const(-0x7F80),
            Op::Store {
                kind: StoreKind::I64To16,
                offset: 0,
            },
            Op::I32Const(8),
            Op::Load { kind, offset: 0 },
            Op::End,
        ]
    };
    assert_eq!(run(ops(LoadKind::I32)), returned(0x8080));
    assert_eq!(run(ops(LoadKind::I32From8S)), returned(0xFFFF_FF80));
    assert_eq!(run(ops(LoadKind::I32From16S)), returned(0xFFFF_8080));
    assert_eq!(
        run(ops(LoadKind::I64From16S)),
        returned(0xFFFF_FFFF_FFFF_8080)
    );
    assert_eq!(run(ops(LoadKind::I64From8U)), returned(0x80));
}

#[test]
fn growing_is_charged_by_the_page_and_refused_for_nothing() {
    let grow = |pages, ink| {
        run_with(
            of(vec![Op::I32Const(pages), Op::MemoryGrow, Op::End]),
            &[],
            ink,
        )
    };
    assert_eq!(grow(1, 100), (returned(1), 0));
    assert_eq!(grow(1, 99), (Exit::OutOfInk, 0));
    assert_eq!(grow(2, 150), (returned(0xFFFF_FFFF), 150));
    assert_eq!(grow(-1, 150), (returned(0xFFFF_FFFF), 150));
    assert_eq!(grow(0, 0), (returned(1), 0));
}

#[test]
fn bulk_operations_charge_then_check_then_act() {
    let bulk = |op: Op, operands: [i32; 3], ink| {
        let mut module = empty();
        let mut ops: Vec<Op> = operands.map(Op::I32Const).to_vec();
        ops.extend([op, Op::I32Const(0), Op::End]);
        module.functions = vec![function(&module, 0, &[], ops)];
        module.data = vec![DataSegment {
            mode: SegmentMode::Passive,
            bytes: vec![1, 2, 3],
        }];
        module.elements = vec![ElementSegment {
            mode: SegmentMode::Passive,
            table: 0,
            entries: vec![Some(0), None],
        }];
        run_with(module, &[], ink)
    };
    let memory = Exit::Trap(TrapCode::MemoryOutOfBounds);
    let table = Exit::Trap(TrapCode::TableOutOfBounds);
    // Two ink a byte, and four bytes a table entry.
    let init = || Op::TableInit {
        table: 0,
        segment: 0,
    };
    let copy = || Op::TableCopy { to: 0, from: 0 };
    assert_eq!(bulk(Op::MemoryFill, [65_530, 1, 6], 12), (returned(0), 0));
    assert_eq!(
        bulk(Op::MemoryFill, [65_530, 1, 7], 13),
        (Exit::OutOfInk, 0)
    );
    assert_eq!(
        bulk(Op::MemoryFill, [65_530, 1, 7], 14),
        (memory.clone(), 0)
    );
    assert_eq!(bulk(Op::MemoryCopy, [0, 65_536, 0], 0), (returned(0), 0));
    assert_eq!(bulk(Op::MemoryCopy, [0, 65_537, 0], 0), (memory.clone(), 0));
    assert_eq!(bulk(Op::MemoryInit(0), [0, 1, 2], 4), (returned(0), 0));
    assert_eq!(bulk(Op::MemoryInit(0), [0, 2, 2], 4), (memory, 0));
    assert_eq!(bulk(init(), [2, 0, 2], 16), (returned(0), 0));
    assert_eq!(bulk(init(), [3, 0, 2], 16), (table.clone(), 0));
    assert_eq!(bulk(copy(), [0, 1, 3], 23), (Exit::OutOfInk, 0));
    assert_eq!(bulk(copy(), [0, 2, 3], 24), (table, 0));
}

#[test]
fn overlapping_copies_go_as_if_through_a_buffer() {
    let mut module = empty();
    let copy = [
        Op::I32Const(1),
        Op::I32Const(0),
        Op::I32Const(3),
        Op::MemoryCopy,
    ];
    let ops = [&copy[..], &[Op::I32Const(0), Op::End]].concat();
    module.functions = vec![function(&module, 0, &[], ops)];
    module.data = vec![DataSegment {
        mode: SegmentMode::Active { offset: 0 },
        bytes: vec![1, 2, 3, 4],
    }];
    let mut instance = instance(module);
    assert_eq!(instance.invoke(0, &[], &mut 6, &mut Probe), returned(0));
    assert_eq!(instance.memory()[..5], [1, 1, 2, 3, 0]);
}

#[test]
fn a_dropped_segment_has_no_bytes() {
    let init = |mode, drop| {
        let mut module = empty();
        let mut ops = vec![Op::I32Const(0), Op::I32Const(0), Op::I32Const(1)];
        ops.extend([Op::MemoryInit(0), Op::I32Const(0), Op::End]);
        if drop {
            ops.insert(0, Op::DataDrop(0));
        }
        module.functions = vec![function(&module, 0, &[], ops)];
        module.data = vec![DataSegment {
            mode,
            bytes: vec![1],
        }];
        run_with(module, &[], 100).0
    };
    let trap = Exit::Trap(TrapCode::MemoryOutOfBounds);
    assert_eq!(init(SegmentMode::Passive, false), returned(0));
    assert_eq!(init(SegmentMode::Passive, true), trap);
    assert_eq!(init(SegmentMode::Active { offset: 0 }, false), trap);
}

#[test]
fn a_segment_out_of_bounds_fails_the_instance() {
    let mut module = empty();
    module.data = vec![DataSegment {
        mode: SegmentMode::Active { offset: 65_536 },
        bytes: vec![1],
    }];
    let program = Arc::new(Program::new(Arc::new(module.clone())));
    assert_eq!(
        Instance::new(&program).err(),
        Some(TrapCode::MemoryOutOfBounds)
    );
    module.elements = vec![ElementSegment {
        mode: SegmentMode::Active { offset: 4 },
        table: 0,
        entries: vec![None],
    }];
    let program = Arc::new(Program::new(Arc::new(module)));
    assert_eq!(
        Instance::new(&program).err(),
        Some(TrapCode::TableOutOfBounds)
    );
}
