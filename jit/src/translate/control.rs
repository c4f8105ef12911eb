//! Blocks and branches. Each open block is a [`Frame`]; a branch passes the operands its target takes as
//! Cranelift block arguments.
//!
//! The plan has no dead code, but an `End` may be reached by no path at all. Its block is made like any
//! other; Cranelift removes blocks that nothing reaches.

use aivm_core::{TrapCode, ValueType};
use aivm_wasm::plan::BlockType;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, JumpTableData, Value};

use super::FunctionTranslator;
use super::arrivals::Arrival;
use super::memory::Mark;
use crate::abi::{clif_type, return_from_guest};
use crate::context::{REGISTER_RESULTS, offset};
use crate::status;

/// An open block.
pub(super) struct Frame {
    kind: FrameKind,
    /// Where a branch to this label goes.
    target: Block,
    /// How many operands such a branch passes.
    target_arity: usize,
    /// Height of the operand stack below the block's parameters.
    height: usize,
    results: Vec<ValueType>,
    /// Addresses known to be checked when the block was opened; they are still known at its `Else` and `End`.
    checked: Mark,
    /// What each way to the target does with what it owes.
    pub(super) arrival: Arrival,
    /// What the only way to the target owed, if that is left to the code behind it.
    pub(super) left: u64,
}

enum FrameKind {
    /// The function or a `block`: the target is its end.
    Block,
    /// The target is its beginning.
    Loop,
    /// An `if` whose second arm has not begun. The arm starts in `other` with `parameters`, and owes what was
    /// owed at the `if`.
    If {
        other: Block,
        parameters: Vec<Value>,
        owed: u64,
    },
}

impl FunctionTranslator<'_, '_> {
    /// Opens the function's own label, whose end returns.
    pub(super) fn open_function(&mut self) {
        let results = self.module.types[self.function.ty as usize].results.clone();
        let end = self.block_taking(&results);
        let arrival = self.next_arrival();
        self.control.push(Frame {
            kind: FrameKind::Block,
            target: end,
            target_arity: results.len(),
            height: 0,
            results,
            checked: self.checked.mark(),
            arrival,
            left: 0,
        });
    }

    pub(super) fn open_block(&mut self, ty: BlockType) {
        let (parameters, results) = self.block_types(ty);
        let end = self.block_taking(&results);
        let arrival = self.next_arrival();
        self.control.push(Frame {
            kind: FrameKind::Block,
            target: end,
            target_arity: results.len(),
            height: self.stack.len() - parameters.len(),
            results,
            checked: self.checked.mark(),
            arrival,
            left: 0,
        });
    }

    pub(super) fn open_loop(&mut self, ty: BlockType) {
        let (parameters, results) = self.block_types(ty);
        let header = self.block_taking(&parameters);
        let arguments = self.pop_many(parameters.len());
        self.jump(header, &arguments);
        let arrival = self.next_arrival();
        self.control.push(Frame {
            kind: FrameKind::Loop,
            target: header,
            target_arity: parameters.len(),
            height: self.stack.len(),
            results,
            checked: self.checked.mark(),
            arrival,
            left: 0,
        });
        // Sealed at the loop's `End`, when all branches back are known.
        self.builder.switch_to_block(header);
        self.stack
            .extend_from_slice(self.builder.block_params(header));
    }

    pub(super) fn open_if(&mut self, ty: BlockType) {
        let (parameters, results) = self.block_types(ty);
        let condition = self.pop();
        let end = self.block_taking(&results);
        let first = self.builder.create_block();
        let other = self.builder.create_block();
        self.builder.ins().brif(condition, first, &[], other, &[]);
        let height = self.stack.len() - parameters.len();
        let arrival = self.next_arrival();
        self.control.push(Frame {
            kind: FrameKind::If {
                other,
                parameters: self.stack[height..].to_vec(),
                owed: self.owed,
            },
            target: end,
            target_arity: results.len(),
            height,
            results,
            checked: self.checked.mark(),
            arrival,
            left: 0,
        });
        self.begin_single_predecessor(first);
        self.builder.seal_block(other);
    }

    pub(super) fn begin_else(&mut self) {
        let mut frame = self.control.pop().expect("validated: an if is open");
        self.fall_through_to(&mut frame);
        let FrameKind::If {
            other,
            parameters,
            owed,
        } = frame.kind
        else {
            unreachable!("validated: Else belongs to an If");
        };
        frame.kind = FrameKind::Block;
        self.begin(other, frame.height, &parameters);
        self.owed = owed;
        self.checked.restore(frame.checked);
        self.control.push(frame);
    }

    pub(super) fn end(&mut self) {
        let mut frame = self.control.pop().expect("validated: a block is open");
        if matches!(frame.kind, FrameKind::Loop) {
            // Control goes on without a branch, and so may what it owes.
            self.builder.seal_block(frame.target);
            if self.terminated {
                let after = self.block_taking(&frame.results);
                self.builder.seal_block(after);
                self.begin_with_parameters(after, frame.height);
            }
        } else {
            self.fall_through_to(&mut frame);
            if let FrameKind::If {
                other,
                parameters,
                owed,
            } = frame.kind
            {
                // No second arm: its parameters are its results.
                self.builder.switch_to_block(other);
                self.owed = owed;
                frame.left += self.arrive(frame.arrival);
                self.jump(frame.target, &parameters);
            }
            self.builder.seal_block(frame.target);
            self.begin_with_parameters(frame.target, frame.height);
            self.owed = frame.left;
            self.paid_ahead = matches!(frame.arrival, Arrival::Pays { ahead: 1.. });
        }
        self.checked.restore(frame.checked);
        if self.control.is_empty() {
            self.settle();
            self.return_results();
        }
    }

