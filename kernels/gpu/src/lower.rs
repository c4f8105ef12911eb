//! Graph → dispatches: one operator, one kernel, except that consecutive element-wise operators share one, also with the
//! linear operator before them or with reductions along rows between them, and that moving nothing needs none.

mod control;
mod element_wise;
mod linear;
mod movement;
mod pool;
mod reduce;
mod resize;
mod rows;
mod steps;
mod strides;

use aivm_tosa::{DataType, Graph, Node, Operator, Tensor, TensorId};

use crate::adapter::AdapterLimits;
use crate::layout;
use crate::limits::{self, LIMITS};
use crate::plan::PlanOptions;
use crate::program::{Input, Operand, Output, Program};
use control::late_inputs;
use element_wise::Expression;
use steps::{ROUNDS_MAX, STEP_ELEMENTS_MAX, Work, expect_rounds};

/// Lowers `graph` for an adapter with these limits. Several operators share a step only if `options` allow it.
///
/// # Errors
/// What keeps the graph from running there.
pub(crate) fn lower(
    graph: &Graph,
    limits: &AdapterLimits,
    options: PlanOptions,
) -> Result<Program, String> {
    let mut lowering = Lowering::of(graph, limits, options)?;
    for &id in graph.outputs() {
        let output = lowering.output(id)?;
        lowering.program.outputs.push(output);
    }
    lowering.expect_bindings()?;
    Ok(lowering.program)
}

/// As [`lower`], for a region: its outputs are `results`.
///
/// # Errors
/// As [`lower`].
pub(crate) fn lower_region(
    graph: &Graph,
    limits: &AdapterLimits,
    options: PlanOptions,
) -> Result<Program, String> {
    Lowering::of(graph, limits, options)?.with_results(graph.outputs())
}

/// Lowers one node of `graph`, whose late values stand in `operator`. The inputs are [`late_inputs`], the result is
/// the output.
///
/// # Errors
/// As [`lower`].
pub(crate) fn lower_late(
    graph: &Graph,
    node: &Node,
    operator: Operator,
    limits: &AdapterLimits,
    options: PlanOptions,
) -> Result<Program, String> {
    let mut lowering = Lowering::new(graph, limits, options);
    let index = graph
        .nodes()
        .iter()
        .position(|other| std::ptr::eq(other, node));
    lowering.doing.extend(index);
    // No other node is done along with it.
    lowering.readers.fill(u32::MAX);
    // The inputs are tensors of their own; constants keep their other names.
    for (id, root) in (0..).map(TensorId).zip(&mut lowering.root) {
        if graph.tensor(*root).constant.is_none() {
            *root = id;
        }
    }
    lowering.take_inputs(&late_inputs(graph, node));
    let settled = Node {
        operator,
        late: Vec::new(),
        ..node.clone()
    };
    lowering.node(&settled)?;
    lowering.with_results(&node.outputs)
}

struct Lowering<'a> {
    graph: &'a Graph,
    limits: AdapterLimits,
    options: PlanOptions,
    program: Program,
    /// Of all constants of the program.
    constant_bytes: u64,
    /// Of each tensor, the one whose elements it shares, or itself. RESHAPE and IDENTITY are known from the start.
    root: Vec<TensorId>,
    /// Of each root, where it lies, once it does.
    place: Vec<Option<Operand>>,
    /// Of each root, how many nodes and outputs read it.
    readers: Vec<u32>,
    /// Of each root, the last node that reads it.
    reader: Vec<Option<usize>>,
    /// Of each tensor, the node that gives it.
    writer: Vec<Option<usize>>,
    /// Of each root that has no place because those that read it compute it themselves, how it is computed.
    held: Vec<Option<Expression>>,
    /// The nodes that the steps appended now do.
    doing: Vec<usize>,
}

