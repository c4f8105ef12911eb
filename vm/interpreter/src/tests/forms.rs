//! Fused instructions against the plain form, one instruction an op: every operation with every kind of
//! operand and use, and random code at every end of ink.

use super::*;
use crate::instruction::with_operations;
use aivm_core::ValueType::{I32 as Int, I64 as Long};

macro_rules! define_lists {
    (
        unary: $($unary:ident)*;
        arithmetic: $($arithmetic:ident $arithmetic_imm:ident),*;
        comparison: $($comparison:ident $comparison_imm:ident $jump:ident $jump_imm:ident),*;
        load: $($load:ident $load_kind:ident $narrow:ident $wide:ident),*;
        store: $($store:ident $store_imm:ident $store_kind:ident $stored:ident),*;
    ) => {
        const UNARY: &[UnaryOp] = &[$(UnaryOp::$unary),*];
        const ARITHMETIC: &[BinaryOp] = &[$(BinaryOp::$arithmetic),*];
        const COMPARISONS: &[BinaryOp] = &[$(BinaryOp::$comparison),*];
        const LOADS: &[LoadKind] = &[$(LoadKind::$load_kind),*];
        const STORES: &[StoreKind] = &[$(StoreKind::$store_kind),*];
    };
}
with_operations!(define_lists);

const VALUES: [i64; 5] = [0, -8, i32::MIN as i64, 1 << 40, 0x1234_5678_9ABC_DEF0];

fn is_long(op: &dyn std::fmt::Debug) -> bool {
    format!("{op:?}").starts_with("I64")
}

fn constant(ty: ValueType, value: i64) -> Op {
    match ty {
        Int => Op::I32Const(value as i32),
        Long => Op::I64Const(value),
    }
}

/// The ways to push a value: as a constant, from local `local`, and as the result of an operation.
fn pushes(ty: ValueType, local: u32, value: i64) -> [Vec<Op>; 3] {
    let set = [constant(ty, value), Op::LocalSet(local)];
    let zero = [constant(ty, 0)];
    let or = Op::Binary(match ty {
        Int => BinaryOp::I32Or,
        Long => BinaryOp::I64Or,
    });
    [
        vec![constant(ty, value)],
        [&set[..], &[Op::LocalGet(local)]].concat(),
        [&set[..], &[Op::LocalGet(local)], &zero[..], &[or]].concat(),
    ]
}

/// The ways to use a value of `ty` that end with an i32: in a local and on the stack, and as a condition.
fn uses(ty: ValueType, local: u32) -> Vec<Vec<Op>> {
    let narrow = |mut ops: Vec<Op>| {
        if ty == Long {
            ops.push(Op::Unary(UnaryOp::I32WrapI64));
        }
        ops
    };
    let mut all = vec![
        narrow(vec![]),
        narrow(vec![Op::LocalSet(local), Op::LocalGet(local)]),
        narrow(vec![
            Op::LocalTee(local),
            Op::LocalGet(local),
            Op::Binary(match ty {
                Int => BinaryOp::I32Add,
                Long => BinaryOp::I64Add,
            }),
        ]),
        vec![Op::Unary(match ty {
            Int => UnaryOp::I32Eqz,
            Long => UnaryOp::I64Eqz,
        })],
    ];
    if ty == Int {
        let eqz = Op::Unary(UnaryOp::I32Eqz);
        for condition in [vec![], vec![eqz.clone()], vec![eqz.clone(), eqz]] {
            let select = [Op::LocalSet(0), Op::I32Const(5), Op::I32Const(6)];
            all.push([&condition[..], &select, &[Op::LocalGet(0), Op::Select]].concat());
            let arms = [
                Op::If(BlockType::Value(Int)),
                Op::Charge(3),
                Op::I32Const(1),
                Op::Else,
                Op::Charge(5),
                Op::I32Const(2),
                Op::End,
                Op::Charge(7),
            ];
            all.push([&condition[..], &arms].concat());
            let branch = [
                Op::LocalSet(0),
                Op::Block(BlockType::Empty),
                Op::LocalGet(0),
            ];
            let rest = [
                Op::BrIf(0),
                Op::Charge(11),
                Op::I32Const(40),
                Op::LocalSet(0),
                Op::End,
                Op::Charge(13),
                Op::LocalGet(0),
            ];
            all.push([&branch[..], &condition, &rest].concat());
            // A condition made just before its branch, which leaves with a value.
            let with_value = [
                Op::BrIf(0),
                Op::Charge(2),
                Op::Drop,
                Op::I32Const(9),
                Op::End,
            ];
            let block = [
                Op::LocalSet(0),
                Op::Block(BlockType::Value(Int)),
                Op::I32Const(8),
                Op::LocalGet(0),
            ];
            all.push([&block[..], &condition, &with_value].concat());
        }
        all.push(vec![
            Op::Unary(UnaryOp::I64ExtendI32U),
            Op::Unary(UnaryOp::I64Clz),
            Op::Unary(UnaryOp::I32WrapI64),
        ]);
    }
    all
}

