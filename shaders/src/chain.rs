//! Element-wise operators as generated WGSL: a chain of one or more of them in one kernel.
//!
//! A chain is a kernel of its own, of which an invocation makes one word of the output: four 8-bit, two 16-bit or one
//! 32-bit element. Or it is the epilogue of a [`crate::kernels::Frame`], whose sums it reads. Or, with reductions along
//! the last axis in it, a kernel of which an invocation makes whole rows. The text depends on structure only (operators,
//! types, how operands are read), never on shapes, zero points, factors or tables, which are parameters; so few pipelines
//! serve many models. Inside a kernel every value is an i32, except that of an i48 operand, which RESCALE alone reads.

mod epilogue;
mod function;
mod rows;
mod text;

pub use function::{Argument, Function, Reduction};

use crate::kernels::Kernel;

/// Most operators of a chain without reductions.
pub const NODES_MAX: usize = 16;

/// Most operators of a chain with reductions.
pub const ROW_NODES_MAX: usize = 64;

/// Most element-wise operators that a chain with reductions computes for an element of a row, each as often as a loop
/// needs it: for every reduction, and for the result.
pub const ROW_EVALUATIONS_MAX: usize = 96;

/// Most storage buffers that a chain reads, its tables included.
pub const INPUTS_MAX: usize = 7;

/// Words of the sizes, and of the steps, of a broadcast source.
pub const AXES: usize = 8;

/// The type of elements in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// One byte, 0 or 1.
    Bool,
    /// One byte.
    I8,
    /// Two bytes.
    I16,
    /// One word.
    I32,
    /// Two words, the low one first. Read by RESCALE only, and never written.
    I48,
}

impl Element {
    /// The logarithm of the number of elements in a word; 0 for i48, too.
    const fn lanes_log2(self) -> u32 {
        match self {
            Element::Bool | Element::I8 => 2,
            Element::I16 => 1,
            Element::I32 | Element::I48 => 0,
        }
    }
}

/// How a source belongs to an element of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// A tensor with an element for each of the output.
    Dense,
    /// A tensor that repeats along some axes.
    Broadcast,
    /// One constant for all elements, held by the parameters.
    Scalar,
    /// The frame's sum: only of an epilogue.
    Sum,
}

/// What a chain reads from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its type.
    pub element: Element,
    /// How it is read.
    pub access: Access,
    /// Whether it is read for each row, and not for each element of one.
    pub per_row: bool,
}

/// What an operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operand {
    /// Index in [`Chain::sources`].
    Source(usize),
    /// The result of an earlier node: index in [`Chain::nodes`].
    Node(usize),
}

/// One operator of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it computes.
    pub function: Function,
    /// The type of its result.
    pub output: Element,
    /// As many as [`Function::operands`] says.
    pub operands: Vec<Operand>,
    /// Whether the result is one element for each row: a reduction, or an operator on such results.
    pub per_row: bool,
}

/// Element-wise operators, and reductions along the last axis, whose last one makes the output. All results that are
/// not `per_row` have as many elements, and all that are have one for each row of these.
///
/// The kernel reads the sources that are tensors in their order, then, if a node has a table, one buffer of words with
/// all tables. Its parameters are, each a word unless said otherwise:
/// 1. of each broadcast source [`AXES`] sizes of axes, the innermost first, then [`AXES`] steps along them;
/// 2. elements and words of the output in one case, invocations of a row of the grid; with reductions also the number of
///    rows, elements of a row, and how many rows an invocation makes;
/// 3. of each source that is a scalar its value, of each tensor the words from one case to the next; behind these, of a
///    broadcast one, the number of axes without the outermost;
/// 4. of each node its [`Function::arguments`].
///
/// As an epilogue ([`crate::kernels::Frame::kernel`]) it reads the same behind what the frame reads. The parameters
/// follow on the frame's, filled up to four words; those in 2. are the words of the output in one case alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What is read from outside.
    pub sources: Vec<Source>,
    /// Operators in an order in which they can run; at least one, except in an epilogue that stores sums.
    pub nodes: Vec<Node>,
}

impl Chain {
    /// The epilogue that stores sums as they are.
    pub const SUMS: Chain = Chain {
        sources: Vec::new(),
        nodes: Vec::new(),
    };

    /// The operators' names, joined by `+`.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.nodes.iter().map(|node| node.function.name()).collect();
        names.join("+")
    }

    /// The generated kernel, named as the chain.
    pub fn kernel(&self) -> Kernel {
        Kernel {
            name: self.name().into(),
            source: if self.has_reductions() {
                rows::source(self).into()
            } else {
                text::source(self).into()
            },
            inputs: self.inputs(),
            uniforms: 0,
        }
    }

    /// The text that completes the module of a frame that reads `inputs` buffers; with `uniform_tables` its tables are a
    /// uniform buffer.
    #[must_use]
    pub fn epilogue(&self, inputs: u32, uniform_tables: bool) -> String {
        epilogue::source(self, inputs, uniform_tables)
    }

    /// Storage buffers that it reads.
    pub(crate) fn inputs(&self) -> u32 {
        self.tensors().count() as u32 + u32::from(self.has_tables())
    }

    /// The type of the output.
    pub fn output(&self) -> Element {
        match self.nodes.last() {
            Some(node) => node.output,
            None => Element::I32,
        }
    }

    /// Index and source of each tensor.
    fn tensors(&self) -> impl Iterator<Item = (usize, &Source)> {
        self.sources
            .iter()
            .enumerate()
            .filter(|(_, source)| matches!(source.access, Access::Dense | Access::Broadcast))
    }

    /// Whether it is a chain over rows.
    pub fn has_reductions(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|node| matches!(node.function, Function::Reduce(_)))
    }

    /// Of a chain over rows, how many element-wise operators it computes for an element of a row.
    pub fn row_evaluations(&self) -> usize {
        rows::evaluations(self)
    }

    /// Of a chain over rows, how many loops go along a row.
    pub fn row_loops(&self) -> usize {
        rows::loops(self)
    }

    /// Whether some operator looks up in a table.
    pub fn has_tables(&self) -> bool {
        self.nodes.iter().any(|node| node.function.has_table())
    }
}
