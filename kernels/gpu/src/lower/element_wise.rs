//! Lowering of element-wise operators, of reductions in between, and of what a linear operator does behind its sums: each
//! is held back as an expression while all that reads it ends in one tensor, so that they become one dispatch.

mod expression;
mod function;
mod group;

pub(super) use expression::{Expression, Linear};
pub(super) use function::is_element_wise;

use aivm_shaders::chain::{Access, Element, Function, Source};
use aivm_tosa::{DataType, Node, TensorId};

use super::strides::{Axes, broadcast};
use super::{Lowering, Work};
use expression::Bound;
use function::{element, function_of};

impl Lowering<'_> {
    /// An element-wise operator.
    pub(super) fn element_wise(&mut self, node: &Node) -> Result<(), String> {
        let input_type = self.tensor(node.inputs[0]).data_type;
        let function = function_of(&node.operator, input_type)
            .ok_or_else(|| format!("{} is no element-wise operator", node.operator.name()))?;
        self.applied(node, function)
    }

    /// An operator of a chain: held back, or computed.
    pub(super) fn applied(&mut self, node: &Node, function: Function) -> Result<(), String> {
        let expression = self.expression(node, function)?;
        self.hold_or_compute(expression, node.outputs[0])
    }

    /// Holds an expression back if what reads it can take it along, else computes it.
    pub(super) fn hold_or_compute(
        &mut self,
        expression: Expression,
        output: TensorId,
    ) -> Result<(), String> {
        if self.is_continued(output, &expression) {
            self.held[output.0 as usize] = Some(expression);
            return Ok(());
        }
        self.compute(expression, output)
    }

    /// The node applied to its operands, those held back included.
    fn expression(&mut self, node: &Node, function: Function) -> Result<Expression, String> {
        let output = node.outputs[0];
        loop {
            let together = self.together(node, function)?;
            if let Some(expression) = together.filter(|expression| self.fits(expression)) {
                for &input in &node.inputs {
                    let root = self.root(input).0 as usize;
                    if self.reader[root] == self.writer[output.0 as usize] {
                        self.held[root] = None;
                    }
                }
                return Ok(expression);
            }
            self.compute_largest(&node.inputs)?;
        }
    }

    /// The node applied to its operands, if one kernel can compute them all.
    fn together(&mut self, node: &Node, function: Function) -> Result<Option<Expression>, String> {
        let output = node.outputs[0];
        let Some(mut expression) = self.joined(node, function) else {
            return Ok(None);
        };
        let reduces = matches!(function, Function::Reduce(_));
        let rows = expression.rows();
        let per_row = reduces || rows.is_some_and(|rows| rows.count == self.elements(output));
        let mut operands = Vec::with_capacity(node.inputs.len());
        for (index, &input) in node.inputs.iter().enumerate() {
            let earlier = node.inputs[..index]
                .iter()
                .position(|&other| other == input);
            let root = self.root(input).0 as usize;
            let operand = match (earlier, &self.held[root]) {
                (Some(earlier), _) => operands[earlier],
                (None, Some(held)) => {
                    let per_row = rows.is_some_and(|rows| rows.count == self.elements(input));
                    expression.append(held, per_row)
                }
                (None, None) => {
                    // A reduction reads each element of its operand.
                    let of = if reduces { input } else { output };
                    let bound = self.bound(input, of, per_row && !reduces)?;
                    expression.source(bound)
                }
            };
            operands.push(operand);
        }
        let element = element(self.tensor(output).data_type)?;
        let node_of_chain = aivm_shaders::chain::Node {
            function,
            output: element,
            operands,
            per_row,
        };
        expression.apply(output, node_of_chain, &node.operator);
        Ok(Some(expression))
    }

    /// How an operand with a place is read for each element of `output`.
    fn bound(&mut self, input: TensorId, output: TensorId, per_row: bool) -> Result<Bound, String> {
        let tensor = self.tensor(input);
        let element = element(tensor.data_type)?;
        let shape = &tensor.shape;
        let constant = self.constant_bytes(input);
        if let Some(bytes) = constant
            && shape.elements() == 1
            && element != Element::I48
        {
            let value = scalar(tensor.data_type, bytes);
            return Ok(Bound::scalar(element, value, per_row));
        }
        let output_shape = &self.tensor(output).shape;
        let axes = (shape.elements() != output_shape.elements()).then(|| {
            let steps = broadcast(shape.dimensions());
            Axes::new(output_shape.dimensions(), [steps])
        });
        let access = match axes {
            Some(_) => Access::Broadcast,
            None => Access::Dense,
        };
        let operand = self.place(input)?;
        Ok(Bound {
            source: Source {
                element,
                access,
                per_row,
            },
            operand: Some(operand),
            case_words: self.case_words(operand),
            axes,
            scalar: 0,
        })
    }

    /// Computes the longest expression that stands for one of these tensors. There is one if an expression does not
    /// fit, for every operator alone does.
    fn compute_largest(&mut self, inputs: &[TensorId]) -> Result<(), String> {
        let nodes = |&id: &TensorId| Some((self.held[id.0 as usize].as_ref()?.nodes(), id));
        let roots = inputs.iter().map(|&id| self.root(id));
        let largest = roots.filter_map(|id| nodes(&id)).max();
        let held = largest.and_then(|(_, id)| Some((id, self.held[id.0 as usize].take()?)));
        match held {
            Some((id, expression)) => self.compute(expression, id),
            None => Err("the operator reads too many tensors".to_owned()),
        }
    }

    /// Appends the step that computes an expression as the tensor `output`: a kernel of its own, or the end of a linear
    /// one. Sums that an expression cannot end are stored before.
    fn compute(&mut self, mut expression: Expression, output: TensorId) -> Result<(), String> {
        if let Some(linear) = expression.linear().cloned() {
            let stored = self.place[linear.sums.0 as usize].is_some();
            if !stored && self.ends(&linear, &expression, output) {
                return self.linear_step(&linear, &expression, output);
            }
            if !stored {
                self.linear_step(&linear, &Expression::of_sums(&linear), linear.sums)?;
            }
            let operand = self.place(linear.sums)?;
            expression.read_sums(operand, self.case_words(operand));
        }
        let tensor = self.tensor(output);
        let elements = tensor.shape.elements();
        let words = crate::layout::words(tensor);
        let kernel = expression.chain().kernel();
        let (tables, first_words) = expression.tables();
        let mut operands = expression.operands();
        if !tables.is_empty() {
            operands.push(self.new_constant(tables));
        }
        let together = expression.rows_together();
        let invocations = match expression.rows() {
            Some(rows) => rows.count.div_ceil(together),
            None => words,
        };
        let nodes = self.nodes_of(expression.tensors());
        let doing = std::mem::replace(&mut self.doing, nodes);
        let work = Work {
            invocations,
            rounds: expression.rounds(),
        };
        self.step(&kernel, operands, output, work, |row| {
            let mut sizes = vec![elements, words, row];
            if let Some(rows) = expression.rows() {
                sizes.extend([rows.count, rows.length, together]);
            }
            expression.params(&sizes, &first_words)
        })?;
        self.doing = doing;
        Ok(())
    }

    /// Appends the step of a linear operator with what `expression` does behind its sums, and those before it that pad
    /// and pack its inputs: together, because what observes a plan takes steps without a tensor as part of the next.
    fn linear_step(
        &mut self,
        linear: &Linear,
        expression: &Expression,
        output: TensorId,
    ) -> Result<(), String> {
        let output_words = crate::layout::words(self.tensor(output));
        let (tables, first_words) = expression.tables();
        let mut nodes = self.nodes_of(expression.tensors());
        nodes.extend_from_slice(&linear.nodes);
        nodes.sort_unstable();
        let doing = std::mem::replace(&mut self.doing, nodes);
        let mut operands = Vec::new();
        for &(input, channels) in &linear.inputs {
            operands.push(self.padded_to_words(input, channels)?);
        }
        operands.extend_from_slice(&linear.constants);
        operands.extend(expression.operands());
        if !tables.is_empty() {
            operands.push(self.new_constant(tables));
        }
        let form = self.form(linear, &operands, output);
        let cut = form.cut;
        if let (Some(parts), Some(own)) = (form.part_words, cut.own) {
            let parts = self.new_constant(parts);
            operands.insert(own, parts);
            if let Some(second) = &linear.second {
                operands[1] = self.packed_columns(second, operands[1], linear.output_channels)?;
            }
        }
        // Of a piece of the first input, and of what several pieces share of the second.
        let shares = [cut.pieces, cut.pieces / cut.sharing];
        let inputs = operands[..linear.inputs.len()].iter().zip(shares);
        let piece_words: Vec<u32> = inputs
            .map(|(&input, pieces)| self.case_words(input) / pieces)
            .collect();
        let kernel = form.frame.kernel(&expression.chain());
        let first = self.program.steps.len();
        let work = Work {
            rounds: form.work.rounds + expression.rounds(),
            ..form.work
        };
        let pieces = cut.pieces;
        self.step_in_parts(&kernel, &operands, output, work, |grid| {
            let mut words = (linear.params)(pieces);
            words.extend(&piece_words);
            words.extend([grid.row, grid.first]);
            // The epilogue's parameters begin at a multiple of 16 bytes.
            words.resize(words.len().next_multiple_of(4), 0);
            words.extend(expression.params(&[output_words / pieces], &first_words));
            words
        })?;
        self.doing = doing;
        for part in &mut self.program.steps[first..] {
            part.cut = cut;
        }
        Ok(())
    }

    /// Whether a reduction can share a dispatch with what is held back for its operand, or with what reads it.
    pub(super) fn is_shared(&self, node: &Node) -> bool {
        let Some(rows) = self.reduced_rows(node) else {
            return false;
        };
        let held = &self.held[self.root(node.inputs[0]).0 as usize];
        let takes = |held: &Expression| held.linear().is_none();
        held.as_ref().is_some_and(takes)
            || self.is_continued(node.outputs[0], &Expression::of_rows(rows))
    }

    /// Computes a tensor that is held back.
    pub(super) fn compute_held(&mut self, id: TensorId) -> Result<(), String> {
        let root = self.root(id);
        match self.held[root.0 as usize].take() {
            Some(expression) => self.compute(expression, root),
            None => Ok(()),
        }
    }

    /// The nodes that give these tensors, in their order.
    fn nodes_of(&self, tensors: impl Iterator<Item = TensorId>) -> Vec<usize> {
        let mut nodes: Vec<usize> = tensors
            .filter_map(|id| self.writer[id.0 as usize])
            .collect();
        nodes.sort_unstable();
        nodes
    }

    /// Elements of a tensor.
    fn elements(&self, id: TensorId) -> u32 {
        self.tensor(id).shape.elements()
    }
}

/// The one element of a constant, sign-extended.
fn scalar(data_type: DataType, bytes: &[u8]) -> i32 {
    // Of at most 32 bits, so the value fits.
    aivm_tosa::bytes::read(data_type, bytes) as i32
}
