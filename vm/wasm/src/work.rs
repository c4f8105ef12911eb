//! How much work a function is to compile, estimated from the plan alone: what activation charges for it, and what is
//! compiled at all.
//!
//! A unit is a nanosecond of the machine that `cargo bench -p aivm-lockstep --bench bombs` was fitted on. The estimate
//! follows what Cranelift's passes do, in linear terms and in the four that grow faster:
//!
//! - **phis, each against the values alive there.** Where paths meet, a local that one of them writes becomes a block
//!   parameter; the register allocator joins it with what each path passes, and looks for conflicts with all others;
//! - **meeting paths, in pairs.** The ink left passes every one of them. The allocator joins its values one by one into one
//!   bundle, and sorts that each time;
//! - **forward branches and branches to loops, in pairs**, less so, for the same reason;
//! - **runtime calls, in pairs**: each makes a new value of the ink left.
//!
//! It may be far above what a function takes (nested ifs, tables), but not below half of it.

use crate::plan::{BinaryOp, BlockType, Function, MeteredModule, Op};

/// Values that live as long as the function runs: context, stack words, ink, the memory's size.
const ALWAYS_LIVE: u64 = 4;

/// Functions of at most so many ops are optimised. Cranelift's optimiser computes values where they are first needed by
/// an effect; a long chain of loads and sums thus becomes as many live values as it has loads, and register allocation
/// grows with their square: 5,000 loads took minutes and 1.6 GB. Without the optimiser time is linear, and code that an
/// optimising compiler wrote runs about as fast.
pub const OPTIMISED_OPS: usize = 1000;

/// Most work that is compiled: of one function, of a module, and of a module for each begun kibibyte of its file, so that
/// no module is compiled for longer than its length warrants. Code above them is interpreted, with the same outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkLimits {
    /// Of one function.
    pub function: u64,
    /// Of a module.
    pub module: u64,
    /// Of a module, for each kibibyte.
    pub kibibyte: u64,
}

impl WorkLimits {
    /// What a node compiles: half a second of one function, of an estimate that may be twice too low.
    pub const NODE: WorkLimits = WorkLimits {
        function: 500_000_000,
        module: 1_500_000_000,
        kibibyte: 16_000_000,
    };
    /// Anything, however long it takes: for tests.
    pub const NONE: WorkLimits = WorkLimits {
        function: u64::MAX,
        module: u64::MAX,
        kibibyte: u64::MAX,
    };

    /// Most work of this module.
    #[must_use]
    pub fn of_module(&self, module: &MeteredModule) -> u64 {
        let kibibytes = u64::from(module.bytes.div_ceil(1024));
        self.module.min(self.kibibyte.saturating_mul(kibibytes))
    }
}

/// What each part of a function takes, in units.
mod price {
    /// A function, an import's thunk or a type's entry.
    pub(super) const PIECE: u64 = 60_000;
    /// Each parameter or result of an entry.
    pub(super) const ENTRY_VALUE: u64 = 3_000;
    /// An op of a function that is not optimised.
    pub(super) const OP: u64 = 1_300;
    /// An op of one that is.
    pub(super) const OPTIMISED_OP: u64 = 2_500;
    /// On top of it, for arithmetic and for constants: rules are tried on them.
    pub(super) const ARITHMETIC: u64 = 5_000;
    pub(super) const CONSTANT: u64 = 8_000;
    /// On top of an op, for each place where it may trap.
    pub(super) const TRAP: u64 = 2_000;
    pub(super) const TRAP_BY_LIVE: u64 = 30;
    /// On top of an op, for one that Rust code does.
    pub(super) const RUNTIME: u64 = 14_000;
    pub(super) const RUNTIME_PAIR: u64 = 12;
    pub(super) const GLOBAL: u64 = 1_500;
    pub(super) const CALL: u64 = 8_000;
    /// Each parameter or result of a call.
    pub(super) const HANDED: u64 = 4_000;
    /// Each value that a branch or block hands on.
    pub(super) const PASSED: u64 = 1_000;
    pub(super) const FORWARD: u64 = 6_000;
    pub(super) const FORWARD_PAIR: u64 = 5;
    pub(super) const BACK_PAIR: u64 = 3;
    /// Each entry of a `br_table`.
    pub(super) const TARGET: u64 = 1_200;
    pub(super) const LOOP: u64 = 2_000;
    pub(super) const MEETING_PAIR: u64 = 35;
    pub(super) const PHI: u64 = 1_000;
    pub(super) const PHI_BY_LIVE: u64 = 150;
}

