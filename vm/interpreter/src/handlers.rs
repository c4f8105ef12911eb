//! What each instruction does: its handler, beside the operands that its cell holds.

use std::hint::black_box;

use aivm_core::{HostExit, TrapCode};
use aivm_wasm::plan::{BinaryOp, UnaryOp};

use crate::instruction::{Instruction, Target, with_operations};
use crate::machine::{Cell, Handler, Machine, Pause, Window, stretch_at};
use crate::memory;
use crate::numeric::{binary, low32, unary};

/// Goes on with the cell after `$cell`, the first of `$next`.
macro_rules! go_on {
    ($machine:ident, $cell:ident, $next:ident, $frame:ident, $ink:expr) => {
        ($cell.then)($machine, $next, $frame, $ink)
    };
}

/// Goes on at a target, with as many cells before the loop gets control as there are in `$next`.
macro_rules! go_to {
    ($machine:ident, $next:ident, $frame:ident, $ink:expr, $target:expr) => {{
        let (before, code) = stretch_at($machine.code, $target, $next.len());
        (before.then)($machine, code, $frame, $ink)
    }};
}

/// Takes ink or ends the run.
macro_rules! pay {
    ($machine:ident, $ink:expr, $price:expr) => {
        match $ink.checked_sub(u64::from($price)) {
            Some(left) => left,
            None => return out_of_ink($machine),
        }
    };
}

/// A handler: the body sees the machine, its own cell, the cells after it, the frame and the ink, and has the
/// ink as its value.
macro_rules! handler {
    (|$machine:ident, $cell:ident, $next:ident, $frame:ident, $ink:ident| $body:expr) => {{
        let handler: Handler = |$machine, code, $frame, $ink| {
            let Some(($cell, $next)) = code.split_first() else {
                return stretch($machine, code, $ink);
            };
            $body
        };
        handler
    }};
}

/// A handler that sets one slot, `$frame[$cell.a]`, and goes on.
macro_rules! sets {
    (|$machine:ident, $cell:ident, $frame:ident, $ink:ident| $value:expr) => {
        handler!(|$machine, $cell, next, $frame, $ink| {
            $frame[usize::from($cell.a)] = $value;
            go_on!($machine, $cell, next, $frame, $ink)
        })
    };
}

macro_rules! or_trap {
    ($machine:ident, $ink:ident, $result:expr) => {
        match $result {
            Ok(value) => value,
            Err(code) => return trap($machine, $ink, code),
        }
    };
}

macro_rules! stores {
    (|$cell:ident, $frame:ident| $value:expr, $stored:ident) => {
        handler!(|machine, $cell, next, $frame, ink| {
            let value = ($value as $stored).to_le_bytes();
            let address = low32($frame[usize::from($cell.a)]);
            let bytes = machine.state.memory.bytes_mut();
            if memory::store(bytes, address, $cell.wide as u32, value).is_none() {
                return trap(machine, ink, TrapCode::MemoryOutOfBounds);
            }
            go_on!(machine, $cell, next, $frame, ink)
        })
    };
}

macro_rules! jumps {
    (|$cell:ident, $frame:ident| $op:ident, $right:expr) => {
        handler!(|machine, $cell, next, $frame, ink| {
            let left = $frame[usize::from($cell.a)];
            if binary(BinaryOp::$op, left, $right) == Ok(1) {
                let ink = pay!(machine, ink, $cell.c);
                go_to!(machine, next, $frame, ink, $cell.wide as Target)
            } else {
                let ink = pay!(machine, ink, $cell.d);
                go_on!(machine, $cell, next, $frame, ink)
            }
        })
    };
}

// What these return is hidden from the compiler: if it knew, handlers would call them in the middle and keep a
// frame for that.

/// Control goes back to the loop, to come back to `code`.
#[cold]
#[inline(never)]
fn stretch(machine: &mut Machine<'_>, code: &[Cell], ink: u64) -> Pause {
    let offset = code.as_ptr() as usize - machine.code.as_ptr() as usize;
    // The cell before it has the index of the instruction.
    machine.next = (offset / size_of::<Cell>() - 1) as Target;
    machine.ink = ink;
    black_box(Pause::Stretch)
}

#[cold]
#[inline(never)]
fn trap(machine: &mut Machine<'_>, ink: u64, code: TrapCode) -> Pause {
    machine.ink = ink;
    machine.exit = Some(code.into());
    black_box(Pause::End)
}

#[cold]
#[inline(never)]
fn out_of_ink(machine: &mut Machine<'_>) -> Pause {
    machine.ink = 0;
    machine.exit = Some(HostExit::OutOfInk);
    black_box(Pause::End)
}

/// The index of a table in a cell.
fn short_table(table: u32) -> u16 {
    u16::try_from(table).expect("a validated module has far fewer tables")
}

#[inline(always)]
fn slot(frame: &Window, slot: u16) -> u64 {
    frame[usize::from(slot)]
}

