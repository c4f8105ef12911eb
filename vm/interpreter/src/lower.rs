//! Lowers one function of the plan: operands become slots, structured control becomes jumps.

use aivm_wasm::plan::{BlockType, FuncType, Function, MeteredModule, Op};

use crate::instruction::{Binary, Instruction, Load, Slot, Store, Target, Unary};

/// Appends the code of `function` to `code`.
pub(crate) fn lower(module: &MeteredModule, function: &Function, code: &mut Vec<Instruction>) {
    let ty = &module.types[function.ty as usize];
    let mut lowering = Lowering {
        module,
        code,
        labels: Vec::new(),
        height: function.locals.len(),
    };
    lowering.labels.push(Label {
        kind: LabelKind::Function,
        height: lowering.height,
        parameters: 0,
        results: ty.results.len(),
        to_end: Vec::new(),
    });
    for op in &function.ops {
        lowering.op(op);
    }
    debug_assert!(lowering.labels.is_empty(), "every block is closed");
}

/// What `End` and branches need to know of an open block.
struct Label {
    kind: LabelKind,
    /// First slot of its operands: its parameters at the beginning, its results at the end.
    height: usize,
    parameters: usize,
    results: usize,
    /// Jumps that wait for the block's end to be known.
    to_end: Vec<usize>,
}

enum LabelKind {
    Function,
    Block,
    Loop {
        begin: Target,
    },
    /// The jump over the first arm, until `Else` has met it.
    If {
        over_first_arm: Option<usize>,
    },
}

struct Lowering<'a> {
    module: &'a MeteredModule,
    code: &'a mut Vec<Instruction>,
    /// Open blocks, innermost last.
    labels: Vec<Label>,
    /// The slot that is next to be pushed to: locals and the operands on the stack. After a branch it is
    /// stale until the `Else` or `End` that follows in the plan sets it.
    height: usize,
}