    pub(super) fn branch(&mut self, depth: u32) {
        self.arrive_at(depth);
        let (target, arguments) = self.label(depth);
        self.jump(target, &arguments);
        self.terminated = true;
    }

    pub(super) fn branch_if(&mut self, depth: u32) {
        let condition = self.pop();
        let (target, arguments) = self.label(depth);
        let next = self.builder.create_block();
        let owed = self.owed;
        if owed == 0 || self.leaves(depth) {
            self.arrive_at(depth);
            self.builder
                .ins()
                .brif(condition, target, &block_args(&arguments), next, &[]);
        } else {
            // The taken branch pays now; the other way goes on owing.
            let taken = self.builder.create_block();
            self.builder.ins().brif(condition, taken, &[], next, &[]);
            self.builder.switch_to_block(taken);
            self.builder.seal_block(taken);
            self.arrive_at(depth);
            self.jump(target, &arguments);
        }
        self.owed = owed;
        self.begin_single_predecessor(next);
    }

    pub(super) fn branch_table(&mut self, targets: &[u32], default: u32) {
        let index = self.pop();
        let mut call_of = |depth: u32| {
            let (target, arguments) = self.label(depth);
            let arguments = block_args(&arguments);
            self.builder.func.dfg.block_call(target, &arguments)
        };
        let default = call_of(default);
        let calls: Vec<_> = targets.iter().map(|depth| call_of(*depth)).collect();
        let table = self
            .builder
            .create_jump_table(JumpTableData::new(default, &calls));
        self.builder.ins().br_table(index, table);
        self.terminated = true;
    }

    pub(super) fn return_from_function(&mut self) {
        let outermost = u32::try_from(self.control.len() - 1).expect("limits: nesting");
        self.branch(outermost);
    }

    pub(super) fn unreachable(&mut self) {
        self.write_ink_back();
        self.trap(status::of_trap(TrapCode::Unreachable));
        self.terminated = true;
    }

    /// The end of the function: ink, results.
    fn return_results(&mut self) {
        let results = std::mem::take(&mut self.stack);
        let ink = self.builder.use_var(self.ink);
        let mut in_registers = Vec::new();
        for (index, value) in results.into_iter().enumerate() {
            match index.checked_sub(REGISTER_RESULTS) {
                None => in_registers.push(value),
                Some(index) => {
                    self.builder.ins().store(
                        self.flags.context,
                        value,
                        self.context,
                        result_offset(index),
                    );
                }
            }
        }
        return_from_guest(&mut self.builder, ink, in_registers);
        self.terminated = true;
    }

    /// The block that a branch to `depth` goes to, and the operands it passes, which stay on the stack.
    fn label(&self, depth: u32) -> (Block, Vec<Value>) {
        let frame = &self.control[self.control.len() - 1 - depth as usize];
        let arguments = &self.stack[self.stack.len() - frame.target_arity..];
        (frame.target, arguments.to_vec())
    }

    /// Passes the block's results to its end, unless control does not get here.
    fn fall_through_to(&mut self, frame: &mut Frame) {
        if !self.terminated {
            frame.left += self.arrive(frame.arrival);
            let results = self.pop_many(frame.results.len());
            self.jump(frame.target, &results);
        }
    }

    fn jump(&mut self, target: Block, arguments: &[Value]) {
        self.builder.ins().jump(target, &block_args(arguments));
    }

    /// Goes on in `block`, which the branch just emitted is the only way to.
    fn begin_single_predecessor(&mut self, block: Block) {
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
        self.terminated = false;
    }

    fn begin_with_parameters(&mut self, block: Block, height: usize) {
        let parameters = self.builder.block_params(block).to_vec();
        self.begin(block, height, &parameters);
    }

    /// Goes on in `block` with `operands` above the first `height` ones.
    fn begin(&mut self, block: Block, height: usize, operands: &[Value]) {
        self.builder.switch_to_block(block);
        self.terminated = false;
        self.stack.truncate(height);
        self.stack.extend_from_slice(operands);
    }

    fn block_taking(&mut self, types: &[ValueType]) -> Block {
        let block = self.builder.create_block();
        for ty in types {
            self.builder.append_block_param(block, clif_type(*ty));
        }
        block
    }

    fn block_types(&self, ty: BlockType) -> (Vec<ValueType>, Vec<ValueType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Value(result) => (Vec::new(), vec![result]),
            BlockType::Func(index) => {
                let ty = &self.module.types[index as usize];
                (ty.parameters.clone(), ty.results.clone())
            }
        }
    }
}

/// Where in the context a result goes that has no register, counted from the first such result.
pub(super) fn result_offset(index: usize) -> i32 {
    offset::RESULTS + i32::try_from(index * 8).expect("limits: few results")
}

fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|value| BlockArg::Value(*value)).collect()
}
