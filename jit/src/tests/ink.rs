//! Ink at every border: exactly enough, one less, and what is left after each kind of ending.

use super::*;

#[test]
fn a_charge_takes_exactly_its_ink_or_all() {
    for cost in [0, 1, 1000, u64::from(u32::MAX) + 5, u64::MAX] {
        for &form in FORMS {
            let mut instance = instance_with(module_of(vec![Op::Charge(cost), Op::End]), form);
            assert_eq!(instance.run("f", &[], cost), (returns(&[]), 0));
            if let Some(more) = cost.checked_add(9) {
                assert_eq!(instance.run("f", &[], more), (returns(&[]), 9));
            }
            if let Some(less) = cost.checked_sub(1) {
                assert_eq!(instance.run("f", &[], less), (Exit::OutOfInk, 0));
            }
        }
    }
}

#[test]
fn charges_are_taken_one_by_one() {
    // The first leaves 4, the second asks for 5: nothing after it runs.
    let mut module = plan("(module (global (mut i32) (i32.const 0)) (func (export \"f\")))");
    module.functions[0].ops = vec![
        Op::Charge(6),
        Op::I32Const(1),
        Op::GlobalSet(0),
        Op::Charge(5),
        Op::I32Const(2),
        Op::GlobalSet(0),
        Op::End,
    ];
    let mut instance = instance_of(module);
    assert_eq!(instance.run("f", &[], 10), (Exit::OutOfInk, 0));
    assert_eq!(instance.globals(), [1]);
    assert_eq!(instance.run("f", &[], 11), (returns(&[]), 0));
    assert_eq!(instance.globals(), [2]);
}

#[test]
fn every_path_pays_for_itself() {
    // Charges of 1, 10, 100, 1000 mark entry, first arm, second arm and the code after.
    let mut module = plan("(module (func (export \"f\") (param i32)))");
    module.functions[0].ops = vec![
        Op::Charge(1),
        Op::LocalGet(0),
        Op::If(BlockType::Empty),
        Op::Charge(10),
        Op::Else,
        Op::Charge(100),
        Op::End,
        Op::Charge(1000),
        Op::End,
    ];
    let mut instance = instance_of(module);
    assert_eq!(instance.run("f", &[1], 5000), (returns(&[]), 5000 - 1011));
    assert_eq!(instance.run("f", &[0], 5000), (returns(&[]), 5000 - 1101));
    assert_eq!(instance.run("f", &[1], 1010), (Exit::OutOfInk, 0));
    assert_eq!(instance.run("f", &[0], 100), (Exit::OutOfInk, 0));
}

#[test]
fn a_loop_pays_for_each_turn() {
    let mut module = plan("(module (func (export \"f\") (param i32)))");
    module.functions[0].ops = vec![
        Op::Charge(1),
        Op::Loop(BlockType::Empty),
        Op::Charge(10),
        Op::LocalGet(0),
        Op::I32Const(1),
        Op::Binary(aivm_wasm::plan::BinaryOp::I32Sub),
        Op::LocalTee(0),
        Op::BrIf(0),
        Op::End,
        Op::End,
    ];
    let mut instance = instance_of(module);
    assert_eq!(instance.run("f", &[7], 100), (returns(&[]), 29));
    assert_eq!(instance.run("f", &[7], 71), (returns(&[]), 0));
    assert_eq!(instance.run("f", &[7], 70), (Exit::OutOfInk, 0));
}

#[test]
fn unreachable_leaves_the_ink_of_its_place_and_other_traps_none() {
    use Op::{Charge, Drop, End, I32Const, I64Const, Unreachable};
    use aivm_wasm::plan::BinaryOp::{I32DivS, I32RemU, I64DivS};
    use aivm_wasm::plan::{LoadKind, StoreKind};
    let cases: Vec<(TrapCode, Vec<Op>)> = vec![
        (TrapCode::Unreachable, vec![Unreachable]),
        (
            TrapCode::MemoryOutOfBounds,
            vec![
                I32Const(-1),
                Op::Load {
                    kind: LoadKind::I32,
                    offset: 0,
                },
                Drop,
            ],
        ),
        (
            TrapCode::MemoryOutOfBounds,
            vec![
                I32Const(65536),
                I32Const(1),
                Op::Store {
                    kind: StoreKind::I32To8,
                    offset: 0,
                },
            ],
        ),
        (
            TrapCode::TableOutOfBounds,
            vec![I32Const(1), Op::CallIndirect { ty: 0, table: 0 }],
        ),
        (
            TrapCode::IndirectCallToNull,
            vec![I32Const(0), Op::CallIndirect { ty: 0, table: 0 }],
        ),
        (
            TrapCode::IntegerDivisionByZero,
            vec![I32Const(5), I32Const(0), Op::Binary(I32RemU), Drop],
        ),
        (
            TrapCode::IntegerOverflow,
            vec![I32Const(i32::MIN), I32Const(-1), Op::Binary(I32DivS), Drop],
        ),
        (
            TrapCode::IntegerOverflow,
            vec![I64Const(i64::MIN), I64Const(-1), Op::Binary(I64DivS), Drop],
        ),
    ];
    for (trap, code) in cases {
        let mut ops = vec![Charge(3)];
        let ends = code.last() == Some(&Unreachable);
        ops.extend(code.clone());
        if !ends {
            ops.push(Charge(1000));
        }
        ops.push(End);
        let mut module = plan("(module (memory 1) (table 1 funcref) (func (export \"f\")))");
        module.functions[0].ops = ops;
        for &form in FORMS {
            let mut instance = instance_with(module.clone(), form);
            let left = if trap == TrapCode::Unreachable { 47 } else { 0 };
            assert_eq!(instance.run("f", &[], 50), (traps(trap), left), "{code:?}");
            assert_eq!(instance.run("f", &[], 3), (traps(trap), 0), "{code:?}");
            assert_eq!(instance.run("f", &[], 2), (Exit::OutOfInk, 0), "{code:?}");
        }
    }
}

#[test]
fn bulk_prices_saturate() {
    let mut module = plan(
        "(module (memory 1) (func (export \"f\") (param i32)
           (memory.fill (i32.const 0) (i32.const 0) (local.get 0))))",
    );
    module.dynamic_costs.bulk_byte = u64::MAX / 2;
    let mut instance = instance_of(module);
    let base = 1_000_000;
    assert_eq!(instance.run("f", &[3], u64::MAX - 1), (Exit::OutOfInk, 0));
    assert!(matches!(instance.run("f", &[0], base).0, Exit::Return(_)));
}
