//! Where one instruction does the work of several ops: constants as operands, comparisons that are only
//! conditions, and charges that the jumps before them make.

use aivm_wasm::plan::{BinaryOp, StoreKind, UnaryOp};

use crate::instruction::{Condition, Instruction, Price, Right, Slot, Target};

use super::control::{Label, LabelKind};
use super::{Form, Lowering};

impl Lowering<'_> {
    /// A binary operation, with a constant on the right if it has one.
    pub(super) fn binary(&mut self, op: BinaryOp) {
        let swapped = mirrored(op);
        let (left, right, is_swapped) = self.pop_two(swapped.is_some());
        let op = swapped.filter(|_| is_swapped).unwrap_or(op);
        let to = self.push_result();
        self.emit(Instruction::binary(op, to, left, right));
    }

    /// A store, of a constant if it is short enough.
    pub(super) fn store(&mut self, kind: StoreKind, offset: u32) {
        let instruction = match self.pop_right(|value| store_const(kind, value).is_some()) {
            Right::Slot(value) => {
                let address = self.pop();
                Instruction::store(kind, address, value, offset)
            }
            Right::Const(value) => {
                let address = self.pop();
                let value = store_const(kind, value).unwrap_or_default();
                Instruction::store_const(kind, address, value, offset)
            }
        };
        self.emit(instruction);
    }

    /// `eqz`: the opposite of the comparison that it follows, or a comparison with 0.
    pub(super) fn equals_zero(&mut self, op: UnaryOp) {
        let condition = self.pop_comparison(|_| true);
        let Condition { op, left, right } = condition.map_or_else(
            |slot| Condition {
                op: match op {
                    UnaryOp::I64Eqz => BinaryOp::I64Eq,
                    _ => BinaryOp::I32Eq,
                },
                left: slot,
                right: Right::Const(0),
            },
            opposite,
        );
        let to = self.push_result();
        self.emit(Instruction::binary(op, to, left, right));
    }

    /// Pops an operand as a condition to jump on: the comparison that made it, or that it is not 0.
    pub(super) fn pop_condition(&mut self) -> Condition {
        self.pop_comparison(|condition| Instruction::jump_if(condition).is_some())
            .unwrap_or_else(|slot| Condition {
                op: BinaryOp::I32Ne,
                left: slot,
                right: Right::Const(0),
            })
    }

    /// Pops the result of a comparison, which is taken back if it `suits`; else the slot of the operand.
    fn pop_comparison(&mut self, suits: impl Fn(Condition) -> bool) -> Result<Condition, Slot> {
        let slot = self.pop();
        let own = self.operands.height() as Slot;
        match self.code.last().and_then(|last| last.comparison()) {
            Some((_, condition)) if slot == own && suits(condition) => {
                self.take_producer(own).map(|_| condition).ok_or(slot)
            }
            _ => Err(slot),
        }
    }

    /// Emits a jump on a condition; its place.
    pub(super) fn emit_jump_if(&mut self, condition: Condition) -> usize {
        let jump = Instruction::jump_if(condition).expect("a condition to jump on");
        self.emit_jump(jump)
    }

    /// A charge. The jumps that lead here make it, and the one just before, where they can; an instruction of
    /// its own makes it for the rest.
    pub(super) fn charge(&mut self, ink: u64) {
        let here = self.code.len();
        let price = Price::try_from(ink).ok();
        // What the jumps pay already is not added to.
        let Some(price) = price.filter(|_| self.form == Form::Fused && self.paid != Some(here))
        else {
            self.emit(Instruction::Charge(ink));
            return;
        };
        let is_paid_before = here > self.start
            && self.code.last_mut().is_some_and(|last| {
                if let Some(passed) = last.passed() {
                    *passed = price;
                    return true;
                }
                !last.falls_through()
            });
        if !is_paid_before {
            self.emit(Instruction::Charge(ink));
        }
        let behind = self.code.len() as Target;
        if self.barrier == here {
            for jump in std::mem::take(&mut self.met) {
                if let Some((target, taken)) = self.code[jump].taken() {
                    (*target, *taken) = (behind, price);
                }
            }
        }
        // Every loop that begins here, also around a block that does.
        let opened_here = |label: &&mut Label| label.opened as usize == here;
        for label in self.labels.iter_mut().rev().take_while(opened_here) {
            if let LabelKind::Loop { begin, price: due } = &mut label.kind {
                (*begin, *due) = (behind, price);
            }
        }
        self.paid = Some(here);
    }
}

/// The constant as an instruction stores it: the bytes that count must come back by sign extension.
fn store_const(kind: StoreKind, value: u64) -> Option<i32> {
    let short = value as i32;
    (kind != StoreKind::I64 || short as u64 == value).then_some(short)
}

/// The comparison that holds when this one does not.
pub(super) fn opposite(condition: Condition) -> Condition {
    use BinaryOp::*;
    let op = match condition.op {
        I32Eq => I32Ne,
        I32Ne => I32Eq,
        I32LtS => I32GeS,
        I32LtU => I32GeU,
        I32GtS => I32LeS,
        I32GtU => I32LeU,
        I32LeS => I32GtS,
        I32LeU => I32GtU,
        I32GeS => I32LtS,
        I32GeU => I32LtU,
        I64Eq => I64Ne,
        I64Ne => I64Eq,
        I64LtS => I64GeS,
        I64LtU => I64GeU,
        I64GtS => I64LeS,
        I64GtU => I64LeU,
        I64LeS => I64GtS,
        I64LeU => I64GtU,
        I64GeS => I64LtS,
        I64GeU => I64LtU,
        other => unreachable!("{other:?} is no comparison"),
    };
    Condition { op, ..condition }
}

/// The operation with the same result for swapped operands.
fn mirrored(op: BinaryOp) -> Option<BinaryOp> {
    use BinaryOp::*;
    Some(match op {
        I32Add | I32Mul | I32And | I32Or | I32Xor | I32Eq | I32Ne => op,
        I64Add | I64Mul | I64And | I64Or | I64Xor | I64Eq | I64Ne => op,
        I32LtS => I32GtS,
        I32LtU => I32GtU,
        I32GtS => I32LtS,
        I32GtU => I32LtU,
        I32LeS => I32GeS,
        I32LeU => I32GeU,
        I32GeS => I32LeS,
        I32GeU => I32LeU,
        I64LtS => I64GtS,
        I64LtU => I64GtU,
        I64GtS => I64LtS,
        I64GtU => I64LtU,
        I64LeS => I64GeS,
        I64LeU => I64GeU,
        I64GeS => I64LeS,
        I64GeU => I64LeU,
        _ => return None,
    })
}