impl<'a> Lowering<'a> {
    fn new(graph: &'a Graph, limits: &AdapterLimits, options: PlanOptions) -> Lowering<'a> {
        let tensors = graph.tensors().len();
        let mut root: Vec<TensorId> = (0..tensors as u32).map(TensorId).collect();
        for node in graph.nodes().iter().filter(|node| is_rename(node)) {
            root[node.outputs[0].0 as usize] = root[node.inputs[0].0 as usize];
        }
        let mut readers = vec![0; tensors];
        let mut reader = vec![None; tensors];
        let mut writer = vec![None; tensors];
        for (index, node) in graph.nodes().iter().enumerate() {
            let late = node.late.iter().map(|late| &late.tensor);
            // A node with late values is lowered when it runs, so nothing is done along with it: as if two read it.
            let times = if node.late.is_empty() { 1 } else { 2 };
            for input in node.inputs.iter().chain(late) {
                if !is_rename(node) {
                    let root = root[input.0 as usize].0 as usize;
                    readers[root] += times;
                    reader[root] = Some(index);
                }
            }
            for output in &node.outputs {
                writer[output.0 as usize] = Some(index);
            }
        }
        for output in graph.outputs() {
            readers[root[output.0 as usize].0 as usize] += 1;
        }
        Lowering {
            graph,
            limits: *limits,
            options,
            program: Program::default(),
            constant_bytes: 0,
            root,
            place: vec![None; tensors],
            readers,
            reader,
            writer,
            held: vec![None; tensors],
            doing: Vec::new(),
        }
    }

    /// Lowers the nodes of a graph; its outputs are left.
    fn of(
        graph: &'a Graph,
        limits: &AdapterLimits,
        options: PlanOptions,
    ) -> Result<Lowering<'a>, String> {
        let mut lowering = Lowering::new(graph, limits, options);
        lowering.take_inputs(graph.inputs());
        for (index, node) in graph.nodes().iter().enumerate() {
            lowering.doing = vec![index];
            let lowered = if control::is_control(node) {
                lowering.control(index)
            } else {
                lowering.node(node)
            };
            let lowered = lowered.and_then(|()| {
                // Found here, before a host of nodes has packed the same constant.
                let most = LIMITS.constant_bytes;
                limits::expect("bytes of constants", lowering.constant_bytes, most)
            });
            lowered.map_err(|what| format!("node {index}, {}: {what}", node.operator.name()))?;
        }
        Ok(lowering)
    }

    /// Makes tensors inputs of the program.
    fn take_inputs(&mut self, ids: &[TensorId]) {
        for &id in ids {
            let value = self.new_value(id);
            self.place[id.0 as usize] = Some(Operand::Value(value));
            let bytes = self.tensor(id).bytes() as usize;
            self.program.inputs.push(Input { value, bytes });
        }
    }

    /// The program whose results are these tensors.
    fn with_results(mut self, ids: &[TensorId]) -> Result<Program, String> {
        let results = ids.iter().map(|&id| self.place(id));
        self.program.results = results.collect::<Result<_, _>>()?;
        self.expect_bindings()?;
        Ok(self.program)
    }

