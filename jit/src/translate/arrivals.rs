//! What a way to a label does with the ink it owes ([`super::FunctionTranslator::charge`]).
//!
//! A way is a branch, or control that reaches the label's `End` (or `Else`) by itself. Nothing anyone could see
//! lies between a way and the first charge behind the label, so that one step can take both.

use aivm_wasm::plan::{Function, Op};

use super::ink::leaves_charges_owed;

/// What each way to a label does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// There is one way: it leaves what it owes to the code behind the label.
    Leaves,
    /// Each takes what it owes, and with it the charge right behind the label, `ahead`, which is 0 unless all ways
    /// owe something.
    Pays { ahead: u64 },
}

/// An open label.
struct Label {
    /// Its place in the answer.
    index: usize,
    kind: Kind,
    ways: u32,
    all_owe: bool,
}

enum Kind {
    Block,
    Loop,
    /// An `if` without a second arm so far, and whether something was owed at it.
    If {
        owed: bool,
    },
}

impl Label {
    fn way(&mut self, owed: bool) {
        self.ways += 1;
        self.all_owe &= owed;
    }
}

/// For each label of the function, its own first, then in the order of opening. A loop's is not meant: a branch
/// back pays.
pub(super) fn arrivals(function: &Function) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut open: Vec<Label> = Vec::new();
    let open_label = |open: &mut Vec<Label>, arrivals: &mut Vec<Arrival>, kind| {
        open.push(Label {
            index: arrivals.len(),
            kind,
            ways: 0,
            all_owe: true,
        });
        arrivals.push(Arrival::Pays { ahead: 0 });
    };
    open_label(&mut open, &mut arrivals, Kind::Block);
    let mut owed = false;
    let mut reached = true;
    // Whether the next charge was taken by the ways.
    let mut paid_ahead = false;
    for (place, op) in function.ops.iter().enumerate() {
        if !leaves_charges_owed(op) {
            owed = false;
        }
        let innermost = open.len() - 1;
        let target = |depth: u32| innermost - depth as usize;
        match op {
            Op::Charge(ink) => owed |= !std::mem::take(&mut paid_ahead) && *ink > 0,
            Op::Br(depth) | Op::BrIf(depth) => {
                let target = target(*depth);
                open[target].way(owed);
            }
            Op::BrTable { targets, default } => {
                for depth in targets.iter().chain([default]) {
                    let target = target(*depth);
                    open[target].way(owed);
                }
            }
            Op::Return => open[0].way(owed),
            Op::Block(_) => open_label(&mut open, &mut arrivals, Kind::Block),
            Op::Loop(_) => open_label(&mut open, &mut arrivals, Kind::Loop),
            Op::If(_) => open_label(&mut open, &mut arrivals, Kind::If { owed }),
            Op::Else => {
                let label = open.last_mut().expect("validated: an if is open");
                if reached {
                    label.way(owed);
                }
                if let Kind::If { owed: at_if } = label.kind {
                    owed = at_if;
                }
                label.kind = Kind::Block;
            }
            Op::End => {
                let mut label = open.pop().expect("validated: a block is open");
                if reached {
                    label.way(owed);
                }
                if let Kind::If { owed } = label.kind {
                    label.way(owed);
                }
                if matches!(label.kind, Kind::Loop) {
                    owed &= reached;
                } else if label.ways == 1 {
                    arrivals[label.index] = Arrival::Leaves;
                    owed = label.all_owe;
                } else {
                    owed = false;
                    if let (true, Some(Op::Charge(ahead))) =
                        (label.all_owe && label.ways > 0, function.ops.get(place + 1))
                    {
                        arrivals[label.index] = Arrival::Pays { ahead: *ahead };
                        paid_ahead = *ahead > 0;
                    }
                }
            }
            _ => {}
        }
        reached = !matches!(
            op,
            Op::Br(_) | Op::BrTable { .. } | Op::Return | Op::Unreachable
        );
    }
    arrivals
}
