//! Ink in native code: what is owed, what is taken, and where.

use aivm_wasm::plan::Op;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};

use super::FunctionTranslator;
use super::arrivals::Arrival;
use crate::context::offset;
use crate::status;
use crate::traps::Traps;

impl FunctionTranslator<'_, '_> {
    /// Owes ink. It is taken by [`Self::settle`] before the next thing that anyone could see: an effect, a trap,
    /// a branch back. Charges with nothing but arithmetic and forward branches between them are taken
    /// together: running out of ink at the first or at the last of them is the same. [`mod@super::arrivals`] says what
    /// becomes of them where ways meet.
    pub(super) fn charge(&mut self, cost: u64) {
        self.owed = match self.owed.checked_add(cost) {
            Some(owed) => owed,
            None => {
                self.settle();
                cost
            }
        };
    }

    /// Takes the ink that is owed, or ends.
    pub(super) fn settle(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        if owed > 0 {
            let spent = self.builder.use_var(self.ink);
            let spent = self.take(spent, owed, status::OUT_OF_INK);
            self.builder.def_var(self.ink, spent);
        }
    }

    /// Takes `amount` from what `spent` stands for ([`crate::abi::spent_when`]), or ends with `status`.
    pub(super) fn take(&mut self, spent: Value, amount: u64, status: u32) -> Value {
        let amount = self.i64_const(amount);
        match self.facts.traps {
            Traps::Signals => {
                let code = status::code(status);
                self.builder.ins().uadd_overflow_trap(spent, amount, code)
            }
            Traps::Explicit => {
                let sum = self.builder.ins().iadd(spent, amount);
                let carries = self
                    .builder
                    .ins()
                    .icmp(IntCC::UnsignedLessThan, sum, amount);
                self.exit_if(carries, status);
                sum
            }
        }
    }

    /// Stores the ink left in the context, where Rust finds it.
    pub(super) fn write_ink_back(&mut self) {
        let spent = self.builder.use_var(self.ink);
        let left = self.builder.ins().bnot(spent);
        self.builder
            .ins()
            .store(self.flags.context, left, self.context, offset::INK);
    }

    /// Of the label that is being opened.
    pub(super) fn next_arrival(&mut self) -> Arrival {
        self.arrivals.next().expect("one for each label")
    }

    /// Whether the only way to the label leaves what it owes to the code behind it.
    pub(super) fn leaves(&self, depth: u32) -> bool {
        let frame = &self.control[self.control.len() - 1 - depth as usize];
        frame.arrival == Arrival::Leaves
    }

    /// Does with what is owed as every way to the label does.
    pub(super) fn arrive_at(&mut self, depth: u32) {
        let index = self.control.len() - 1 - depth as usize;
        self.control[index].left += self.arrive(self.control[index].arrival);
    }

    /// The same, and returns what is left to the code behind the label.
    pub(super) fn arrive(&mut self, arrival: Arrival) -> u64 {
        match arrival {
            Arrival::Leaves => std::mem::take(&mut self.owed),
            Arrival::Pays { ahead } => {
                debug_assert!(ahead == 0 || self.owed > 0, "every way owes something");
                self.charge(ahead);
                self.settle();
                0
            }
        }
    }
}

/// Whether the op has no effect and cannot trap, so that nobody sees whether charges before it are taken.
/// Branches, `Return`, `If`, `Else` and `End` settle for each way on their own ([`mod@super::arrivals`]).
pub(super) fn leaves_charges_owed(op: &Op) -> bool {
    match op {
        Op::Charge(_)
        | Op::Block(_)
        | Op::If(_)
        | Op::Else
        | Op::End
        | Op::Br(_)
        | Op::BrIf(_)
        | Op::Return
        | Op::Drop
        | Op::Select
        | Op::LocalGet(_)
        | Op::LocalSet(_)
        | Op::LocalTee(_)
        | Op::GlobalGet(_)
        | Op::MemorySize
        | Op::I32Const(_)
        | Op::I64Const(_)
        | Op::Unary(_) => true,
        Op::Binary(op) => !aivm_wasm::work::divides(*op),
        _ => false,
    }
}
