//! How much work a function is to compile, estimated from the plan alone.

use aivm_wasm::plan::{BinaryOp, BlockType, Function, MeteredModule, Op};

/// Values that live as long as the function runs: context, stack words, ink, the memory's size.
const ALWAYS_LIVE: u64 = 4;
/// So many pairs of two places take as long as one unit where the register allocator looks at each pair: a
/// value that is used all over a function is split at every call, and the values that edges pass to the same
/// variable are joined one by one.
const PAIRS: u64 = 32;

/// An upper estimate of what compiling a function takes. A unit is one value in one place: at worst about
/// two microseconds. Each op counts one, and on top of that
///
/// - each op that ends a basic block counts every value that can be alive there: the locals that the
///   function reads, its deepest operand stack and [`ALWAYS_LIVE`]. The register allocator keeps a range for
///   each of them in each block. A few kilobytes of branches or calls over hundreds of values are otherwise
///   millions of ranges;
/// - each edge to a label counts the same and the operands that it passes, since the frontend may make a
///   block parameter of each where paths meet;
/// - each call counts its parameters and results;
/// - pairs of a call and an op, and pairs of edges, count by [`PAIRS`].
pub(crate) fn work(module: &MeteredModule, function: &Function) -> u64 {
    let results = module.types[function.ty as usize].results.len() as u64;
    let mut estimate = Estimate {
        module,
        live: ALWAYS_LIVE + locals_read(function) + u64::from(function.max_operands),
        labels: vec![Label {
            arity: results,
            results,
            is_open_if: false,
        }],
        calls: 0,
        edges: 0,
        work: 0,
    };
    for op in &function.ops {
        estimate.op(op);
    }
    let ops = function.ops.len() as u64;
    let call_pairs = estimate.calls.saturating_mul(ops);
    let edge_pairs = estimate.edges.saturating_mul(estimate.edges);
    let pairs = call_pairs.saturating_add(edge_pairs);
    estimate.work.saturating_add(pairs / PAIRS)
}

/// How many distinct locals the function reads.
fn locals_read(function: &Function) -> u64 {
    let mut read = vec![false; function.locals.len()];
    for op in &function.ops {
        if let Op::LocalGet(local) = op
            && let Some(read) = read.get_mut(*local as usize)
        {
            *read = true;
        }
    }
    read.into_iter().filter(|read| *read).count() as u64
}

/// An open block.
struct Label {
    /// Operands that a branch to it passes.
    arity: u64,
    results: u64,
    /// Whether it is an `if` without a second arm so far.
    is_open_if: bool,
}

struct Estimate<'m> {
    module: &'m MeteredModule,
    /// Most values alive at any place.
    live: u64,
    labels: Vec<Label>,
    calls: u64,
    edges: u64,
    work: u64,
}

impl Estimate<'_> {
    fn op(&mut self, op: &Op) {
        self.add(1);
        match op {
            Op::Block(ty) => {
                let (parameters, results) = self.block_arities(*ty);
                self.add(parameters + results);
                self.open(results, results, false);
            }
            Op::Loop(ty) => {
                let (parameters, results) = self.block_arities(*ty);
                self.add(results);
                self.open(parameters, results, false);
                self.branch(0);
            }
            Op::If(ty) => {
                let (parameters, results) = self.block_arities(*ty);
                self.add(parameters + results + self.live);
                self.open(results, results, true);
            }
            Op::Else => {
                self.fall_through();
                if let Some(label) = self.labels.last_mut() {
                    label.is_open_if = false;
                }
            }
            Op::End => {
                self.fall_through();
                if self.labels.last().is_some_and(|label| label.is_open_if) {
                    self.fall_through();
                }
                self.labels.pop();
            }
            Op::Br(depth) | Op::BrIf(depth) => self.branch(*depth),
            Op::BrTable { targets, default } => {
                self.branch(*default);
                for depth in targets {
                    self.branch(*depth);
                }
            }
            Op::Return => {
                if let Some(function) = self.labels.first() {
                    let passed = function.arity;
                    self.edge(passed);
                }
            }
            Op::Call(function) => self.call(self.module.function_type(*function)),
            Op::CallIndirect { ty, .. } => self.call(*ty),
            // One value from others, in the same basic block.
            Op::Drop
            | Op::Select
            | Op::LocalGet(_)
            | Op::LocalSet(_)
            | Op::LocalTee(_)
            | Op::GlobalGet(_)
            | Op::GlobalSet(_)
            | Op::I32Const(_)
            | Op::I64Const(_)
            | Op::Unary(_)
            | Op::MemorySize => {}
            Op::Binary(op) if !divides(*op) => {}
            // A test, of which one side leaves the function.
            _ => self.add(self.live),
        }
    }

    fn add(&mut self, work: u64) {
        self.work = self.work.saturating_add(work);
    }

    /// Parameters and results.
    fn block_arities(&self, ty: BlockType) -> (u64, u64) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Value(_) => (0, 1),
            BlockType::Func(index) => {
                let ty = &self.module.types[index as usize];
                (ty.parameters.len() as u64, ty.results.len() as u64)
            }
        }
    }

    fn open(&mut self, arity: u64, results: u64, is_open_if: bool) {
        self.labels.push(Label {
            arity,
            results,
            is_open_if,
        });
    }

    /// The edge to the label at `depth`.
    fn branch(&mut self, depth: u32) {
        let index = self.labels.len().checked_sub(1 + depth as usize);
        if let Some(label) = index.and_then(|index| self.labels.get(index)) {
            let passed = label.arity;
            self.edge(passed);
        }
    }

    /// The edge from the end of an arm or block to what follows.
    fn fall_through(&mut self) {
        if let Some(label) = self.labels.last() {
            let passed = label.results;
            self.edge(passed);
        }
    }

    fn edge(&mut self, passed: u64) {
        self.edges += 1;
        self.add(passed + self.live);
    }

    fn call(&mut self, ty: u32) {
        let ty = &self.module.types[ty as usize];
        self.calls += 1;
        self.add(self.live + (ty.parameters.len() + ty.results.len()) as u64);
    }
}

/// Whether the operation tests its divisor.
pub(crate) fn divides(op: BinaryOp) -> bool {
    use BinaryOp::{I32DivS, I32DivU, I32RemS, I32RemU, I64DivS, I64DivU, I64RemS, I64RemU};
    matches!(
        op,
        I32DivS | I32DivU | I32RemS | I32RemU | I64DivS | I64DivU | I64RemS | I64RemU
    )
}
