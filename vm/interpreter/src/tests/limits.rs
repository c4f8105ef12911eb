//! The sizes that the interpreter's own code has: slots of a frame, and stretches of instructions.

use super::*;
use crate::machine::STRETCH;
use crate::program::FRAME_SLOTS;

/// A function that sets its last local, calls itself once with its last operands, and returns what both frames
/// say: 1 of the callee and 2 of the caller's last local.
fn deep(locals: usize, operands: usize) -> MeteredModule {
    let mut module = empty();
    module.stack_words = 2 * (locals + operands + 4) as u32;
    let last = locals as u32 - 1;
    let mut ops = vec![
        Op::LocalGet(0),
        Op::If(BlockType::Value(I32)),
        Op::I32Const(1),
        Op::Else,
        Op::I32Const(2),
        Op::LocalSet(last),
    ];
    ops.extend((0..operands - 1).map(|_| Op::LocalGet(last)));
    ops.extend([Op::I32Const(7), Op::Call(0)]);
    ops.extend((0..operands - 1).map(|_| Op::Binary(BinaryOp::I32Add)));
    ops.extend([Op::End, Op::End]);
    let extra = vec![I32; locals - 1];
    module.functions = vec![higher(&module, 1, &extra, operands as u32, ops)];
    module
}

#[test]
fn frames_at_the_limits_of_contracts_and_of_16_bits_run() {
    let [locals, operands] = [Limits::CONTRACT.locals, Limits::CONTRACT.operand_stack];
    for (locals, operands) in [
        (locals as usize, operands as usize),
        (FRAME_SLOTS - 1 - 5000, 5000),
    ] {
        let sum = 1 + 2 * (operands as u64 - 1);
        assert_eq!(run_with(deep(locals, operands), &[0], 0).0, returned(sum));
    }
}

#[test]
#[should_panic(expected = "a frame of 65536 slots")]
fn a_frame_beyond_16_bits_is_not_lowered() {
    let _ = Program::new(Arc::new(deep(FRAME_SLOTS - 5000, 5000)));
}

#[test]
fn code_goes_on_after_a_stretch() {
    for count in [1, STRETCH - 3, STRETCH, STRETCH + 1, 3 * STRETCH + 1] {
        let mut ops = vec![Op::I32Const(1), Op::LocalSet(0)];
        for _ in 0..count {
            ops.extend([Op::LocalGet(0), Op::I32Const(1)]);
            ops.extend([Op::Binary(BinaryOp::I32Add), Op::LocalSet(0)]);
        }
        ops.extend([Op::LocalGet(0), Op::End]);
        assert_eq!(run(ops), returned(count as u64 + 1), "{count}");
    }
}

#[test]
fn a_loop_goes_on_after_a_stretch() {
    // Counts local 0 down from 10,000 and the global up.
    let mut module = empty();
    let ops = vec![
        Op::Loop(BlockType::Empty),
        Op::Charge(1),
        Op::GlobalGet(0),
        Op::I64Const(1),
        Op::Binary(BinaryOp::I64Add),
        Op::GlobalSet(0),
        Op::LocalGet(0),
        Op::I32Const(1),
        Op::Binary(BinaryOp::I32Sub),
        Op::LocalTee(0),
        Op::BrIf(0),
        Op::End,
        Op::GlobalGet(0),
        Op::Unary(UnaryOp::I32WrapI64),
        Op::End,
    ];
    module.functions = vec![function(&module, 1, &[], ops)];
    assert_eq!(run_with(module, &[10_000], 10_001), (returned(10_005), 1));
}
