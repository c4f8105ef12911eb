//! Element-wise operators as generated WGSL: a chain of one or more of them in one kernel.
//!
//! An invocation makes one word of the output: four 8-bit, two 16-bit or one 32-bit element. The text depends on
//! structure only (operators, types, how operands are read), never on shapes, zero points, factors or tables, which
//! are parameters; so few pipelines serve many models. Inside a kernel every value is an i32, except that of an i48
//! operand, which RESCALE alone reads.

mod function;
mod text;

pub use function::{Argument, Function};

use crate::kernels::Kernel;

/// Most operators of a chain.
pub const NODES_MAX: usize = 16;

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
}

/// What a chain reads from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its type.
    pub element: Element,
    /// How it is read.
    pub access: Access,
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
}

/// Element-wise operators whose last one makes the output. All results have one shape.
///
/// The kernel reads the sources that are tensors in their order, then, if a node has a table, one buffer of words with
/// all tables. Its parameters are, each a word unless said otherwise:
/// 1. of each broadcast source [`AXES`] sizes of axes, the innermost first, then [`AXES`] steps along them;
/// 2. elements and words of the output in one case, invocations of a row of the grid;
/// 3. of each source its value if it is a scalar, else the words from one case to the next; behind these, of a
///    broadcast one, the number of axes without the outermost;
/// 4. of each node its [`Function::arguments`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What is read from outside.
    pub sources: Vec<Source>,
    /// Operators in an order in which they can run; at least one.
    pub nodes: Vec<Node>,
}

impl Chain {
    /// The operators' names, joined by `+`.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.nodes.iter().map(|node| node.function.name()).collect();
        names.join("+")
    }

    /// The generated kernel, named as the chain.
    pub fn kernel(&self) -> Kernel {
        Kernel {
            name: self.name().into(),
            source: text::source(self).into(),
            inputs: self.tensors().count() as u32 + u32::from(self.has_tables()),
        }
    }

    /// Index and source of each tensor.
    fn tensors(&self) -> impl Iterator<Item = (usize, &Source)> {
        self.sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.access != Access::Scalar)
    }

    /// Whether some operator looks up in a table.
    pub fn has_tables(&self) -> bool {
        self.nodes.iter().any(|node| node.function.has_table())
    }
}
