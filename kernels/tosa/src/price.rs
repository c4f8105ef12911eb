//! What a run of a graph costs, from its shapes alone: a pure function, charged before any kernel runs.

use crate::{
    Graph, ModelLimits, Node, NodeId, Operator, Program, Refusal, RefusalCode, Tensor, TensorId,
};

/// What each kind of work costs, in thousandths of a gas. The sum of a case is rounded up once.
///
/// These are first figures, from the relative run time of the reference executor; calibration belongs to
/// the metering benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTable {
    /// Version; a change of any price is a new one.
    pub version: u32,
    /// One case, whatever its graph.
    pub case: u64,
    /// One node, whatever its size.
    pub node: u64,
    /// One multiply-accumulate of a convolution.
    pub mac: u64,
    /// One element computed, compared or accumulated.
    pub element: u64,
    /// One 64-bit product with rounding shift (RESCALE, MUL, the average of AVG_POOL2D).
    pub wide: u64,
    /// One look-up in a table.
    pub lookup: u64,
    /// One byte read or written by a node, once for each tensor, and one byte of the inputs and outputs of a case.
    pub byte: u64,
}

impl PriceTable {
    /// The first table.
    pub const V1: PriceTable = PriceTable {
        version: 1,
        case: 1_000_000,
        node: 20_000,
        mac: 1,
        element: 4,
        wide: 8,
        lookup: 8,
        byte: 1,
    };
}

impl Default for PriceTable {
    fn default() -> Self {
        PriceTable::V1
    }
}

/// The work of one node in one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Work {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Elements computed, compared or accumulated.
    pub elements: u64,
    /// 64-bit products with rounding shift.
    pub wide: u64,
    /// Table look-ups.
    pub lookups: u64,
    /// Bytes of the tensors that are read and written, each once.
    pub bytes: u64,
}

impl Work {
    /// The work of `node`.
    ///
    /// Sums and products stay far below 2^64: a tensor has less than 2^31 elements, a window at most
    /// 2^26 places.
    #[must_use]
    pub fn of(graph: &Graph, node: &Node) -> Work {
        let elements = |id: &TensorId| u64::from(graph.tensor(*id).shape.elements());
        let read: u64 = node.inputs.iter().map(elements).sum();
        let written: u64 = node.outputs.iter().map(elements).sum();
        let tensors = node.inputs.iter().chain(&node.outputs);
        let mut work = Work {
            bytes: tensors.map(|&id| graph.tensor(id).bytes()).sum(),
            ..Work::default()
        };
        match &node.operator {
            Operator::Conv2d { .. } => {
                let weight = graph.tensor(node.inputs[1]);
                let channels = u64::from(weight.shape.dimensions()[0]);
                let taps = u64::from(weight.shape.elements()) / channels;
                work.macs = written.saturating_mul(taps);
                work.elements = written;
            }
            Operator::AvgPool2d { kernel, .. } => {
                work.elements = written * (u64::from(kernel.y) * u64::from(kernel.x));
                work.wide = written;
            }
            Operator::MaxPool2d { kernel, .. } => {
                work.elements = written * (u64::from(kernel.y) * u64::from(kernel.x));
            }
            Operator::Rescale { .. } | Operator::Mul { .. } => work.wide = written,
            Operator::Table(_) => work.lookups = written,
            Operator::ReduceMax { .. } | Operator::ReduceSum { .. } => work.elements = read,
            // Element-wise operators and those that move elements.
            _ => work.elements = written,
        }
        work
    }

    /// Its price in thousandths of a gas, the node itself included; `None` beyond 64 bits.
    #[must_use]
    pub fn price(&self, prices: &PriceTable) -> Option<u64> {
        [
            (self.macs, prices.mac),
            (self.elements, prices.element),
            (self.wide, prices.wide),
            (self.lookups, prices.lookup),
            (self.bytes, prices.byte),
        ]
        .into_iter()
        .try_fold(prices.node, |sum, (amount, price)| {
            sum.checked_add(amount.checked_mul(price)?)
        })
    }
}

