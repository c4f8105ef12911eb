//! The block of a region: ties names to tensors, and checks each operator as it is read.
//!
//! Two passes. Tensors, shapes, inputs and outputs of all blocks come first, since control flow is checked
//! against the inputs and outputs of the regions that it names; then operators in file order, which must be an
//! order in which they can run.

mod variable;

use crate::account::Account;
use crate::attribute::{self, Attribute};
use crate::constant;
use crate::control_flow::{self, Regions};
use crate::declaration::{self, FileShape};
use crate::flatbuffer::{Bytes, File, Kind, Table};
use crate::ops::{self, Operand, Operation};
use crate::refusal::Quoted;
use crate::schema::{op, operator_name};
use crate::{Graph, Node, Refusal, RefusalCode, Tensor, TensorId, VariableId};

const OPERATOR: Kind = ("TosaOperator", 6, 39);
const TENSOR: Kind = ("TosaTensor", 14, 22);
const SHAPE: Kind = ("TosaShape", 3, 18);

/// What a name stands for: an index among the tensors, the shapes or the variables.
type Name<'a> = (&'a str, Operand);

/// A block while it is read.
#[derive(Default)]
pub(crate) struct Block<'a> {
    tensors: Vec<Tensor>,
    /// Whether each tensor has its source yet.
    written: Vec<bool>,
    shapes: Vec<FileShape<'a>>,
    /// Data of tensors whose CONST was not met yet, in order of tensors.
    data: Vec<(TensorId, Bytes<'a>)>,
    /// Places among the file's tensors that stand for variables, ascending, with the variables.
    variables: Vec<(usize, VariableId)>,
    /// Variables whose VARIABLE was met.
    stated: Vec<VariableId>,
    /// Names, sorted.
    names: Vec<Name<'a>>,
    inputs: Vec<TensorId>,
    outputs: Vec<TensorId>,
    nodes: Vec<Node>,
}

