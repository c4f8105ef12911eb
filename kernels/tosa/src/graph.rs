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

/// Index of a region among [`Program::regions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(pub u32);

/// Index of a variable in [`Program::variables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableId(pub u32);

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
    /// Values of the operator that are computed when the graph runs (EXT-DYNAMIC). Nearly always empty.
    pub late: Vec<LateOperand>,
}

impl Node {
    /// The weight, if this is a convolution.
    #[must_use]
    pub fn weight(&self) -> Option<TensorId> {
        match self.operator {
            Operator::Conv2d { .. }
            | Operator::Conv3d { .. }
            | Operator::DepthwiseConv2d { .. }
            | Operator::TransposeConv2d { .. } => Some(self.inputs[1]),
            _ => None,
        }
    }
}

/// A tensor whose elements take the place of a value of the operator, see [`Node::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateOperand {
    /// Which value.
    pub slot: Slot,
    /// The tensor, of the type and shape that a constant operand would have.
    pub tensor: TensorId,
    /// The tensor's element type.
    pub data_type: DataType,
}

/// The values of operators that TOSA passes as operands and that EXT-DYNAMIC lets a graph compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `input_zp` (`input1_zp`, `A_zp`).
    InputZp,
    /// `weight_zp` (`B_zp`).
    WeightZp,
    /// `output_zp`.
    OutputZp,
    /// `shift` of MUL.
    MulShift,
    /// `table`.
    Table,
    /// `pad_const`.
    PadConst,
    /// `multiplier` of RESCALE.
    Multiplier,
    /// `shift` of RESCALE.
    RescaleShift,
}

/// A variable (EXT-VARIABLE): a tensor that outlives a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the file (`variable_name`), the same in all regions.
    pub name: String,
    /// Element type.
    pub data_type: DataType,
    /// Shape.
    pub shape: Shape,
    /// Its first value, zeros if the file gives none, as bytes of [`DataType::bytes`] each.
    pub initial: Arc<[u8]>,
}

impl Variable {
    /// Bytes of the whole value at the borders.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.shape.elements()) * self.data_type.bytes()
    }
}

/// A validated model file: the graph `main`, the regions that its control flow names, and its variables. Regions
/// name each other without cycles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) main: Graph,
    pub(crate) regions: Vec<Graph>,
    /// All regions, each behind those that it uses.
    pub(crate) order: Vec<RegionId>,
    pub(crate) variables: Vec<Variable>,
}

impl Program {
    /// The graph that a run computes.
    #[must_use]
    pub fn main(&self) -> &Graph {
        &self.main
    }

    /// The other regions.
    #[must_use]
    pub fn regions(&self) -> &[Graph] {
        &self.regions
    }

    /// One of the other regions.
    #[must_use]
    pub fn region(&self, id: RegionId) -> &Graph {
        &self.regions[id.0 as usize]
    }

    /// All regions, each behind those that it uses: what holds for a region can be found in this order, once for
    /// each, however often it is used.
    #[must_use]
    pub fn callees_first(&self) -> &[RegionId] {
        &self.order
    }

    /// The variables, in the order in which the file declares them.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// `main` and the other regions.
    pub fn graphs(&self) -> impl Iterator<Item = &Graph> {
        std::iter::once(&self.main).chain(&self.regions)
    }

    /// Whether every run of `main` alone gives its outputs: no other region, no variable, no late value. What back
    /// ends for plain graphs ask first.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.regions.is_empty()
            && self.variables.is_empty()
            && self.main.nodes.iter().all(|node| node.late.is_empty())
    }
}

/// A validated graph. Only this crate makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) outputs: Vec<TensorId>,
    /// Bytes of all tensors together, constants included, and of each convolution's weight once more; work is counted
    /// by whether caches may hold them.
    pub(crate) bytes: u64,
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

    /// The bytes of a constant tensor, or of one that RESHAPE and IDENTITY make of a constant.
    #[must_use]
    pub fn constant(&self, id: TensorId) -> Option<&[u8]> {
        let mut id = id;
        loop {
            let constant = self.tensor(id).constant.as_deref();
            if constant.is_some() {
                return constant;
            }
            let writer = self.nodes.iter().find(|node| node.outputs.contains(&id))?;
            match writer.operator {
                Operator::Reshape | Operator::Identity => id = writer.inputs[0],
                _ => return None,
            }
        }
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
