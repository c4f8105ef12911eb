//! What a run of a graph costs, from its shapes alone: a pure function, charged before any kernel runs.

use crate::interval::{self, Class, Wrapping};
use crate::{
    Graph, ModelLimits, Node, NodeId, Operator, Program, Refusal, RefusalCode, RegionId, Tensor,
    Variable, Work,
};

/// What each kind of work costs, in thousandths of a gas. The sum of a case is rounded up once.
///
/// Prices follow the time on the CPU back end with AVX2: 1 gas is about 10 ns of one core, as `cargo bench -p aivm-cpu
/// --bench gas` measures it (`docs/gas.md`). [`Work`] says what each kind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTable {
    /// Version; a change of any price is a new one.
    pub version: u32,
    /// One case, whatever its graph.
    pub case: u64,
    /// One run of one node, whatever its size.
    pub node: u64,
    /// One multiply-accumulate of a kernel with packed weights.
    pub packed: u64,
    /// One multiply-accumulate in plain loops.
    pub plain: u64,
    /// One sum of products that is begun.
    pub sum: u64,
    /// One place of a window.
    pub tap: u64,
    /// One element read, computed or accumulated beside the one before.
    pub element: u64,
    /// One element found and moved alone.
    pub single: u64,
    /// One run of neighbouring elements that is begun; two for each input, output and variable of a case.
    pub row: u64,
    /// One element or row that lies where no cache expects it.
    pub jump: u64,
    /// One 64-bit product with rounding shift.
    pub wide: u64,
    /// One quotient.
    pub division: u64,
    /// One look-up in a table.
    pub lookup: u64,
    /// One element of a value that comes late.
    pub late: u64,
    /// One byte read or written by a node, once for each tensor.
    pub byte: u64,
    /// The same byte if no cache holds it, besides.
    pub far: u64,
    /// One byte of the inputs and outputs of a case; two for each byte of its variables.
    pub border: u64,
}

impl PriceTable {
    /// The first table.
    pub const V1: PriceTable = PriceTable {
        version: 1,
        case: 1_000_000,
        node: 12_000,
        packed: 3,
        plain: 20,
        sum: 1_800,
        tap: 300,
        element: 15,
        single: 100,
        row: 1_100,
        jump: 800,
        wide: 50,
        division: 250,
        lookup: 70,
        late: 1_000,
        byte: 1,
        far: 8,
        border: 20,
    };

    /// The price of `work` in thousandths of a gas; `None` beyond 64 bits.
    #[must_use]
    pub fn of(&self, work: &Work) -> Option<u64> {
        [
            (work.packed, self.packed),
            (work.plain, self.plain),
            (work.sums, self.sum),
            (work.taps, self.tap),
            (work.elements, self.element),
            (work.singles, self.single),
            (work.rows, self.row),
            (work.jumps, self.jump),
            (work.wide, self.wide),
            (work.divisions, self.division),
            (work.lookups, self.lookup),
            (work.late, self.late),
            (work.bytes, self.byte),
            (work.far, self.far),
        ]
        .into_iter()
        .try_fold(0, |sum: u64, (amount, price)| {
            sum.checked_add(amount.checked_mul(price)?)
        })
    }
}

impl Default for PriceTable {
    fn default() -> Self {
        PriceTable::V1
    }
}

/// What one run of a node or region costs at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Cost {
    work: Work,
    /// In thousandths of a gas.
    price: u64,
}

impl Cost {
    fn plus(self, other: Cost) -> Option<Cost> {
        Some(Cost {
            work: self.work.plus(other.work),
            price: self.price.checked_add(other.price)?,
        })
    }

    fn times(self, times: u64) -> Option<Cost> {
        Some(Cost {
            work: self.work.times(times),
            price: self.price.checked_mul(times)?,
        })
    }
}

/// What the cost of a node depends on besides itself.
#[derive(Clone, Copy)]
struct Costs<'a> {
    prices: &'a PriceTable,
    loop_iterations: u32,
    /// Of the regions, by number; of those that are not known yet, nothing.
    regions: &'a [Cost],
}

impl Costs<'_> {
    /// The cost of one run of `node`, a node of `graph`; `None` if the price is beyond 64 bits.
    fn node(&self, graph: &Graph, node: &Node) -> Option<Cost> {
        let work = Work::of(graph, node);
        let price = self.prices.of(&work)?.checked_add(self.prices.node)?;
        let own = Cost { work, price };
        let region = |id: RegionId| self.regions[id.0 as usize];
        match node.operator {
            Operator::CondIf {
                then_region,
                else_region,
            } => {
                let (then, other) = (region(then_region), region(else_region));
                own.plus(if other.price > then.price {
                    other
                } else {
                    then
                })
            }
            Operator::WhileLoop {
                cond_region,
                body_region,
            } => {
                // The values are handed on before each run of the condition.
                let runs = u64::from(self.loop_iterations) + 1;
                own.times(runs)?
                    .plus(region(cond_region).times(runs)?)?
                    .plus(region(body_region).times(runs - 1)?)
            }
            _ => Some(own),
        }
    }

    /// The cost of one run of `graph`. `name` is how a refusal calls it.
    fn graph(&self, graph: &Graph, name: &str) -> Result<Cost, Refusal> {
        let mut sum = Cost::default();
        for (index, node) in graph.nodes().iter().enumerate() {
            let cost = self.node(graph, node);
            sum = cost.and_then(|cost| sum.plus(cost)).ok_or_else(|| {
                overflow(format!("{name}, node {index}, {}", node.operator.name()))
            })?;
        }
        Ok(sum)
    }
}