impl Lowering<'_> {
    fn op(&mut self, op: &Op) {
        match *op {
            Op::Charge(ink) => self.emit(Instruction::Charge(ink)),
            Op::Unreachable => self.emit(Instruction::Unreachable),
            Op::Block(ty) => self.open(ty, LabelKind::Block),
            Op::Loop(ty) => {
                let begin = self.here();
                self.open(ty, LabelKind::Loop { begin });
            }
            Op::If(ty) => {
                let condition = self.pop();
                let jump = self.emit_forward(Instruction::JumpIf0 {
                    condition,
                    target: 0,
                });
                self.open(
                    ty,
                    LabelKind::If {
                        over_first_arm: Some(jump),
                    },
                );
            }
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
            Op::Drop => {
                self.pop();
            }
            Op::Select => {
                let condition = self.pop();
                let otherwise = self.pop();
                let to = self.top();
                self.emit(Instruction::Select {
                    to,
                    otherwise,
                    condition,
                });
            }
            Op::LocalGet(local) => {
                let to = self.push();
                self.emit(Instruction::Copy {
                    to,
                    from: local as Slot,
                });
            }
            Op::LocalSet(local) => {
                let from = self.pop();
                self.emit(Instruction::Copy {
                    to: local as Slot,
                    from,
                });
            }
            Op::LocalTee(local) => {
                let from = self.top();
                self.emit(Instruction::Copy {
                    to: local as Slot,
                    from,
                });
            }
            Op::GlobalGet(global) => {
                let to = self.push();
                self.emit(Instruction::GlobalGet { to, global });
            }
            Op::GlobalSet(global) => {
                let from = self.pop();
                self.emit(Instruction::GlobalSet { from, global });
            }
            Op::Load { kind, offset } => {
                let slot = self.top();
                self.emit(Instruction::load(
                    kind,
                    Load {
                        to: slot,
                        address: slot,
                        offset,
                    },
                ));
            }
            Op::Store { kind, offset } => {
                let value = self.pop();
                let address = self.pop();
                self.emit(Instruction::store(
                    kind,
                    Store {
                        address,
                        value,
                        offset,
                    },
                ));
            }
            Op::MemorySize => {
                let to = self.push();
                self.emit(Instruction::MemorySize { to });
            }
            Op::MemoryGrow => {
                let pages = self.top();
                self.emit(Instruction::MemoryGrow { pages });
            }
            Op::MemoryCopy => {
                let base = self.pop_three();
                self.emit(Instruction::MemoryCopy { base });
            }
            Op::MemoryFill => {
                let base = self.pop_three();
                self.emit(Instruction::MemoryFill { base });
            }
            Op::MemoryInit(segment) => {
                let base = self.pop_three();
                self.emit(Instruction::MemoryInit { base, segment });
            }
            Op::DataDrop(segment) => self.emit(Instruction::DataDrop { segment }),
            Op::TableCopy { to, from } => {
                let base = self.pop_three();
                self.emit(Instruction::TableCopy { base, to, from });
            }
            Op::TableInit { table, segment } => {
                let base = self.pop_three();
                self.emit(Instruction::TableInit {
                    base,
                    table,
                    segment,
                });
            }
            Op::ElemDrop(segment) => self.emit(Instruction::ElemDrop { segment }),
            Op::I32Const(value) => self.constant(u64::from(value as u32)),
            Op::I64Const(value) => self.constant(value as u64),
            Op::Unary(op) => {
                let slot = self.top();
                self.emit(Instruction::unary(
                    op,
                    Unary {
                        to: slot,
                        operand: slot,
                    },
                ));
            }
            Op::Binary(op) => {
                let right = self.pop();
                let left = self.top();
                self.emit(Instruction::binary(
                    op,
                    Binary {
                        to: left,
                        left,
                        right,
                    },
                ));
            }
        }
    }

    /// Opens a block whose parameters are on the stack.
    fn open(&mut self, ty: BlockType, kind: LabelKind) {
        let (parameters, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Value(_) => (0, 1),
            BlockType::Func(index) => arity(&self.module.types[index as usize]),
        };
        self.labels.push(Label {
            kind,
            height: self.height - parameters,
            parameters,
            results,
            to_end: Vec::new(),
        });
    }

    /// `Else`: the first arm jumps over the second, which begins here.
    fn second_arm(&mut self) {
        let jump = self.emit_forward(Instruction::Jump(0));
        let here = self.here();
        let label = self.label(0);
        label.to_end.push(jump);
        let height = label.height + label.parameters;
        if let LabelKind::If { over_first_arm } = &mut label.kind
            && let Some(jump) = over_first_arm.take()
        {
            self.meet(jump, here);
        }
        self.height = height;
    }

    /// `End`: what waits for this block's end meets it here.
    fn close(&mut self) {
        let Some(label) = self.labels.pop() else {
            return;
        };
        if let LabelKind::Function = label.kind {
            self.emit_return(label.height, label.results);
            return;
        }
        let here = self.here();
        if let LabelKind::If {
            over_first_arm: Some(jump),
        } = label.kind
        {
            self.meet(jump, here);
        }
        for jump in label.to_end {
            self.meet(jump, here);
        }
        self.height = label.height + label.results;
    }

    /// Branches to the label at `depth`: moves the kept operands down to where the label has them, jumps.
    fn branch(&mut self, depth: u32) {
        let height = self.height;
        let label = self.label(depth);
        let kept = label.kept();
        let (to, from) = (label.height, height - kept);
        match label.kind {
            LabelKind::Function => self.emit_return(from, kept),
            LabelKind::Loop { begin } => {
                self.emit_move(to, from, kept);
                self.emit(Instruction::Jump(begin));
            }
            LabelKind::Block | LabelKind::If { .. } => {
                self.emit_move(to, from, kept);
                let jump = self.emit_forward(Instruction::Jump(0));
                self.label(depth).to_end.push(jump);
            }
        }
    }

    fn branch_if(&mut self, depth: u32) {
        let condition = self.pop();
        if self.needs_no_move(depth) {
            let jump = self.emit_forward(Instruction::JumpIfNot0 {
                condition,
                target: 0,
            });
            self.connect(jump, depth);
        } else {
            let over = self.emit_forward(Instruction::JumpIf0 {
                condition,
                target: 0,
            });
            self.branch(depth);
            let here = self.here();
            self.meet(over, here);
        }
    }

    /// A table of jumps; a target that needs more than a jump gets its code after the table.
    fn branch_table(&mut self, targets: &[u32], default: u32) {
        let index = self.pop();
        self.emit(Instruction::JumpTable {
            index,
            last: targets.len() as u32,
        });
        let depths = || targets.iter().copied().chain([default]);
        let first = self.code.len();
        for _ in depths() {
            self.emit(Instruction::Jump(0));
        }
        for (jump, depth) in (first..).zip(depths()) {
            if self.needs_no_move(depth) {
                self.connect(jump, depth);
            } else {
                let here = self.here();
                self.meet(jump, here);
                self.branch(depth);
            }
        }
    }

    /// Whether a branch is a mere jump: the kept operands are in place.
    fn needs_no_move(&mut self, depth: u32) -> bool {
        let height = self.height;
        let label = self.label(depth);
        let kept = label.kept();
        !matches!(label.kind, LabelKind::Function) && (kept == 0 || label.height + kept == height)
    }

    /// Lets a jump go to the block at `depth`, which is not the function.
    fn connect(&mut self, jump: usize, depth: u32) {
        let label = self.label(depth);
        match label.kind {
            LabelKind::Loop { begin } => self.meet(jump, begin),
            _ => label.to_end.push(jump),
        }
    }

    fn call(&mut self, function: u32) {
        let base = self.call_operands(self.module.function_type(function));
        let imports = self.module.imports.len() as u32;
        self.emit(match function.checked_sub(imports) {
            None => Instruction::CallHost {
                import: function,
                base,
            },
            Some(own) => Instruction::Call {
                function: own,
                base,
            },
        });
    }

    /// Pops the arguments and pushes the results of a call; the first slot of both.
    fn call_operands(&mut self, ty: u32) -> Slot {
        let (parameters, results) = arity(&self.module.types[ty as usize]);
        let base = self.height - parameters;
        self.height = base + results;
        base as Slot
    }

    fn constant(&mut self, value: u64) {
        let to = self.push();
        self.emit(Instruction::Const { to, value });
    }

    fn push(&mut self) -> Slot {
        self.height += 1;
        self.top()
    }

    fn pop(&mut self) -> Slot {
        self.height -= 1;
        self.height as Slot
    }

    fn top(&self) -> Slot {
        (self.height - 1) as Slot
    }

    /// Pops the operands of a bulk operation; the lowest slot.
    fn pop_three(&mut self) -> Slot {
        self.height -= 3;
        self.height as Slot
    }

    fn label(&mut self, depth: u32) -> &mut Label {
        let innermost = self.labels.len() - 1;
        &mut self.labels[innermost - depth as usize]
    }

    /// Where the next instruction will be.
    fn here(&self) -> Target {
        self.code.len() as Target
    }

    fn emit(&mut self, instruction: Instruction) {
        self.code.push(instruction);
    }

    /// Emits a jump whose target comes later; its place.
    fn emit_forward(&mut self, jump: Instruction) -> usize {
        self.code.push(jump);
        self.code.len() - 1
    }

    fn emit_move(&mut self, to: usize, from: usize, count: usize) {
        if count > 0 && to != from {
            self.emit(Instruction::Move {
                to: to as Slot,
                from: from as Slot,
                count: count as u16,
            });
        }
    }

    fn emit_return(&mut self, from: usize, count: usize) {
        self.emit(Instruction::Return {
            from: from as Slot,
            count: count as u16,
        });
    }

    /// Sets the target of the jump at `place`.
    fn meet(&mut self, place: usize, to: Target) {
        if let Instruction::Jump(target)
        | Instruction::JumpIf0 { target, .. }
        | Instruction::JumpIfNot0 { target, .. } = &mut self.code[place]
        {
            *target = to;
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

/// Numbers of parameters and results.
fn arity(ty: &FuncType) -> (usize, usize) {
    (ty.parameters.len(), ty.results.len())
}
