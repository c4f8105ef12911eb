//! The block of a model file: ties names to tensors, and checks each operator as it is read.
//!
//! One pass. Tensors and shapes come first, then operators in file order, which must be an order in
//! which they can run.

use crate::attribute::{self, op, operator_name};
use crate::constant;
use crate::declaration::{self, FileShape};
use crate::flatbuffer::{Bytes, File, Kind, Table};
use crate::ops::{self, Operand, Operation};
use crate::refusal::Quoted;
use crate::{Graph, ModelLimits, Node, Refusal, RefusalCode, Tensor, TensorId};

const OPERATOR: Kind = ("TosaOperator", 6, 39);
const TENSOR: Kind = ("TosaTensor", 14, 22);
const SHAPE: Kind = ("TosaShape", 3, 18);

/// What a name stands for: an index among the tensors or the shapes.
type Name<'a> = (&'a str, Operand);

/// A block while it is read.
struct Block<'a, 'l> {
    limits: &'l ModelLimits,
    tensors: Vec<Tensor>,
    /// Whether each tensor has its source yet.
    written: Vec<bool>,
    shapes: Vec<FileShape<'a>>,
    /// Data of tensors whose CONST was not met yet, in order of tensors.
    data: Vec<(TensorId, Bytes<'a>)>,
    /// Names, sorted.
    names: Vec<Name<'a>>,
    inputs: Vec<TensorId>,
    nodes: Vec<Node>,
    constant_bytes: u64,
    /// Of the tensors that were written and are no constants.
    activation_bytes: u64,
    resolved: ops::Resolved,
}

/// Reads and checks a block.
///
/// # Errors
/// The first rule that it breaks, in file order; then those that concern it as a whole.
pub(crate) fn read<'a>(
    file: &mut File<'a>,
    table: Table,
    limits: &ModelLimits,
) -> Result<Graph, Refusal> {
    let _name = file.text(table, 0)?;
    let mut block = Block {
        limits,
        tensors: Vec::new(),
        written: Vec::new(),
        shapes: Vec::new(),
        data: Vec::new(),
        names: Vec::new(),
        inputs: Vec::new(),
        nodes: Vec::new(),
        constant_bytes: 0,
        activation_bytes: 0,
        resolved: ops::Resolved::new(3 * file.len() as u64),
    };
    block.tensors = file.tables(table, 2, TENSOR, |file, index, tensor| {
        block.read_tensor(file, index, tensor)
    })?;
    block.shapes = file.tables(table, 5, SHAPE, |file, index, shape| {
        block.read_shape(file, index, shape)
    })?;
    block.tie_names(table)?;
    block.written = vec![false; block.tensors.len()];
    for name in file.names(table, 3)? {
        let id = block.border(table, name)?;
        block
            .write_activation(id)
            .map_err(|refusal| refusal.or_at(table.position))?;
        block.inputs.push(id);
    }
    let output_names = file.names(table, 4)?;
    file.tables(table, 1, OPERATOR, |file, index, operator| {
        block.read_operator(file, index, operator)
    })?;
    let mut outputs = Vec::with_capacity(output_names.len());
    for name in output_names {
        outputs.push(block.border(table, name)?);
    }
    block.finish(table, outputs)
}