/// Units of work of a whole module.
#[must_use]
pub fn of_module(module: &MeteredModule) -> u64 {
    let functions = module.functions.iter().map(|one| of_function(module, one));
    functions.fold(of_connections(module), u64::saturating_add)
}

/// Units of work of what connects a module with the host and with callers: a thunk for each import, an entry for each
/// type of a function.
#[must_use]
pub fn of_connections(module: &MeteredModule) -> u64 {
    let mut has_entry = vec![false; module.types.len()];
    let own = module.functions.iter().map(|function| function.ty);
    for ty in own.chain(module.import_types.iter().copied()) {
        has_entry[ty as usize] = true;
    }
    let thunks = module.imports.len() as u64 * price::PIECE;
    let types = module.types.iter().zip(has_entry);
    let entries = types.filter(|(_, has_entry)| *has_entry).map(|(ty, _)| {
        let values = (ty.parameters.len() + ty.results.len()) as u64;
        price::PIECE + values * price::ENTRY_VALUE
    });
    thunks + entries.sum::<u64>()
}

/// Units of work of one function.
#[must_use]
pub fn of_function(module: &MeteredModule, function: &Function) -> u64 {
    let results = module.types[function.ty as usize].results.len() as u64;
    let mut count = Count {
        module,
        live: ALWAYS_LIVE + locals_read(function) + u64::from(function.max_operands),
        is_optimised: function.ops.len() <= OPTIMISED_OPS,
        labels: Vec::new(),
        local_words: function.locals.len().div_ceil(64),
        work: price::PIECE,
        runtime_calls: 0,
        forward: 0,
        back: 0,
        meetings: 0,
    };
    count.open(results, results, Kind::Plain);
    for op in &function.ops {
        count.op(op);
    }
    count.finish()
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
    kind: Kind,
    is_branched_to: bool,
    /// The locals written in it so far, a bit each.
    written: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Loop,
    /// With or without a second arm.
    If,
}

struct Count<'m> {
    module: &'m MeteredModule,
    /// Most values alive at any place.
    live: u64,
    is_optimised: bool,
    labels: Vec<Label>,
    /// Words of a set of locals.
    local_words: usize,
    /// What is linear.
    work: u64,
    runtime_calls: u64,
    /// Branches out of blocks.
    forward: u64,
    /// Branches to loops.
    back: u64,
    /// Places where paths meet behind a block.
    meetings: u64,
}

