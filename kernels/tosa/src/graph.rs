//! A validated tensor program: every tensor has a type and a fixed shape, every rule of the
//! specification was checked, and nodes stand in an order in which each reads only what came before.

use std::sync::Arc;

use crate::{DataType, Operator, Shape};

/// Index of a tensor in [`Graph::tensors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub u32);

/// Index of a node in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A tensor of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name in the file.
    pub name: String,
    /// Element type.
    pub data_type: DataType,
    /// Shape.
    pub shape: Shape,
    /// Its value, as bytes of [`DataType::bytes`] each, if it is a CONST.
    pub constant: Option<Arc<[u8]>>,
}

impl Tensor {
    /// Bytes of the whole tensor at the borders.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.shape.elements()) * self.data_type.bytes()
    }
}

/// One application of an operator. CONST, CONST_SHAPE and operands that the operator resolved are no
/// nodes and no inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What is computed.
    pub operator: Operator,
    /// Tensors it reads, in the specification's order.
    pub inputs: Vec<TensorId>,
    /// Tensors it writes.
    pub outputs: Vec<TensorId>,
}

/// A validated graph. Only this crate makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) outputs: Vec<TensorId>,
}

impl Graph {
    /// All tensors.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// One tensor.
    #[must_use]
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0 as usize]
    }

    /// The nodes, in an order in which they can run.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Inputs, in declared order.
    #[must_use]
    pub fn inputs(&self) -> &[TensorId] {
        &self.inputs
    }

    /// Outputs, in declared order. An output may also be an input or a constant.
    #[must_use]
    pub fn outputs(&self) -> &[TensorId] {
        &self.outputs
    }

    /// Bytes of all inputs of one case.
    #[must_use]
    pub fn input_bytes(&self) -> u64 {
        self.inputs.iter().map(|&id| self.tensor(id).bytes()).sum()
    }

    /// Bytes of all outputs of one case.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.outputs.iter().map(|&id| self.tensor(id).bytes()).sum()
    }
}