impl<'a> Block<'a, '_> {
    fn count(&self, index: usize, table: Table) -> Result<(), Refusal> {
        let count = self.shapes.len().max(self.tensors.len()) + index + 1;
        if count as u64 > u64::from(self.limits.tensors) {
            return Err(Refusal::at(
                RefusalCode::TensorCount,
                table.position,
                format!("the limit is {}", self.limits.tensors),
            ));
        }
        Ok(())
    }

    fn read_tensor(
        &mut self,
        file: &mut File<'a>,
        index: usize,
        table: Table,
    ) -> Result<Tensor, Refusal> {
        self.count(index, table)?;
        let (name, tensor, data) = declaration::read_tensor(file, table)?;
        let id = TensorId(index as u32);
        self.names.push((name, Operand::Tensor(id)));
        if !data.bytes.is_empty() {
            self.data.push((id, data));
        }
        Ok(tensor)
    }

    fn read_shape(
        &mut self,
        file: &mut File<'a>,
        index: usize,
        table: Table,
    ) -> Result<FileShape<'a>, Refusal> {
        self.count(index, table)?;
        let (name, shape) = declaration::read_shape(file, table)?;
        self.names.push((name, Operand::Shape(index as u32)));
        Ok(shape)
    }

    fn tie_names(&mut self, table: Table) -> Result<(), Refusal> {
        self.names.sort_unstable();
        for pair in self.names.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(Refusal::at(
                    RefusalCode::DuplicateName,
                    table.position,
                    format!("{} twice", Quoted(pair[0].0)),
                ));
            }
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Operand, Refusal> {
        match self.names.binary_search_by(|entry| entry.0.cmp(name)) {
            Ok(index) => Ok(self.names[index].1),
            Err(_) => Err(Refusal::new(
                RefusalCode::UndefinedName,
                Quoted(name).to_string(),
            )),
        }
    }

    /// The tensor of an input's or output's name.
    fn border(&self, table: Table, name: &str) -> Result<TensorId, Refusal> {
        match self.find(name) {
            Ok(Operand::Tensor(id)) => Ok(id),
            Ok(Operand::Shape(_)) => Err(Refusal::at(
                RefusalCode::OperandKind,
                table.position,
                format!(
                    "{} is a shape, and an input or output of the graph",
                    Quoted(name)
                ),
            )),
            Err(refusal) => Err(refusal.or_at(table.position)),
        }
    }

    fn write(&mut self, id: TensorId) -> Result<(), Refusal> {
        let written = &mut self.written[id.0 as usize];
        if *written {
            return Err(Refusal::new(
                RefusalCode::WrittenTwice,
                format!("tensor {}", Quoted(&self.tensors[id.0 as usize].name)),
            ));
        }
        *written = true;
        Ok(())
    }

    /// Writes a tensor that is no constant. Checked tensor by tensor, so that a graph above the limit is
    /// refused before the rest of its operators is read.
    fn write_activation(&mut self, id: TensorId) -> Result<(), Refusal> {
        self.write(id)?;
        let bytes = self.tensors[id.0 as usize].bytes();
        self.activation_bytes = self.activation_bytes.saturating_add(bytes);
        if self.activation_bytes > self.limits.activation_bytes {
            return Err(Refusal::new(
                RefusalCode::ActivationBytes,
                format!(
                    "{} bytes with tensor {}, the limit is {}",
                    self.activation_bytes,
                    Quoted(&self.tensors[id.0 as usize].name),
                    self.limits.activation_bytes
                ),
            ));
        }
        Ok(())
    }

    fn read_operator(
        &mut self,
        file: &mut File<'a>,
        index: usize,
        table: Table,
    ) -> Result<(), Refusal> {
        if index as u64 >= u64::from(self.limits.nodes) {
            return Err(Refusal::at(
                RefusalCode::NodeCount,
                table.position,
                format!("the limit is {}", self.limits.nodes),
            ));
        }
        let number = file.u32(table, 0)?;
        self.read_operation(file, table, number)
            .map_err(|refusal| refusal.in_node(index, operator_name(number), table.position))
    }

    fn read_operation(
        &mut self,
        file: &mut File<'a>,
        table: Table,
        number: u32,
    ) -> Result<(), Refusal> {
        let attribute = attribute::read(file, table, number)?;
        let input_names = file.names(table, 3)?;
        let output_names = file.names(table, 4)?;
        if let Some(location) = file.table(table, 5, "OpLocation", 1)? {
            let _text = file.text(location, 0)?;
        }
        let mut inputs = Vec::with_capacity(input_names.len());
        for name in &input_names {
            let operand = self.find(name)?;
            let written = match operand {
                Operand::Tensor(id) => self.written[id.0 as usize],
                Operand::Shape(id) => self.shapes[id as usize].written,
            };
            if !written {
                return Err(Refusal::new(
                    RefusalCode::ReadBeforeWritten,
                    format!("reads {}", Quoted(name)),
                ));
            }
            inputs.push(operand);
        }
        let mut outputs = Vec::with_capacity(output_names.len());
        for name in &output_names {
            outputs.push(self.find(name)?);
        }
        match number {
            op::CONST => self.read_const(&inputs, &outputs),
            op::CONST_SHAPE => self.read_const_shape(&inputs, &outputs),
            _ => {
                let operation = Operation {
                    number,
                    attribute: &attribute,
                    inputs: &inputs,
                    outputs: &outputs,
                    tensors: &self.tensors,
                    shapes: &self.shapes,
                };
                let node = ops::check(&operation, &mut self.resolved)?;
                for &id in &node.outputs {
                    self.write_activation(id)?;
                }
                self.nodes.push(node);
                Ok(())
            }
        }
    }

    /// CONST: the value is the data of its output.
    fn read_const(&mut self, inputs: &[Operand], outputs: &[Operand]) -> Result<(), Refusal> {
        let &[Operand::Tensor(id)] = outputs else {
            return Err(const_operands(inputs, outputs));
        };
        if !inputs.is_empty() {
            return Err(const_operands(inputs, outputs));
        }
        self.write(id)?;
        let data = self
            .data
            .binary_search_by_key(&id, |entry| entry.0)
            .map(|index| self.data[index].1)
            .unwrap_or(Bytes {
                bytes: &[],
                offset: 0,
            });
        let tensor = &mut self.tensors[id.0 as usize];
        self.constant_bytes = self.constant_bytes.saturating_add(tensor.bytes());
        if self.constant_bytes > self.limits.constant_bytes {
            return Err(Refusal::new(
                RefusalCode::ConstantBytes,
                format!(
                    "{} bytes with tensor {}, the limit is {}",
                    self.constant_bytes,
                    Quoted(&tensor.name),
                    self.limits.constant_bytes
                ),
            ));
        }
        self.resolved.take(tensor.bytes())?;
        let value = constant::decode(data, tensor.data_type, u64::from(tensor.shape.elements()))
            .map_err(|refusal| Refusal {
                detail: format!("tensor {}: {}", Quoted(&tensor.name), refusal.detail),
                ..refusal
            })?;
        tensor.constant = Some(value);
        Ok(())
    }

    /// CONST_SHAPE: the value is the data of its output, one 64-bit integer a dimension.
    fn read_const_shape(&mut self, inputs: &[Operand], outputs: &[Operand]) -> Result<(), Refusal> {
        let &[Operand::Shape(id)] = outputs else {
            return Err(const_operands(inputs, outputs));
        };
        if !inputs.is_empty() {
            return Err(const_operands(inputs, outputs));
        }
        let shape = &mut self.shapes[id as usize];
        if shape.written {
            return Err(Refusal::new(
                RefusalCode::WrittenTwice,
                format!("shape {id}"),
            ));
        }
        shape.written = true;
        if !shape.has_data() {
            return Err(Refusal::at(
                RefusalCode::ConstantLength,
                shape.data.offset,
                format!(
                    "{} bytes for a shape of rank {}",
                    shape.data.bytes.len(),
                    shape.rank
                ),
            ));
        }
        Ok(())
    }

    /// Checks what concerns the whole block.
    fn finish(self, table: Table, outputs: Vec<TensorId>) -> Result<Graph, Refusal> {
        let refuse = |code, detail: String| Err(Refusal::at(code, table.position, detail));
        if outputs.is_empty() {
            return refuse(RefusalCode::NoOutput, "the graph has no output".into());
        }
        if let Some(index) = self.written.iter().position(|written| !written) {
            let name = &self.tensors[index].name;
            return refuse(
                RefusalCode::NeverWritten,
                format!("tensor {}", Quoted(name)),
            );
        }
        if let Some(index) = self.shapes.iter().position(|shape| !shape.written) {
            return refuse(RefusalCode::NeverWritten, format!("shape {index}"));
        }
        for (id, data) in &self.data {
            let tensor = &self.tensors[id.0 as usize];
            if tensor.constant.is_none() {
                return Err(Refusal::at(
                    RefusalCode::DataWithoutConst,
                    data.offset,
                    format!(
                        "tensor {} has {} bytes",
                        Quoted(&tensor.name),
                        data.bytes.len()
                    ),
                ));
            }
        }
        let graph = Graph {
            tensors: self.tensors,
            nodes: self.nodes,
            inputs: self.inputs,
            outputs,
        };
        let border_bytes = graph.input_bytes().max(graph.output_bytes());
        if border_bytes > self.limits.border_bytes {
            return refuse(
                RefusalCode::BorderBytes,
                format!(
                    "{border_bytes} bytes, the limit is {}",
                    self.limits.border_bytes
                ),
            );
        }
        Ok(graph)
    }
}

fn const_operands(inputs: &[Operand], outputs: &[Operand]) -> Refusal {
    if inputs.is_empty() && outputs.len() == 1 {
        Refusal::new(
            RefusalCode::OperandKind,
            "CONST writes a tensor, CONST_SHAPE a shape",
        )
    } else {
        Refusal::new(
            RefusalCode::OperandCount,
            format!(
                "{} inputs and {} outputs, not 0 and 1",
                inputs.len(),
                outputs.len()
            ),
        )
    }
}