impl Count<'_> {
    fn op(&mut self, op: &Op) {
        self.add(match self.is_optimised {
            true => price::OPTIMISED_OP,
            false => price::OP,
        });
        match op {
            Op::Block(ty) => {
                let (_, results) = self.arities(*ty);
                self.open(results, results, Kind::Plain);
            }
            Op::Loop(ty) => {
                let (parameters, results) = self.arities(*ty);
                self.add(price::LOOP);
                self.open(parameters, results, Kind::Loop);
            }
            Op::If(ty) => {
                let (parameters, results) = self.arities(*ty);
                self.forward(parameters);
                self.open(results, results, Kind::If);
            }
            Op::Else => self.pass(self.labels.last().map_or(0, |label| label.results)),
            Op::End => self.end(),
            Op::Br(depth) | Op::BrIf(depth) => self.branch(*depth),
            Op::BrTable { targets, default } => {
                self.add(price::TARGET.saturating_mul(targets.len() as u64));
                let mut distinct = targets.to_vec();
                distinct.push(*default);
                distinct.sort_unstable();
                distinct.dedup();
                for depth in distinct {
                    self.branch(depth);
                }
            }
            Op::Return => self.forward(self.labels.first().map_or(0, |label| label.arity)),
            Op::Unreachable => self.forward(0),
            Op::Call(function) => self.call(self.module.function_type(*function)),
            Op::CallIndirect { ty, .. } => {
                // Its index, null and its type are tested.
                self.traps(3);
                self.call(*ty);
            }
            Op::LocalSet(local) | Op::LocalTee(local) => self.write(*local as usize),
            Op::MemoryGrow
            | Op::MemoryCopy
            | Op::MemoryFill
            | Op::MemoryInit(_)
            | Op::DataDrop(_)
            | Op::TableCopy { .. }
            | Op::TableInit { .. }
            | Op::ElemDrop(_) => {
                self.runtime_calls += 1;
                self.add(price::RUNTIME);
            }
            Op::Load { .. } | Op::Store { .. } => self.traps(1),
            Op::Binary(op) => {
                self.arithmetic(price::ARITHMETIC);
                if divides(*op) {
                    self.traps(2);
                }
            }
            Op::Unary(_) | Op::Select => self.arithmetic(price::ARITHMETIC),
            Op::I32Const(_) | Op::I64Const(_) => self.arithmetic(price::CONSTANT),
            Op::GlobalGet(_) | Op::GlobalSet(_) => self.add(price::GLOBAL),
            Op::Charge(_) | Op::Drop | Op::LocalGet(_) | Op::MemorySize => {}
        }
    }

    /// All that was counted.
    fn finish(self) -> u64 {
        let pairs = |count: u64, price: u64| count.saturating_mul(count).saturating_mul(price);
        self.work
            .saturating_add(pairs(self.runtime_calls, price::RUNTIME_PAIR))
            .saturating_add(pairs(self.forward, price::FORWARD_PAIR))
            .saturating_add(pairs(self.back, price::BACK_PAIR))
            .saturating_add(pairs(self.meetings, price::MEETING_PAIR))
    }

    fn add(&mut self, work: u64) {
        self.work = self.work.saturating_add(work);
    }

    fn arithmetic(&mut self, work: u64) {
        if self.is_optimised {
            self.add(work);
        }
    }

    fn traps(&mut self, places: u64) {
        self.add(places * (price::TRAP + price::TRAP_BY_LIVE * self.live));
    }

    fn pass(&mut self, values: u64) {
        self.add(price::PASSED * values);
    }

    fn forward(&mut self, values: u64) {
        self.forward += 1;
        self.add(price::FORWARD);
        self.pass(values);
    }

    /// The branch to the label at `depth`.
    fn branch(&mut self, depth: u32) {
        let index = self.labels.len().checked_sub(1 + depth as usize);
        let Some(label) = index.and_then(|index| self.labels.get_mut(index)) else {
            return;
        };
        label.is_branched_to = true;
        let (kind, arity) = (label.kind, label.arity);
        match kind {
            Kind::Loop => {
                self.back += 1;
                self.pass(arity);
            }
            Kind::Plain | Kind::If => self.forward(arity),
        }
    }

    /// Parameters and results.
    fn arities(&self, ty: BlockType) -> (u64, u64) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Value(_) => (0, 1),
            BlockType::Func(index) => {
                let ty = &self.module.types[index as usize];
                (ty.parameters.len() as u64, ty.results.len() as u64)
            }
        }
    }

    fn open(&mut self, arity: u64, results: u64, kind: Kind) {
        self.labels.push(Label {
            arity,
            results,
            kind,
            is_branched_to: false,
            written: vec![0; self.local_words],
        });
    }

    fn end(&mut self) {
        let Some(label) = self.labels.pop() else {
            return;
        };
        self.pass(label.results);
        let written: u64 = label
            .written
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum();
        let is_meeting = match label.kind {
            Kind::Loop => false,
            Kind::Plain => label.is_branched_to,
            Kind::If => true,
        };
        self.meetings += u64::from(is_meeting);
        if is_meeting || label.is_branched_to {
            // Of the locals, of what is passed, and of the ink left.
            let phis = written + label.arity + 1;
            self.add(phis.saturating_mul(price::PHI + price::PHI_BY_LIVE * self.live));
        }
        if let Some(around) = self.labels.last_mut() {
            for (all, more) in around.written.iter_mut().zip(&label.written) {
                *all |= more;
            }
        }
    }

    fn write(&mut self, local: usize) {
        let label = self.labels.last_mut();
        if let Some(word) = label.and_then(|label| label.written.get_mut(local / 64)) {
            *word |= 1 << (local % 64);
        }
    }

    fn call(&mut self, ty: u32) {
        let ty = &self.module.types[ty as usize];
        let values = (ty.parameters.len() + ty.results.len()) as u64;
        self.add(price::CALL + price::HANDED * values);
    }
}

/// Whether the operation tests its divisor.
#[must_use]
pub fn divides(op: BinaryOp) -> bool {
    use BinaryOp::{I32DivS, I32DivU, I32RemS, I32RemU, I64DivS, I64DivU, I64RemS, I64RemU};
    matches!(
        op,
        I32DivS | I32DivU | I32RemS | I32RemU | I64DivS | I64DivU | I64RemS | I64RemU
    )
}

#[cfg(test)]
mod tests;
