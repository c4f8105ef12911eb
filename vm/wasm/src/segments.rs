//! One function body → its ops, dead code stripped, one `Charge` at the beginning of each metering block.
//!
//! A metering block begins at the function's entry, in a loop's header, in each arm of an `If`, after
//! each `BrIf` and call, and after the `End` of a block where control joins: always for an `If`, for a
//! `Block` if a branch leads to its end. After an `End` that nothing reaches the next block begins too:
//! the ops there are never run, but they stay in the plan. A branch not taken to a missing `Else` runs
//! nothing, so it needs no block of its own.

use aivm_core::GasSchedule;
use wasmparser::OperatorsReader;

use crate::cost;
use crate::operator::{Translation, translate};
use crate::plan::{Op, Table};
use crate::strip::Reach;

/// The ops of a body that declares `locals` locals besides its parameters.
///
/// # Errors
/// The body cannot be read.
pub(crate) fn ops(
    mut operators: OperatorsReader<'_>,
    type_map: &[u32],
    tables: &[Table],
    locals: u32,
    schedule: &GasSchedule,
) -> wasmparser::Result<Vec<Op>> {
    let mut body = Segments {
        schedule,
        ops: Vec::new(),
        labels: vec![Label::Function],
        open: None,
    };
    let mut reach = Reach::default();
    body.begin();
    body.pay(cost::entry(locals, schedule));
    while !operators.eof() {
        let translation = match operators.read() {
            // Translated where it was put: a copy of an operator waits for what was just written.
            Ok(ref operator) => translate(
                operator,
                |index| type_map[index as usize],
                |index| tables[index as usize].entries,
            )?,
            Err(error) => return Err(error),
        };
        let Translation::Op(op) = translation else {
            continue;
        };
        let falls_through = reach.falls_through();
        if reach.keeps(&op) {
            body.take(op, falls_through);
        }
    }
    // Blocks of price 0 were begun with a charge of 0.
    body.ops.retain(|op| *op != Op::Charge(0));
    Ok(body.ops)
}

/// What a branch depth names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Function,
    Loop,
    If,
    Block {
        /// Whether a branch leads to its end.
        targeted: bool,
    },
}

struct Segments<'a> {
    schedule: &'a GasSchedule,
    ops: Vec<Op>,
    /// Open blocks, the innermost last.
    labels: Vec<Label>,
    /// Where the charge of the current metering block stands; none after the end of a flow.
    open: Option<usize>,
}

impl Segments<'_> {
    /// Appends `op`, which control reaches from the op before if `falls_through`.
    fn take(&mut self, op: Op, falls_through: bool) {
        self.pay(cost::op(&op, self.schedule));
        match op {
            Op::Block(_) => {
                self.labels.push(Label::Block { targeted: false });
                self.ops.push(op);
            }
            Op::Loop(_) => {
                self.labels.push(Label::Loop);
                self.ops.push(op);
                self.begin();
            }
            Op::If(_) => {
                self.labels.push(Label::If);
                self.ops.push(op);
                self.begin();
            }
            Op::Else => {
                self.ops.push(op);
                self.begin();
            }
            Op::End => {
                self.ops.push(op);
                let joins = match self.labels.pop() {
                    Some(Label::Block { targeted }) => targeted,
                    Some(Label::If) => true,
                    Some(Label::Loop | Label::Function) | None => false,
                };
                if joins || !falls_through {
                    self.begin();
                }
            }
            Op::Br(depth) => {
                self.target(depth);
                self.ops.push(op);
                self.open = None;
            }
            Op::BrIf(depth) => {
                self.target(depth);
                self.ops.push(op);
                self.begin();
            }
            Op::BrTable {
                ref targets,
                default,
            } => {
                for depth in targets {
                    self.target(*depth);
                }
                self.target(default);
                self.ops.push(op);
                self.open = None;
            }
            Op::Return | Op::Unreachable => {
                self.ops.push(op);
                self.open = None;
            }
            Op::Call(_) | Op::CallIndirect { .. } => {
                self.ops.push(op);
                self.begin();
            }
            _ => self.ops.push(op),
        }
    }

    /// Begins a metering block here.
    fn begin(&mut self) {
        self.open = Some(self.ops.len());
        self.ops.push(Op::Charge(0));
    }

    /// Adds to the price of the current metering block.
    fn pay(&mut self, ink: u64) {
        if let Some(Op::Charge(price)) = self.open.and_then(|at| self.ops.get_mut(at)) {
            *price = price.saturating_add(ink);
        }
    }

    /// Notes that a branch of this depth exists.
    fn target(&mut self, depth: u32) {
        let label = (self.labels.len() - 1)
            .checked_sub(depth as usize)
            .and_then(|at| self.labels.get_mut(at));
        if let Some(Label::Block { targeted }) = label {
            *targeted = true;
        }
    }
}