fn overflow(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::GasOverflow, detail)
}

/// A program with the work and the gas of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    program: Program,
    loop_iterations: u32,
    hash: [u8; 32],
    prices: PriceTable,
    /// Of one run of each region.
    regions: Vec<Cost>,
    /// Of one run of `main`, without the case itself.
    main: Cost,
    gas: u64,
    wrapping: Wrapping,
    input_bytes: u64,
    output_bytes: u64,
}

impl Priced {
    /// Prices `program`, whose file has hash `hash`.
    pub(crate) fn new(
        program: Program,
        hash: [u8; 32],
        limits: &ModelLimits,
        prices: &PriceTable,
    ) -> Result<Priced, Refusal> {
        let mut regions = vec![Cost::default(); program.regions().len()];
        for &id in program.callees_first() {
            let costs = Costs {
                prices,
                loop_iterations: limits.loop_iterations,
                regions: &regions,
            };
            let cost = costs.graph(program.region(id), &format!("region {}", id.0))?;
            regions[id.0 as usize] = cost;
        }
        let costs = Costs {
            prices,
            loop_iterations: limits.loop_iterations,
            regions: &regions,
        };
        let main = costs.graph(program.main(), "main")?;
        let (input_bytes, output_bytes) =
            (program.main().input_bytes(), program.main().output_bytes());
        // Every back end copies the borders, also those that no node reads or writes, and the variables before and
        // after.
        let variables: u64 = program.variables().iter().map(Variable::bytes).sum();
        let graph = program.main();
        let tensors = graph.inputs().len() + graph.outputs().len() + program.variables().len();
        let gas = variables
            .checked_mul(2)
            .and_then(|bytes| bytes.checked_add(input_bytes)?.checked_add(output_bytes))
            .and_then(|bytes| bytes.checked_mul(prices.border)?.checked_add(prices.case))
            // Each is found, checked and copied.
            .and_then(|case| {
                (2 * tensors as u64)
                    .checked_mul(prices.row)?
                    .checked_add(case)
            })
            .and_then(|case| case.checked_add(main.price))
            .ok_or_else(|| overflow("at the inputs, outputs and variables"))?
            .div_ceil(1000);
        Ok(Priced {
            input_bytes,
            output_bytes,
            loop_iterations: limits.loop_iterations,
            wrapping: interval::wrapping(&program),
            program,
            hash,
            prices: *prices,
            regions,
            main,
            gas,
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

    /// Whether a run may wrap.
    #[must_use]
    pub fn class(&self) -> Class {
        self.wrapping.class
    }

    /// Whether a node of `main`, or a region that it uses, may wrap. A node that cannot may be checked over the
    /// integers, also in a model of class W.
    #[must_use]
    pub fn may_wrap(&self, id: NodeId) -> bool {
        self.wrapping.nodes.binary_search(&id).is_ok()
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

    /// The work of one node of `main`, and its price in thousandths of a gas. Control flow includes its regions: the
    /// dearer branch, the condition and body as often as they may run.
    ///
    /// # Panics
    /// If `id` is no node of `main`.
    #[must_use]
    pub fn cost(&self, id: NodeId) -> (Work, u64) {
        self.node_cost(self.graph(), id)
    }

    /// As [`Priced::cost`], for one run of a node of a region.
    ///
    /// # Panics
    /// If there is no such region or no such node in it.
    #[must_use]
    pub fn cost_in(&self, region: RegionId, id: NodeId) -> (Work, u64) {
        self.node_cost(self.program.region(region), id)
    }

    fn node_cost(&self, graph: &Graph, id: NodeId) -> (Work, u64) {
        let costs = Costs {
            prices: &self.prices,
            loop_iterations: self.loop_iterations,
            regions: &self.regions,
        };
        // Construction has added this price without overflow.
        let cost = costs.node(graph, &graph.nodes()[id.0 as usize]);
        cost.map_or((Work::default(), u64::MAX), |cost| (cost.work, cost.price))
    }

    /// The work of one run of a region, and its price in thousandths of a gas.
    ///
    /// # Panics
    /// If there is no such region.
    #[must_use]
    pub fn region_cost(&self, region: RegionId) -> (Work, u64) {
        let cost = self.regions[region.0 as usize];
        (cost.work, cost.price)
    }

    /// The work of one case: all nodes of `main`, control flow with its regions.
    #[must_use]
    pub fn work(&self) -> Work {
        self.main.work
    }

    /// Multiply-accumulates of one case. Control flow counts as in [`Priced::cost`].
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.main.work.macs
    }

    /// Bytes of all constants (parameters) of all regions, at the borders.
    #[must_use]
    pub fn constant_bytes(&self) -> u64 {
        let tensors = self.program.graphs().flat_map(Graph::tensors);
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
