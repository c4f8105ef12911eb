//! Which models cannot wrap: the interval of every tensor, from types, constants and operators.

use crate::{NodeId, Program, RegionId};

/// Whether a run of a model may wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No accumulator and no result can wrap: what is computed is true of the integers.
    P,
    /// Something may wrap.
    W {
        /// The region of the node, `None` for `main`.
        region: Option<RegionId>,
        /// The first node that may wrap.
        node: NodeId,
    },
}

/// The class of `program`.
pub(crate) fn class(program: &Program) -> Class {
    let first = program.main().nodes().first();
    first.map_or(Class::P, |_| Class::W {
        region: None,
        node: NodeId(0),
    })
}
