//! The operand stack while a function is lowered: what is on it, and where.
//!
//! `local.get` and constants emit nothing: the stack remembers what the operand is, and the instruction that
//! pops it names the local or the constant. Before anything could change what such an operand means (the
//! local is written, or control joins), it is *settled*: copied to the slot that belongs to its place on
//! the stack.

use crate::instruction::{Instruction, Right, Slot};

use super::{Form, Lowering};

/// An operand on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// In its own slot: the number of locals and its place on the stack.
    Settled,
    /// The value that a local has now.
    Local(Slot),
    /// A constant, i32 zero-extended.
    Const(u64),
}

/// Operands, the innermost last.
pub(super) struct Operands {
    /// Slots below the operands'.
    locals: usize,
    stack: Vec<Operand>,
    /// How often each local is on the stack.
    uses: Vec<u32>,
    /// Operands below this place are settled.
    settled: usize,
}

impl Operands {
    pub(super) fn new(locals: usize) -> Operands {
        Operands {
            locals,
            stack: Vec::new(),
            uses: vec![0; locals],
            settled: 0,
        }
    }

    /// The first slot that no operand has: locals and operands.
    pub(super) fn height(&self) -> usize {
        self.locals + self.stack.len()
    }

    /// The slot that belongs to the next operand to be pushed.
    fn next(&self) -> Slot {
        self.height() as Slot
    }

    fn push(&mut self, operand: Operand) {
        if let Operand::Local(local) = operand {
            self.uses[usize::from(local)] += 1;
        }
        self.stack.push(operand);
    }

    /// The operand and its own slot.
    fn pop(&mut self) -> (Operand, Slot) {
        let operand = self.stack.pop().expect("validated code has its operands");
        if let Operand::Local(local) = operand {
            self.uses[usize::from(local)] -= 1;
        }
        self.settled = self.settled.min(self.stack.len());
        (operand, self.next())
    }

    /// Drops the operands from slot `base` on, and pushes `count` that are settled.
    pub(super) fn replace(&mut self, base: usize, count: usize) {
        while self.height() > base {
            self.pop();
        }
        self.stack
            .resize(base - self.locals + count, Operand::Settled);
    }
}

impl Lowering<'_> {
    /// Pushes a result; the slot it is to be written to.
    pub(super) fn push_result(&mut self) -> Slot {
        let slot = self.operands.next();
        self.operands.push(Operand::Settled);
        slot
    }

    /// Pushes a local or a constant.
    pub(super) fn push(&mut self, operand: Operand) {
        self.operands.push(operand);
        if self.form == Form::Plain {
            self.settle(1);
        }
    }

    /// Pops an operand; the slot to find it in.
    pub(super) fn pop(&mut self) -> Slot {
        let (operand, own) = self.operands.pop();
        self.locate(operand, own)
    }

    /// Pops two operands; `true` if they were swapped, which happens only when `may_swap`, to have a constant
    /// on the right.
    pub(super) fn pop_two(&mut self, may_swap: bool) -> (Slot, Right, bool) {
        let (right, right_own) = self.operands.pop();
        let (left, left_own) = self.operands.pop();
        match (left, right) {
            (_, Operand::Const(value)) => (self.locate(left, left_own), Right::Const(value), false),
            (Operand::Const(value), _) if may_swap => {
                (self.locate(right, right_own), Right::Const(value), true)
            }
            _ => {
                let left = self.locate(left, left_own);
                let right = self.locate(right, right_own);
                (left, Right::Slot(right), false)
            }
        }
    }

    /// Pops an operand, as a constant if it is one that `suits`.
    pub(super) fn pop_right(&mut self, suits: impl Fn(u64) -> bool) -> Right {
        match self.operands.pop() {
            (Operand::Const(value), _) if suits(value) => Right::Const(value),
            (operand, own) => Right::Slot(self.locate(operand, own)),
        }
    }

    /// The slot to find the top in, which stays where it is.
    pub(super) fn peek(&mut self) -> Slot {
        if let Some(Operand::Const(_)) = self.operands.stack.last() {
            self.settle(1);
        }
        match self.operands.stack.last() {
            Some(Operand::Local(local)) => *local,
            _ => self.operands.next() - 1,
        }
    }

    /// Drops an operand.
    pub(super) fn drop_operand(&mut self) {
        self.operands.pop();
    }

    fn locate(&mut self, operand: Operand, own: Slot) -> Slot {
        match operand {
            Operand::Settled => own,
            Operand::Local(local) => local,
            Operand::Const(value) => {
                self.emit(Instruction::Const { to: own, value });
                own
            }
        }
    }

    /// Settles the top `count` operands.
    pub(super) fn settle(&mut self, count: usize) {
        let len = self.operands.stack.len();
        for place in (len - count).max(self.operands.settled)..len {
            self.settle_place(place);
        }
        if len - count <= self.operands.settled {
            self.operands.settled = len;
        }
    }

    /// Settles every operand.
    pub(super) fn settle_all(&mut self) {
        self.settle(self.operands.stack.len());
    }

    fn settle_place(&mut self, place: usize) {
        let to = (self.operands.locals + place) as Slot;
        match std::mem::replace(&mut self.operands.stack[place], Operand::Settled) {
            Operand::Settled => {}
            Operand::Local(from) => {
                self.operands.uses[usize::from(from)] -= 1;
                self.emit(Instruction::Copy { to, from });
            }
            Operand::Const(value) => self.emit(Instruction::Const { to, value }),
        }
    }

    /// Pops into a local.
    pub(super) fn set_local(&mut self, local: Slot) {
        match self.operands.pop() {
            (Operand::Settled, own) => match self.take_producer(own) {
                Some(mut producer) => {
                    self.settle_local(local);
                    if let Some(to) = producer.result() {
                        *to = local;
                    }
                    self.emit(producer);
                }
                None => {
                    self.settle_local(local);
                    self.emit(Instruction::Copy {
                        to: local,
                        from: own,
                    });
                }
            },
            (Operand::Local(from), _) if from == local => {}
            (Operand::Local(from), _) => {
                self.settle_local(local);
                self.emit(Instruction::Copy { to: local, from });
            }
            (Operand::Const(value), _) => {
                self.settle_local(local);
                self.emit(Instruction::Const { to: local, value });
            }
        }
    }

    /// Copies the top into a local.
    pub(super) fn tee_local(&mut self, local: Slot) {
        if self.form == Form::Plain {
            let from = self.operands.next() - 1;
            self.emit(Instruction::Copy { to: local, from });
        } else {
            self.set_local(local);
            self.push(Operand::Local(local));
        }
    }

    /// Settles the operands that stand for a local which is about to be written.
    fn settle_local(&mut self, local: Slot) {
        let mut place = self.operands.stack.len();
        while self.operands.uses[usize::from(local)] > 0 {
            place -= 1;
            if self.operands.stack[place] == Operand::Local(local) {
                self.settle_place(place);
            }
        }
    }

    /// Takes back the last instruction if its result is the operand that was in slot `own` and nobody jumps
    /// to between them.
    pub(super) fn take_producer(&mut self, own: Slot) -> Option<Instruction> {
        if self.form == Form::Plain || self.code.len() <= self.barrier {
            return None;
        }
        let last = self.code.last_mut()?;
        if *last.result()? != own {
            return None;
        }
        self.code.pop()
    }
}