/// A graph with the work and the gas of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    program: Program,
    loop_iterations: u32,
    hash: [u8; 32],
    prices: PriceTable,
    gas: u64,
    input_bytes: u64,
    output_bytes: u64,
}

impl Priced {
    /// Prices `graph`, whose file has hash `hash`.
    pub(crate) fn new(
        program: Program,
        hash: [u8; 32],
        limits: &ModelLimits,
        prices: &PriceTable,
    ) -> Result<Priced, Refusal> {
        let graph = program.main();
        let (input_bytes, output_bytes) = (graph.input_bytes(), graph.output_bytes());
        let overflow = |detail: String| Refusal::new(RefusalCode::GasOverflow, detail);
        // Every back end copies the borders, also those that no node reads or writes.
        let mut sum = input_bytes
            .checked_add(output_bytes)
            .and_then(|bytes| bytes.checked_mul(prices.byte))
            .and_then(|price| price.checked_add(prices.case))
            .ok_or_else(|| overflow("at the inputs and outputs".to_owned()))?;
        for (index, node) in graph.nodes().iter().enumerate() {
            sum = Work::of(graph, node)
                .price(prices)
                .and_then(|price| sum.checked_add(price))
                .ok_or_else(|| overflow(format!("at node {index}, {}", node.operator.name())))?;
        }
        Ok(Priced {
            input_bytes,
            output_bytes,
            loop_iterations: limits.loop_iterations,
            program,
            hash,
            prices: *prices,
            gas: sum.div_ceil(1000),
        })
    }

    /// The graph `main`.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        self.program.main()
    }

    /// The whole program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How often one run of a WHILE_LOOP may run its body; the price counts that many.
    #[must_use]
    pub fn loop_iterations(&self) -> u32 {
        self.loop_iterations
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

    /// Bytes of all inputs of one case, summed once: a contract may ask often.
    #[must_use]
    pub fn input_bytes(&self) -> u64 {
        self.input_bytes
    }

    /// Bytes of all outputs of one case, summed once.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    /// The prices that [`Priced::gas`] follows.
    #[must_use]
    pub fn prices(&self) -> &PriceTable {
        &self.prices
    }

    /// The work of one node, and its price in thousandths of a gas.
    ///
    /// # Panics
    /// If `id` is no node of this graph.
    #[must_use]
    pub fn cost(&self, id: NodeId) -> (Work, u64) {
        let work = Work::of(self.graph(), &self.graph().nodes()[id.0 as usize]);
        // Construction has added this price without overflow.
        let price = work.price(&self.prices).unwrap_or(u64::MAX);
        (work, price)
    }

    /// Multiply-accumulates of one case.
    #[must_use]
    pub fn macs(&self) -> u64 {
        let nodes = self.graph().nodes().iter();
        nodes.map(|node| Work::of(self.graph(), node).macs).sum()
    }

    /// Bytes of all constants (parameters), at the borders.
    #[must_use]
    pub fn constant_bytes(&self) -> u64 {
        let tensors = self.graph().tensors().iter();
        tensors
            .filter(|tensor| tensor.constant.is_some())
            .map(Tensor::bytes)
            .sum()
    }
}

/// Reads, checks and prices a model file: the one way from bytes to something that can run.
///
/// # Errors
/// A [`Refusal`], the same on every machine.
pub fn load(bytes: &[u8], limits: &ModelLimits, prices: &PriceTable) -> Result<Priced, Refusal> {
    let program = crate::parse::parse(bytes, limits)?;
    Priced::new(program, model_hash(bytes), limits, prices)
}

/// keccak-256 of a model file: the model's name.
#[must_use]
pub fn model_hash(bytes: &[u8]) -> [u8; 32] {
    use sha3::Digest;
    sha3::Keccak256::digest(bytes).into()
}