/// Copies `count` slots, as if through a buffer.
fn move_slots(frame: &mut Window, to: u16, from: u16, count: u16) {
    let from = usize::from(from);
    frame.copy_within(from..from + usize::from(count), usize::from(to));
}

macro_rules! define_assemble {
    (
        unary: $($unary:ident)*;
        arithmetic: $($arithmetic:ident $arithmetic_imm:ident),*;
        comparison: $($comparison:ident $comparison_imm:ident $jump:ident $jump_imm:ident),*;
        load: $($load:ident $load_kind:ident $narrow:ident $wide:ident),*;
        store: $($store:ident $store_imm:ident $store_kind:ident $stored:ident),*;
    ) => {
        /// The cell of the instruction at `place`, with its own handler, which is to move to the cell before it. One that is the loop's to execute is appended to `rare`.
        pub(crate) fn assemble(
            instruction: &Instruction,
            place: Target,
            rare: &mut Vec<Instruction>,
        ) -> Cell {
            let cell = |then, a, b, c, wide| Cell { then, a, b, c, d: 0, wide };
            // The pauses of calls and rare instructions go on with the next one.
            let after = u64::from(place + 1);
            match *instruction {
                Instruction::Charge(price) => cell(
                    handler!(|machine, cell, next, frame, ink| {
                        let ink = pay!(machine, ink, cell.wide);
                        go_on!(machine, cell, next, frame, ink)
                    }),
                    0, 0, 0, price,
                ),
                Instruction::Unreachable => cell(
                    handler!(|machine, _cell, _next, _frame, ink| {
                        trap(machine, ink, TrapCode::Unreachable)
                    }),
                    0, 0, 0, 0,
                ),
                Instruction::Jump { target, taken } => cell(
                    handler!(|machine, cell, next, frame, ink| {
                        let ink = pay!(machine, ink, cell.c);
                        go_to!(machine, next, frame, ink, cell.wide as Target)
                    }),
                    0, 0, taken, u64::from(target),
                ),
                Instruction::JumpTable { index, last } => cell(
                    handler!(|machine, cell, next, frame, ink| {
                        let last = (cell.wide >> 32) as u32;
                        let index = low32(slot(frame, cell.a)).min(last);
                        go_to!(machine, next, frame, ink, cell.wide as Target + index)
                    }),
                    index, 0, 0, after | u64::from(last) << 32,
                ),
                Instruction::Move { to, from, count } => cell(
                    handler!(|machine, cell, next, frame, ink| {
                        move_slots(frame, cell.a, cell.b, cell.c);
                        go_on!(machine, cell, next, frame, ink)
                    }),
                    to, from, count, 0,
                ),
                Instruction::Return { from, count } => cell(
                    handler!(|machine, cell, _next, frame, ink| {
                        move_slots(frame, 0, cell.b, cell.c);
                        machine.ink = ink;
                        Pause::Return
                    }),
                    0, from, count, 0,
                ),
                Instruction::ReturnOne { from } => cell(
                    handler!(|machine, cell, _next, frame, ink| {
                        frame[0] = slot(frame, cell.b);
                        machine.ink = ink;
                        Pause::Return
                    }),
                    0, from, 0, 0,
                ),
                Instruction::Call { function, base } => cell(
                    handler!(|machine, cell, _next, _frame, ink| {
                        machine.ink = ink;
                        machine.what = (cell.wide >> 32) as u32;
                        machine.next = cell.wide as Target;
                        machine.first = cell.a;
                        Pause::Call
                    }),
                    base, 0, 0, after | u64::from(function) << 32,
                ),
                Instruction::CallIndirect { ty, table, index, base } => cell(
                    handler!(|machine, cell, _next, frame, ink| {
                        let index = low32(slot(frame, cell.b));
                        let function = or_trap!(machine, ink, machine.state.table.function(u32::from(cell.c), index));
                        let ty = (cell.wide >> 32) as u32;
                        if machine.module.function_type(function) != ty {
                            return trap(machine, ink, TrapCode::BadSignature);
                        }
                        machine.ink = ink;
                        machine.what = function;
                        machine.next = cell.wide as Target;
                        machine.first = cell.a;
                        Pause::Call
                    }),
                    base, index, short_table(table), after | u64::from(ty) << 32,
                ),
                Instruction::Select { to, first, otherwise, condition } => Cell {
                    d: condition,
                    ..cell(
                        sets!(|machine, cell, frame, ink| {
                            let (first, otherwise) = (slot(frame, cell.b), slot(frame, cell.c));
                            if low32(slot(frame, cell.d)) != 0 { first } else { otherwise }
                        }),
                        to, first, otherwise, 0,
                    )
                },
                Instruction::Copy { to, from } => cell(
                    sets!(|machine, cell, frame, ink| slot(frame, cell.b)),
                    to, from, 0, 0,
                ),
                Instruction::Const { to, value } => cell(
                    sets!(|machine, cell, frame, ink| cell.wide),
                    to, 0, 0, value,
                ),
                Instruction::GlobalGet { to, global } => cell(
                    sets!(|machine, cell, frame, ink| machine.state.globals[cell.wide as usize]),
                    to, 0, 0, u64::from(global),
                ),
                Instruction::GlobalSet { from, global } => cell(
                    handler!(|machine, cell, next, frame, ink| {
                        machine.state.globals[cell.wide as usize] = slot(frame, cell.a);
                        go_on!(machine, cell, next, frame, ink)
                    }),
                    from, 0, 0, u64::from(global),
                ),
                Instruction::MemorySize { to } => cell(
                    sets!(|machine, cell, frame, ink| u64::from(machine.state.memory.pages())),
                    to, 0, 0, 0,
                ),
                Instruction::MemoryGrow { .. }
                | Instruction::MemoryCopy { .. }
                | Instruction::MemoryFill { .. }
                | Instruction::MemoryInit { .. }
                | Instruction::DataDrop { .. }
                | Instruction::TableCopy { .. }
                | Instruction::TableInit { .. }
                | Instruction::ElemDrop { .. } => {
                    let index = rare.len() as u64;
                    rare.push(*instruction);
                    cell(
                        handler!(|machine, cell, _next, _frame, ink| {
                            machine.ink = ink;
                            machine.what = (cell.wide >> 32) as u32;
                            machine.next = cell.wide as Target;
                            Pause::Rare
                        }),
                        0, 0, 0, after | index << 32,
                    )
                }
                $(
                    Instruction::$unary { to, operand } => cell(
                        sets!(|machine, cell, frame, ink| {
                            unary(UnaryOp::$unary, slot(frame, cell.b))
                        }),
                        to, operand, 0, 0,
                    ),
                )*
                $(
                    Instruction::$arithmetic { to, left, right } => cell(
                        sets!(|machine, cell, frame, ink| {
                            let (left, right) = (slot(frame, cell.b), slot(frame, cell.c));
                            or_trap!(machine, ink, binary(BinaryOp::$arithmetic, left, right))
                        }),
                        to, left, right, 0,
                    ),
                    Instruction::$arithmetic_imm { to, left, right } => cell(
                        sets!(|machine, cell, frame, ink| {
                            let left = slot(frame, cell.b);
                            or_trap!(machine, ink, binary(BinaryOp::$arithmetic, left, cell.wide))
                        }),
                        to, left, 0, right,
                    ),
                )*
                $(
                    Instruction::$comparison { to, left, right } => cell(
                        sets!(|machine, cell, frame, ink| {
                            let (left, right) = (slot(frame, cell.b), slot(frame, cell.c));
                            or_trap!(machine, ink, binary(BinaryOp::$comparison, left, right))
                        }),
                        to, left, right, 0,
                    ),
                    Instruction::$comparison_imm { to, left, right } => cell(
                        sets!(|machine, cell, frame, ink| {
                            let left = slot(frame, cell.b);
                            or_trap!(machine, ink, binary(BinaryOp::$comparison, left, cell.wide))
                        }),
                        to, left, 0, right,
                    ),
                    Instruction::$jump { left, right, taken, passed, target } => Cell {
                        then: jumps!(|cell, frame| $comparison, slot(frame, cell.b)),
                        a: left,
                        b: right,
                        c: taken,
                        d: passed,
                        wide: u64::from(target),
                    },
                    Instruction::$jump_imm { left, right, taken, passed, target } => Cell {
                        then: jumps!(|cell, frame| $comparison, (cell.wide as i64 >> 32) as u64),
                        a: left,
                        b: 0,
                        c: taken,
                        d: passed,
                        wide: u64::from(target) | u64::from(right as u32) << 32,
                    },
                )*
                $(
                    Instruction::$load { to, address, offset } => cell(
                        sets!(|machine, cell, frame, ink| {
                            let address = low32(slot(frame, cell.b));
                            let bytes = machine.state.memory.bytes();
                            match memory::load(bytes, address, cell.wide as u32) {
                                Some(loaded) => $narrow::from_le_bytes(loaded) as $wide as u64,
                                None => return trap(machine, ink, TrapCode::MemoryOutOfBounds),
                            }
                        }),
                        to, address, 0, u64::from(offset),
                    ),
                )*
                $(
                    Instruction::$store { address, value, offset } => cell(
                        stores!(|cell, frame| slot(frame, cell.b), $stored),
                        address, value, 0, u64::from(offset),
                    ),
                    Instruction::$store_imm { address, value, offset } => cell(
                        stores!(|cell, frame| (cell.wide >> 32) as i32, $stored),
                        address, 0, 0, u64::from(offset) | u64::from(value as u32) << 32,
                    ),
                )*
            }
        }
    };
}

with_operations!(define_assemble);
