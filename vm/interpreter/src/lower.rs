//! Lowers one function of the plan: operands become slots, structured control becomes jumps.
//!
//! [`Form::Fused`] joins ops where one instruction can do the work of several; [`Form::Plain`] gives each op
//! an instruction of its own, and is what tests hold the other against.

mod control;
mod fuse;
mod operands;

use aivm_wasm::plan::{Function, MeteredModule, Op, UnaryOp};

use crate::instruction::{Instruction, Slot};
use control::Label;
use operands::{Operand, Operands};

/// How much one instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As much as it can.
    Fused,
    /// One op.
    Plain,
}

/// Appends the code of `ops`, the ops of `function` that its entry does not stand for, to `code`.
pub(crate) fn lower(
    module: &MeteredModule,
    function: &Function,
    ops: &[Op],
    form: Form,
    code: &mut Vec<Instruction>,
) {
    let mut lowering = Lowering {
        module,
        form,
        start: code.len(),
        barrier: code.len(),
        paid: None,
        met: Vec::new(),
        reachable: true,
        code,
        labels: Vec::new(),
        operands: Operands::new(function.locals.len()),
    };
    lowering.open_function(module.types[function.ty as usize].results.len());
    for op in ops {
        lowering.op(op);
    }
    debug_assert!(lowering.labels.is_empty(), "every block is closed");
}

struct Lowering<'a> {
    module: &'a MeteredModule,
    form: Form,
    code: &'a mut Vec<Instruction>,
    /// Where the function begins.
    start: usize,
    /// Where control last joined: instructions before it are not looked back to.
    barrier: usize,
    /// Where a charge was last left to the jumps that lead there.
    paid: Option<usize>,
    /// Jumps forward that have the barrier for their target.
    met: Vec<usize>,
    /// Whether control reaches the next op from the one before.
    reachable: bool,
    /// Open blocks, innermost last.
    labels: Vec<Label>,
    /// After a branch they are stale until the `Else` or `End` that follows in the plan sets their height.
    operands: Operands,
}

impl Lowering<'_> {
    fn op(&mut self, op: &Op) {
        match *op {
            Op::Charge(ink) => self.charge(ink),
            Op::Unreachable => {
                self.emit(Instruction::Unreachable);
                self.reachable = false;
            }
            Op::Block(ty) => self.open_block(ty),
            Op::Loop(ty) => self.open_loop(ty),
            Op::If(ty) => self.open_if(ty),
            Op::Else => self.second_arm(),
            Op::End => self.close(),
            Op::Br(depth) => self.branch(depth),
            Op::BrIf(depth) => self.branch_if(depth),
            Op::BrTable {
                ref targets,
                default,
            } => self.branch_table(targets, default),
            Op::Return => self.branch(self.labels.len() as u32 - 1),
            Op::Call(function) => self.call(function),
            Op::CallIndirect { ty, table } => {
                let index = self.pop();
                let base = self.call_operands(ty);
                self.emit(Instruction::CallIndirect {
                    ty,
                    table,
                    index,
                    base,
                });
            }
            Op::Drop => self.drop_operand(),
            Op::Select => self.select(),
            Op::LocalGet(local) => self.push(Operand::Local(local as Slot)),
            Op::LocalSet(local) => self.set_local(local as Slot),
            Op::LocalTee(local) => self.tee_local(local as Slot),
            Op::GlobalGet(global) => {
                let to = self.push_result();
                self.emit(Instruction::GlobalGet { to, global });
            }
            Op::GlobalSet(global) => {
                let from = self.pop();
                self.emit(Instruction::GlobalSet { from, global });
            }
            Op::Load { kind, offset } => {
                let address = self.pop();
                let to = self.push_result();
                self.emit(Instruction::load(kind, to, address, offset));
            }
            Op::Store { kind, offset } => self.store(kind, offset),
            Op::MemorySize => {
                let to = self.push_result();
                self.emit(Instruction::MemorySize { to });
            }
            Op::MemoryGrow => {
                let pages = self.pop_settled(1);
                self.push_result();
                self.emit(Instruction::MemoryGrow { pages });
            }
            Op::MemoryCopy => {
                let base = self.pop_settled(3);
                self.emit(Instruction::MemoryCopy { base });
            }
            Op::MemoryFill => {
                let base = self.pop_settled(3);
                self.emit(Instruction::MemoryFill { base });
            }
            Op::MemoryInit(segment) => {
                let base = self.pop_settled(3);
                self.emit(Instruction::MemoryInit { base, segment });
            }
            Op::DataDrop(segment) => self.emit(Instruction::DataDrop { segment }),
            Op::TableCopy { to, from } => {
                let base = self.pop_settled(3);
                self.emit(Instruction::TableCopy { base, to, from });
            }
            Op::TableInit { table, segment } => {
                let base = self.pop_settled(3);
                self.emit(Instruction::TableInit {
                    base,
                    table,
                    segment,
                });
            }
            Op::ElemDrop(segment) => self.emit(Instruction::ElemDrop { segment }),
            Op::I32Const(value) => self.push(Operand::Const(u64::from(value as u32))),
            Op::I64Const(value) => self.push(Operand::Const(value as u64)),
            Op::Unary(op) => self.unary(op),
            Op::Binary(op) => self.binary(op),
        }
    }

    fn unary(&mut self, op: UnaryOp) {
        let is_fused = self.form == Form::Fused
            && match op {
                UnaryOp::I32Eqz | UnaryOp::I64Eqz => {
                    self.equals_zero(op);
                    true
                }
                // An i32 is kept zero-extended.
                UnaryOp::I64ExtendI32U => true,
                _ => false,
            };
        if !is_fused {
            let operand = self.pop();
            let to = self.push_result();
            self.emit(Instruction::unary(op, to, operand));
        }
    }

    fn select(&mut self) {
        let condition = self.pop();
        let otherwise = self.pop();
        let first = self.pop();
        let to = self.push_result();
        self.emit(Instruction::Select {
            to,
            first,
            otherwise,
            condition,
        });
    }

    fn call(&mut self, function: u32) {
        let base = self.call_operands(self.module.function_type(function));
        self.emit(Instruction::Call { function, base });
    }

    /// Pops the arguments and pushes the results of a call; the first slot of both.
    fn call_operands(&mut self, ty: u32) -> Slot {
        let ty = &self.module.types[ty as usize];
        let base = self.pop_settled(ty.parameters.len());
        self.operands.replace(usize::from(base), ty.results.len());
        base
    }

    /// Pops `count` operands, each in its own slot; the lowest slot.
    fn pop_settled(&mut self, count: usize) -> Slot {
        self.settle(count);
        let base = self.operands.height() - count;
        self.operands.replace(base, 0);
        base as Slot
    }

    fn emit(&mut self, instruction: Instruction) {
        self.code.push(instruction);
    }
}