    /// That a kernel can bind each value and each constant.
    fn expect_bindings(&self) -> Result<(), String> {
        let most = self.limits.bound_bytes_max();
        let expect = |operand: Operand, bytes: u64| {
            if bytes <= most {
                return Ok(());
            }
            let root = self.place.iter().position(|&place| place == Some(operand));
            let what = match (root, operand) {
                (Some(root), _) => format!("tensor {}", self.graph.tensors()[root].name),
                (None, Operand::Constant(_)) => "a constant as kernels read it".to_owned(),
                (None, Operand::Value(_)) => "a value between two steps".to_owned(),
            };
            Err(format!(
                "{what} takes {bytes} bytes, and a kernel of this adapter binds at most {most}"
            ))
        };
        for (value, &words) in self.program.values.iter().enumerate() {
            expect(Operand::Value(value), 4 * u64::from(words))?;
        }
        for (constant, bytes) in self.program.constants.iter().enumerate() {
            expect(Operand::Constant(constant), bytes.len() as u64)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Result<(), String> {
        match &node.operator {
            Operator::Identity | Operator::Reshape => {
                self.rename(node.inputs[0], node.outputs[0]);
                Ok(())
            }
            Operator::Conv2d { .. }
            | Operator::Conv3d { .. }
            | Operator::DepthwiseConv2d { .. }
            | Operator::MatMul { .. }
            | Operator::TransposeConv2d { .. } => self.linear(node),
            Operator::AvgPool2d { .. } | Operator::MaxPool2d { .. } => self.pool(node),
            Operator::ArgMax { axis } => self.argmax(node, *axis),
            Operator::ReduceAll { axis }
            | Operator::ReduceAny { axis }
            | Operator::ReduceMax { axis }
            | Operator::ReduceMin { axis }
            | Operator::ReduceSum { axis } => self.reduce(node, *axis),
            Operator::Pad { .. }
            | Operator::Reverse { .. }
            | Operator::Slice { .. }
            | Operator::Tile
            | Operator::Transpose { .. } => self.movement(node),
            Operator::Concat { axis } => self.concat(node, *axis),
            Operator::Gather => self.gather(node),
            Operator::Scatter => self.scatter(node),
            Operator::Resize { mode, y, x } => self.resize(node, *mode, (*y, *x)),
            operator if element_wise::is_element_wise(operator) => self.element_wise(node),
            _ => Err("no kernel for this operator".to_owned()),
        }
    }

    fn output(&mut self, id: TensorId) -> Result<Output, String> {
        let root = self.root(id);
        if let Some(constant) = &self.graph.tensor(root).constant {
            return Ok(Output::Constant(constant.clone()));
        }
        match self.place[root.0 as usize] {
            Some(Operand::Value(value)) => Ok(Output::Value {
                value,
                bytes: self.tensor(id).bytes() as usize,
            }),
            _ => Err(format!(
                "output {} is computed by no node",
                self.tensor(id).name
            )),
        }
    }

    fn tensor(&self, id: TensorId) -> &'a Tensor {
        self.graph.tensor(id)
    }

    fn root(&self, id: TensorId) -> TensorId {
        self.root[id.0 as usize]
    }

    /// The bytes of a constant tensor, also under another name.
    fn constant_bytes(&self, id: TensorId) -> Option<&'a [u8]> {
        self.tensor(self.root(id)).constant.as_deref()
    }

    /// Where a tensor lies, uploading it if it is a constant.
    fn place(&mut self, id: TensorId) -> Result<Operand, String> {
        let root = self.root(id);
        if let Some(place) = self.place[root.0 as usize] {
            return Ok(place);
        }
        let bytes = self
            .constant_bytes(root)
            .ok_or_else(|| format!("tensor {} has no value yet", self.tensor(id).name))?;
        let mut padded = Vec::new();
        layout::push_padded(&mut padded, bytes);
        let place = self.new_constant(padded);
        self.place[root.0 as usize] = Some(place);
        Ok(place)
    }

    fn new_constant(&mut self, bytes: Vec<u8>) -> Operand {
        self.constant_bytes += bytes.len() as u64;
        self.program.constants.push(bytes);
        Operand::Constant(self.program.constants.len() - 1)
    }

    /// A new value for the elements of a tensor.
    fn new_value(&mut self, id: TensorId) -> usize {
        let words = layout::words(self.tensor(id));
        self.new_words(words)
    }

    fn new_words(&mut self, words: u32) -> usize {
        self.program.values.push(words);
        self.program.values.len() - 1
    }

    fn lanes_log2(&self, id: TensorId) -> Result<u32, String> {
        let data_type = self.tensor(id).data_type;
        layout::lanes_log2(data_type)
            .ok_or_else(|| format!("type {data_type} is not supported on the GPU"))
    }

    /// Words from one case of an operand to the next: 0 for a constant, which all cases share.
    fn case_words(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Constant(_) => 0,
            Operand::Value(value) => self.program.values[value],
        }
    }
}

/// Whether a node only gives the elements of its operand another name and shape.
fn is_rename(node: &Node) -> bool {
    node.late.is_empty() && matches!(node.operator, Operator::Identity | Operator::Reshape)
}

/// Checks the types of a node's tensors: `expected` lists what is supported for each input, then for each output.
fn check_types(graph: &Graph, node: &Node, expected: &[&[DataType]]) -> Result<(), String> {
    for (&id, &types) in node.inputs.iter().chain(&node.outputs).zip(expected) {
        let data_type = graph.tensor(id).data_type;
        if !types.contains(&data_type) {
            return Err(format!("type {data_type} is not supported on the GPU"));
        }
    }
    Ok(())
}

/// A signed parameter as the word that the kernel reads.
fn signed(value: i32) -> u32 {
    value.cast_unsigned()
}
