//! What checking costs, and what it finds, from a model's shapes alone.

use aivm_tosa::observe::{SumsShape, checked_by_sums};
use aivm_tosa::{NodeId, Priced};

use super::CheckPolicy;

/// What checks of a model cost. Products of a case, if everything were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CheckCost {
    /// Multiply-accumulates of the model.
    pub macs: u64,
    /// Nodes whose sums are checked by Freivalds.
    pub by_sums: u64,
    /// Nodes that are recomputed.
    pub recomputed: u64,
    /// Products of those checks.
    pub sums_products: u64,
    /// Multiply-accumulates of the nodes that are recomputed.
    pub recomputed_macs: u64,
    /// Other elements that are recomputed.
    pub recomputed_elements: u64,
    /// Whether steps are checked; else whole cases are run again.
    pub by_steps: bool,
}

impl CheckCost {
    /// The cost for `model` on a back end that shows its steps.
    #[must_use]
    pub fn of(model: &Priced) -> CheckCost {
        let graph = model.graph();
        let mut cost = CheckCost {
            macs: model.macs(),
            by_steps: model.program().is_plain(),
            ..CheckCost::default()
        };
        for (index, node) in (0..).zip(graph.nodes()) {
            let id = NodeId(index);
            if cost.by_steps && checked_by_sums(model, id) {
                cost.by_sums += 1;
                let shape = SumsShape::of(graph, node);
                cost.sums_products += shape.map_or(0, |shape| shape.check_products());
            } else {
                let (work, _) = model.cost(id);
                cost.recomputed += 1;
                cost.recomputed_macs = cost.recomputed_macs.saturating_add(work.macs);
                let elements = node.outputs.iter().map(|&id| graph.tensor(id));
                let elements = elements.map(|tensor| u64::from(tensor.shape.elements()));
                cost.recomputed_elements += match work.macs {
                    0 => elements.sum(),
                    _ => 0,
                };
            }
        }
        cost
    }

    /// Multiply-accumulates and elements of checking a case at the share of `policy`, on average, rounded up.
    #[must_use]
    pub fn at(&self, policy: CheckPolicy) -> u64 {
        let all = u128::from(self.sums_products)
            + u128::from(self.recomputed_macs)
            + u128::from(self.recomputed_elements);
        let share = (all * u128::from(policy.share())).div_ceil(1000);
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}
