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
mod strides;

use aivm_shaders::kernels::Kernel;
use aivm_tosa::{DataType, Graph, Node, Operator, Tensor, TensorId};

use crate::layout;
use crate::limits::{self, LIMITS};
use crate::pipelines::WORKGROUP;
use crate::plan::PlanOptions;
use crate::program::{Input, Operand, Output, Program, Step};
use control::late_inputs;
use element_wise::Expression;

/// Lowers `graph` for a device with at most `workgroups_max` workgroups along each dimension.
///
/// # Errors
/// What keeps the graph from running on this device.
pub(crate) fn lower(
    graph: &Graph,
    workgroups_max: u32,
    options: PlanOptions,
) -> Result<Program, String> {
    let mut lowering = Lowering::of(graph, workgroups_max, options)?;
    for &id in graph.outputs() {
        let output = lowering.output(id)?;
        lowering.program.outputs.push(output);
    }
    Ok(lowering.program)
}

/// As [`lower`], for a region: its outputs are `results`.
///
/// # Errors
/// As [`lower`].
pub(crate) fn lower_region(
    graph: &Graph,
    workgroups_max: u32,
    options: PlanOptions,
) -> Result<Program, String> {
    Lowering::of(graph, workgroups_max, options)?.with_results(graph.outputs())
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
    workgroups_max: u32,
) -> Result<Program, String> {
    let mut lowering = Lowering::new(graph, workgroups_max, PlanOptions::default());
    let index = graph
        .nodes()
        .iter()
        .position(|other| std::ptr::eq(other, node));
    lowering.doing.extend(index);
    // No other node is done along with it.
    lowering.readers.fill(u32::MAX);
    // The inputs are tensors of their own.
    lowering.root = (0..graph.tensors().len() as u32).map(TensorId).collect();
    lowering.take_inputs(&late_inputs(graph, node));
    let settled = Node {
        operator,
        late: Vec::new(),
        ..node.clone()
    };
    lowering.node(&settled)?;
    lowering.with_results(&node.outputs)
}

/// How many times the loops of one invocation may go round, all together.
///
/// llvmpipe ends a shader's loops after 65,536 rounds without a word, and the sum is wrong. The round that finds a loop's
/// end counts too, also where a branch is not taken: 30,000 inner loops of one round are 60,000 rounds. No step comes near.
const ROUNDS_MAX: u64 = 60_000;

/// Most elements that poolings and reductions combine in a step for one element of its output: what has more takes
/// several steps. An invocation makes up to four, and a window of one column costs three rounds an element.
const STEP_ELEMENTS_MAX: u32 = 4096;

/// That no invocation goes round more often than every driver allows.
fn expect_rounds(rounds: u64) -> Result<(), String> {
    if rounds > ROUNDS_MAX {
        return Err(format!(
            "{rounds} rounds of a loop, at most {ROUNDS_MAX} are safe on every driver"
        ));
    }
    Ok(())
}

struct Lowering<'a> {
    graph: &'a Graph,
    workgroups_max: u32,
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
    fn new(graph: &'a Graph, workgroups_max: u32, options: PlanOptions) -> Lowering<'a> {
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
            workgroups_max,
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
        workgroups_max: u32,
        options: PlanOptions,
    ) -> Result<Lowering<'a>, String> {
        let mut lowering = Lowering::new(graph, workgroups_max, options);
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
        Ok(self.program)
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

    /// Splits invocations into workgroups along x and y. Also gives the invocations of a row.
    fn grid(&self, invocations: u32) -> Result<([u32; 2], u32), String> {
        let groups = invocations.div_ceil(WORKGROUP);
        // A row stays below 2^26 invocations, so that the last row cannot overflow a u32.
        let x = groups.clamp(1, self.workgroups_max.min(1 << 20));
        let y = groups.div_ceil(x).max(1);
        if y > self.workgroups_max {
            return Err(format!(
                "{invocations} invocations are too many for this adapter"
            ));
        }
        Ok(([x, y], x * WORKGROUP))
    }

    /// Appends a step that computes the tensor `output`. `params` gets the invocations of a row of the grid.
    fn step(
        &mut self,
        kernel: &Kernel,
        operands: Vec<Operand>,
        output: TensorId,
        invocations: u32,
        params: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<(), String> {
        let value = self.new_value(output);
        self.step_into(kernel, operands, value, invocations, params)?;
        self.is_value_of(value, output);
        Ok(())
    }

    /// Says that `value`, which the last step made, is the tensor `output`.
    fn is_value_of(&mut self, value: usize, output: TensorId) {
        self.place[output.0 as usize] = Some(Operand::Value(value));
        if let Some(last) = self.program.steps.last_mut() {
            debug_assert_eq!(last.output, value);
            last.tensor = Some(output);
        }
    }

    /// As [`Lowering::step`], for a value that is no tensor of the graph.
    fn step_into(
        &mut self,
        kernel: &Kernel,
        operands: Vec<Operand>,
        output: usize,
        invocations: u32,
        params: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<(), String> {
        debug_assert_eq!(operands.len(), kernel.inputs as usize);
        debug_assert!(!operands.contains(&Operand::Value(output)));
        let (groups, row) = self.grid(invocations)?;
        self.program.steps.push(Step {
            kernel: kernel.clone(),
            params: params(row),
            operands,
            output,
            groups,
            cases: u32::MAX,
            nodes: self.doing.clone(),
            tensor: None,
            sums: None,
        });
        Ok(())
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
