//! Structured control as jumps.

use aivm_wasm::plan::BlockType;

use crate::instruction::{Instruction, Price, Slot, Target};

use super::fuse::opposite;
use super::{Form, Lowering};

/// What `End` and branches need to know of an open block.
pub(super) struct Label {
    pub(super) kind: LabelKind,
    /// Where the block was opened.
    pub(super) opened: Target,
    /// First slot of its operands: its parameters at the beginning, its results at the end.
    height: usize,
    parameters: usize,
    results: usize,
    /// Jumps that wait for the block's end to be known.
    to_end: Vec<usize>,
}

pub(super) enum LabelKind {
    Function,
    Block,
    Loop {
        begin: Target,
        /// What a jump to `begin` pays.
        price: Price,
    },
    /// The jump over the first arm, until `Else` has met it.
    If {
        over_first_arm: Option<usize>,
    },
}

impl Lowering<'_> {
    pub(super) fn open_function(&mut self, results: usize) {
        self.labels.push(Label {
            kind: LabelKind::Function,
            opened: self.here(),
            height: self.operands.height(),
            parameters: 0,
            results,
            to_end: Vec::new(),
        });
    }

    pub(super) fn open_block(&mut self, ty: BlockType) {
        self.settle_all();
        self.open(ty, LabelKind::Block);
    }

    pub(super) fn open_loop(&mut self, ty: BlockType) {
        self.settle_all();
        self.join();
        let begin = self.here();
        self.open(ty, LabelKind::Loop { begin, price: 0 });
    }

    pub(super) fn open_if(&mut self, ty: BlockType) {
        let condition = self.pop_condition();
        self.settle_all();
        let jump = self.emit_jump_if(opposite(condition));
        self.open(
            ty,
            LabelKind::If {
                over_first_arm: Some(jump),
            },
        );
    }

    /// Opens a block whose parameters are on the stack.
    fn open(&mut self, ty: BlockType, kind: LabelKind) {
        let (parameters, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Value(_) => (0, 1),
            BlockType::Func(index) => {
                let ty = &self.module.types[index as usize];
                (ty.parameters.len(), ty.results.len())
            }
        };
        self.labels.push(Label {
            kind,
            opened: self.here(),
            height: self.operands.height() - parameters,
            parameters,
            results,
            to_end: Vec::new(),
        });
    }

    /// `Else`: the first arm jumps over the second, which begins here.
    pub(super) fn second_arm(&mut self) {
        if self.reachable {
            self.settle_all();
            let jump = self.emit_jump(Instruction::Jump {
                target: 0,
                taken: 0,
            });
            self.label(0).to_end.push(jump);
        }
        let label = self.label(0);
        let (height, parameters) = (label.height, label.parameters);
        if let LabelKind::If { over_first_arm } = &mut label.kind
            && let Some(jump) = over_first_arm.take()
        {
            self.meet(jump);
        }
        self.operands.replace(height, parameters);
        self.reachable = true;
    }

    /// `End`: what waits for this block's end meets it here.
    pub(super) fn close(&mut self) {
        let Some(label) = self.labels.pop() else {
            return;
        };
        if let LabelKind::Function = label.kind {
            if self.reachable {
                self.emit_return(label.results);
            }
            return;
        }
        if self.reachable {
            self.settle_all();
        }
        if let LabelKind::If {
            over_first_arm: Some(jump),
        } = label.kind
        {
            self.meet(jump);
        }
        for jump in label.to_end {
            self.meet(jump);
        }
        self.operands.replace(label.height, label.results);
        self.reachable = true;
    }

    /// Branches to the label at `depth`: moves the kept operands down to where the label has them, jumps.
    pub(super) fn branch(&mut self, depth: u32) {
        self.emit_branch(depth);
        self.reachable = false;
    }

    fn emit_branch(&mut self, depth: u32) {
        let label = self.label(depth);
        let kept = label.kept();
        if let LabelKind::Function = label.kind {
            self.emit_return(kept);
            return;
        }
        let to = label.height as Slot;
        if kept == 1 {
            let from = self.peek();
            if to != from {
                self.emit(Instruction::Copy { to, from });
            }
        } else {
            self.settle(kept);
            let from = (self.operands.height() - kept) as Slot;
            if to != from {
                let count = kept as u16;
                self.emit(Instruction::Move { to, from, count });
            }
        }
        let jump = self.emit_jump(Instruction::Jump {
            target: 0,
            taken: 0,
        });
        self.connect(jump, depth);
    }

    pub(super) fn branch_if(&mut self, depth: u32) {
        let condition = self.pop_condition();
        let kept = self.label(depth).kept();
        // On both ways: what is settled is so for the ops that follow, too.
        self.settle(kept);
        if self.needs_no_move(depth) {
            let jump = self.emit_jump_if(condition);
            self.connect(jump, depth);
        } else {
            let over = self.emit_jump_if(opposite(condition));
            self.emit_branch(depth);
            self.meet(over);
        }
    }

    /// A table of jumps; a target that needs more than a jump gets its code after the table.
    pub(super) fn branch_table(&mut self, targets: &[u32], default: u32) {
        let index = self.pop();
        self.settle_all();
        self.emit(Instruction::JumpTable {
            index,
            last: targets.len() as u32,
        });
        let depths = || targets.iter().copied().chain([default]);
        let first = self.code.len();
        for _ in depths() {
            self.emit_jump(Instruction::Jump {
                target: 0,
                taken: 0,
            });
        }
        for (jump, depth) in (first..).zip(depths()) {
            if self.needs_no_move(depth) {
                self.connect(jump, depth);
            } else {
                self.meet(jump);
                self.emit_branch(depth);
            }
        }
        self.reachable = false;
    }

    /// Whether a branch is a mere jump: the kept operands are in place.
    fn needs_no_move(&mut self, depth: u32) -> bool {
        let height = self.operands.height();
        let label = self.label(depth);
        let kept = label.kept();
        !matches!(label.kind, LabelKind::Function) && (kept == 0 || label.height + kept == height)
    }

    /// Lets a jump go to the block at `depth`, which is not the function.
    fn connect(&mut self, jump: usize, depth: u32) {
        let label = self.label(depth);
        match label.kind {
            LabelKind::Loop { begin, price } => self.lead(jump, begin, price),
            _ => label.to_end.push(jump),
        }
    }

    /// Returns the top `count` operands.
    fn emit_return(&mut self, count: usize) {
        let instruction = if count == 1 && self.form == Form::Fused {
            Instruction::ReturnOne { from: self.peek() }
        } else {
            self.settle(count);
            Instruction::Return {
                from: (self.operands.height() - count) as Slot,
                count: count as u16,
            }
        };
        self.emit(instruction);
    }

    fn label(&mut self, depth: u32) -> &mut Label {
        let innermost = self.labels.len() - 1;
        &mut self.labels[innermost - depth as usize]
    }

    /// Where the next instruction will be.
    fn here(&self) -> Target {
        self.code.len() as Target
    }

    /// Emits a jump; its place.
    pub(super) fn emit_jump(&mut self, jump: Instruction) -> usize {
        self.emit(jump);
        self.code.len() - 1
    }

    /// Control joins here.
    fn join(&mut self) {
        if self.barrier != self.code.len() {
            self.barrier = self.code.len();
            self.met.clear();
        }
    }

    /// Lets the jump at `place` go on here.
    fn meet(&mut self, place: usize) {
        self.join();
        self.met.push(place);
        self.lead(place, self.here(), 0);
    }

    /// Sets target and price of the jump at `place`.
    fn lead(&mut self, place: usize, to: Target, price: Price) {
        if let Some((target, taken)) = self.code[place].taken() {
            (*target, *taken) = (to, price);
        }
    }
}

impl Label {
    /// Operands that a branch to the label keeps.
    fn kept(&self) -> usize {
        match self.kind {
            LabelKind::Loop { .. } => self.parameters,
            _ => self.results,
        }
    }
}