impl<'a> Block<'a> {
    /// Reads the tensors, shapes, inputs and outputs of the block at `table`.
    ///
    /// # Errors
    /// The first rule that they break, in file order.
    pub(crate) fn declare(
        file: &mut File<'a>,
        table: Table,
        account: &mut Account<'a, '_>,
    ) -> Result<Block<'a>, Refusal> {
        let _name = file.text(table, 0)?;
        let mut block = Block::default();
        block.tensors = file.tables(table, 2, TENSOR, |file, index, tensor| {
            block
                .read_tensor(file, index, tensor, account)
                .map_err(|refusal| refusal.or_at(tensor.position))
        })?;
        // Variables are no tensors of the graph.
        let mut places = block.variables.iter().map(|&(place, _)| place).peekable();
        let mut place = 0;
        block.tensors.retain(|_| {
            let stays = places.next_if_eq(&place).is_none();
            place += 1;
            stays
        });
        block.shapes = file.tables(table, 5, SHAPE, |file, index, shape| {
            account
                .count_tensor()
                .map_err(|refusal| refusal.or_at(shape.position))?;
            let (name, read) = declaration::read_shape(file, shape)?;
            block.names.push((name, Operand::Shape(index as u32)));
            Ok(read)
        })?;
        block.tie_names(table)?;
        block.written = vec![false; block.tensors.len()];
        for name in file.names(table, 3)? {
            let id = block.border(table, name)?;
            block
                .write_activation(id, account)
                .map_err(|refusal| refusal.or_at(table.position))?;
            block.inputs.push(id);
        }
        for name in file.names(table, 4)? {
            let id = block.border(table, name)?;
            block.outputs.push(id);
        }
        Ok(block)
    }

    /// Reads the operators of the block at `table`, which [`Block::declare`] has read, and checks what concerns
    /// the whole block.
    ///
    /// # Errors
    /// The first rule that they break, in file order; then those that concern the block as a whole.
    pub(crate) fn operate(
        &mut self,
        file: &mut File<'a>,
        table: Table,
        account: &mut Account<'a, '_>,
        regions: &Regions<'_, 'a>,
    ) -> Result<(), Refusal> {
        let outside = if account.limits.late_from_outside {
            &[][..]
        } else {
            &self.inputs
        };
        account.resolved.next_block(outside);
        file.tables(table, 1, OPERATOR, |file, index, operator| {
            account
                .count_node()
                .map_err(|refusal| refusal.or_at(operator.position))?;
            let number = file.u32(operator, 0)?;
            self.read_operation(file, operator, number, account, regions)
                .map_err(|refusal| refusal.in_node(index, operator_name(number), operator.position))
        })?;
        self.names = Vec::new();
        self.check_sources(table)?;
        self.check_data(regions.in_main())
    }

    /// The graph.
    pub(crate) fn into_graph(self) -> Graph {
        let weights = self.nodes.iter().filter_map(Node::weight);
        let weights = weights.map(|id| &self.tensors[id.0 as usize]);
        Graph {
            bytes: self.tensors.iter().chain(weights).map(Tensor::bytes).sum(),
            tensors: self.tensors,
            nodes: self.nodes,
            inputs: self.inputs,
            outputs: self.outputs,
        }
    }

    /// The inputs, in declared order.
    pub(crate) fn inputs(&self) -> impl ExactSizeIterator<Item = &Tensor> {
        self.inputs.iter().map(|id| &self.tensors[id.0 as usize])
    }

    /// The outputs, in declared order.
    pub(crate) fn outputs(&self) -> impl ExactSizeIterator<Item = &Tensor> {
        self.outputs.iter().map(|id| &self.tensors[id.0 as usize])
    }

    fn read_tensor(
        &mut self,
        file: &mut File<'a>,
        index: usize,
        table: Table,
        account: &mut Account<'a, '_>,
    ) -> Result<Tensor, Refusal> {
        account.count_tensor()?;
        let declared = declaration::read_tensor(file, table)?;
        let operand = if let Some(name) = declared.variable {
            let id = account.variable(name, &declared)?;
            if self.variables.iter().any(|&(_, other)| other == id) {
                return Err(Refusal::new(
                    RefusalCode::DuplicateVariable,
                    format!("variable {}", Quoted(name)),
                ));
            }
            self.variables.push((index, id));
            Operand::Variable(id)
        } else {
            let id = TensorId((index - self.variables.len()) as u32);
            if !declared.data.bytes.is_empty() {
                self.data.push((id, declared.data));
            }
            Operand::Tensor(id)
        };
        self.names.push((declared.name, operand));
        Ok(declared.tensor)
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
            Ok(Operand::Shape(_) | Operand::Variable(_)) => Err(Refusal::at(
                RefusalCode::OperandKind,
                table.position,
                format!(
                    "{} is no tensor, and an input or output of the graph",
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

    /// Writes a tensor that is no constant.
    fn write_activation(
        &mut self,
        id: TensorId,
        account: &mut Account<'a, '_>,
    ) -> Result<(), Refusal> {
        self.write(id)?;
        account.count_activation(&self.tensors[id.0 as usize])
    }

    fn read_operation(
        &mut self,
        file: &mut File<'a>,
        table: Table,
        number: u32,
        account: &mut Account<'a, '_>,
        regions: &Regions<'_, 'a>,
    ) -> Result<(), Refusal> {
        let (number, attribute) = attribute::read(file, table, number)?;
        let input_names = file.names(table, 3)?;
        let output_names = file.names(table, 4)?;
        if let Some(location) = file.table(table, 5, "OpLocation", 1)? {
            let _text = file.text(location, 0)?;
        }
        ops::expect_operands(number, input_names.len(), output_names.len())?;
        let mut inputs = Vec::with_capacity(input_names.len());
        for name in &input_names {
            let operand = self.find(name)?;
            let written = match operand {
                Operand::Tensor(id) => self.written[id.0 as usize],
                Operand::Shape(id) => self.shapes[id as usize].written,
                Operand::Variable(_) => true,
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
        let operation = Operation {
            number,
            attribute: &attribute,
            inputs: &inputs,
            outputs: &outputs,
            tensors: &self.tensors,
            shapes: &self.shapes,
        };
        let node = match (number, attribute) {
            (op::CONST, _) => return self.read_const(&inputs, &outputs, account),
            (op::CONST_SHAPE, _) => return self.read_const_shape(&inputs, &outputs),
            (op::VARIABLE, _) => return self.state_variable(&inputs, &outputs, account),
            (op::VARIABLE_READ, _) => variable::read(&operation, account)?,
            (op::VARIABLE_WRITE, _) => variable::write(&operation, account)?,
            (op::COND_IF, Attribute::Regions { first, second }) => {
                control_flow::cond_if(&operation, regions, first, second)?
            }
            (op::WHILE_LOOP, Attribute::Regions { first, second }) => {
                control_flow::while_loop(&operation, regions, first, second)?
            }
            _ => ops::check(&operation, &mut account.resolved)?,
        };
        if let Some(weight) = node.weight() {
            account.count_weight(&self.tensors[weight.0 as usize])?;
        }
        for &id in &node.outputs {
            self.write_activation(id, account)?;
        }
        self.nodes.push(node);
        Ok(())
    }

    /// CONST: the value is the data of its output.
    fn read_const(
        &mut self,
        inputs: &[Operand],
        outputs: &[Operand],
        account: &mut Account<'a, '_>,
    ) -> Result<(), Refusal> {
        let (&[], &[Operand::Tensor(id)]) = (inputs, outputs) else {
            return Err(declaring_operands(inputs, outputs));
        };
        self.write(id)?;
        let data = self.data.binary_search_by_key(&id, |entry| entry.0).map_or(
            Bytes {
                bytes: &[],
                offset: 0,
            },
            |index| self.data[index].1,
        );
        let tensor = &mut self.tensors[id.0 as usize];
        account.count_constant(tensor)?;
        tensor.constant = Some(value(tensor, data)?);
        Ok(())
    }

    /// CONST_SHAPE: the value is the data of its output, one 64-bit integer a dimension.
    fn read_const_shape(&mut self, inputs: &[Operand], outputs: &[Operand]) -> Result<(), Refusal> {
        let (&[], &[Operand::Shape(id)]) = (inputs, outputs) else {
            return Err(declaring_operands(inputs, outputs));
        };
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

    /// VARIABLE: states what the tensor that it writes has declared. Some writers leave it out.
    fn state_variable(
        &mut self,
        inputs: &[Operand],
        outputs: &[Operand],
        account: &Account<'a, '_>,
    ) -> Result<(), Refusal> {
        let (&[], &[Operand::Variable(id)]) = (inputs, outputs) else {
            return Err(declaring_operands(inputs, outputs));
        };
        if self.stated.contains(&id) {
            return Err(Refusal::new(
                RefusalCode::DuplicateVariable,
                format!("variable {}", Quoted(&account.declared(id).name)),
            ));
        }
        self.stated.push(id);
        Ok(())
    }

    /// Checks that every tensor and shape has a source.
    fn check_sources(&self, table: Table) -> Result<(), Refusal> {
        let refuse =
            |detail: String| Refusal::at(RefusalCode::NeverWritten, table.position, detail);
        if let Some(index) = self.written.iter().position(|written| !written) {
            let name = &self.tensors[index].name;
            return Err(refuse(format!("tensor {}", Quoted(name))));
        }
        if let Some(index) = self.shapes.iter().position(|shape| !shape.written) {
            return Err(refuse(format!("shape {index}")));
        }
        Ok(())
    }

    /// Checks that only constants have data. Official writers repeat in a region what the caller holds as a
    /// constant: there an input may have data, of the right length, which mean nothing.
    fn check_data(&self, in_main: bool) -> Result<(), Refusal> {
        let mut is_input = vec![false; self.tensors.len()];
        for id in &self.inputs {
            is_input[id.0 as usize] = true;
        }
        for (id, data) in &self.data {
            let tensor = &self.tensors[id.0 as usize];
            if tensor.constant.is_some() {
                continue;
            }
            if in_main || !is_input[id.0 as usize] {
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
            value(tensor, *data)?;
        }
        Ok(())
    }
}

/// The value of a constant that stands at `data`.
fn value(tensor: &Tensor, data: Bytes<'_>) -> Result<std::sync::Arc<[u8]>, Refusal> {
    constant::decode(data, tensor.data_type, u64::from(tensor.shape.elements())).map_err(
        |refusal| Refusal {
            detail: format!("tensor {}: {}", Quoted(&tensor.name), refusal.detail),
            ..refusal
        },
    )
}

/// The operands of CONST, CONST_SHAPE or VARIABLE are not one output of the right kind.
fn declaring_operands(inputs: &[Operand], outputs: &[Operand]) -> Refusal {
    if inputs.is_empty() && outputs.len() == 1 {
        Refusal::new(
            RefusalCode::OperandKind,
            "CONST writes a tensor, CONST_SHAPE a shape, VARIABLE a variable",
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
