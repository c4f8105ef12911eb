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

/// Ends with what its path takes, for each of its arguments, at that ink, one less, and more.
#[track_caller]
fn takes(ops: &[Op], costs: &[(u32, u64)]) {
    let mut module = plan("(module (func (export \"f\") (param i32)))");
    module.functions[0].ops = ops.to_vec();
    for &form in FORMS {
        let mut instance = instance_with(module.clone(), form);
        for &(argument, cost) in costs {
            let arguments = [u64::from(argument)];
            let mut run = |ink| instance.run("f", &arguments, ink);
            assert_eq!(run(cost), (returns(&[]), 0), "{argument}");
            assert_eq!(run(cost + 5), (returns(&[]), 5), "{argument}");
            for less in 0..cost {
                assert_eq!(run(less), (Exit::OutOfInk, 0), "{argument}, {less}");
            }
        }
    }
}

/// How many steps that take ink the code of function 0 has.
fn steps(ops: &[Op]) -> usize {
    let mut module = plan("(module (func (export \"f\") (param i32)))");
    module.functions[0].ops = ops.to_vec();
    let text = crate::clif_text(&module, 0, Traps::Explicit).expect("compiles");
    let stack_words = 1;
    text.matches("icmp ult").count() - stack_words
}

#[test]
fn the_only_way_to_a_label_leaves_its_charge_to_the_code_behind() {
    use Op::{Block, Br, BrIf, Charge, End, LocalGet};
    // The inner label is reached by its branch alone, the outer one by a branch and from above.
    let ops = [
        Charge(1),
        Block(BlockType::Empty),
        Block(BlockType::Empty),
        LocalGet(0),
        BrIf(0),
        Charge(200),
        Br(1),
        End,
        Charge(30),
        End,
        End,
    ];
    takes(&ops, &[(0, 201), (1, 31)]);
    // On either path, one.
    assert_eq!(steps(&ops), 2);
}

#[test]
fn ways_that_owe_take_the_charge_behind_the_label_with_theirs() {
    use Op::{Block, BrIf, Charge, Else, End, If, LocalGet, Return};
    let ops = [
        Charge(1),
        LocalGet(0),
        If(BlockType::Empty),
        Charge(10),
        Else,
        Charge(20),
        End,
        Charge(40),
        End,
    ];
    takes(&ops, &[(0, 61), (1, 51)]);
    assert_eq!(steps(&ops), 2);

    // An `if` without a second arm, a branch, and the way down.
    let ops = [
        Charge(1),
        Block(BlockType::Empty),
        LocalGet(0),
        BrIf(0),
        Charge(2),
        LocalGet(0),
        If(BlockType::Empty),
        Charge(4),
        Return,
        End,
        Charge(8),
        End,
        Charge(16),
        End,
    ];
    takes(&ops, &[(0, 27), (1, 17)]);
}

#[test]
fn ways_that_owe_nothing_leave_the_charge_where_it_is() {
    use Op::{Block, BrIf, Charge, End, GlobalSet, I32Const, LocalGet, Loop};
    let mut module =
        plan("(module (global (mut i32) (i32.const 0)) (func (export \"f\") (param i32)))");
    // The first way has paid before its effect, the second owes 2.
    module.functions[0].ops = vec![
        Charge(1),
        Block(BlockType::Empty),
        I32Const(7),
        GlobalSet(0),
        LocalGet(0),
        BrIf(0),
        Charge(2),
        End,
        Charge(4),
        Loop(BlockType::Empty),
        Charge(8),
        End,
        Charge(16),
        End,
    ];
    for &form in FORMS {
        let mut instance = instance_with(module.clone(), form);
        assert_eq!(instance.run("f", &[1], 29), (returns(&[]), 0));
        assert_eq!(instance.run("f", &[1], 28), (Exit::OutOfInk, 0));
        assert_eq!(instance.run("f", &[0], 31), (returns(&[]), 0));
        assert_eq!(instance.run("f", &[0], 30), (Exit::OutOfInk, 0));
    }
}

#[test]
fn a_charge_taken_ahead_does_not_overflow() {
    use Op::{Charge, Else, End, If, LocalGet};
    let half = u64::MAX / 2;
    let ops = vec![
        Charge(half),
        LocalGet(0),
        If(BlockType::Empty),
        Charge(half),
        Else,
        Charge(1),
        End,
        Charge(3),
        End,
    ];
    let mut module = plan("(module (func (export \"f\") (param i32)))");
    module.functions[0].ops = ops;
    for &form in FORMS {
        let mut instance = instance_with(module.clone(), form);
        let all = u64::MAX;
        assert_eq!(instance.run("f", &[0], all), (returns(&[]), all - half - 4));
        assert_eq!(instance.run("f", &[1], all), (Exit::OutOfInk, 0));
    }
}
