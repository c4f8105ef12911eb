//! Dead code: which ops of a function body stay in the plan.

use crate::plan::Op;

/// Follows a body op by op and says which ops control can reach.
///
/// After `Br`, `BrTable`, `Return` and `Unreachable` everything goes until the `Else` or `End` of the
/// enclosing block, which stays. What follows that `End` counts as reachable, as in WebAssembly's own
/// validation, even if no branch leads there.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// The next op cannot be reached by falling through.
    dead: bool,
    /// Blocks that were opened inside dead code and are still open.
    nested: u32,
}

impl Reach {
    /// Whether the op before the next one falls through to it.
    pub(crate) fn falls_through(&self) -> bool {
        !self.dead
    }

    /// Takes the next op; whether it stays.
    pub(crate) fn keeps(&mut self, op: &Op) -> bool {
        if !self.dead {
            self.dead = ends_flow(op);
            return true;
        }
        match op {
            Op::Block(_) | Op::Loop(_) | Op::If(_) => self.nested += 1,
            Op::End if self.nested > 0 => self.nested -= 1,
            Op::End | Op::Else if self.nested == 0 => {
                self.dead = false;
                return true;
            }
            _ => {}
        }
        false
    }
}

fn ends_flow(op: &Op) -> bool {
    matches!(
        op,
        Op::Br(_) | Op::BrTable { .. } | Op::Return | Op::Unreachable
    )
}
