//! What a run of a graph costs, from its shapes alone: a pure function, charged before any kernel runs.

use crate::Graph;

/// A graph with the work and the gas of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    graph: Graph,
    hash: [u8; 32],
    gas: u64,
}

impl Priced {
    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// keccak-256 of the model file.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Gas of one case.
    #[must_use]
    pub fn gas(&self) -> u64 {
        self.gas
    }
}
