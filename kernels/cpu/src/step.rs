//! The steps of a planned graph, and what a run of them works with.

use aivm_tosa::{RegionId, VariableId};

use crate::chain::Program;
use crate::linear::Linear;
use crate::memory::Place;
use crate::operation::Operation;

/// One step. It writes places that it does not read.
pub(crate) enum Step {
    Chain(Program),
    Linear {
        linear: Box<Linear>,
        input: Place,
        output: Place,
    },
    /// MATMUL of i8.
    Product {
        product: Product,
        output: Place,
    },
    Operation {
        operation: Operation,
        output: Place,
    },
    /// A node with values that come late (EXT-DYNAMIC): lowered when it runs.
    Late {
        node: usize,
        output: Place,
    },
    ReadVariable {
        variable: VariableId,
        to: Place,
    },
    WriteVariable {
        from: Place,
        variable: VariableId,
    },
    /// COND_IF.
    Branch {
        condition: Place,
        /// For true, for false.
        regions: [RegionId; 2],
        inputs: Vec<Place>,
        outputs: Vec<Place>,
    },
    /// WHILE_LOOP.
    Loop {
        condition: RegionId,
        body: RegionId,
        inputs: Vec<Place>,
        outputs: Vec<Place>,
    },
}

/// MATMUL of i8 by `linear`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    /// N, H, C and W.
    pub sides: [usize; 4],
    pub a_zp: i32,
    pub b_zp: i32,
    pub a: Place,
    pub b: Place,
}