/// Runs `ops`, which leave an i32, in both forms, which [`run_with`] compares.
fn both(ops: &[Op]) {
    let mut module = empty();
    module.stack_words = 30;
    let ops = [ops, &[Op::End]].concat();
    // Local 0 is an i32 for conditions; two of each type.
    module.functions = vec![function(&module, 0, &[Int, Int, Int, Long, Long], ops)];
    run_with(module, &[], 100);
}

fn local_of(ty: ValueType) -> u32 {
    match ty {
        Int => 1,
        Long => 3,
    }
}

#[test]
fn binary_operations_are_the_same_with_every_operand_and_use() {
    for op in ARITHMETIC.iter().chain(COMPARISONS) {
        let ty = if is_long(op) { Long } else { Int };
        let result = if COMPARISONS.contains(op) { Int } else { ty };
        let local = local_of(ty);
        for left in VALUES {
            for right in VALUES {
                for (index, push_left) in pushes(ty, local, left).iter().enumerate() {
                    for (other, push_right) in pushes(ty, local + 1, right).iter().enumerate() {
                        let operands = [&push_left[..], push_right, &[Op::Binary(*op)]].concat();
                        let uses = uses(result, local_of(result));
                        // Every use for some operands, some use for all.
                        let some = (index * 3 + other) % uses.len();
                        for (place, then) in uses.iter().enumerate() {
                            if place == some || (left, right) == (0, -8) {
                                both(&[&operands[..], then].concat());
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn unary_operations_are_the_same_with_every_operand_and_use() {
    for op in UNARY {
        let name = format!("{op:?}");
        let ty = match op {
            UnaryOp::I32WrapI64 => Long,
            UnaryOp::I64ExtendI32S | UnaryOp::I64ExtendI32U => Int,
            _ if is_long(op) => Long,
            _ => Int,
        };
        let result = match op {
            UnaryOp::I64Eqz => Int,
            _ if name.starts_with("I64") => Long,
            _ => Int,
        };
        for value in VALUES {
            for push in pushes(ty, local_of(ty), value) {
                for then in uses(result, local_of(result)) {
                    both(&[&push[..], &[Op::Unary(*op)], &then].concat());
                }
            }
        }
    }
}

#[test]
fn stores_and_loads_are_the_same_with_every_operand() {
    for kind in STORES {
        let ty = if is_long(kind) { Long } else { Int };
        for value in VALUES {
            for push in pushes(ty, local_of(ty), value) {
                for address in [0, 8, 65_527, 65_528, 65_529, -1] {
                    for push_address in pushes(Int, 2, address) {
                        let (kind, offset) = (*kind, 1);
                        let store = [Op::Store { kind, offset }, Op::I32Const(3)];
                        both(&[&push_address[..], &push, &store].concat());
                    }
                }
            }
        }
    }
    for kind in LOADS {
        let ty = if is_long(kind) { Long } else { Int };
        for address in [0, 8, 65_527, 65_528, 65_529, -1] {
            for push_address in pushes(Int, 2, address) {
                for then in uses(ty, local_of(ty)) {
                    let fill = [
                        Op::I32Const(9),
                        Op::I64Const(-0x1234_5678),
                        Op::Store {
                            kind: StoreKind::I64,
                            offset: 0,
                        },
                    ];
                    let (kind, offset) = (*kind, 1);
                    both(
                        &[
                            &fill,
                            &push_address[..],
                            &[Op::Load { kind, offset }],
                            &then,
                        ]
                        .concat(),
                    );
                }
            }
        }
    }
}

/// Random code on i32, with a charge at any place.
struct Random {
    state: u64,
    ops: Vec<Op>,
    /// Operands on the stack of the innermost block.
    height: usize,
    /// Results of the open blocks: none or one. The last is the innermost.
    labels: Vec<usize>,
}

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % bound
    }

    fn value(&mut self) {
        let op = match self.below(3) {
            0 => Op::I32Const(self.below(5) as i32 - 2),
            _ => Op::LocalGet(self.below(3) as u32),
        };
        self.ops.push(op);
        self.height += 1;
    }

    fn values(&mut self, count: usize) {
        while self.height < count {
            self.value();
        }
    }

    fn charge(&mut self) {
        let price = [1, 2, 3, 70_000][self.below(40).saturating_sub(36)];
        self.ops.push(Op::Charge(price));
    }

    /// A block with `results` results.
    fn block(&mut self, opening: fn(BlockType) -> Op, has_else: bool, depth: usize) {
        let results = self.below(2);
        let ty = [BlockType::Empty, BlockType::Value(Int)][results];
        let is_if = matches!(opening(ty), Op::If(_));
        if is_if {
            self.values(1);
            self.height -= 1;
        }
        let (results, ty) = if is_if && !has_else {
            (0, BlockType::Empty)
        } else {
            (results, ty)
        };
        let outside = self.height;
        self.ops.push(opening(ty));
        // A branch to a loop keeps nothing.
        let is_loop = matches!(opening(ty), Op::Loop(_));
        self.labels.push(if is_loop { 0 } else { results });
        for arm in 0..=usize::from(has_else) {
            if arm == 1 {
                self.ops.push(Op::Else);
            }
            self.height = 0;
            if self.below(4) > 0 || is_loop {
                self.charge();
            }
            self.body(results, depth);
        }
        self.labels.pop();
        self.ops.push(Op::End);
        self.height = outside + results;
        if self.below(2) == 0 {
            self.charge();
        }
    }

    /// Ops that leave `results` operands, or end with a branch.
    fn body(&mut self, results: usize, depth: usize) {
        for _ in 0..self.below(8) {
            self.op(depth);
        }
        if self.below(5) == 0 {
            let label = self.below(self.labels.len());
            let kept = self.labels[self.labels.len() - 1 - label];
            self.values(kept + 1);
            match self.below(3) {
                0 => self.ops.push(Op::Br(label as u32)),
                1 if self.labels.iter().all(|label| *label == kept) => {
                    let targets = (0..self.labels.len() as u32).collect();
                    let default = label as u32;
                    self.ops.push(Op::BrTable { targets, default });
                }
                _ => {
                    self.values(1);
                    self.ops.push(Op::Return);
                }
            }
            return;
        }
        self.values(results);
        while self.height > results {
            self.ops.push(Op::Drop);
            self.height -= 1;
        }
    }

    fn op(&mut self, depth: usize) {
        let comparison = COMPARISONS[self.below(10)];
        let arithmetic = ARITHMETIC[self.below(15)];
        match self.below(20) {
            0..=2 => self.value(),
            3 | 4 => {
                self.values(2);
                self.ops.push(Op::Binary(arithmetic));
                self.height -= 1;
            }
            5 => {
                self.values(2);
                self.ops.push(Op::Binary(comparison));
                self.height -= 1;
            }
            6 => {
                self.values(1);
                let op = UNARY[self.below(6)];
                self.ops.push(Op::Unary(op));
            }
            7 | 8 => {
                self.values(1);
                let local = self.below(3) as u32;
                self.ops.push(Op::LocalSet(local));
                self.height -= 1;
            }
            9 | 10 => {
                self.values(1);
                let local = self.below(3) as u32;
                self.ops.push(Op::LocalTee(local));
            }
            11 => {
                self.values(1);
                let (kind, offset) = (LoadKind::I32From8U, 0);
                self.ops.push(Op::Load { kind, offset });
            }
            12 => {
                self.values(2);
                let (kind, offset) = (StoreKind::I32To16, 1);
                self.ops.push(Op::Store { kind, offset });
                self.height -= 2;
            }
            13 => {
                self.values(3);
                self.ops.push(Op::Select);
                self.height -= 2;
            }
            14 => self.charge(),
            15 => {
                let label = self.below(self.labels.len());
                let kept = self.labels[self.labels.len() - 1 - label];
                self.values(kept + 1);
                self.ops.push(Op::BrIf(label as u32));
                self.height -= 1;
                self.charge();
            }
            _ if depth == 0 || self.height > 4 => {}
            16 => self.block(Op::Block, false, depth - 1),
            17 => self.block(Op::Loop, false, depth - 1),
            18 => self.block(Op::If, false, depth - 1),
            _ => self.block(Op::If, true, depth - 1),
        }
    }
}

#[test]
fn random_code_is_the_same_at_every_end_of_ink() {
    let mut returned = 0;
    for seed in 1..200_u64 {
        let mut random = Random {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            ops: vec![Op::Charge(1)],
            height: 0,
            labels: vec![1],
        };
        random.body(1, 4);
        random.ops.push(Op::End);
        let mut module = empty();
        module.functions = vec![higher(&module, 0, &[Int; 3], 100, random.ops)];
        module.stack_words = 200;
        for ink in (0..20).chain([200, 80_000]) {
            let (exit, _) = run_with(module.clone(), &[], ink);
            returned += u32::from(matches!(exit, Exit::Return(_)));
        }
    }
    assert!(returned > 500, "only {returned} runs returned");
}
